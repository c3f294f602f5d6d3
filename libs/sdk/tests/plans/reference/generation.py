"""Generation: list everybody above who has the rank and qualifies, and pay each in turn."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Generation
from fenxiao.plans.periods.inputs import Sold
from libs.sdk.tests.plans.reference.ground import Row, above, at_least, in_order, kept, qualifies, rounded, sold


def generation(plan: Plan, part: Generation, tree: Tree, sales: Sequence[Sold], ranks: Mapping[str, str]) -> list[Row]:
    rows: list[Row] = []
    place = f"/components/{plan.components.index(part)}/generations"
    for sale in in_order(sales):
        line = list(above(tree, sale.member, sale.occurred_at))
        if part.own:
            line = [sale.member, *line]
        generations = [
            member
            for member in line
            if at_least(plan, ranks, member, part.rank) and qualifies(plan, part.qualify, sales, ranks, member)
        ]
        for k, (member, share) in enumerate(zip(generations, part.generations, strict=False)):
            minor = kept(rounded(sold(part.on, sale) * Fraction(share) * 100, plan.rounding), sale, plan.rounding)
            if minor:
                rows.append((member, sale.id, k + 1, "", f"{place}/{k}", minor))
    return rows
