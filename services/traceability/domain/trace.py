"""A genealogy as a picture: in which layer everything stands, and where in it, so that a screen only draws.

Sources stand left of what came of them: a node's layer is one behind the furthest of its sources. Links that close
a ring lead back: the first node of it that is come by stands left of the others. Within a layer, nodes stand near to
what they are linked with (the mean of their neighbours' places, some rounds forward and backward: Sugiyama's method),
which keeps most lines from crossing.
"""

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)

ROUNDS: Final = 4


class Place(NamedTuple):
    """Where a node is drawn: its layer from 0 on the left, and its place in it from 0 at the top."""

    layer: int
    row: int


def lay_out(nodes: Sequence[K], links: Iterable[tuple[K, K]]) -> dict[K, Place]:
    """Place every node. The same input is always laid out alike; `nodes` gives the order among equals."""
    number = {node: i for i, node in enumerate(nodes)}
    below: dict[K, list[K]] = defaultdict(list)
    above: dict[K, list[K]] = defaultdict(list)
    for source, target in dict.fromkeys(links):
        if source != target and source in number and target in number:
            below[source].append(target)
            above[target].append(source)
    layer = _layers(nodes, above, below)
    rows: dict[int, list[K]] = defaultdict(list)
    for node in nodes:
        rows[layer[node]].append(node)
    order = {node: float(i) for row in rows.values() for i, node in enumerate(row)}
    for turn in range(ROUNDS):
        neighbours = above if turn % 2 == 0 else below
        for column in sorted(rows, reverse=turn % 2 == 1):
            row = sorted(rows[column], key=lambda node: (_middle(node, neighbours, order), number[node]))
            rows[column] = row
            order.update({node: float(i) for i, node in enumerate(row)})
    return {node: Place(column, i) for column, row in rows.items() for i, node in enumerate(row)}


def _layers(nodes: Sequence[K], above: Mapping[K, list[K]], below: Mapping[K, list[K]]) -> dict[K, int]:
    """The longest way from a beginning, without the links that close a ring."""
    closing = _closing(nodes, below)
    waiting = {node: sum((other, node) not in closing for other in above.get(node, ())) for node in nodes}
    layer = dict.fromkeys(nodes, 0)
    ready = deque(node for node in nodes if waiting[node] == 0)
    while ready:
        node = ready.popleft()
        for other in below.get(node, ()):
            if (node, other) in closing:
                continue
            layer[other] = max(layer[other], layer[node] + 1)
            waiting[other] -= 1
            if waiting[other] == 0:
                ready.append(other)
    return layer


def _closing(nodes: Sequence[K], below: Mapping[K, list[K]]) -> set[tuple[K, K]]:
    """The links that lead back to where a walk from node to node has come from. Without them there is no ring."""
    closing: set[tuple[K, K]] = set()
    done: set[K] = set()
    for start in nodes:
        if start in done:
            continue
        way = {start: iter(below.get(start, ()))}
        while way:
            node = next(reversed(way))
            for other in way[node]:
                if other in way:
                    closing.add((node, other))
                elif other not in done:
                    way[other] = iter(below.get(other, ()))
                    break
            else:
                done.add(node)
                del way[node]
    return closing


def _middle(node: K, neighbours: Mapping[K, list[K]], order: Mapping[K, float]) -> float:
    found = neighbours.get(node)
    if not found:
        return order[node]
    return sum(order[other] for other in found) / len(found)
