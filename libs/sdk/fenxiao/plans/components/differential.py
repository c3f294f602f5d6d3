"""Differential (级差): a rate by group volume or rank, of which each earns what is above the highest rate below."""

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from fenxiao.money import EXACT
from fenxiao.plans.components.stairs import Stairs, disqualify
from fenxiao.plans.components.upward import Way, Ways, rate_upward
from fenxiao.plans.language.fields import Rate, Whole

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.lines import Lines


class MinimumTo(StrEnum):
    """Who gets the minimum."""

    REACHED = "reached"
    """Whoever has reached a step and would get less."""
    EQUAL = "equal"
    """Whose own rate is just the highest below (平级)."""


class MinimumFor(StrEnum):
    """How often volume pays the minimum on its way up."""

    FIRST = "first"
    """Once: the nearest above the seller who is entitled to it."""
    ALL = "all"
    """Everybody who is entitled to it."""


class Differential(Stairs):
    """Pays everybody from the seller upward his own rate less the highest rate so far below him, if that is above 0.

    The seller is the first in the line, so the shares of a sale add up to the highest rate in the line. Who has reached
    no step or does not qualify has rate 0 and is passed over.
    """

    type: Literal["differential"]
    """Told apart from other components by this."""
    minimum: Rate | None = None
    """Above somebody who has a rate, at least this share, on top of what the line pays."""
    minimum_to: MinimumTo = MinimumTo.REACHED
    """Who gets it."""
    minimum_for: MinimumFor = MinimumFor.FIRST
    """How often."""
    depth_limit: Whole | None = None
    """Nobody earns who stands more levels above the seller; left out: the line is paid to its end (infinity)."""

    @property
    def depth_paid(self) -> int | None:
        """The levels that may earn, the seller's included."""
        return None if self.depth_limit is None else self.depth_limit + 1

    @property
    def worst_case(self) -> Decimal | None:
        """The highest rate, and the minimum as often as it is paid."""
        times = 0
        if self.minimum:
            if self.minimum_for is MinimumFor.ALL and self.depth_limit is None:
                return None
            times = 1 if self.minimum_for is MinimumFor.FIRST else self.depth_limit or 0
        most = EXACT.add(self.steps[-1].rate, EXACT.multiply(self.minimum or Decimal(0), Decimal(times)))
        return EXACT.multiply(most, self.on.share)

    def rate_period(self, context: "Context") -> "Lines":
        """The net volume of the period, by earner.

        A line's level is the number of the step whose rate was the highest below (0 for none), its `other` the leg;
        without one, it is on the earner's own volume.
        """
        kind = self.reached(context)
        disqualify(kind, context.qualified(self), len(self.steps) + 1, 0)
        return rate_upward(context, self, kind, self._ways(context), self.depth_limit)

    def _ways(self, context: "Context") -> Ways:
        """The states: by the highest step below, before and after the minimum was paid."""
        rates = self.rates(context)
        count = len(rates)
        minimum = 0 if self.minimum is None else context.rate(self.minimum)
        rules = [context.place(self, "/minimum"), *(context.place(self, f"/steps/{i}") for i in range(count - 1))]
        once = bool(minimum) and self.minimum_for is MinimumFor.FIRST

        def way(below: int, paid: bool, own: int) -> Way:
            share = max(rates[own] - rates[below], 0)
            entitled = below > 0 and not paid and (own == below or self.minimum_to is MinimumTo.REACHED)
            least = entitled and share < minimum
            after = max(below, own) + (count if paid or (least and once) else 0)
            return Way(after, minimum if least else share, 0 if least else own, below)

        ways = [
            [way(below, paid, own) for own in range(1, count)]
            for paid in ([False, True] if once else [False])
            for below in range(count)
        ]
        return Ways(count, ways, rules)
