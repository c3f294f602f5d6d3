"""Stair-step breakaway: a differential up to the last step; who reaches it breaks away with the whole group."""

from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING, Annotated, Literal

from fenxiao.money import EXACT
from fenxiao.plans.components.stairs import Stairs, StepsBy, disqualify, steps_of
from fenxiao.plans.components.upward import Way, Ways, rate_upward
from fenxiao.plans.language.fields import Rate, YesNo, count
from fenxiao.plans.periods.columns import Column, kernel

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.lines import Lines


class Stairstep(Stairs):
    """Pays like `differential` within a group, and above a group that has broken away an override by generation.

    Who reaches the last step **breaks away** with all below who belong to nobody that broke away further down: his
    group. Its volume counts neither for the steps nor for the differential of anybody above him. Instead, those above
    who have broken away themselves earn `override` on it: the nearest of them is its first generation, and so on.
    Whether somebody qualifies decides what he earns, not whether he breaks away.
    """

    type: Literal["stairstep"]
    """Told apart from other components by this."""
    override: Annotated[tuple[Rate, ...], *count(1, 30)]
    """Shares of a broken-away group's volume by generation, the nearest first."""
    compression: YesNo = False
    """Who has broken away and does not qualify is passed over, and is no generation."""

    @property
    def worst_case(self) -> Decimal:
        """The rate of the last step and every generation."""
        return EXACT.multiply(reduce(EXACT.add, self.override, self.steps[-1].rate), self.on.share)

    def reached(self, context: "Context") -> Column:
        """How many steps each member has reached; of volume, along the sponsors at the period's end."""
        if self.by is StepsBy.RANK:
            return super().reached(context)
        tree, own = context.inputs.tree, context.own(self.volume or self.on)
        volume, steps = context.zeros(), context.zeros()
        _climb_to_breakaway(own.column, tree.parent, tree.order, self.starts(context, own.scale), volume, steps)
        return steps

    def rate_period(self, context: "Context") -> "Lines":
        """The net volume of the period, by earner.

        Within a group a line's level is the number of the step whose rate was the highest below (0 for none), above
        one the generation. Its `other` is the leg; without one, it is on the earner's own volume.
        """
        kind = self.reached(context)
        disqualify(kind, context.qualified(self), len(self.steps), len(self.steps) + 1)
        return rate_upward(context, self, kind, self._ways(context))

    def _ways(self, context: "Context") -> Ways:
        """The states: by the highest step below, then outside of a group by the generations that have been paid.

        The kinds: a step below the last, broken away, and broken away without qualifying.
        """
        rates, last = self.rates(context), len(self.steps)
        overrides = [context.rate(share) for share in self.override]
        rules = [
            *(context.place(self, f"/steps/{i}") for i in range(last)),
            *(context.place(self, f"/override/{i}") for i in range(len(overrides))),
        ]

        def within(below: int) -> list[Way]:
            steps = [Way(max(below, own), max(rates[own] - rates[below], 0), own - 1, below) for own in range(1, last)]
            return [*steps, Way(last, rates[last] - rates[below], last - 1, below), Way(last)]

        def outside(paid: int) -> list[Way]:
            after = last + paid + 1 if paid + 1 < len(overrides) else -1
            passed = last + paid if self.compression else after
            return [*[Way(last + paid)] * (last - 1), Way(after, overrides[paid], last + paid, paid + 1), Way(passed)]

        ways = [*(within(below) for below in range(last)), *(outside(paid) for paid in range(len(overrides)))]
        return Ways(last + 2, ways, rules)


@kernel
def _climb_to_breakaway(
    own: Column, parent: Column, order: Column, starts: Column, volume: Column, steps: Column
) -> None:
    """Fill the group volume without groups that broke away, and the steps that it reaches."""
    for k in range(len(order)):
        i = order[k]
        volume[i] += own[i]
        steps[i] = steps_of(volume[i], starts)
        if steps[i] < len(starts) and parent[i] >= 0:
            volume[parent[i]] += volume[i]
