"""Following links forward or backward in time, layer by layer."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from itertools import islice, repeat
from typing import Final, cast

from libs.eventlog import Reader
from services.traceability.domain.genealogy import CARRIERS, FOREVER, INTERVALS, LinkRow, Node

SEEDS: Final = 64
"""Nodes at most from which links are followed within the database."""
FEW_LAYERS: Final = 3
"""Layers that are read one by one: the database does not count them."""
_SPARE: Final = 1000

State = tuple[Node, bool]
"""A node, and whether it was come by as what carries something that was reached, or is attached to it: nothing else in
it is affected."""

Reached = tuple[int, int]
"""How a node was come by: forward from when on what is traced is in it, backward until when it was; and its depth."""

Visible = Callable[[list[LinkRow]], list[LinkRow]]
"""Leaves out the links that the caller must not see."""

_Links = Mapping[Node, Iterable[LinkRow]]


class Direction(Enum):
    """Which way links are followed."""

    BACKWARD = "backward"
    """To where it came from."""
    FORWARD = "forward"
    """To what became of it."""


@dataclass
class Traced:
    """What was found."""

    states: dict[State, Reached] = field(default_factory=dict[State, Reached])
    """In the order in which they were come by."""
    links: dict[LinkRow, None] = field(default_factory=dict[LinkRow, None])
    came: dict[State, tuple[State, LinkRow]] = field(default_factory=dict[State, tuple[State, LinkRow]])
    """From where, and by which link, each was come by; not those with which it began."""
    complete: bool = True
    """Whether there is nothing more of it than this."""

    @property
    def nodes(self) -> dict[Node, bool]:
        """Every node, and whether it only carries."""
        found: dict[Node, bool] = {}
        for node, carried in self.states:
            found[node] = carried and found.get(node, True)
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


def follow(
    reader: Reader, start: Collection[Node], direction: Direction, bounds: Bounds, visible: Visible = list
) -> Traced:
    """Follow all links from some nodes.

    The database walks ahead of us and gives all links at once: as long as only time decides, it comes to all that the
    walk here comes to, and more often. Where that is too much, or is to go a few layers only, each layer is read.
    """
    forward = direction is Direction.FORWARD
    # Behind a link that is not to be seen nobody walks ahead.
    if len(start) <= SEEDS and bounds.depth > FEW_LAYERS and visible is list:
        most = 4 * bounds.nodes + _SPARE
        rows = _read_ahead(reader, start, forward, bounds, most)
        links = _by_node(rows, forward)
        traced = _walk(start, forward, bounds, lambda _: links)
        # Of more nodes than are wanted, any will do.
        if len(rows) < most or len(traced.states) >= bounds.nodes:
            return traced
    return _walk(start, forward, bounds, _Layers(reader, forward, bounds, visible).read)


def _walk(start: Iterable[Node], forward: bool, bounds: Bounds, read: Callable[[Iterable[Node]], _Links]) -> Traced:
    """Go from layer to layer along the links that `read` gives of nodes.

    A node is looked at again only when it is come by earlier in time (backward: later), or as more than a carrier, so
    cycles end and the work is bounded by the links there are.
    """
    since, until, nodes = bounds.since, bounds.until, bounds.nodes
    carriers = _carriers(forward)
    frontier = {(node, False): (since if forward else until, 0) for node in start}
    traced = Traced(dict(frontier))
    states, links, came = traced.states, traced.links, traced.came
    depth = 0
    while frontier:
        following: dict[State, Reached] = {}
        known_links = read(node for node, _ in frontier)
        last = depth >= bounds.depth
        depth += 1
        for at_state, (at, _) in frontier.items():
            node, carried = at_state
            for link in known_links.get(node, ()):
                source, ends, target, begins, kind, _ = link
                if begins >= until or ends <= since or (ends <= at if forward else begins >= at):
                    continue
                carrying = kind in carriers
                if carried and not carrying:
                    continue
                state = (target if forward else source, carrying)
                known = states.get(state)
                if known is None and (last or len(states) >= nodes):
                    traced.complete = False
                    continue
                links[link] = None
                when = max(at, begins) if forward else min(at, ends)
                if last or (known is not None and (known[0] <= when if forward else known[0] >= when)):
                    continue
                more = states.get((state[0], False)) if carrying else None
                if more is None or (when < more[0] if forward else when > more[0]):
                    states[state] = following[state] = (when, depth)
                    came[state] = at_state, link
        frontier = following
    return traced


def _carriers(forward: bool) -> frozenset[int]:
    # A container's link to what is in it is followed the other way by who asks what carries that.
    return CARRIERS if forward else INTERVALS - CARRIERS


def _by_node(rows: Iterable[LinkRow], forward: bool) -> dict[Node, list[LinkRow]]:
    found: dict[Node, list[LinkRow]] = {}
    for row in rows:
        node = row[0] if forward else row[2]
        known = found.get(node)
        if known is None:
            found[node] = [row]
        else:
            known.append(row)
    return found


_ROW: Final = "source, ends, target, begins, kind, position"

_AHEAD: Final = """\
WITH RECURSIVE way ({there}, position, {here}, begins, ends, kind, at) AS (
SELECT l.{there}, l.position, l.{here}, l.begins, l.ends, l.kind, {first} FROM view_trace_links AS l
WHERE l.{here} IN ({marks}) AND l.begins<? AND l.ends>?
UNION SELECT l.{there}, l.position, l.{here}, l.begins, l.ends, l.kind, {then}
FROM way JOIN view_trace_links AS l ON l.{here}=way.{there} WHERE {holds}
AND (way.kind NOT IN ({carriers}) OR l.kind IN ({carriers})))
SELECT source, ends, target, begins, kind, position FROM way LIMIT ?"""
"""The links that may be followed, each with the moments at which it is come to. The far ends stand first: SQLite
compares rows from left to right to leave out those that it has."""

_FORWARD: Final = {
    "here": "source",
    "there": "target",
    "first": "CASE WHEN l.begins>? THEN l.begins ELSE ? END",
    "then": "CASE WHEN l.begins>way.at THEN l.begins ELSE way.at END",
    "holds": "l.ends>way.at AND l.begins<?",
}
_BACKWARD: Final = {
    "here": "target",
    "there": "source",
    "first": "CASE WHEN l.ends<? THEN l.ends ELSE ? END",
    "then": "CASE WHEN l.ends<way.at THEN l.ends ELSE way.at END",
    "holds": "l.begins<way.at AND l.ends>?",
}


@lru_cache
def _ahead(forward: bool, seeds: int) -> str:
    carriers = ", ".join(str(int(kind)) for kind in sorted(_carriers(forward)))
    return _AHEAD.format(marks=", ".join("?" * seeds), carriers=carriers, **(_FORWARD if forward else _BACKWARD))


def _read_ahead(reader: Reader, start: Collection[Node], forward: bool, bounds: Bounds, most: int) -> list[LinkRow]:
    """All links that can be followed from some nodes, however far, but `most` at most."""
    # Lists are filled up to powers of two, so that the database knows the statement again.
    seeds = [*start, *islice(repeat(next(iter(start))), (1 << (len(start) - 1).bit_length()) - len(start))]
    begin, other = (bounds.since, bounds.until) if forward else (bounds.until, bounds.since)
    params = (begin, begin, *seeds, bounds.until, bounds.since, other, most)
    return cast("list[LinkRow]", reader.all(_ahead(forward, len(seeds)), params))


@dataclass
class _Layers:
    """Reads the links of each layer, and of each node once."""

    reader: Reader
    forward: bool
    bounds: Bounds
    visible: Visible
    links: dict[Node, list[LinkRow]] = field(default_factory=dict[Node, list[LinkRow]])

    def read(self, nodes: Iterable[Node]) -> _Links:
        """Have the links of some nodes."""
        unknown = [node for node in dict.fromkeys(nodes) if node not in self.links]
        rows = self.reader.among(
            f"SELECT {_ROW} FROM view_trace_links WHERE begins<? AND ends>?"  # noqa: S608 - constants
            f" AND {'source' if self.forward else 'target'} = {{keys}}",
            (self.bounds.until, self.bounds.since),
            unknown,
        )
        found = _by_node(self.visible(cast("list[LinkRow]", rows)), self.forward)
        self.links.update((node, found.get(node, [])) for node in unknown)
        return self.links
