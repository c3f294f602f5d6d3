"""Campaign: measure the whole window at once, put everybody in order, and pay until there is nothing left."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Campaign
from fenxiao.plans.components.base import Whose
from fenxiao.plans.periods.inputs import Period, Sold
from libs.sdk.tests.plans.reference.ground import members, qualifies, rounded, volume

Won = tuple[str, int, int, int]
"""Earner, place (0: a reward to everybody), before the budget, due."""


def campaign(
    plan: Plan,
    part: Campaign,
    tree: Tree,
    last: Period,
    sales: Sequence[Sold],
    ranks: Mapping[str, str],
) -> list[Won]:
    """`last` is the period in which the window ends, `ranks` are those of it."""
    inside = [sale for sale in sales if part.start <= sale.occurred_at < part.end]
    of_last = [sale for sale in sales if last.start <= sale.occurred_at < last.end]
    volumes = volume(part.on, inside, tree, group=part.whose is Whose.GROUP)
    reached = [
        member
        for member in members(tree, last)
        if volumes[member] > 0
        and volumes[member] >= Fraction(part.target)
        and qualifies(plan, part.qualify, of_last, ranks, member)
    ]
    reached.sort(key=lambda member: -volumes[member])
    rewards = [(0, part.reward)] * len(reached) if part.reward is not None else list(enumerate(part.places or (), 1))
    left = None if part.budget is None else int(part.budget * 100)
    won: list[Won] = []
    for member, (place, reward) in zip(reached, rewards, strict=False):
        due = rounded(Fraction(reward) * 100, plan.rounding)
        paid = due if left is None else min(due, left)
        left = None if left is None else left - paid
        if due:
            won.append((member, place, due, paid))
    return won
