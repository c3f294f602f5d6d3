"""What is wrong with the shape of a document, from what pydantic says of it."""

from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from fenxiao.plans.language.document import Node
from fenxiao.plans.language.issues import PlanIssue, pointer

# pydantic's names of what can be wrong; the fields' own reasons are theirs.
_REASONS: Final = {
    "missing": ("MISSING_FIELD", "This field is required."),
    "union_tag_not_found": ("MISSING_FIELD", "This field is required."),
    "extra_forbidden": ("UNKNOWN_FIELD", "There is no such field; look at the spelling."),
    "union_tag_invalid": ("INVALID_VALUE", "There is no component {tag}; there are {expected_tags}."),
    "enum": ("INVALID_VALUE", "Must be {expected}."),
    "literal_error": ("INVALID_VALUE", "Must be {expected}."),
    "tuple_type": ("INVALID_VALUE", "Must be a list: `[…]`, or a line with a dash for each item."),
    "model_type": ("INVALID_VALUE", "Must be a mapping of fields, such as `id: own`."),
}


def shape_faults(tree: Node, error: ValidationError) -> list[PlanIssue]:
    """List everything that is wrong, in the order of places."""
    issues = (_issue(tree, details) for details in error.errors(include_url=False))
    return sorted(issues, key=lambda issue: issue.path)


def _issue(tree: Node, details: ErrorDetails) -> PlanIssue:
    reason, message = _REASONS.get(details["type"], (details["type"], details["msg"]))
    if not reason.isupper():  # one of pydantic's own that is not foreseen
        reason, message = "INVALID_VALUE", message.removesuffix(".") + "."
    elif details["type"] in _REASONS:
        words: dict[str, Any] = details.get("ctx", {})
        message = message.format(**words)
    place = _place(tree, details["loc"])
    if details["type"].startswith("union_tag"):  # pydantic points at what lacks a good `type`, not at the field
        place += "/type"
    return PlanIssue(place, reason, message)


def _place(tree: Node, location: tuple[str | int, ...]) -> str:
    """Turn pydantic's location into a pointer: names of union members in it don't stand in the document."""
    parts: list[str | int] = []
    node: Node = tree
    for i, part in enumerate(location):
        last = i == len(location) - 1
        if isinstance(node, dict) and isinstance(part, str) and (part in node or last):
            node = node.get(part, "")
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            node = node[part]
        else:
            continue
        parts.append(part)
    return pointer(parts)
