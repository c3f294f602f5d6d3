"""JSON from strangers: bounded in size and depth, without repeated keys, and with numbers that are never floats.

Everything that a lenient reader would let pass or guess at is an issue: two values under one key, NaN, half a
character. The text of each event is kept as it stood.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate
from typing import Any, NoReturn, cast

from fenxiao.epcis.issues import EpcisError, EpcisIssue, json_path

Json = str | Decimal | bool | None | list["Json"] | dict[str, "Json"]
"""What a document is made of."""

MOST_DIGITS = 64
"""Characters of a number at most: more than anything that is measured needs."""
MOST_EXPONENT = 300
"""Power of ten at most, up or down."""

# Matches from any quotation mark on, closed or not: else a long open string would be tried again from each one in it.
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NO_BRACKET = re.compile(r"[^\[\]{}]+")
_SPACE = re.compile(r"[ \t\n\r]*")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a document may be."""

    bytes: int = 1024 * 1024
    events: int = 500
    depth: int = 32
    context: int = 16 * 1024
    """Characters of the document's `@context`, which is kept with every event."""


@dataclass(slots=True)
class Source:
    """A document as it was read: its tree, and the text of its events and of its context."""

    root: Json
    events: list[str] = field(default_factory=list[str])
    context: str = "null"


class _Repeating(dict[str, Json]):
    """An object in which a key stands twice."""

    repeated = ""


@dataclass(frozen=True, slots=True)
class _NoNumber:
    """A number that is none, or one of absurd size. It is reported where it stands once the tree is known."""

    text: str


def read_source(data: bytes, limits: Limits) -> Source:
    """Read the bytes of a document. Raises `EpcisError`."""
    if len(data) > limits.bytes:
        raise _error(
            "DOCUMENT_TOO_LARGE",
            f"a document has at most {limits.bytes:,} bytes and this one {len(data):,}; send it in parts",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _error("NOT_UTF8", f"the document is not UTF-8 at byte {error.start}; save it as UTF-8") from None
    # Looked at first: what is too deep must not even be read by a parser that recurses.
    brackets = _NO_BRACKET.sub("", _STRING.sub("", text))
    if max(accumulate((1 if bracket in "[{" else -1 for bracket in brackets), initial=0)) > limits.depth:
        raise _error("TOO_DEEP", f"objects and lists may be nested {limits.depth} deep; flatten the document")
    source = _Reader(text, limits).read()
    if issues := list(_inspect(source.root, [])):
        raise EpcisError(issues)
    return source


class _Reader:
    """Reads the levels above the events itself, to know where each event begins and ends."""

    def __init__(self, text: str, limits: Limits) -> None:
        self._text = text
        self._limits = limits
        self._at = 0
        self._source = Source(None)
        self._decoder = json.JSONDecoder(
            object_pairs_hook=_members,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_NoNumber,  # NaN and Infinity, which Python would take
        )

    def read(self) -> Source:
        """Read all of it."""
        try:
            self._source.root = self._object({"epcisBody": self._body, "@context": self._context})
            if self._next():
                self._fail("nothing may follow the document")
        except json.JSONDecodeError as error:
            raise _error(
                "INVALID_JSON", f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}"
            ) from None
        return self._source

    def _body(self) -> Json:
        return self._object({"eventList": self._events})

    def _context(self) -> Json:
        value, self._source.context = self._value_and_text()
        if len(self._source.context) > self._limits.context:
            message = f"@context has at most {self._limits.context:,} characters; leave out what is not used"
            raise _error("CONTEXT_TOO_LARGE", message, "@context")
        return value

    def _events(self) -> Json:
        if self._next() != "[":
            return self._value_and_text()[0]
        self._at += 1
        events: list[Json] = []
        self._source.events.clear()
        if self._next() == "]":
            self._at += 1
            return events
        while True:
            if len(events) == self._limits.events:
                message = f"a document has at most {self._limits.events:,} events; send it in parts"
                raise _error("TOO_MANY_EVENTS", message, "epcisBody", "eventList")
            event, text = self._value_and_text()
            events.append(event)
            self._source.events.append(text)
            if self._separator("]"):
                return events

    def _object(self, readers: Mapping[str, Callable[[], Json]]) -> Json:
        if self._next() != "{":
            return self._value_and_text()[0]
        self._at += 1
        pairs: list[tuple[str, Json]] = []
        if self._next() == "}":
            self._at += 1
            return {}
        while True:
            if self._next() != '"':
                self._fail("expecting a key in double quotes")
            key = cast("str", self._value_and_text()[0])
            if self._next() != ":":
                self._fail("expecting ':'")
            self._at += 1
            reader = readers.get(key)
            pairs.append((key, reader() if reader else self._value_and_text()[0]))
            if self._separator("}"):
                return _members(pairs)

    def _separator(self, closing: str) -> bool:
        found = self._next()
        if found not in (",", closing):
            self._fail(f"expecting ',' or '{closing}'")
        self._at += 1
        return found == closing

    def _value_and_text(self) -> tuple[Json, str]:
        self._next()
        value, end = self._decoder.raw_decode(self._text, self._at)
        text = self._text[self._at : end]
        self._at = end
        return value, text

    def _next(self) -> str:
        """Skip white space and give the character there; empty at the end."""
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        return self._text[self._at : self._at + 1]

    def _fail(self, message: str) -> NoReturn:
        raise json.JSONDecodeError(message, self._text, self._at)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    repeating = _Repeating(members)
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            repeating.repeated = key
            break
        seen.add(key)
    return repeating


def _number(text: str) -> Decimal | _NoNumber:
    if len(text) > MOST_DIGITS:
        return _NoNumber(text)
    number = Decimal(text)
    return number if abs(number.adjusted()) <= MOST_EXPONENT else _NoNumber(text)


def _inspect(value: object, path: list[str | int]) -> Iterator[EpcisIssue]:
    match value:
        case str():
            if _SURROGATE.search(value):
                yield _issue("NOT_UNICODE", "half of a surrogate pair is no character; write both or none", path)
        case _NoNumber():
            message = (
                f"{value.text[:24]!r} is not a number that is taken: at most {MOST_DIGITS} characters"
                f" and powers of ten up to {MOST_EXPONENT}"
            )
            yield _issue("NUMBER_OUT_OF_RANGE", message, path)
        case dict():
            if isinstance(value, _Repeating):
                message = f"the key {value.repeated[:80]!r} stands twice in one object; keep one of them"
                yield _issue("REPEATED_KEY", message, path)
            for key, item in cast("dict[str, object]", value).items():
                yield from _inspect(key, path)
                yield from _inspect(item, [*path, key])
        case list():
            for number, item in enumerate(cast("list[object]", value)):
                yield from _inspect(item, [*path, number])
        case _:
            pass


def event_number(path: list[str | int]) -> int:
    """Tell in which event a place of the document lies, from 1; 0 for none."""
    match path:
        case ["epcisBody", "eventList", int(index), *_]:
            return index + 1
        case _:
            return 0


def _issue(rule: str, message: str, path: list[str | int]) -> EpcisIssue:
    return EpcisIssue(event_number(path), json_path(path), rule, message)


def _error(rule: str, message: str, *path: str | int) -> EpcisError:
    return EpcisError([_issue(rule, message, list(path))])
