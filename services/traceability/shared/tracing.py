"""Following links forward or backward in time, layer by layer."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from libs.eventlog import Reader, Row
from services.traceability.domain.genealogy import CARRIERS, FOREVER, INTERVALS, Kind, Link, Node

T = TypeVar("T")

AHEAD: Final = 64
"""Nodes at most from which transformations are followed within the database."""
LINKS_AHEAD: Final = 5000
"""Links at most that are read so: time may leave most of them out."""
_LEADING_ON: Final = (Kind.TRANSFORMATION, Kind.LOT)

ASKED_FOR: Final = 512
"""Nodes in one query at most. Lists are filled up to powers of two, so that the database knows the statement again."""


class Direction(Enum):
    """Which way links are followed."""

    BACKWARD = "backward"
    """To where it came from."""
    FORWARD = "forward"
    """To what became of it."""


class Reached(NamedTuple):
    """How a node was come by."""

    when: int
    """Forward: from when on what is traced is in it. Backward: until when it was."""
    depth: int


class State(NamedTuple):
    """A node, and as what it was come by."""

    node: Node
    carried: bool
    """As what carries something that was reached, or is attached to it: nothing else in it is affected."""


@dataclass
class Traced:
    """What was found."""

    states: dict[State, Reached] = field(default_factory=dict[State, Reached])
    """In the order in which they were come by."""
    links: dict[Link, None] = field(default_factory=dict[Link, None])
    came: dict[State, tuple[State, Link]] = field(default_factory=dict[State, tuple[State, Link]])
    """From where, and by which link, each was come by; not those with which it began."""
    complete: bool = True
    """Whether there is nothing more of it than this."""

    @property
    def nodes(self) -> dict[Node, bool]:
        """Every node, and whether it only carries."""
        found: dict[Node, bool] = {}
        for node, carried in self.states:
            found[node] = found.get(node, True) and carried
        return found


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far to follow."""

    since: int = -FOREVER
    """Forward: what is traced is in the first nodes from then on; nothing is known of earlier."""
    until: int = FOREVER
    """Nothing that began at or after this moment counts."""
    depth: int = 1000
    nodes: int = 10_000


def follow(reader: Reader, start: Iterable[Node], direction: Direction, bounds: Bounds) -> Traced:
    """Follow all links from some nodes.

    A node is looked at again only when it is come by earlier in time (backward: later), or as more than a carrier, so
    cycles end and the work is bounded by the links there are.
    """
    forward = direction is Direction.FORWARD
    first = Reached(bounds.since if forward else bounds.until, 0)
    traced = Traced({State(node, carried=False): first for node in start})
    states, links, came = traced.states, traced.links, traced.came
    # A container's link to what is in it is followed the other way by who asks what carries that.
    carriers = CARRIERS if forward else INTERVALS - CARRIERS
    frontier = dict(states)
    ahead = _Ahead(reader, forward)
    while frontier:
        following: dict[State, Reached] = {}
        ahead.read({state.node: None for state in frontier})
        for at_state, at in frontier.items():
            for link in ahead.links[at_state.node]:
                _, ends, _, begins, kind, _ = link
                if begins >= bounds.until or ends <= bounds.since:
                    continue
                carrying = kind in carriers
                if (at_state.carried and not carrying) or (ends <= at.when if forward else begins >= at.when):
                    continue
                state = State(link.target if forward else link.source, carrying)
                known = states.get(state)
                if known is None and (len(states) >= bounds.nodes or at.depth >= bounds.depth):
                    traced.complete = False
                    continue
                links[link] = None
                when = max(at.when, begins) if forward else min(at.when, ends)
                more = states.get(State(state.node, carried=False)) if carrying else None
                if at.depth < bounds.depth and _adds(known, when, forward) and _adds(more, when, forward):
                    states[state] = following[state] = Reached(when, at.depth + 1)
                    came[state] = at_state, link
        frontier = following
    return traced


def _adds(known: Reached | None, when: int, forward: bool) -> bool:
    """Whether more can follow from a node come by in this way than from how it was come by before."""
    return known is None or (when < known.when if forward else when > known.when)


@dataclass
class _Ahead:
    """Links that have been read, with those of nodes that come later by transformations and lots."""

    reader: Reader
    forward: bool
    links: dict[Node, list[Link]] = field(default_factory=dict[Node, list[Link]])

    def read(self, nodes: Iterable[Node]) -> None:
        """Have the links of some nodes."""
        unknown = [node for node in nodes if node not in self.links]
        if unknown:
            if len(unknown) > AHEAD or not self._read_ahead(unknown):
                self._read(unknown)
            for node in unknown:
                self.links.setdefault(node, [])

    def _read_ahead(self, nodes: list[Node]) -> bool:
        """Read in one query what transformations lead to. Whether that was all of it."""
        here, there = ("source", "target") if self.forward else ("target", "source")
        (part,) = parts(nodes)
        rows = self.reader.all(
            f"WITH RECURSIVE ahead(node) AS (SELECT node FROM view_trace_nodes WHERE node IN ({_marks(part)})"  # noqa: S608 - constants
            f" UNION SELECT l.{there} FROM ahead JOIN view_trace_links AS l ON l.{here}=ahead.node"
            " WHERE l.kind IN (1, 6)) SELECT l.source, l.ends, l.target, l.begins, l.kind, l.position FROM ahead"
            f" JOIN view_trace_links AS l ON l.{here}=ahead.node LIMIT ?",
            (*part, LINKS_AHEAD),
        )
        if len(rows) == LINKS_AHEAD:
            return False
        self._take(rows)
        # Where the links end, there are none: that is known too.
        for row in rows:
            if row[4] in _LEADING_ON:
                self.links.setdefault(row[2 if self.forward else 0], [])
        return True

    def _read(self, nodes: list[Node]) -> None:
        side = "source" if self.forward else "target"
        for part in parts(nodes):
            self._take(
                self.reader.all(
                    "SELECT source, ends, target, begins, kind, position FROM view_trace_links"  # noqa: S608 - one of two columns
                    f" WHERE {side} IN ({_marks(part)})",
                    part,
                )
            )

    def _take(self, rows: list[Row]) -> None:
        side = 0 if self.forward else 2
        read: dict[Node, list[Link]] = {}
        for row in rows:
            read.setdefault(row[side], []).append(Link._make(row))
        self.links |= read


def _marks(values: list[Node]) -> str:
    return ", ".join("?" * len(values))


def parts(values: Iterable[T]) -> Iterator[list[T]]:
    """Cut a list into parts whose lengths are powers of two; the last value stands several times in the last part."""
    rest = iter(values)
    while part := list(islice(rest, ASKED_FOR)):
        yield part + [part[-1]] * ((1 << (len(part) - 1).bit_length()) - len(part))
