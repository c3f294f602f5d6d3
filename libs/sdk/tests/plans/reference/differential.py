"""Differential: walk up from every sale, and pay whoever has a higher rate than all below."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction

from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Differential
from fenxiao.plans.components.differential import MinimumFor, MinimumTo
from fenxiao.plans.components.stairs import Stairs, StepsBy
from fenxiao.plans.periods.inputs import Sold
from libs.sdk.tests.plans.reference.ground import Row, above, at_least, net, qualifies, rounded, volume

Owed = dict[tuple[str, int, str, str], Fraction]
"""By earner, level, leg and rule."""


def reached(plan: Plan, part: Stairs, volumes: Mapping[str, Fraction], ranks: Mapping[str, str], member: str) -> int:
    """How many steps, the highest that is reached counting."""
    steps = [
        i
        for i, step in enumerate(part.steps, 1)
        if (
            volumes[member] >= Fraction(step.start or 0)
            if part.by is StepsBy.VOLUME
            else at_least(plan, ranks, member, step.rank or "")
        )
    ]
    return max(steps, default=0)


def rows(plan: Plan, owed: Owed) -> list[Row]:
    """Round what is owed, once for each line."""
    lines = [
        (earner, "", level, leg, rule, rounded(exact * 100, plan.rounding))
        for (earner, level, leg, rule), exact in owed.items()
    ]
    return sorted(line for line in lines if line[-1])


def differential(
    plan: Plan, part: Differential, tree: Tree, sales: Sequence[Sold], ranks: Mapping[str, str]
) -> list[Row]:
    place = f"/components/{plan.components.index(part)}"
    volumes = volume(part.volume or part.on, sales, tree, group=True)
    minimum = Fraction(part.minimum or 0)
    owed: Owed = defaultdict(Fraction)
    for sale in sales:
        line = [sale.member, *above(tree, sale.member, sale.occurred_at)]
        highest, paid_minimum = 0, False
        for distance, (leg, member) in enumerate(zip(["", *line], line, strict=False)):
            if part.depth_limit is not None and distance > part.depth_limit:
                break
            own = reached(plan, part, volumes, ranks, member)
            if not own or not qualifies(plan, part.qualify, sales, ranks, member):
                continue
            rates = [Fraction(0), *(Fraction(step.rate) for step in part.steps)]
            share, rule = max(rates[own] - rates[highest], Fraction(0)), f"{place}/steps/{own - 1}"
            entitled = highest > 0 and (part.minimum_to is MinimumTo.REACHED or own == highest)
            if entitled and share < minimum and not (paid_minimum and part.minimum_for is MinimumFor.FIRST):
                share, rule, paid_minimum = minimum, f"{place}/minimum", True
            owed[member, highest, leg, rule] += share * net(part.on, sale)
            highest = max(highest, own)
    return rows(plan, owed)
