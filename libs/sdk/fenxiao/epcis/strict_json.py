"""JSON from strangers: without repeated keys, with numbers that are never floats, bounded in size and depth.

Everything that a lenient parser would let pass or guess at is an issue: two values under one key, NaN, half a
character. What is odd is marked while it is parsed, and said with its place once the tree around it is known.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from json.encoder import encode_basestring
from typing import Any, Final, cast

from fenxiao.epcis.issues import EpcisError, EpcisIssue, json_path

Json = str | Decimal | bool | None | list["Json"] | dict[str, "Json"]
"""What a document is made of."""

MOST_DIGITS: Final = 64
"""Characters of a number at most: more than anything that is measured needs."""
MOST_EXPONENT: Final = 300
"""Power of ten at most, up or down."""

# Matches from any quotation mark on, closed or not: else a long open string would be tried again from each one in it.
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_FEW: Final = 32
_MARK = re.compile(_STRING.pattern + r"|([\[\]{}])", re.DOTALL)
_NO_BRACKET = re.compile(r"[^\[\]{}]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a document may be."""

    bytes: int = 1024 * 1024
    events: int = 500
    depth: int = 32
    context: int = 16 * 1024
    """Characters of the document's `@context`, which is kept with every event."""
    text: int = 2000
    """Characters of a text in a standard field; identifiers are looked up by."""
    event: int = 1024 * 1024
    """Characters of one event, and of what stands before and behind the events."""
    elements: int = 5000
    """Elements of master data."""


WIDE: Final = Limits(
    bytes=2**63,
    events=2**63,
    depth=256,
    context=16 * 1024 * 1024,
    text=2**63,
    event=64 * 1024 * 1024,
    elements=2**63,
)
"""Limits for files of one's own: only what one event may take up is bounded."""

Path = tuple[str | int, ...]


class Repeating(dict[str, Json]):
    """An object in which keys stand twice. The last value of each is the one that it has."""

    repeated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoNumber:
    """A number that is none, or one of absurd size."""

    text: str


class Decoder:
    """Reads single values out of a text."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._few = re.compile(rf"(?:[^\[{{]*+[\[{{]){{{min(depth, _FEW)}}}[^\[{{]*+")
        """As much as holds no more brackets than may be open at once, and about as many as an event has."""
        self._odd = False
        self._raw_decode = json.JSONDecoder(
            object_pairs_hook=self._members,
            parse_int=self._number,
            parse_float=self._number,
            parse_constant=self._constant,  # NaN and Infinity, which Python would take
        ).raw_decode

    def decode(self, text: str, start: int) -> tuple[Json, int]:
        """Read the value that begins there: it, and where it ends. Raises JSONDecodeError and `EpcisError`."""
        if text.startswith(("{", "["), start):
            # What ends before there are brackets enough is not too deep, and most values do.
            few = self._few.match(text, start)
            if few is not None:
                with suppress(json.JSONDecodeError):
                    value, length = self._raw_decode(text[start : few.end()])
                    return value, start + length
                self._odd = False
            self._check_depth(text, start)
        return self._raw_decode(text, start)

    def _check_depth(self, text: str, start: int) -> None:
        """Refuse what is too deep before it is read: the parser recurses, and a library may have raised its limit."""
        depth = 0
        for found in _MARK.finditer(text, start):
            match found[1]:
                case "{" | "[":
                    depth += 1
                    if depth > self._depth:
                        raise too_deep(self._depth)
                case "}" | "]":
                    depth -= 1
                    if depth == 0:
                        return
                case _:
                    pass

    def inspect(self, value: Json, text: str, level: int, path: Path) -> list[EpcisIssue]:
        """Say what is odd about a value that has just been read: `text` is its own, `level` how deep it stands."""
        # Mostly there are too few brackets to be too deep.
        if text.count("{") + text.count("[") > self._depth - level:
            brackets = _NO_BRACKET.sub("", _STRING.sub("", text))
            deepest = max(accumulate((1 if bracket in "[{" else -1 for bracket in brackets), initial=0))
            if deepest > self._depth - level:
                raise too_deep(self._depth)
        odd, self._odd = self._odd, False
        if odd or ("\\u" in text and _ESCAPED_SURROGATE.search(text)):
            return list(_inspect(value, path))
        return []

    def members(self, pairs: list[tuple[str, Any]]) -> dict[str, Json]:
        """Make an object."""
        return self._members(pairs)

    def _members(self, pairs: list[tuple[str, Any]]) -> dict[str, Json]:
        members = dict(pairs)
        if len(members) == len(pairs):
            return members
        self._odd = True
        repeating = Repeating(members)
        seen: set[str] = set()
        twice = dict.fromkeys(key for key, _ in pairs if key in seen or seen.add(key))
        repeating.repeated = tuple(twice)
        return repeating

    def _number(self, text: str) -> Decimal | NoNumber:
        if len(text) <= MOST_DIGITS:
            number = Decimal(text)
            if abs(number.adjusted()) <= MOST_EXPONENT:
                return number
        return self._constant(text)

    def _constant(self, text: str) -> NoNumber:
        self._odd = True
        return NoNumber(text)


def too_deep(depth: int) -> EpcisError:
    """Refuse what is nested too deep."""
    return error("TOO_DEEP", f"objects and lists may be nested {depth} deep; flatten the document")


def error(rule: str, message: str, *path: str | int) -> EpcisError:
    """Refuse a document for one thing."""
    return EpcisError([EpcisIssue(0, json_path(path), rule, message)])


def to_text(value: Json) -> str:
    """Write a value as JSON, compact, with its numbers as they are."""
    match value:
        case str():
            return encode_basestring(value)
        case dict():
            return "{" + ",".join(f"{encode_basestring(key)}:{to_text(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ",".join(map(to_text, value)) + "]"
        case Decimal():
            return str(value)
        case _:
            return json.dumps(value)


def _inspect(value: object, path: Path) -> Iterator[EpcisIssue]:
    match value:
        case str():
            if _SURROGATE.search(value):
                yield _issue("NOT_UNICODE", "half of a surrogate pair is no character; write both or none", path)
        case NoNumber():
            message = (
                f"{value.text[:24]!r} is not a number that is taken: at most {MOST_DIGITS} characters"
                f" and powers of ten up to {MOST_EXPONENT}"
            )
            yield _issue("NUMBER_OUT_OF_RANGE", message, path)
        case dict():
            if isinstance(value, Repeating):
                message = f"the key {value.repeated[0][:80]!r} stands twice in one object; keep one of them"
                yield _issue("REPEATED_KEY", message, path)
            for key, item in cast("dict[str, object]", value).items():
                yield from _inspect(key, path)
                yield from _inspect(item, (*path, key))
        case list():
            for number, item in enumerate(cast("list[object]", value)):
                yield from _inspect(item, (*path, number))
        case _:
            pass


def _issue(rule: str, message: str, path: Path) -> EpcisIssue:
    return EpcisIssue(0, json_path(path), rule, message)
