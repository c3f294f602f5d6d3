"""Matching: for each pair of a member and somebody below, find the level and pay its share."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Matching
from fenxiao.plans.periods.inputs import Period, Sold
from libs.sdk.tests.plans.reference.ground import Row, above, at_least, members, qualifies, rounded


def matching(
    plan: Plan,
    part: Matching,
    tree: Tree,
    sales: Sequence[Sold],
    ranks: Mapping[str, str],
    earned: Mapping[str, int],
    period: Period,
) -> list[Row]:
    """`earned` is what each member is due from the components that are matched, in minor units."""
    rows: list[Row] = []
    place = f"/components/{plan.components.index(part)}"
    everybody = members(tree, period)
    for below in everybody:
        line = list(above(tree, below, period.end))
        if part.compression:
            line = [member for member in line if qualifies(plan, part.qualify, sales, ranks, member)]
        for i, member in enumerate(line):
            levels, rule = part.levels, f"{place}/levels"
            for k, table in enumerate(part.by_rank or ()):
                if at_least(plan, ranks, member, table.rank):
                    levels, rule = table.levels, f"{place}/by_rank/{k}/levels"
            if i < len(levels) and qualifies(plan, part.qualify, sales, ranks, member):
                minor = rounded(earned.get(below, 0) * Fraction(levels[i]), plan.rounding)
                if minor:
                    rows.append((member, "", i + 1, below, f"{rule}/{i}", minor))
    return sorted(rows, key=lambda row: (everybody.index(row[0]), row[2], everybody.index(row[3])))
