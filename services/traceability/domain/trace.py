"""A genealogy as a picture: in which layer everything stands, and where in it, so that a screen only draws.

Sources stand left of what came of them: a node's layer is one behind the furthest of its sources. Links that close
a ring lead back: the first node of it that is come by stands left of the others. Within a layer, nodes stand near to
what they are linked with (the mean of their neighbours' places, some rounds forward and backward: Sugiyama's method),
which keeps most lines from crossing.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from typing import Final, NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)

ROUNDS: Final = 4

_Neighbours = Sequence[Sequence[int]]
"""Of each node, which is a number here."""


class Place(NamedTuple):
    """Where a node is drawn: its layer from 0 on the left, and its place in it from 0 at the top."""

    layer: int
    row: int


def lay_out(nodes: Sequence[K], links: Iterable[tuple[K, K]]) -> dict[K, Place]:
    """Place every node. The same input is always laid out alike; `nodes` gives the order among equals."""
    number = {node: i for i, node in enumerate(nodes)}
    below: list[list[int]] = [[] for _ in nodes]
    above: list[list[int]] = [[] for _ in nodes]
    for source, target in dict.fromkeys(links):
        i, j = number.get(source), number.get(target)
        if i is not None and j is not None and i != j:
            below[i].append(j)
            above[j].append(i)
    layer = _layers(above, below)
    columns: list[list[int]] = [[] for _ in range(1 + max(layer, default=-1))]
    for i, column in enumerate(layer):
        columns[column].append(i)
    order = [0.0] * len(layer)
    for column in columns:
        _put(column, order)
    for turn in range(ROUNDS):
        neighbours = above if turn % 2 == 0 else below
        for column in columns if turn % 2 == 0 else reversed(columns):
            if len(column) > 1:
                middle = {i: _middle(i, neighbours, order) for i in column}
                column.sort(key=lambda i, middle=middle: (middle[i], i))
                _put(column, order)
    return {nodes[i]: Place(layer[i], row) for column in columns for row, i in enumerate(column)}


def _put(column: Iterable[int], order: list[float]) -> None:
    for row, i in enumerate(column):
        order[i] = row


def _layers(above: _Neighbours, below: _Neighbours) -> list[int]:
    """The longest way from a beginning, without the links that close a ring."""
    closing = _closing(below)
    waiting = list(map(len, above))
    for _, j in closing:
        waiting[j] -= 1
    layer = [0] * len(below)
    ready = deque(i for i, count in enumerate(waiting) if count == 0)
    while ready:
        i = ready.popleft()
        for j in below[i]:
            if closing and (i, j) in closing:
                continue
            layer[j] = max(layer[j], layer[i] + 1)
            waiting[j] -= 1
            if waiting[j] == 0:
                ready.append(j)
    return layer


def _closing(below: _Neighbours) -> set[tuple[int, int]]:
    """The links that lead back to where a walk from node to node has come from. Without them there is no ring."""
    closing: set[tuple[int, int]] = set()
    done = [False] * len(below)
    for start in range(len(below)):
        if done[start]:
            continue
        way = {start: iter(below[start])}
        while way:
            i, rest = next(reversed(way.items()))
            for j in rest:
                if j in way:
                    closing.add((i, j))
                elif not done[j]:
                    way[j] = iter(below[j])
                    break
            else:
                done[i] = True
                del way[i]
    return closing


def _middle(i: int, neighbours: _Neighbours, order: Sequence[float]) -> float:
    found = neighbours[i]
    if not found:
        return order[i]
    return order[found[0]] if len(found) == 1 else sum([order[j] for j in found]) / len(found)
