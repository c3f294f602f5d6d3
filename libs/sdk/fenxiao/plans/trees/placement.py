"""Where members stand in a binary or matrix tree, and where the next one goes.

The placement tree is separate from the sponsors': each member has a parent and stands on one of its legs, numbered from
0 on the left. A place is taken once and for all: legs are paid by who stands on them, so nobody is moved, and the tree
as of any moment is those who had been placed by then.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from fenxiao.errors import Kind, Refusal
from fenxiao.plans.components.base import Strict
from fenxiao.plans.language.fields import Width

WIDTHS: Final = range(2, 33)
"""How wide a tree may be."""

_NONE: Final = -1
"""No member: a place that is free, and what stands above the top."""


class Spill(StrEnum):
    """Which free place below the sponsor a member takes. "First" is from the left where places are equal."""

    BALANCED = "balanced"
    """The nearest to the sponsor, level by level and each from left to right: how a matrix fills."""
    WEAKER = "weaker"
    """Down from the sponsor, each time into the leg with the fewest members, the first of equals, until one is free."""
    LEFT = "left"
    """Down the leftmost line from the sponsor: the first free place on it."""
    RIGHT = "right"
    """Down the rightmost line from the sponsor: the first free place on it."""


class PlacementRules(Strict):
    """The placement tree that binary and matrix components pay along. A programme has one, for all of them."""

    width: Width
    """Places below each member: 2 for a binary, as many as the matrix has for a matrix."""
    spill: Spill
    """Where somebody goes for whom no place is chosen."""

    @classmethod
    def of(cls, width: int, spill: str) -> "PlacementRules":
        """Take rules that stand in no document. Raises `Refusal` INVALID_WIDTH or INVALID_SPILL."""
        if not WIDTHS.start <= width < WIDTHS.stop:
            raise Refusal("INVALID_WIDTH", "Must be a whole number from 2 to 32.", field="width")
        if spill not in set(Spill):
            message = "Say where members go who choose no place: balanced, weaker, left or right."
            raise Refusal("INVALID_SPILL", message, field="spill")
        return cls.model_construct(width=width, spill=Spill(spill))


class Place(NamedTuple):
    """A place in the tree."""

    parent: str
    leg: int
    """From 0 on the left."""


class Placed(NamedTuple):
    """A member who stands in the tree."""

    member: str
    parent: str | None
    """`None` at the top."""
    leg: int
    """From 0 on the left; -1 at the top."""
    at: datetime
    """Since when."""


class PlacementTree:
    """Who stands below whom, on which leg, and since when. There may be several tops. Moments are aware.

    Beside the places it keeps what `place` needs to find the next one without a search: how far below each member the
    nearest free place is, and, once somebody has asked for them, the numbers of members below.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self._number: dict[str, int] = {}
        # By number, in the order of placing; so a parent's number is below its children's.
        self._members: list[str] = []
        self._parent: list[int] = []
        self._leg: list[int] = []
        self._at: list[datetime] = []
        self._child: list[int] = []  # `width` entries a member
        self._gap: list[int] = []  # levels down to the nearest member with a free place
        self._below: list[int] | None = None
        self._ends: dict[int, int] = {}  # by place in `_child`: somebody further down the line that begins there

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, member: str) -> bool:
        return member in self._number

    def __iter__(self) -> Iterator[Placed]:
        """Everybody, each after the parent."""
        for member, parent, leg, at in zip(self._members, self._parent, self._leg, self._at, strict=True):
            yield Placed(member, None if parent == _NONE else self._members[parent], leg, at)

    def get(self, member: str) -> Placed | None:
        """Say where a member stands; `None` for who is not placed."""
        i = self._number.get(member)
        if i is None:
            return None
        parent = self._parent[i]
        return Placed(member, None if parent == _NONE else self._members[parent], self._leg[i], self._at[i])

    def check(self, member: str, place: Place | None, at: datetime) -> int:
        """Refuse what `put` refuses. Gives the parent's number; -1 at the top."""
        if member in self._number:
            raise Refusal("ALREADY_PLACED", f"{member[:64]!r} has a place already; nobody is moved.", kind=Kind.EXISTS)
        return _NONE if place is None else self._free(place, at)

    def put(self, member: str, place: Place | None, at: datetime) -> None:
        """Give a member a place from a moment on, or put the member at the top of a tree of his own (`None`)."""
        above, leg = self.check(member, place, at), -1 if place is None else place.leg
        number = len(self._members)
        self._number[member] = number
        self._members.append(member)
        self._parent.append(above)
        self._leg.append(leg)
        self._at.append(at)
        self._child.extend([_NONE] * self.width)
        self._gap.append(0)
        if above != _NONE:
            self._child[above * self.width + leg] = number
            self._measure(above)
        if self._below is not None:
            self._below.append(0)
            while above != _NONE:
                self._below[above] += 1
                above = self._parent[above]

    def take_back(self) -> str:
        """Undo the last `put`; gives the member. For who learns that it was never recorded."""
        member = self._members.pop()
        del self._number[member], self._child[-self.width :]
        above, leg = self._parent.pop(), self._leg.pop()
        self._at.pop()
        self._gap.pop()
        self._ends.clear()
        if above != _NONE:
            self._child[above * self.width + leg] = _NONE
            self._measure(above)
        if self._below is not None:
            self._below.pop()
            while above != _NONE:
                self._below[above] -= 1
                above = self._parent[above]
        return member

    def nearest(self, sponsor: str) -> Place:
        """Find the free place nearest below a member, level by level and each from left to right."""
        child, gap, width = self._child, self._gap, self.width
        number = self._placed(sponsor)
        for away in range(gap[number] - 1, -1, -1):
            slot = number * width
            while gap[child[slot]] != away:
                slot += 1
            number = child[slot]
        first = number * width
        return Place(self._members[number], child.index(_NONE, first) - first)

    def lightest(self, sponsor: str) -> Place:
        """Find the free place that is reached through the legs with the fewest members."""
        child, below, width = self._child, self._counts(), self.width
        number = self._placed(sponsor)
        while _NONE not in (legs := child[number * width : (number + 1) * width]):
            number = min(legs, key=below.__getitem__)  # the first of equals
        return Place(self._members[number], legs.index(_NONE))

    def outermost(self, sponsor: str, leg: int) -> Place:
        """Find the end of the line that goes down from a member, everybody on this leg of the one above."""
        self._check_leg(leg)
        number = self._placed(sponsor)
        passed: list[int] = []
        while True:
            slot = number * self.width + leg
            below = self._ends.get(slot, self._child[slot])
            if below == _NONE:
                break
            passed.append(slot)
            number = below
        # Lines only grow at their ends, so the way here need not be walked again.
        for slot in passed[:-1]:
            self._ends[slot] = number
        return Place(self._members[number], leg)

    def _placed(self, sponsor: str) -> int:
        try:
            return self._number[sponsor]
        except KeyError:
            message = f"The sponsor {sponsor[:64]!r} has no place in the tree; place the sponsor first."
            raise Refusal("SPONSOR_NOT_PLACED", message, field="sponsor", kind=Kind.FAILED_PRECONDITION) from None

    def _check_leg(self, leg: int) -> None:
        if not 0 <= leg < self.width:
            message = f"There is no leg {leg}; they are numbered from 0 to {self.width - 1}."
            raise Refusal("LEG_BEYOND_WIDTH", message, field="leg")

    def _free(self, place: Place, at: datetime) -> int:
        """The parent's number, if the place can be taken from this moment on."""
        self._check_leg(place.leg)
        parent = self._number.get(place.parent)
        if parent is None:
            raise parent_not_placed(place.parent)
        if at < self._at[parent]:
            message = f"{place.parent[:64]!r} was placed later than that; look at the times."
            raise Refusal("PARENT_PLACED_LATER", message, field="at", kind=Kind.FAILED_PRECONDITION)
        taken = self._child[parent * self.width + place.leg]
        if taken != _NONE:
            message = f"Leg {place.leg} of {place.parent[:64]!r} is taken; choose another place."
            raise Refusal("PLACE_TAKEN", message, field="leg", kind=Kind.FAILED_PRECONDITION)
        return parent

    def _measure(self, number: int) -> None:
        """A place of this member was taken: the nearest free one below may now be further, for those above too.

        While members are put, no distance shrinks, nor exceeds the logarithm of the members below: all measuring
        together is short.
        """
        while number != _NONE:
            first = number * self.width
            legs = self._child[first : first + self.width]
            gap = 0 if _NONE in legs else 1 + min([self._gap[below] for below in legs])
            if gap == self._gap[number]:
                return
            self._gap[number] = gap
            number = self._parent[number]

    def _counts(self) -> list[int]:
        """How many stand below each member; kept up from the first time that it is asked for."""
        if self._below is None:
            below = [0] * len(self._members)
            for number in range(len(below) - 1, -1, -1):
                if (above := self._parent[number]) != _NONE:
                    below[above] += below[number] + 1
            self._below = below
        return self._below


def parent_not_placed(parent: str) -> Refusal:
    """Give the refusal for a parent who is not in the tree."""
    message = f"{parent[:64]!r} has no place in the tree; place the parent first."
    return Refusal("PARENT_NOT_PLACED", message, field="parent", kind=Kind.FAILED_PRECONDITION)


def place(tree: PlacementTree, sponsor: str, spill: Spill, leg: int | None = None) -> Place:
    """Say where somebody whom `sponsor` brought goes; the tree is not changed.

    With a leg chosen it is the end of the line that goes down that leg of the sponsor, everybody on it on the same leg
    of the one above; `spill` is not asked then.
    """
    if leg is not None:
        return tree.outermost(sponsor, leg)
    match spill:
        case Spill.BALANCED:
            return tree.nearest(sponsor)
        case Spill.WEAKER:
            return tree.lightest(sponsor)
        case Spill.LEFT:
            return tree.outermost(sponsor, 0)
        case Spill.RIGHT:
            return tree.outermost(sponsor, tree.width - 1)
