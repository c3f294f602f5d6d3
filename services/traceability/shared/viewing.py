"""What a caller sees of events. Everything that is answered from events asks here, and goes on with what it is given.

A viewer makes of a recorded event another one that says what its caller sees, or nothing. Queries are held against that
one too, so no question finds what it is not to show.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import wraps
from typing import Any, Final, NamedTuple, Self, TypeVar

from fenxiao.epcis.fields import CONTEXT, EventField, event_of
from fenxiao.epcis.strict_json import to_text
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader, Recorded
from libs.servicekit import Call, Command, Query, Stream, Upload
from services.traceability.adapters.seals import Seals
from services.traceability.adapters.secrets import Secrets
from services.traceability.domain.commitments import fields_of_event, text_of
from services.traceability.domain.entries import term
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.domain.facts import Facts, Role
from services.traceability.domain.genealogy import LinkRow, Node
from services.traceability.domain.terms import item_name
from services.traceability.domain.visibility import Audience, Caller
from services.traceability.domain.whereabouts import party_of
from services.traceability.shared.reading import ShownEvent, names_of, read_again
from services.traceability.shared.sealing import WHOLE, open_fields, with_texts
from services.traceability.views.genealogy import nodes_of
from services.traceability.views.visibility import policy_of

NEIGHBOURS: Final = 50
"""Items of an event whose events before and behind it are looked at."""

FOR_PARTIES: Final = 2000
"""Events that are looked at for a page that a party asks for."""

_ROLES: Final = [(role, is_class) for role in Role for is_class in (False, True)]
_PUBLIC: Final = frozenset({Audience.PUBLIC})

T = TypeVar("T", bound=Callable[..., Any])


class Field(NamedTuple):
    """A field as a caller sees it."""

    number: int
    field: EventField
    text: str
    salt: bytes
    """Of a sealed field that was opened; else empty."""


class Viewer:
    """Sees for a caller, on a snapshot."""

    def __init__(self, reader: Reader, programme: str, caller: Caller, secrets: Secrets) -> None:
        self.caller = caller
        self._reader = reader
        self._programme = programme
        self._policy = policy_of(reader, programme)
        self._seals = Seals.of(secrets)
        always = _PUBLIC if caller.audience is Audience.PARTY else frozenset({Audience.PUBLIC, caller.audience})
        self._always = always
        self.whole = self._policy.shows_all(always)
        """Whether the caller sees everything of every event."""
        self._near: dict[tuple[str, int], bool] = {}
        self._nodes: dict[int, set[Node]] = {}
        self.hidden: set[int] = set()
        """Positions of the events behind links that were left out."""

    @classmethod
    def of(cls, reader: Reader, call: Call) -> Self:
        """For who calls with a credential."""
        return cls(reader, call.programme, caller_of(call), call.use(Secrets))

    def show(self, recorded: Recorded[TraceEventCaptured]) -> Recorded[TraceEventCaptured] | None:
        """An event as the caller sees it; None: not at all."""
        if self.whole and not recorded.event.sealed:
            return recorded
        return self._show(recorded)

    def listed(self, recorded: Recorded[TraceEventCaptured]) -> Recorded[TraceEventCaptured] | None:
        """The same where nobody has named it: a party is told there of nothing but what concerns it."""
        if self.caller.audience is Audience.PARTY and self._audiences(recorded) == _PUBLIC:
            return None
        return self.show(recorded)

    def fields(self, recorded: Recorded[TraceEventCaptured]) -> list[Field] | None:
        """The fields that he sees; None: he does not see the event."""
        event, facts = recorded.event, read_again(recorded.event)
        audiences = self._audiences(recorded)
        if not self._policy.shows(facts, audiences):
            return None
        text = text_of(event)
        every = fields_of_event(text, event.context)
        visible = {field.path for field in self._policy.visible(every, names_of(event), facts, audiences)}
        sealed = {one.path for one in event.sealed}
        opened = open_fields(recorded.stream, event, self._seals) if visible & sealed else {}
        found: list[Field] = []
        for number, field in enumerate(every):
            if field.path not in visible:
                continue
            if field.path in opened:
                own, salt = opened[field.path]
                value = json.loads(own, parse_float=Decimal, parse_int=Decimal)
                found.append(Field(number, field._replace(value=value), own, salt))
            elif field.path not in sealed:
                own = event.context if field.path == CONTEXT else text[field.start : field.end]
                found.append(Field(number, field, own, b""))
        return found

    def require_books(self) -> None:
        """For what is added up from all events: for who sees all of them, or is told his own. Raises NOT_VISIBLE."""
        if not self.whole and self.caller.audience is not Audience.PARTY:
            message = "the programme's visibility hides some of this from you; ask for the events that you see"
            raise Refusal("NOT_VISIBLE", message, kind=Kind.DENIED)

    @property
    def looked_at(self) -> int:
        """Events that are looked at for a page; 0: as many as usual. What is beside each is looked for, for a party."""
        return FOR_PARTIES if self.caller.audience is Audience.PARTY else 0

    @property
    def visible(self) -> Callable[[list[LinkRow]], list[LinkRow]]:
        """Leaves out of links those that he does not see, and counts them."""
        return list if self.whole else self._visible

    def _visible(self, links: list[LinkRow]) -> list[LinkRow]:
        # Both ends stand in what he sees of the event behind it.
        unknown = {link[-1] for link in links} - self._nodes.keys()
        for recorded in self._reader.at(sorted(unknown)):
            shown = self.show(recorded)
            self._nodes[recorded.position] = (
                nodes_of(read_again(shown.event), self._programme, shown.position) if shown else set()
            )
        seen = [link for link in links if {link[0], link[2]} <= self._nodes[link[-1]]]
        self.hidden.update(link[-1] for link in {*links} - {*seen})
        return seen

    def _show(self, recorded: Recorded[TraceEventCaptured]) -> Recorded[TraceEventCaptured] | None:
        event = recorded.event
        fields = self.fields(recorded)
        if fields is None:
            return None
        changes: dict[str, str]
        if len(fields) == len(fields_of_event(text_of(event), event.context)):
            opened = open_fields(recorded.stream, event, self._seals)
            text = with_texts(text_of(event), {path: text for path, (text, _) in opened.items()})
            whole = opened[WHOLE][0] if WHOLE in opened else event.document
            changes = {"document": whole, "mended": text} if event.mended else {"document": text}
        else:
            shown = event_of(one.field for one in fields if one.field.path != CONTEXT)
            changes = {"document": to_text(shown), "mended": ""}
            if "eventID" not in shown:
                changes["event_id"] = event.event_hash
        return replace(recorded, event=ShownEvent.model_construct(None, **{**dict(event), **changes}))

    def _audiences(self, recorded: Recorded[TraceEventCaptured]) -> frozenset[Audience]:
        if self.caller.audience is not Audience.PARTY:
            return self._always
        facts = read_again(recorded.event)
        if self._concerned(recorded, facts):
            return _PUBLIC | {Audience.PARTY}
        if self._adjacent(recorded, facts):
            return _PUBLIC | {Audience.ADJACENT}
        return _PUBLIC

    def _concerned(self, recorded: Recorded[TraceEventCaptured], facts: Facts) -> bool:
        if recorded.meta.actor == self.caller.name:
            return True
        places = [place for place in (facts.read_point, facts.biz_location) if place]
        named = {one.id for one in (*facts.sources, *facts.destinations)}
        named |= {*places, *map(party_of, places), *(place.partition("/254/")[0] for place in places)}
        return not named.isdisjoint(self.caller.parties)

    def _adjacent(self, recorded: Recorded[TraceEventCaptured], facts: Facts) -> bool:
        items = list(dict.fromkeys(item.id for item in facts.items))[:NEIGHBOURS]
        return any(self._beside(item, facts.time, recorded.position) for item in items)

    def _beside(self, item: str, time: int, position: int) -> bool:
        """Whether the caller is a party of the event before or behind this one of an item."""
        key = item, position
        if key not in self._near:
            self._near[key] = any(
                self._concerned(one, read_again(one.event)) for one in self._neighbours(item, time, position)
            )
        return self._near[key]

    def _neighbours(self, item: str, time: int, position: int) -> list[Recorded[TraceEventCaptured]]:
        terms = [term(self._programme, item_name(role, is_class=is_class), item) for role, is_class in _ROLES]
        positions: set[int] = set()
        for sql in (_BEFORE, _BEHIND):
            rows = self._reader.all(sql, [value for one in terms for value in (one, time, position)])
            positions |= {int(one) for _, one in rows}
        return self._reader.at(sorted(positions))


def _next(sign: str, direction: str) -> str:
    one = (
        "SELECT * FROM (SELECT event_time, position FROM view_trace_terms"  # noqa: S608 - built of constants
        f" WHERE term=? AND (event_time, position) {sign} (?, ?)"
        f" ORDER BY event_time {direction}, position {direction} LIMIT 1) AS p"
    )
    every = " UNION ".join(f"{one}{number}" for number, _ in enumerate(_ROLES))
    return f"{every} ORDER BY event_time {direction}, position {direction} LIMIT 1"


_BEFORE: Final = _next("<", "DESC")
_BEHIND: Final = _next(">", "ASC")


def caller_of(call: Call) -> Caller:
    """Who calls with a credential."""
    return Caller.of(call.claims.subject, call.claims.role, call.claims.parties)


E = TypeVar("E", Command, Query, Stream, Upload)


def closed(table: Mapping[str, E], open_to_parties: Collection[str]) -> dict[str, E]:
    """A table of methods, of which those alone answer a party that know what concerns it."""
    return {
        method: entry if method in open_to_parties else replace(entry, handler=for_programme(entry.handler))
        for method, entry in table.items()
    }


def for_programme(handler: T) -> T:
    """The handler, for credentials of the programme and of regulators alone. Raises `Refusal` PARTY_CREDENTIAL."""

    @wraps(handler)
    def handle(first: Any, request: Any, call: Call, *rest: Any) -> Any:
        if call.claims.parties:
            message = "this is about the whole programme; use a credential that names no party"
            raise Refusal("PARTY_CREDENTIAL", message, kind=Kind.DENIED)
        return handler(first, request, call, *rest)

    return handle  # pyright: ignore[reportReturnType] - the same arguments
