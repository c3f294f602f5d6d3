"""Pool: add up, divide, and hand out what is left over unit by unit."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Pool
from fenxiao.plans.components.base import Whose
from fenxiao.plans.components.pool import PoolShares
from fenxiao.plans.periods.inputs import Period, Sold
from libs.sdk.tests.plans.reference.ground import Row, at_least, members, net, qualifies, rounded, shared, volume


def pool(
    plan: Plan, part: Pool, tree: Tree, sales: Sequence[Sold], ranks: Mapping[str, str], period: Period
) -> list[Row]:
    money = sum((net(part.on, sale) for sale in sales), Fraction(0)) * Fraction(part.share)
    whole = rounded(money * 100, plan.rounding)
    place = f"/components/{plan.components.index(part)}"
    entries: list[tuple[str, Fraction, str]] = []
    for member in members(tree, period):
        share, rule = Fraction(part.by is PoolShares.EQUAL), f"{place}/share"
        if part.volume is not None:
            own = volume(part.volume, sales, tree, group=part.volume.whose is Whose.GROUP)
            share = max(own[member], Fraction(0))
        for k, entry in enumerate(part.by_rank or ()):
            if at_least(plan, ranks, member, entry.rank):
                share, rule = Fraction(entry.shares), f"{place}/by_rank/{k}/shares"
        if share and qualifies(plan, part.qualify, sales, ranks, member):
            entries.append((member, share, rule))
    if whole <= 0 or not entries:
        return []
    parts = shared(whole, [share for _, share, _ in entries])
    return [(member, "", 0, "", rule, minor) for (member, _, rule), minor in zip(entries, parts, strict=True) if minor]
