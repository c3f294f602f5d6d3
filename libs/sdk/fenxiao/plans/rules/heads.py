"""Ranks that are reached by the number of people below, whether or not anybody has sold."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fenxiao.plans.language.model import Plan
    from fenxiao.plans.language.ranks import Below, Rank


def ranks_by_heads(plan: "Plan") -> Iterator[tuple[str, str]]:
    """The ranks that take no sale by anybody, and where they count people; that is empty for a rank that is given."""
    free: set[str] = set()
    for i, rank in enumerate(plan.ranks):
        counted = [below for below in rank.below or () if below.count]
        if not _takes_sales(rank) and all(_counts_people(below, {*free, rank.id}) for below in counted):
            free.add(rank.id)
            legs = any(legs.count for legs in rank.legs or ())  # each is somebody who joined
            yield rank.id, f"/ranks/{i}/below" if counted else f"/ranks/{i}/legs" if legs else ""


def _takes_sales(rank: "Rank") -> bool:
    legs = any(legs.count and legs.volume for legs in rank.legs or ())
    return bool(rank.personal_volume or rank.sales or rank.group_volume or legs)


def _counts_people(below: "Below", free: set[str]) -> bool:
    """Whether it counts people who need not have sold."""
    if below.active is not None:
        return not below.active.volume and not below.active.sales
    return below.rank in free
