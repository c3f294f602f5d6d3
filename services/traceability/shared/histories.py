"""The events that have moved something: its own, and those of what it was in while it was in there."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from libs.eventlog import Reader
from services.traceability.domain.facts import Facts, Role
from services.traceability.domain.terms import item_name
from services.traceability.domain.whereabouts import PACKING, Happened, parent_of
from services.traceability.shared.reading import read_again
from services.traceability.views.terms import term

ALWAYS: Final = 2**62
_PAGE: Final = 500
_ROLES: Final = (
    *((role, False) for role in Role),
    *((role, True) for role in (Role.EPC, Role.CHILD, Role.INPUT, Role.OUTPUT)),
)


class Span(NamedTuple):
    """Some time, both ends included."""

    since: int = -ALWAYS
    until: int = ALWAYS


class Histories:
    """Reads events, each once."""

    def __init__(self, reader: Reader, programme: str) -> None:
        self._reader = reader
        self._programme = programme
        self._events: dict[int, tuple[Facts, str]] = {}

    def own(self, name: str, span: Span = Span()) -> list[Happened]:  # noqa: B008 - a constant
        """The events that name something, without those that are declared erroneous, as far as that is known now."""
        return self._found([term(self._programme, item_name(role, is_class=c), name) for role, c in _ROLES], name, span)

    def packings(self, name: str, until: int) -> list[Happened]:
        """Those that put it into something or take it out."""
        terms = [term(self._programme, item_name(Role.CHILD, is_class=False), name)]
        found = self._found(terms, name, Span(until=until))
        return [event for event in found if event.facts.kind in PACKING and event.facts.action in ("ADD", "DELETE")]

    def moving(self, name: str, until: int = ALWAYS) -> list[Happened]:
        """All events that have moved it, and those by which what it was in was in others; no more than once."""
        found: dict[int, Happened] = {}
        done: set[tuple[str, Span]] = set()
        waiting = [(name, Span(until=until))]
        while waiting:
            one, span = waiting.pop()
            if (one, span) in done:
                continue
            done.add((one, span))
            packings = sorted(self.packings(one, span.until), key=lambda event: event.order)
            for event in (*packings, *self.own(one, span)):
                found[event.position] = event
            for number, event in enumerate(packings):
                ends = packings[number + 1].facts.time if number + 1 < len(packings) else span.until
                if event.facts.action == "ADD" and ends >= span.since:
                    # From the beginning: it can have been emptied before what is asked for was put in.
                    waiting.append((parent_of(event.facts), Span(event.facts.time, min(ends, span.until))))
        return list(found.values())

    def _found(self, terms: Iterable[int], name: str, span: Span) -> list[Happened]:
        rows = self._reader.among(
            "SELECT DISTINCT position FROM view_trace_terms WHERE event_time BETWEEN ? AND ? AND term = {keys}",
            span,
            list(terms),
        )
        positions = sorted({int(position) for (position,) in rows})
        self._read([position for position in positions if position not in self._events])
        found: list[Happened] = []
        for position in positions:
            facts, event_hash = self._events[position]
            # Terms are hashes: another name may share one.
            if event_hash and any(item.id == name for item in facts.items):
                found.append(Happened(position, facts))
        return found

    def _read(self, positions: list[int]) -> None:
        for start in range(0, len(positions), _PAGE):
            page = self._reader.at(positions[start : start + _PAGE])
            hashes = {recorded.event.event_hash for recorded in page}
            voided = voided_among(self._reader, self._programme, hashes)
            for recorded in page:
                facts = read_again(recorded.event)
                counts = facts.declaration is None and recorded.event.event_hash not in voided
                self._events[recorded.position] = facts, recorded.event.event_hash if counts else ""


def voided_among(reader: Reader, programme: str, hashes: Iterable[str]) -> set[str]:
    """Those of these events that are declared erroneous."""
    rows = reader.among(
        "SELECT hash FROM view_trace_voided WHERE programme=? AND hash = {keys}", (programme,), list(hashes)
    )
    return {str(one) for (one,) in rows}
