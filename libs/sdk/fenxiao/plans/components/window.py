"""Components that look at a window of time of their own, over several periods, and pay fixed rewards from a budget."""

from decimal import Decimal
from typing import TYPE_CHECKING

from fenxiao.money import EXACT
from fenxiao.plans.components.base import ComponentBase
from fenxiao.plans.language.fields import Instant
from fenxiao.plans.periods.columns import Column, kernel
from fenxiao.plans.periods.inputs import micros

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context


class Windowed(ComponentBase):
    """A component with a window: sales outside it do not count.

    What it has counted and paid so far is carried from period to period under its id while the window is open: another
    window is another component, with an id of its own.
    """

    start: Instant
    """The window's first moment."""
    end: Instant
    """The first moment behind it."""

    @property
    def worst_case(self) -> Decimal | None:
        """Fixed rewards have no bound as a share; `caps.volume` gives one."""
        return None

    def faults(self) -> list[tuple[str, str, str]]:
        """A window that ends before it begins."""
        if self.end <= self.start:
            return [("/end", "EMPTY_WINDOW", "The window must end after it starts.")]
        return []

    def is_open(self, context: "Context") -> bool:
        """Whether the period has a part of the window."""
        return self.start < context.inputs.period.end and context.inputs.period.start < self.end

    def ends(self, context: "Context") -> bool:
        """Whether the window ends with the period or in it."""
        return self.end <= context.inputs.period.end

    def scaled(self, reward: Decimal) -> int:
        """A reward in billionths of a unit of the currency: the base of its line, at a rate of 100 %."""
        return int(reward.scaleb(9, EXACT))

    def inside(self, context: "Context") -> Column:
        """1 for each sale in the window, else 0."""
        column = context.zeros(len(context.inputs.sales))
        _mark(column, context.inputs.sales.at, micros(self.start), micros(self.end))
        return column


class Budget:
    """Money of which rewards are paid until it is used up; the last one gets what is left."""

    def __init__(self, most: int | None, used: int = 0) -> None:
        self._left = None if most is None else max(0, most - used)

    def take(self, amount: int) -> int:
        """Pay as much of an amount (not below 0) as is left."""
        if self._left is None:
            return amount
        paid = min(amount, self._left)
        self._left -= paid
        return paid


@kernel
def _mark(column: Column, at: Column, start: int, end: int) -> None:
    for i in range(len(at)):
        if start <= at[i] < end:
            column[i] = 1
