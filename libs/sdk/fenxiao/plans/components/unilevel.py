"""Unilevel: a share of each sale for the member credited with it and for those above, by level."""

from decimal import Decimal
from functools import cached_property, reduce
from typing import Annotated, Literal

from fenxiao.money import EXACT
from fenxiao.plans.components.base import ComponentBase
from fenxiao.plans.fields import Rate, count


class Unilevel(ComponentBase):
    """Pays `levels[n]` of the sale's amount to the n-th member upward; level 0 is the member credited with it."""

    type: Literal["unilevel"]
    """Told apart from other components by this."""
    levels: Annotated[tuple[Rate, ...], *count(1, 30)]
    """Shares of the sale's amount, level 0 first; `0%` passes a level over."""

    @property
    def depth(self) -> int:
        """How many members it may pay, from the one credited upward."""
        return len(self.levels)

    @cached_property
    def worst_case(self) -> Decimal:
        """The most that it pays, as a share of the sale's amount."""
        return reduce(EXACT.add, self.levels)
