"""The plan language, version 1."""

from decimal import Decimal
from functools import cached_property, reduce
from typing import Annotated, Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from fenxiao.money import EXACT, Rounding, plain
from fenxiao.plans.components import Component
from fenxiao.plans.components.base import Strict
from fenxiao.plans.document import Node, read_document
from fenxiao.plans.fields import Currency, Days, Instant, Jurisdiction, Name, count
from fenxiao.plans.issues import PlanError, PlanIssue, pointer
from fenxiao.proofs.jcs import canonical_json

RULE_PACKS: frozenset[str] = frozenset()
"""Jurisdictions whose rules can be checked. A plan that names another is refused: unchecked is not lawful."""

# pydantic's names of what can be wrong with the shape of a document; the fields' own reasons are theirs.
_SHAPE_REASONS = {
    "missing": ("MISSING_FIELD", "This field is required."),
    "extra_forbidden": ("UNKNOWN_FIELD", "There is no such field; look at the spelling."),
}


class Plan(Strict):
    """A version of a plan: published once, never changed, named by the hash of its document."""

    plan: Name
    """The plan's name, the same in all its versions."""
    version: Name
    """The author's name for this version."""
    currency: Currency
    """Sales in another currency are not rated."""
    effective_from: Instant
    """In force from then until the next version is."""
    rounding: Rounding
    """How each line becomes whole minor units."""
    jurisdictions: tuple[Jurisdiction, ...]
    """Rule packs that the plan must satisfy; may be empty."""
    return_window: Days
    """Settlement holds each line for so many days after its sale."""
    components: Annotated[tuple[Component, ...], *count(1, 64)]
    """The rules by which members earn; each pays for itself."""

    @cached_property
    def depth(self) -> int:
        """How many members it may pay on one sale, from the one credited upward: what `rate_sale` needs of the tree."""
        return max(component.depth for component in self.components)

    @cached_property
    def worst_case(self) -> Decimal:
        """The most that it pays on a sale, as a share of the amount (before rounding)."""
        return reduce(EXACT.add, (component.worst_case for component in self.components))


def read_plan(document: bytes) -> Plan:
    """Read and check a plan document (YAML or JSON); raises `PlanError` with everything that is wrong with it."""
    tree = read_document(document)
    try:
        # As JSON, since strict pydantic takes lists for tuples and texts for enums from there only.
        plan = Plan.model_validate_json(canonical_json(tree))
    except ValidationError as error:
        issues = (_issue(tree, details) for details in error.errors(include_url=False))
        raise PlanError(sorted(issues, key=lambda issue: issue.path)) from None
    if issues := [*_check_ids(plan), *_check_jurisdictions(plan), *_check_worst_case(plan)]:
        raise PlanError(issues)
    return plan


def plan_schema() -> dict[str, Any]:
    """Give the JSON schema (draft 2020-12) of plan documents, for editors and for the docs."""
    schema = Plan.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Fenxiao plan, version 1"}


def _issue(tree: Node, details: ErrorDetails) -> PlanIssue:
    reason, message = _SHAPE_REASONS.get(details["type"], (details["type"], details["msg"]))
    if not reason.isupper():  # one of pydantic's own
        reason, message = "INVALID_VALUE", message.removesuffix(".") + "."
    return PlanIssue(_place(tree, details["loc"]), reason, message)


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


def _check_ids(plan: Plan) -> list[PlanIssue]:
    seen: set[str] = set()
    issues: list[PlanIssue] = []
    for i, component in enumerate(plan.components):
        if component.id in seen:
            path = pointer(["components", i, "id"])
            issues.append(PlanIssue(path, "REPEATED_ID", f"Another component is named {component.id!r} too."))
        seen.add(component.id)
    return issues


def _check_jurisdictions(plan: Plan) -> list[PlanIssue]:
    return [
        PlanIssue(
            pointer(["jurisdictions", i]),
            "UNKNOWN_JURISDICTION",
            f"There is no rule pack {name!r}, so its law cannot be checked; leave it out and take advice.",
        )
        for i, name in enumerate(plan.jurisdictions)
        if name not in RULE_PACKS
    ]


def _check_worst_case(plan: Plan) -> list[PlanIssue]:
    if plan.worst_case <= 1:
        return []
    percent = plain(plan.worst_case.scaleb(2, EXACT))
    message = f"All components together may pay {percent}% of a sale; at most 100% comes in."
    return [PlanIssue("/components", "PAYS_MORE_THAN_COMES_IN", message)]
