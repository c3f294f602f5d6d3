"""Bounty: look at the whole window at once, list what was done, the earliest first, and pay until nothing is left."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Bounty
from fenxiao.plans.components.bounty import Action
from fenxiao.plans.periods.inputs import Period, Sold
from libs.sdk.tests.plans.reference.ground import (
    at_least,
    in_order,
    kept,
    members,
    qualifies,
    rounded,
    selected,
    sold_something,
)

Deed = tuple[Period, str, Sold | None]
"""When it was done, who is rewarded, and for which sale."""

Paid = tuple[str, str, int, int]
"""Earner, sale, before the budget, due."""


def bounty(
    plan: Plan,
    part: Bounty,
    tree: Tree,
    periods: Sequence[Period],
    sales: Sequence[Sold],
    ranks: Sequence[Mapping[str, str]],
) -> list[Paid]:
    """`ranks` are those of each period."""

    def of(period: Period) -> list[Sold]:
        return [sale for sale in sales if period.start <= sale.occurred_at < period.end]

    by_rank = part.action is Action.RANK
    deeds = _ranks(plan, part, tree, periods, ranks) if by_rank else _sales(part, tree, periods, sales)
    left, paid = int(part.budget * 100), list[Paid]()
    for period, member, sale in deeds:
        able = qualifies(plan, part.qualify, of(period), ranks[periods.index(period)], member)
        before = sum(1 for one in paid if one[0] == member)
        if able and (part.limit is None or before < part.limit):
            due = rounded(Fraction(part.reward) * 100, plan.rounding)
            if sale is not None:
                due = kept(due, sale, plan.rounding)
            paid.append((member, sale.id if sale else "", due, min(due, left)))
            left -= min(due, left)
    return [one for one in paid if one[2]]


def _sales(part: Bounty, tree: Tree, periods: Sequence[Period], sales: Sequence[Sold]) -> list[Deed]:
    counted = [
        sale
        for sale in in_order(sales)
        if selected(part.on, sale) and sold_something(sale) and part.start <= sale.occurred_at < part.end
    ]
    deeds: list[Deed] = []
    for sale in counted:
        own = [one for one in counted if one.member == sale.member]
        nth = 1 + own.index(sale)
        if part.newcomers and not part.start <= tree.joined_at(sale.member) < part.end:
            continue
        if nth % (part.every or 1) if part.action is Action.SALE else nth > 1:
            continue
        [period] = [period for period in periods if period.start <= sale.occurred_at < period.end]
        sponsor = tree.sponsor(sale.member, sale.occurred_at)
        earner = sponsor if part.action is Action.REFERRED_FIRST_SALE else sale.member
        if earner is not None:
            deeds.append((period, earner, sale))
    return deeds


def _ranks(
    plan: Plan, part: Bounty, tree: Tree, periods: Sequence[Period], ranks: Sequence[Mapping[str, str]]
) -> list[Deed]:
    assert part.rank is not None
    return [
        (period, member, None)
        for i, period in enumerate(periods)
        if part.start < period.end <= part.end
        for member in members(tree, period)
        if at_least(plan, ranks[i], member, part.rank)
        if not any(at_least(plan, earlier, member, part.rank) for earlier in ranks[:i])
        if not part.newcomers or part.start <= tree.joined_at(member) < part.end
    ]
