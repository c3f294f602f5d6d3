"""What a period comes to for each member: one row, from which members can check their own rank."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from fenxiao.money import EXACT
from fenxiao.plans.language.model import Plan
from fenxiao.plans.language.ranks import Rank
from fenxiao.plans.periods.columns import Column
from fenxiao.plans.periods.context import Context


class MemberRow(NamedTuple):
    """A member's figures in a period."""

    member: str
    pv: Decimal
    """Personal volume, in units of the plan's `volume`."""
    gv: Decimal
    """Group volume, own included."""
    sales: int
    """Own sales that did not come back whole."""
    reached: Mapping[str, Decimal]
    """How much there is of what the plan's ranks ask for of those below (legs, members of a rank), by JSON pointer."""
    earned_rank: str
    """The highest rank whose rules hold; empty for none."""
    rank: str
    """What the member is paid as: as earned, unless it is given, kept by grace, or sealed."""
    highest: str
    """The highest that the member was ever paid as."""
    grace_used: int
    """For how many periods on end, this one included, the rank has been kept by grace."""
    earned_minor: int
    """Due over all components, after caps, in minor units."""


def rows(context: Context, due: Column) -> Iterator[MemberRow]:
    """Write a row for each member that has anything, in the members' order. `due` is by member's number."""
    inputs, plan, ranking = context.inputs, context.plan, context.ranking
    pv, gv, sales = context.pv, context.gv, context.counts(plan.volume)
    names = ["", *(rank.id for rank in plan.ranks)]
    for i, member in enumerate(inputs.members):
        if not (pv.column[i] or gv.column[i] or sales[i] or ranking.highest[i] or due[i]):
            continue
        row = MemberRow(
            member,
            _exact(pv.column[i], pv.scale),
            _exact(gv.column[i], gv.scale),
            int(sales[i]),
            ranking.reached(i),
            "",
            names[ranking.paid[i]],
            names[ranking.highest[i]],
            int(ranking.grace_used[i]),
            int(due[i]),
        )
        yield row._replace(earned_rank=earned_rank(plan, row))


def earned_rank(plan: Plan, row: MemberRow) -> str:
    """Find the highest rank whose rules hold for a member, from the member's own row; empty for none."""
    held = (rank.id for i, rank in reversed([*enumerate(plan.ranks)]) if _holds(rank, f"/ranks/{i}", row))
    return next(held, "")


def _holds(rank: Rank, place: str, row: MemberRow) -> bool:
    if rank.leg_limit is not None:
        group = (row.reached[f"{place}/leg_limit"], rank.group_volume)
    else:
        group = (row.gv, rank.group_volume)
    rules = [(row.pv, rank.personal_volume), (row.sales, rank.sales), group]
    rules += [(row.reached[f"{place}/legs/{k}"], legs.count) for k, legs in enumerate(rank.legs or ()) if legs.count]
    rules += [(row.reached[f"{place}/below/{k}"], one.count) for k, one in enumerate(rank.below or ()) if one.count]
    asked = [(has, least) for has, least in rules if least]
    return bool(asked) and all(has >= least for has, least in asked)


def _exact(number: int, scale: int) -> Decimal:
    return EXACT.divide(Decimal(int(number)), Decimal(scale))
