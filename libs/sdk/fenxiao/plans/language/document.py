"""Reading the submitted document: YAML or JSON, in which every scalar is the text that stands there.

Both languages guess types from the look of a scalar: floats, `no` as a boolean, dates, sexagesimal numbers. A plan is
about money and is named by its hash, so nothing is guessed here: `0.08`, `8%`, `no` and `2010-12-01` are strings, in
YAML quoted or not, in JSON as a string, number or boolean alike. What the text means is decided by the field that it
stands in. The hash is taken over these strings: `14`, `"14"` and, in JSON, `14` give one hash; `0.10` and `0.1` two.
Comments, spacing and the order of keys don't count.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, NoReturn, cast

import yaml

from fenxiao.plans.language.issues import PlanError, pointer
from fenxiao.proofs.jcs import canonical_json

MAX_BYTES = 64 * 1024
"""A larger document is refused unread."""
MAX_DEPTH = 16
"""A document nested deeper is refused."""

_PARSABLE = 100
"""Nested up to this deep, it is parsed, so that the place of the fault can be named."""
# Matches from any quotation mark on, closed or not: else a long open string would be tried again from each one in it.
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NO_BRACKET = re.compile(r"[^\[\]{}]+")

Node = str | list["Node"] | dict[str, "Node"]
"""A part of a document: text, list or mapping."""


def read_document(document: bytes) -> dict[str, Node]:
    """Read a plan document: JSON if it begins with `{`, else YAML. Raises `PlanError` with line and column."""
    if len(document) > MAX_BYTES:
        raise PlanError.one("", "DOCUMENT_TOO_LARGE", f"A plan has at most {MAX_BYTES:,} bytes.")
    try:
        text = document.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlanError.one("", "NOT_UTF8", f"The document is not UTF-8 at byte {error.start}.") from None
    root = _read_json(text) if text.lstrip().startswith("{") else _read_yaml(text)
    if not isinstance(root, dict):
        raise PlanError.one("", "NOT_A_MAPPING", "A plan is a mapping of fields, such as `plan: gifts`.")
    return root


def plan_hash(document: bytes) -> str:
    """Name a plan version: lower-case hex SHA-256 of the document's RFC 8785 JSON, all scalars as strings."""
    return hashlib.sha256(canonical_json(read_document(document))).hexdigest()


# --- JSON


class _RepeatedKeyError(ValueError):
    """A JSON object names one key twice."""


def _read_json(text: str) -> Node:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            raise _RepeatedKeyError(next(key for key in keys if keys.count(key) > 1))
        return found

    def refuse(constant: str) -> NoReturn:
        raise PlanError.one("", "INVALID_SYNTAX", f"{constant} is not JSON.")

    # Counted beforehand: how deep the parser itself may go is a setting of the process that it runs in.
    if _depth(text) > _PARSABLE:
        raise _too_deep([])
    try:
        value = json.loads(text, object_pairs_hook=unique, parse_int=str, parse_float=str, parse_constant=refuse)
    except _RepeatedKeyError as error:
        raise PlanError.one("", "REPEATED_KEY", f"The key {str(error)[:64]!r} stands twice in one object.") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise PlanError.one("", "INVALID_SYNTAX", f"Not JSON at {place}: {error.msg}.") from None
    return _json_node(value, [])


def _depth(text: str) -> int:
    """How deep the brackets outside strings nest; no less than that for what is no JSON."""
    steps = (1 if bracket in "[{" else -1 for bracket in _NO_BRACKET.sub("", _STRING.sub("", text)))
    return max(accumulate(steps), default=0)


def _json_node(value: object, path: list[str | int]) -> Node:
    if len(path) > MAX_DEPTH:
        raise _too_deep(path)
    match value:
        case str():
            return _text(value, path)
        case bool():
            return "true" if value else "false"
        case dict():
            members = cast("dict[str, object]", value)
            return {_text(key, path): _json_node(item, [*path, key]) for key, item in members.items()}
        case list():
            return [_json_node(item, [*path, i]) for i, item in enumerate(cast("list[object]", value))]
        case _:
            raise PlanError.one(pointer(path), "NULL", "null says nothing here; leave the field out.")


# --- YAML


def _read_yaml(text: str) -> Node:
    # The pure Python parser, always: its C twin reads some odd documents otherwise, and a hash may not depend on that.
    try:
        events = yaml.parse(text, Loader=yaml.BaseLoader)
        return _yaml_document(events)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise PlanError.one("", "INVALID_SYNTAX", f"Not YAML{place}: {error.problem}.") from None
    except yaml.YAMLError:
        message = "The document holds control characters, which YAML does not allow."
        raise PlanError.one("", "INVALID_SYNTAX", message) from None


def _yaml_document(events: Iterator[yaml.Event]) -> Node:
    root: Node | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if root is not None:
                raise PlanError.one("", "SEVERAL_DOCUMENTS", "A plan is one YAML document; this file has more.")
            root = _yaml_node(next(events), events, [])
    return "" if root is None else root


def _yaml_node(event: yaml.Event, events: Iterator[yaml.Event], path: list[str | int]) -> Node:
    if len(path) > MAX_DEPTH:
        raise _too_deep(path)
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
        # Aliases multiply (a few lines can stand for billions of nodes), and a published text should say what it says.
        raise PlanError.one(pointer(path), "ALIAS", "Anchors and aliases (& and *) are not allowed; write it out.")
    if getattr(event, "tag", None) is not None:
        raise PlanError.one(pointer(path), "TAG", "Tags (!) are not allowed; every value is plain text.")
    match event:
        case yaml.ScalarEvent():
            return _text(event.value, path)
        case yaml.SequenceStartEvent():
            items: list[Node] = []
            while not isinstance(item := next(events), yaml.SequenceEndEvent):
                items.append(_yaml_node(item, events, [*path, len(items)]))
            return items
        case _:
            return _yaml_mapping(events, path)


def _yaml_mapping(events: Iterator[yaml.Event], path: list[str | int]) -> dict[str, Node]:
    members: dict[str, Node] = {}
    while not isinstance(key_event := next(events), yaml.MappingEndEvent):
        key = _yaml_node(key_event, events, path)
        if not isinstance(key, str):
            raise PlanError.one(pointer(path), "INVALID_KEY", "A key must be plain text.")
        if key in members:
            raise PlanError.one(pointer([*path, key]), "REPEATED_KEY", f"The key {key[:64]!r} stands twice.")
        members[key] = _yaml_node(next(events), events, [*path, key])
    return members


# --- both


def _text(text: str, path: list[str | int]) -> str:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise PlanError.one(pointer(path[:-1]), "NOT_UTF8", "Half of a surrogate pair is not a character.")
    return text


def _too_deep(path: list[str | int]) -> PlanError:
    return PlanError.one(pointer(path), "TOO_DEEP", f"The document is nested more than {MAX_DEPTH} levels deep.")
