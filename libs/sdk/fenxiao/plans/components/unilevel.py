"""Unilevel: a share of each sale for the member credited with it and for those above, by level."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

from fenxiao.plans.components.base import ComponentBase, Selection, Strict
from fenxiao.plans.components.by_level import rate_by_level
from fenxiao.plans.components.offers import Counts, Offer, Table, deepest, worst_case
from fenxiao.plans.components.special import most_specific_first, special_faults
from fenxiao.plans.language.fields import Id, Rate, YesNo, count

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.lines import Lines

Levels = Annotated[tuple[Rate, ...], *count(1, 30)]
"""Shares by level, level 0 first; `0%` passes a level over."""


class RankLevels(Strict):
    """What members of a rank earn by level."""

    rank: Id
    """This rank, and higher ones that are not listed themselves."""
    levels: Levels


ByRank = Annotated[tuple[RankLevels, ...], *count(1, 32)]


class SpecialLevels(Selection):
    """What the sales that it selects pay instead, to earners of any rank."""

    levels: Levels
    by_rank: ByRank | None = None
    """Other shares for earners of these ranks, from the lowest to the highest."""


class ByLevels(ComponentBase):
    """What components have in common that pay a sale level by level."""

    levels: Levels
    """Shares by level."""
    by_rank: ByRank | None = None
    """Other shares for earners of these ranks, from the lowest to the highest."""
    compression: YesNo = False
    """Dynamic compression: who does not qualify is passed over, and takes up no level. Level 0 is never passed on."""

    special: Annotated[tuple[SpecialLevels, ...], *count(1, 1000)] | None = None
    """Other shares for some sales; the most specific wins."""

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """What it pays on one sale, the most specific first."""
        special = most_specific_first(self.special or ())
        own = Offer(None, Counts.MEASURE, _tables(self, ""))
        return (*(Offer(entry, Counts.MEASURE, _tables(entry, f"/special/{i}")) for i, entry in special), own)

    @property
    def worst_case(self) -> Decimal | None:
        """The most that it pays: on each level what its best-paid rank earns, on the sales that pay most."""
        return worst_case(self.offers, self.on.share)

    @property
    def pays_below(self) -> bool:
        """Whether a level above the member credited is paid."""
        return self.depth_paid != 1

    @property
    def depth_paid(self) -> int | None:
        """The levels that are paid; with compression the tree decides how far up they reach."""
        levels = deepest(self.offers)
        return None if self.compression and levels > 1 else levels

    @property
    def ranks(self) -> tuple[tuple[str, str], ...]:
        """The ranks that it names."""
        return (*super().ranks, *self.ladder)

    @property
    def ladder(self) -> tuple[tuple[str, str], ...]:
        """The ranks with shares of their own."""
        parts = [("", self.by_rank), *((f"/special/{i}", entry.by_rank) for i, entry in enumerate(self.special or ()))]
        return tuple(
            (f"{place}/by_rank/{k}/rank", one.rank) for place, ranks in parts for k, one in enumerate(ranks or ())
        )

    def faults(self) -> list[tuple[str, str, str]]:
        """Special entries of which none would win."""
        return special_faults(self.on, self.special or ())


class Unilevel(ByLevels):
    """Pays `levels[n]` of the sale to the n-th member upward; level 0 is the member credited with it."""

    type: Literal["unilevel"]
    """Told apart from other components by this."""

    def rate_period(self, context: "Context") -> "Lines":
        """Every sale, level by level."""
        return rate_by_level(context, self, compression=self.compression)


def _tables(part: ByLevels | SpecialLevels, place: str) -> tuple[Table, ...]:
    return (
        _table("", part.levels, f"{place}/levels"),
        *(_table(one.rank, one.levels, f"{place}/by_rank/{k}/levels") for k, one in enumerate(part.by_rank or ())),
    )


def _table(rank: str, levels: Sequence[Decimal], place: str) -> Table:
    return Table(rank, tuple(levels), tuple(f"{place}/{level}" for level in range(len(levels))))
