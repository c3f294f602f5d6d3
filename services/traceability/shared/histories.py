"""The events that have moved something: its own, and those of what it was in while it was in there."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from libs.eventlog import Reader
from services.traceability.domain.entries import term
from services.traceability.domain.facts import Facts, Role
from services.traceability.domain.terms import item_name
from services.traceability.domain.whereabouts import PACKING, Happened, parent_of
from services.traceability.shared.reading import Show, read_again, whole

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
    """Reads events, each once: all of them, or as a caller sees them."""

    def __init__(self, reader: Reader, programme: str, show: Show = whole) -> None:
        self._reader = reader
        self._programme = programme
        self._show = show
        self._events: dict[int, tuple[Facts, str]] = {}

    def own(self, name: str, span: Span = Span()) -> list[Happened]:  # noqa: B008 - a constant
        """The events that name something, without those that are declared erroneous, as far as that is known now."""
        return self._found([(name, span)], _ROLES)[0]

    def moving(self, name: str, until: int = ALWAYS) -> list[Happened]:
        """All events that have moved it, and those by which what it was in was in others; no more than once."""
        return self.moving_all([name], until)[name]

    def moving_all(self, names: Iterable[str], until: int = ALWAYS) -> dict[str, list[Happened]]:
        """The same of several, read together: of what they were in, then of what that was in, and so on."""
        found: dict[str, dict[int, Happened]] = {name: {} for name in names}
        done: set[tuple[str, str, Span]] = set()
        waiting = [(name, name, Span(until=until)) for name in found]
        while step := [one for one in dict.fromkeys(waiting) if one not in done]:
            done.update(step)
            waiting = list[tuple[str, str, Span]]()
            asked = [(one, span) for _, one, span in step]
            packings = self._packings([(one, Span(until=span.until)) for one, span in asked])
            for (name, _, span), packed, own in zip(step, packings, self._found(asked, _ROLES), strict=True):
                found[name].update((event.position, event) for event in (*packed, *own))
                for number, event in enumerate(packed):
                    ends = packed[number + 1].facts.time if number + 1 < len(packed) else span.until
                    if event.facts.action == "ADD" and ends >= span.since:
                        # From the beginning: it can have been emptied before what is asked for was put in.
                        waiting.append((name, parent_of(event.facts), Span(event.facts.time, min(ends, span.until))))
        return {name: list(events.values()) for name, events in found.items()}

    def _packings(self, asked: Sequence[tuple[str, Span]]) -> list[list[Happened]]:
        """Those that put each into something or take it out, in order."""
        return [
            sorted(
                (one for one in events if one.facts.kind in PACKING and one.facts.action in ("ADD", "DELETE")),
                key=lambda event: event.order,
            )
            for events in self._found(asked, [(Role.CHILD, False)])
        ]

    def _found(self, asked: Sequence[tuple[str, Span]], roles: Iterable[tuple[Role, bool]]) -> list[list[Happened]]:
        """The events that name each of these in one of these roles, each in its span."""
        named: dict[int, list[str]] = {}
        for name in dict.fromkeys(name for name, _ in asked):
            for role, is_class in roles:
                named.setdefault(term(self._programme, item_name(role, is_class=is_class), name), []).append(name)
        spans = [span for _, span in asked]
        between = (min(span.since for span in spans), max(span.until for span in spans))
        rows = self._reader.among(
            "SELECT term, event_time, position FROM view_trace_terms"
            " WHERE event_time BETWEEN ? AND ? AND term = {keys}",
            between,
            list(named),
        )
        places: dict[str, dict[int, int]] = {}
        for number, time, position in rows:
            for name in named[int(number)]:
                places.setdefault(name, {})[int(position)] = int(time)
        wanted = [
            sorted(position for position, time in places.get(name, {}).items() if span.since <= time <= span.until)
            for name, span in asked
        ]
        self._read(sorted({position for positions in wanted for position in positions} - self._events.keys()))
        # Terms are hashes: another name may share one.
        return [
            [
                Happened(position, facts)
                for position, (facts, event_hash) in ((position, self._events[position]) for position in positions)
                if event_hash and any(item.id == name for item in facts.items)
            ]
            for (name, _), positions in zip(asked, wanted, strict=True)
        ]

    def _read(self, positions: list[int]) -> None:
        for start in range(0, len(positions), _PAGE):
            page = self._reader.at(positions[start : start + _PAGE])
            hashes = {recorded.event.event_hash for recorded in page}
            voided = voided_among(self._reader, self._programme, hashes)
            for recorded in page:
                event_hash, shown = recorded.event.event_hash, self._show(recorded)
                # Whether it counts is known, whoever asks; what it says is what he sees of it.
                counts = read_again(recorded.event).declaration is None and event_hash not in voided and shown
                facts = read_again((shown or recorded).event)
                self._events[recorded.position] = facts, event_hash if counts else ""


def voided_among(reader: Reader, programme: str, hashes: Iterable[str]) -> set[str]:
    """Those of these events that are declared erroneous."""
    rows = reader.among(
        "SELECT hash FROM view_trace_voided WHERE programme=? AND hash = {keys}", (programme,), list(hashes)
    )
    return {str(one) for (one,) in rows}
