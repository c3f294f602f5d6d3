"""Ranks: what a member has reached, from personal and group volume, legs, and the ranks of those below.

A rank holds if everything that it names holds; no rank needs another one's rules. A member has **earned** the highest
rank that holds. He is **paid as** that, with two exceptions: a rank that is given to him counts whatever the rules say,
and one that he had in the period before stays his for its `grace`. Of those below, the rank that they are paid as
counts.

Volumes are those of the period, each sale along the sponsors of its time; legs and who stands below whom are read at
the period's end. `ranking.py` finds the ranks.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from fenxiao.plans.components.base import Active, Strict
from fenxiao.plans.language.fields import Id, Number, Rate, Whole, count


class Where(StrEnum):
    """Where members are counted."""

    DIRECT = "direct"
    """Among those directly below."""
    ANYWHERE = "anywhere"
    """Among all below."""
    LEGS = "legs"
    """Legs that hold at least one; a leg is a member directly below with all below that one."""


class Legs(Strict):
    """So many legs with a group volume of at least so much each."""

    count: Whole
    volume: Number
    """The group volume of the member directly below."""


class Below(Strict):
    """So many members below who are paid as a rank or a higher one, or who are active. Names one of the two."""

    count: Whole
    rank: Id | None = None
    """This rank itself, or one listed before it."""
    active: Active | None = None
    """Whatever their rank; `legs` then counts active legs."""
    where: Where = Where.LEGS


class Rank(Strict):
    """A rank and what it takes; everything that is named must hold in the period, and 0 asks for nothing.

    One that asks for nothing is had by those only to whom it is given.
    """

    id: Id
    personal_volume: Number = Decimal(0)
    """Own volume of at least so much."""
    sales: Whole = 0
    """At least so many own sales that did not come back whole."""
    group_volume: Number = Decimal(0)
    """Own volume and that of all below."""
    leg_limit: Rate | None = None
    """Of one leg, no more than this share of the `group_volume` that is asked for counts towards it."""
    legs: Annotated[tuple[Legs, ...], *count(1, 8)] | None = None
    below: Annotated[tuple[Below, ...], *count(1, 8)] | None = None
    grace: Whole = 0
    """For so many periods on end a member keeps the rank although he has earned only a lower one."""

    def faults(self) -> list[tuple[str, str, str]]:
        """What is wrong with it by itself: place, reason, message."""
        found: list[tuple[str, str, str]] = []
        if self.leg_limit is not None and not self.group_volume:
            message = "A limit for each leg needs the `group_volume` that it is a share of."
            found.append(("/leg_limit", "LIMIT_OF_NOTHING", message))
        if self.leg_limit == 0:
            message = "With a limit of 0% no leg counts, only own volume; ask for `personal_volume` instead."
            found.append(("/leg_limit", "EMPTY_LIMIT", message))
        for i, below in enumerate(self.below or ()):
            if (below.rank is None) == (below.active is None):
                found.append((f"/below/{i}", "RANK_OR_ACTIVE", "Name either `rank` or `active`."))
        return found
