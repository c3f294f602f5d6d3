"""The way of an item: the events of what it was made of, of its lot, of what carried it, and its own."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, cast

from libs.eventlog import Reader, Recorded
from services.traceability.domain.digital_links import Asked
from services.traceability.domain.entries import term
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.domain.facts import Facts, Role
from services.traceability.domain.genealogy import FOREVER, Kind, LinkRow, Node
from services.traceability.domain.journey import MasterData, Relation, Step, master_data, step_of
from services.traceability.domain.terms import item_name
from services.traceability.shared.histories import voided_among
from services.traceability.shared.reading import fields_of, read_again
from services.traceability.shared.viewing import Viewer
from services.traceability.views.genealogy import is_open, node_of

MOST_NODES: Final = 50
"""Things whose events are looked at."""
MOST_OF_ONE: Final = 40
"""Events of one thing: the first and the last of them."""
MOST_STEPS: Final = 120

_CARRYING: Final = (Kind.CONTENTS, Kind.ATTACHED)
_MAKING: Final = frozenset(Kind) - {Kind.CONTENTS, Kind.ATTACHED}
_ROLES: Final = [(role, is_class) for role in Role for is_class in (False, True)]


def _some(direction: str) -> str:
    one = (
        "SELECT * FROM (SELECT event_time, position FROM view_trace_terms WHERE term=? AND event_time BETWEEN ? AND ?"  # noqa: S608 - built of constants
        f" ORDER BY event_time {direction}, position {direction} LIMIT {MOST_OF_ONE // 2}) AS p"
    )
    every = " UNION ".join(f"{one}{number}" for number, _ in enumerate(_ROLES))
    return f"{every} ORDER BY event_time {direction}, position {direction} LIMIT {MOST_OF_ONE // 2}"


_FIRST: Final = _some("ASC")
_LAST: Final = _some("DESC")


class Part(NamedTuple):
    """A thing that belongs to the way of the item, and when."""

    name: str
    relation: Relation
    since: int
    until: int


class _Reached(NamedTuple):
    """As what a thing was come by, and the time for which it counts."""

    relation: Relation
    since: int
    until: int

    def with_(self, other: "_Reached") -> "_Reached":
        relation = other.relation if self.relation is Relation.CONTAINER else self.relation
        return _Reached(relation, min(self.since, other.since), max(self.until, other.until))


@dataclass(frozen=True)
class Journey:
    """What somebody sees of it."""

    steps: tuple[Step, ...]
    """In order of time."""
    origins: tuple[str, ...]
    """Places where what has nothing before it was first seen."""
    master_data: MasterData
    made_of: tuple[str, ...]
    """The item, its lot, and all that is in it: if one of them is recalled, it is."""
    complete: bool
    """Whether nothing was left out."""
    reported: bool
    """Whether any event names the item itself, or its lot."""


def journey_of(reader: Reader, programme: str, asked: Asked, viewer: Viewer) -> Journey:
    """Follow an item back, as somebody sees it."""
    parts, complete, sources = _parts(reader, programme, asked, viewer)
    steps: dict[str, Step] = {}
    own: list[Facts] = []
    first: dict[str, Step] = {}
    for part in parts:
        events, whole = _events(reader, programme, part)
        complete = complete and whole
        for recorded in events:
            shown = viewer.show(recorded)
            if shown is None:
                continue
            facts, event_hash = read_again(shown.event), shown.event.event_hash
            step = step_of(facts, fields_of(shown.event), event_hash, part.relation, str(shown.stream))
            steps.setdefault(event_hash, step)
            if part.relation in (Relation.ITEM, Relation.LOT):
                own.append(facts)
            if step.place and (part.name not in first or step.time < first[part.name].time):
                first[part.name] = step
    ordered = sorted(steps.values(), key=lambda step: step.time)
    complete = complete and len(ordered) <= MOST_STEPS
    if len(ordered) > MOST_STEPS:
        ordered = [*ordered[: MOST_STEPS // 2], *ordered[-MOST_STEPS // 2 :]]
    origins = dict.fromkeys(first[name].place for name in sources if name in first)
    reported = any(step.relation in (Relation.ITEM, Relation.LOT) for step in ordered)
    made_of = tuple(part.name for part in parts if part.relation is not Relation.CONTAINER)
    return Journey(tuple(ordered), tuple(origins), master_data(own), made_of, complete, reported)


def lot_of(reader: Reader, programme: str, identifier: str, viewer: Viewer) -> str:
    """The lot in which a serial number was commissioned; empty if none is known, or to be seen."""
    rows = reader.all(
        "SELECT source, ends, target, begins, kind, position FROM view_trace_links WHERE target=? AND kind=?"
        " ORDER BY begins LIMIT ?",
        (node_of(programme, identifier), int(Kind.LOT), MOST_NODES),
    )
    seen = viewer.visible(cast("list[LinkRow]", rows))
    return _names(reader, [seen[0][0]])[seen[0][0]] if seen else ""


def is_reported(reader: Reader, programme: str, identifiers: Iterable[str]) -> bool:
    """Whether any event names one of them, or a lot or an object of one."""
    names = [item_name(role, is_class=is_class) for role, is_class in _ROLES]
    terms = [term(programme, name, one) for one in identifiers for own in names for name in (own, f"any {own}")]
    return bool(reader.among("SELECT 1 FROM view_trace_terms WHERE term = {keys} LIMIT 1", (), terms))


def _parts(reader: Reader, programme: str, asked: Asked, viewer: Viewer) -> tuple[list[Part], bool, list[str]]:
    """What belongs to an item, whether that is all, and what of it has nothing before it."""
    start = {node_of(programme, one): one for one in asked.levels if not is_open(one)}
    found = {
        node: _Reached(Relation.ITEM if number == 0 else Relation.LOT, -FOREVER, FOREVER)
        for number, node in enumerate(start)
    }
    # A serial number whose lot is named comes from it, whether events say so or not.
    made = {node for number, node in enumerate(start) if number + 1 < len(start)}
    waiting = deque(found)
    complete = True
    for _ in range(MOST_NODES * 4):
        if not waiting:
            break
        node = waiting.popleft()
        for kind, source, reached in _before(reader, node, found[node], viewer):
            if kind in _MAKING:
                made.add(node)
            known = found.get(source)
            if known is None and len(found) >= MOST_NODES:
                complete = False
                continue
            wider = reached if known is None else known.with_(reached)
            if wider != known:
                found[source] = wider
                waiting.append(source)
    names = {**start, **_names(reader, [node for node in found if node not in start])}
    parts = [
        Part(names[node], *reached) for node, reached in found.items() if node in names and not is_open(names[node])
    ]
    sources = [
        names[node]
        for node, reached in found.items()
        if node in names and node not in made and reached.relation is not Relation.CONTAINER
    ]
    return parts, complete and not waiting, sources


def _before(reader: Reader, node: Node, at: "_Reached", viewer: Viewer) -> Iterator[tuple[Kind, Node, "_Reached"]]:
    """What a thing was made of, was in, or had in it."""
    # What is beside the item on a pallet is none of its business.
    kinds = _CARRYING if at.relation is Relation.CONTAINER else [*Kind]
    rows = reader.all(
        "SELECT source, ends, target, begins, kind, position FROM view_trace_links"  # noqa: S608 - only question marks
        f" WHERE target=? AND begins<? AND ends>? AND kind IN ({', '.join('?' * len(kinds))})"
        " ORDER BY begins, source LIMIT ?",
        (node, at.until, at.since, *map(int, kinds), MOST_NODES),
    )
    for source, ends, _, begins, number, _ in viewer.visible(cast("list[LinkRow]", rows)):
        kind = Kind(number)
        if kind in _CARRYING:
            reached = _Reached(Relation.CONTAINER, max(at.since, begins), min(at.until, ends))
        elif kind is Kind.LOT:
            lot = Relation.LOT if at.relation is Relation.ITEM else Relation.SOURCE
            reached = _Reached(lot, -FOREVER, at.until)
        else:
            reached = _Reached(Relation.SOURCE, -FOREVER, min(at.until, ends - 1))
        yield kind, bytes(source), reached


def _names(reader: Reader, nodes: Iterable[Node]) -> dict[Node, str]:
    rows = reader.among("SELECT node, name FROM view_trace_nodes WHERE node = {keys}", (), [*nodes])
    return {bytes(node): str(name) for node, name in rows}


def _events(reader: Reader, programme: str, part: Part) -> tuple[list[Recorded[TraceEventCaptured]], bool]:
    """The first and the last events that name something, without those declared erroneous; whether that is all."""
    terms = [term(programme, item_name(role, is_class=is_class), part.name) for role, is_class in _ROLES]
    positions: set[int] = set()
    for sql in (_FIRST, _LAST):
        params = [value for one in terms for value in (one, part.since, part.until)]
        positions |= {int(position) for _, position in reader.all(sql, params)}
    found: list[Recorded[TraceEventCaptured]] = reader.at(sorted(positions))
    voided = voided_among(reader, programme, {recorded.event.event_hash for recorded in found})
    named = [
        recorded
        for recorded in found
        # Terms are hashes: another name may share one.
        if any(item.id == part.name for item in read_again(recorded.event).items)
        and read_again(recorded.event).declaration is None
        and recorded.event.event_hash not in voided
    ]
    return named, len(positions) < MOST_OF_ONE
