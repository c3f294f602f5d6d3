"""Where the events stand: in a document, in the answer to a query, in a list, one on each line, or alone.

EPCISDocument and EPCISQueryDocument are the standard's (ISO/IEC 19987, 10.2). A single event is what `POST /events` of
the REST binding takes; lists of such and NDJSON are what many events of that kind come as.
"""

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, cast

from fenxiao.epcis.characters import Characters, Cleaner
from fenxiao.epcis.issues import EpcisError, EpcisIssue, json_path
from fenxiao.epcis.strict_json import Json, Limits, Path, Repeating, error

_HEADER: Final = "epcisHeader"
_HERE: Final = "events stand here"
# From the body of each kind of document on.
_ROUTES: Final[dict[str, dict[str, Any]]] = {
    "EPCISDocument": {"eventList": _HERE},
    "EPCISQueryDocument": {"queryResults": {"resultsBody": {"eventList": _HERE}}},
}
_ANY_ROUTE: Final[dict[str, Any]] = {name: below for route in _ROUTES.values() for name, below in route.items()}


@dataclass(slots=True)
class Found:
    """An event, as it was found."""

    value: Json
    text: str
    """As it stood."""
    path: Path
    bare: bool
    odd: list[EpcisIssue]
    """What is odd about its JSON."""


@dataclass(slots=True)
class Around:
    """What stands around the events: the document with its lists of events empty."""

    root: dict[str, Json] = field(default_factory=dict[str, Json])
    context: str = "null"
    """`@context` as it stood."""
    is_document: bool = False
    is_bare: bool = False
    """Whether there is nothing around them."""
    issues: list[EpcisIssue] = field(default_factory=list[EpcisIssue])


class Structure:
    """Finds the events of a source, in order; `around` is complete once the first of them is out, but for its issues.

    Where the context of a document stands behind its events, the source is read twice.
    """

    def __init__(
        self,
        source: BinaryIO,
        limits: Limits,
        make_cleaner: Callable[[], Cleaner] | None = None,
        *,
        any_kind: bool = False,
        ahead: bool = False,
    ) -> None:
        self._source = source
        self._limits = limits
        self._make_cleaner = make_cleaner
        self._any_kind = any_kind
        """Whether events are looked for in documents of an unknown type, too."""
        self._ahead = ahead
        """Whether only what stands around the events is asked for."""
        self._start = source.tell() if source.seekable() else 0
        self._characters = Characters(source, limits, make_cleaner() if make_cleaner else None)
        self._decoder = self._characters.decoder
        self.around = Around()
        self.inside: Path | None = None
        """The event that is being read; where reading breaks off, it is that."""

    @property
    def bytes_read(self) -> int:
        """How much was read from the source so far."""
        return self._characters.bytes_read

    def events(self) -> Generator[Found]:
        """Find them. Raises `EpcisError` where no more can be read."""
        try:
            first = self._characters.next()
            if first == "[":
                self.around.is_bare = True
                yield from self._list(())
                self._end("nothing may follow the list")
            elif first == "{":
                yield from self._objects()
            elif not first:
                self._characters.fail("there is nothing")
            else:
                self._characters.value()
                raise error("WRONG_TYPE", "a document is an object; write it in { }")
        except json.JSONDecodeError as wrong:
            message = f"not JSON at {self._characters.place(wrong)}: {wrong.msg}"
            raise error("INVALID_JSON", message) from None

    def _objects(self) -> Generator[Found]:
        """A document, or an event, or events one behind the other."""
        while True:
            mark = self._characters.mark()
            root = yield from self._root()
            kind = root.get("type")
            is_event = isinstance(kind, str) and kind not in _ROUTES and "epcisBody" not in root
            if self.around.is_document or not (is_event or "eventTime" in root):
                self.around.root = root
                self._end("nothing may follow the document")
                return
            self.around.is_bare = True
            issues, self.around.issues = self.around.issues, []
            yield Found(root, self._characters.since(mark), (), True, issues)
            self._characters.forget()
            following = self._characters.next()
            if not following:
                return
            if following != "{":
                self._characters.fail("expecting another event, or the end")

    def _root(self) -> Generator[Found, None, dict[str, Json]]:
        characters = self._characters
        characters.skip()
        pairs: list[tuple[str, Json]] = []
        while (key := self._key(first=not pairs)) is not None:
            if key == "epcisBody" and characters.next() == "{":
                value = yield from self._body(pairs)
            elif key == "@context":
                mark = characters.mark()
                value = self._value((key,))
                self._keep_context(characters.since(mark))
            elif key == _HEADER:
                value = self._header()
            else:
                value = self._value((key,))
            pairs.append((key, value))
        return self._object(pairs, ())

    def _body(self, before: list[tuple[str, Json]]) -> Generator[Found, None, Json]:
        known = dict(before)
        if self._ahead:
            route: dict[str, Any] = _ANY_ROUTE
        else:
            if not ("type" in known and "@context" in known) and self._source.seekable():
                known = self._look_ahead()
            kind = known.get("type")
            route = _ROUTES.get(kind if isinstance(kind, str) else "", _ANY_ROUTE if self._any_kind else {})
        if not route:
            return self._value(("epcisBody",))
        self.around.is_document = True
        self.around.root = known
        return (yield from self._along(("epcisBody",), route))

    def _along(self, path: Path, route: dict[str, Any]) -> Generator[Found, None, Json]:
        """Read an object on the way to the events."""
        characters = self._characters
        characters.skip()
        pairs: list[tuple[str, Json]] = []
        while (key := self._key(first=not pairs)) is not None:
            inner, below = route.get(key), (*path, key)
            opening = characters.next()
            value: Json
            if inner is _HERE and opening == "[":
                yield from self._list(below)
                value = []
            elif isinstance(inner, dict) and opening == "{":
                value = yield from self._along(below, cast("dict[str, Any]", inner))
            else:
                value = self._value(below)
            pairs.append((key, value))
        return self._object(pairs, path)

    def _list(self, path: Path) -> Generator[Found]:
        """Read a list of events."""
        characters = self._characters
        characters.skip()
        number = 0
        while not self._separated("]", first=number == 0):
            if number == self._limits.events:
                message = f"a document has at most {self._limits.events:,} events; send it in parts"
                raise error("TOO_MANY_EVENTS", message, *path)
            below = self.inside = (*path, number)
            value, text = characters.value()
            odd = self._decoder.inspect(value, text, len(below), below)
            self.inside = None
            yield Found(value, text, below, not path, odd)
            characters.forget()
            number += 1

    def _look_ahead(self) -> dict[str, Json]:
        """Read what stands behind the events before them."""
        here = self._source.tell()
        self._source.seek(self._start)
        ahead = Structure(self._source, self._limits, self._make_cleaner, any_kind=True, ahead=True)
        for _ in ahead.events():
            pass
        self._source.seek(here)
        self.around.context = ahead.around.context
        return ahead.around.root

    def _key(self, *, first: bool) -> str | None:
        """Read the next key of an object and what stands around it; None at its end."""
        characters = self._characters
        if self._separated("}", first=first):
            return None
        if characters.next() != '"':
            characters.fail("expecting a key in double quotes")
        key = characters.value()[0]
        if characters.next() != ":":
            characters.fail("expecting ':'")
        characters.skip()
        characters.next()
        return cast("str", key)

    def _separated(self, closing: str, *, first: bool) -> bool:
        """Read what stands before an item; true at the end of them all."""
        characters = self._characters
        found = characters.next()
        if found == closing:
            characters.skip()
            return True
        if not first:
            if found != ",":
                characters.fail(f"expecting ',' or '{closing}'")
            characters.skip()
            if characters.next() == closing:
                characters.fail("a comma stands before the end")
        return False

    def _header(self) -> Json:
        try:
            return self._value((_HEADER,))
        except EpcisError as wrong:
            if wrong.issues[0].rule != "EVENT_TOO_LONG":
                raise
            message = f"the header has at most {self._limits.event:,} characters; send its master data in parts"
            raise error("HEADER_TOO_LARGE", message, _HEADER) from None

    def _value(self, path: Path) -> Json:
        value, text = self._characters.value()
        self.around.issues += self._decoder.inspect(value, text, len(path), path)
        return value

    def _object(self, pairs: list[tuple[str, Json]], path: Path) -> dict[str, Json]:
        made = self._decoder.members(pairs)
        if isinstance(made, Repeating):
            message = f"the key {made.repeated[0][:80]!r} stands twice in one object; keep one of them"
            self.around.issues.append(EpcisIssue(0, json_path(path), "REPEATED_KEY", message))
        return made

    def _keep_context(self, text: str) -> None:
        if len(text) > self._limits.context:
            message = f"@context has at most {self._limits.context:,} characters; leave out what is not used"
            raise error("CONTEXT_TOO_LARGE", message, "@context")
        self.around.context = text

    def _end(self, message: str) -> None:
        if self._characters.next():
            self._characters.fail(message)
