"""Matrix: list everybody above in the placement tree, and pay each by the number of levels between."""

from collections.abc import Sequence
from fractions import Fraction

from fenxiao.plans import Plan
from fenxiao.plans.components import Matrix
from fenxiao.plans.periods.inputs import Sold
from fenxiao.plans.trees.placement import PlacementTree
from libs.sdk.tests.plans.reference.binary import steps
from libs.sdk.tests.plans.reference.ground import Row, in_order, kept, qualifies, rounded, sold


def matrix(plan: Plan, part: Matrix, placement: PlacementTree, sales: Sequence[Sold]) -> list[Row]:
    rows: list[Row] = []
    place = f"/components/{plan.components.index(part)}/levels"
    for sale in in_order(sales):
        line = [member for member, _ in steps(placement, sale)]
        able = [qualifies(plan, part.qualify, sales, {}, member) for member in line]
        if part.compression:
            kept_in = [i == 0 or able[i] for i in range(len(line))]
            able = [one for one, stays in zip(able, kept_in, strict=True) if stays]
            line = [one for one, stays in zip(line, kept_in, strict=True) if stays]
        for level, (member, earns, share) in enumerate(zip(line, able, part.levels, strict=False)):
            exact = rounded(sold(part.on, sale) * Fraction(share) * 100, plan.rounding)
            minor = kept(exact, sale, plan.rounding) if earns else 0
            if minor:
                rows.append((member, sale.id, level, "", f"{place}/{level}", minor))
    return rows
