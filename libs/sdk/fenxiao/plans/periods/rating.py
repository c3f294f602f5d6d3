"""Rating a period: every line that a plan gives on the inputs up to a cut, and what is carried into the next."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from fenxiao.plans.language.model import Plan
from fenxiao.plans.periods.caps import cap_component, cap_plan
from fenxiao.plans.periods.columns import Column
from fenxiao.plans.periods.context import Carry, Context
from fenxiao.plans.periods.inputs import Inputs
from fenxiao.plans.periods.lines import Lines, PeriodLine
from fenxiao.plans.periods.peak import fitted
from fenxiao.plans.periods.ranking import RANKS
from fenxiao.plans.periods.rows import MemberRow, rows
from fenxiao.plans.rules.limits import limited


@dataclass(slots=True)
class RatedPeriod:
    """What a period comes to."""

    context: Context
    lines: Mapping[str, Lines]
    """By component's id, in the plan's order, after all caps."""

    @property
    def carry_out(self) -> Carry:
        """What the next period carries in."""
        ranks = {RANKS: self.context.ranking.carry} if self.context.plan.ranks else {}
        return {**self.context.carry_out, **ranks}

    def written(self, components: Container[str] | None = None) -> Iterable[PeriodLine]:
        """Every line written out, component by component; of these components only, if any are named."""
        inputs = self.context.inputs
        for name, lines in self.lines.items():
            if components is None or name in components:
                yield from lines.written(inputs.members, inputs.sales.ids)

    @property
    def due(self) -> Column:
        """What each member is due in money over all components, in minor units, by member's number."""
        return self.due_in("")

    def due_in(self, asset: str) -> Column:
        """What each member is due in one asset: a kind of points, or money (empty)."""
        column = self.context.zeros()
        for component in self.context.plan.components:
            if component.asset == asset:
                self.lines[component.id].add_to(column)
        return column

    def totals(self, asset: str = "") -> dict[str, int]:
        """What each member is due in one asset, money if none is named; who is due nothing is left out."""
        return {self.context.inputs.members[i]: int(due) for i, due in enumerate(self.due_in(asset)) if due}

    def rows(self) -> Iterator[MemberRow]:
        """A row for each member that has anything, in the members' order."""
        return rows(self.context, self.due)


def rate_period(
    plan: Plan,
    inputs: Inputs,
    carried: Carry | None = None,
    *,
    sealed_ranks: Mapping[int, tuple[int, ...]] | None = None,
) -> RatedPeriod:
    """Rate a period as of what is known of it. Pure: the same inputs give the same lines, in the same order.

    Where the period was closed before, `sealed_ranks` is what that closing carried out under `RANKS`: later returns and
    late sales leave the ranks as they were.
    """
    context = Context(plan, fitted(plan, inputs), carried or {}, sealed_ranks)
    for component in plan.components:
        # What others match of it is what is due after its own caps, and before the plan's.
        context.rated[component.id] = cap_component(context, component, component.rate_period(context))
    return RatedPeriod(context, limited(context, cap_plan(context, plan.cap, context.rated)))
