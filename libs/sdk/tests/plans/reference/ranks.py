"""Ranks: give everybody what his rules give him on the ranks so far, and begin again until nothing changes."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from fenxiao.plans import Plan, Tree
from fenxiao.plans.language.ranks import Below, Rank, Where
from fenxiao.plans.periods.inputs import Period, Sold
from libs.sdk.tests.plans.reference.ground import above, active, members, selected, sold_something, volume

Known = Mapping[str, tuple[int, int, int]]
"""Paid-as rank, highest rank, periods of grace used."""


def ranks(
    plan: Plan, tree: Tree, sales: Sequence[Sold], period: Period, given: Mapping[str, str], carried: Known
) -> dict[str, tuple[int, int, int]]:
    everybody = members(tree, period)
    number = {rank.id: i for i, rank in enumerate(plan.ranks, 1)}
    pv = volume(plan.volume, sales, tree, group=False)
    gv = volume(plan.volume, sales, tree, group=True)
    own = {member: [sale for sale in sales if sale.member == member] for member in everybody}
    up = {member: list(above(tree, member, period.end)) for member in everybody}
    legs = {member: [one for one in everybody if up[one][:1] == [member]] for member in everybody}
    group = {member: [one for one in everybody if member in up[one]] for member in everybody}
    paid = dict.fromkeys(everybody, 0)

    def has(member: str, rule: Below) -> bool:
        if rule.active is not None:
            return active(plan, rule.active, own[member])
        return paid[member] >= number[rule.rank or ""]

    def found(member: str, rule: Below) -> int:
        match rule.where:
            case Where.DIRECT:
                return sum(has(one, rule) for one in legs[member])
            case Where.ANYWHERE:
                return sum(has(one, rule) for one in group[member])
            case Where.LEGS:
                return sum(any(has(one, rule) for one in [leg, *group[leg]]) for leg in legs[member])

    def asks(member: str, rank: Rank) -> list[bool]:
        """For all that the rank asks for, whether it is there."""
        goal, whole = Fraction(rank.group_volume), gv[member]
        if rank.leg_limit is not None:
            limit = goal * Fraction(rank.leg_limit)
            whole = pv[member] + sum((min(gv[leg], limit) for leg in legs[member]), Fraction(0))
        count = sum(selected(plan.volume, sale) and sold_something(sale) for sale in own[member])
        result = [pv[member] >= Fraction(rank.personal_volume)] if rank.personal_volume else []
        result += [whole >= goal] if goal else []
        result += [count >= rank.sales] if rank.sales else []
        result += [
            sum(not rule.volume or gv[leg] >= Fraction(rule.volume) for leg in legs[member]) >= rule.count
            for rule in rank.legs or ()
            if rule.count
        ]
        return result + [found(member, rule) >= rule.count for rule in rank.below or () if rule.count]

    def paid_as(member: str) -> int:
        if member in given:
            return number[given[member]]
        earned = max((i for i, rank in enumerate(plan.ranks, 1) if (it := asks(member, rank)) and all(it)), default=0)
        before, _, used = carried.get(member, (0, 0, 0))
        return before if earned < before and used < plan.ranks[before - 1].grace else earned

    while (now := {member: paid_as(member) for member in everybody}) != paid:
        paid = now

    result: dict[str, tuple[int, int, int]] = {}
    for member in everybody:
        before, ever, used = carried.get(member, (0, 0, 0))
        # Grace is used by whoever keeps what he would not have without it.
        plain = paid[member]
        if member not in given and before and plain == before and used < plan.ranks[before - 1].grace:
            mine = [i for i, rank in enumerate(plan.ranks, 1) if (it := asks(member, rank)) and all(it)]
            keeps = max(mine, default=0) < before
        else:
            keeps = False
        result[member] = (plain, max(plain, ever), used + 1 if keeps else 0)
    return {member: known for member, known in result.items() if known[1]}
