"""Stairstep: find who has broken away by adding up groups member by member, then walk up from every sale."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache

from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Stairstep
from fenxiao.plans.components.stairs import StepsBy
from fenxiao.plans.periods.inputs import Period, Sold
from libs.sdk.tests.plans.reference.differential import Owed, reached, rows
from libs.sdk.tests.plans.reference.ground import Row, above, members, net, qualifies, volume


def stairstep(
    plan: Plan, part: Stairstep, tree: Tree, sales: Sequence[Sold], ranks: Mapping[str, str], period: Period
) -> list[Row]:
    place, last = f"/components/{plan.components.index(part)}", len(part.steps)
    own = volume(part.volume or part.on, sales, tree, group=False)
    everybody = members(tree, period)

    def steps(member: str) -> int:
        return reached(plan, part, {member: group(member)}, ranks, member)

    @cache
    def group(member: str) -> Fraction:
        """Own volume and that of all directly below who have not broken away, with their groups."""
        if part.by is StepsBy.RANK:
            return Fraction(0)
        legs = [one for one in everybody if next(above(tree, one, period.end), None) == member]
        return own[member] + sum((group(leg) for leg in legs if steps(leg) < last), Fraction(0))

    rates = [Fraction(0), *(Fraction(step.rate) for step in part.steps)]
    owed: Owed = defaultdict(Fraction)
    for sale in sales:
        line = [sale.member, *above(tree, sale.member, sale.occurred_at)]
        highest, generation = 0, 0
        for leg, member in zip(["", *line], line, strict=False):
            mine, able = steps(member), qualifies(plan, part.qualify, sales, ranks, member)
            if highest < last:  # still within the group
                if able and mine > highest:
                    share = rates[mine] - rates[highest]
                    owed[member, highest, leg, f"{place}/steps/{mine - 1}"] += share * net(part.on, sale)
                if able or mine == last:
                    highest = max(highest, mine)
            elif mine == last and (able or not part.compression):
                generation += 1
                if able and generation <= len(part.override):
                    share = Fraction(part.override[generation - 1])
                    rule = f"{place}/override/{generation - 1}"
                    owed[member, generation, leg, rule] += share * net(part.on, sale)
    return rows(plan, owed)
