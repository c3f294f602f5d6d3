"""The sponsors over a period: how they stand at its end, and who stood elsewhere before.

A period is cut into segments wherever somebody moved. Only the tree at the period's end is kept; that of an earlier
segment is made of it when it is asked for, since in a large network many move and a tree takes two columns. So who
goes through segments asks each for its tree once, and lets it go.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime

from fenxiao.plans.periods.columns import Column, Frame, children_first, frame_of
from fenxiao.plans.periods.numbers import micros
from fenxiao.plans.trees.sponsors import Tree

Moves = Mapping[int, Sequence[tuple[int, int]]]
"""Of each member who moved in the period: (since, parent), in order of time. The first is where he stood before."""


@dataclass(slots=True)
class Above:
    """A tree as columns: who stands above whom."""

    parent: Column
    """Member's number; -1 for a root, and for who is not in the tree."""
    order: Column
    """Every member, each before the one above."""


@dataclass(slots=True)
class Segment:
    """Sales `first` to below `last` happened while the sponsors stood so."""

    first: int
    last: int
    end: Above
    """The sponsors at the period's end."""
    at: int = 0
    """When it begins, in microseconds since 1970."""
    moves: Moves = field(default_factory=dict[int, Sequence[tuple[int, int]]])

    @property
    def elsewhere(self) -> dict[int, int]:
        """Give who stood elsewhere than at the period's end, and below whom."""
        stood = {i: moves[bisect_right(moves, self.at, key=_since) - 1][1] for i, moves in self.moves.items()}
        return {i: parent for i, parent in stood.items() if parent != self.end.parent[i]}

    @property
    def parent(self) -> Column:
        """Give who stood above each member."""
        elsewhere = self.elsewhere
        if not elsewhere:
            return self.end.parent
        column = copy(self.end.parent)
        for i, parent in elsewhere.items():
            column[i] = parent
        return column

    @property
    def tree(self) -> Above:
        """Give the sponsors as a tree."""
        parent = self.parent
        return self.end if parent is self.end.parent else above(frame_of(parent), parent)


def above(frame: Frame, parent: Column) -> Above:
    """Put a column of parents in order."""
    order = frame.zeros(len(parent))
    children_first(parent, order)
    return Above(parent, order)


def segments_of(
    frame: Frame,
    start: datetime,
    end: datetime,
    tree: Tree,
    members: Sequence[str],
    number: Mapping[str | None, int],
    at: Sequence[int],
) -> list[Segment]:
    """Cut a period up; `at` are the times of its sales, in order, `number` the members' numbers."""
    changes = [start, *tree.changes(start, end)]
    known = {**number, None: -1}
    # Who joins later in a segment stands where enrolment put him: nothing was credited to him before.
    last = above(frame, frame.of([known[sponsor] for sponsor in tree.sponsors(members, changes[-1])]))
    moves = {
        known[member]: [(micros(since), known[sponsor]) for since, sponsor in moved]
        for member, moved in tree.moves(start, end).items()
    }
    begins = [micros(moment) for moment in changes]
    bounds = [*(bisect_left(at, begin) for begin in begins), len(at)]
    return [
        Segment(bounds[k], bounds[k + 1], last, begin, moves)
        for k, begin in enumerate(begins)
        # Where nobody sold while it stood so, nothing looks at it, but for the last.
        if bounds[k] < bounds[k + 1] or k + 1 == len(begins)
    ]


def _since(move: tuple[int, int]) -> int:
    return move[0]
