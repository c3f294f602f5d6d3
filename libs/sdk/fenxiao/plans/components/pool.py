"""Pool: a share of the period's volume, divided among members."""

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fenxiao.money import EXACT
from fenxiao.plans.components.base import Basis, ComponentBase, Strict, Whose
from fenxiao.plans.language.fields import Id, Number, Rate, count
from fenxiao.plans.periods.lines import LineWriter
from fenxiao.plans.periods.parts import divide

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.lines import Lines

_PART: Final = 10**12
"""A member's part of a pool stands on the line to twelve decimals, rounded down; the amount is from the exact part."""


class PoolShares(StrEnum):
    """How a pool is divided."""

    EQUAL = "equal"
    """Who qualifies has one share."""
    VOLUME = "volume"
    """Who qualifies has as many shares as volume; a volume below 0 is none."""
    RANK = "rank"
    """Who qualifies has the shares of his rank."""


class PoolVolume(Basis):
    """The volume that gives shares."""

    whose: Whose = Whose.PERSONAL


class RankShares(Strict):
    """The shares of a rank."""

    rank: Id
    """This paid-as rank, and higher ones that are not listed themselves."""
    shares: Number


class Pool(ComponentBase):
    """Divides `share` of the period's volume (`on`, all sales, returns taken off) among all who qualify.

    The pool is rounded to minor units first; the parts sum to it exactly: each is rounded down, and the minor units
    that are left over go one by one to those who lost most by that, of equals to who joined first. Where nobody has a
    share, or the volume is not above 0, nothing is paid.
    """

    type: Literal["pool"]
    """Told apart from other components by this."""
    share: Rate
    """Of the volume of the period."""
    by: PoolShares
    """How it is divided."""
    volume: PoolVolume | None = None
    """With `by: volume`: the volume that gives shares."""
    by_rank: Annotated[tuple[RankShares, ...], *count(1, 32)] | None = None
    """With `by: rank`: the shares of each, from the lowest to the highest; lower ranks have none."""

    @property
    def worst_case(self) -> Decimal:
        """The most that it pays: the whole pool."""
        return EXACT.multiply(self.share, self.on.share)

    @property
    def ranks(self) -> tuple[tuple[str, str], ...]:
        """The ranks that it names."""
        return (*super().ranks, *self.ladder)

    @property
    def ladder(self) -> tuple[tuple[str, str], ...]:
        """The ranks that have shares."""
        return tuple((f"/by_rank/{i}/rank", entry.rank) for i, entry in enumerate(self.by_rank or ()))

    def faults(self) -> list[tuple[str, str, str]]:
        """What `by` needs and is not there, and what it does not read."""
        found = self.cap_of_no_sale()
        for name, of in (("volume", PoolShares.VOLUME), ("by_rank", PoolShares.RANK)):
            there = getattr(self, name) is not None
            if self.by is of and not there:
                found.append((f"/{name}", "MISSING_FIELD", f"A pool by {of} needs `{name}`."))
            elif self.by is not of and there:
                found.append((f"/{name}", "UNUSED_FIELD", f"A pool by {self.by} does not read this; leave it out."))
        return found

    def rate_period(self, context: "Context") -> "Lines":
        """One line for each who has a share: its base is the pool, its rate the member's part of it."""
        total = context.total(self.on)
        pool = max(0, context.to_minor(int(total.column[0]), context.rate(self.share), total.scale))
        shares, rules = self._shares(context)
        for i, able in enumerate(context.qualified(self)):
            if not able:
                shares[i] = 0
        writer = LineWriter(self.id, context.minor, _PART)
        if whole := sum(shares):
            for i, (amount, share) in enumerate(zip(divide(pool, shares), shares, strict=True)):
                writer.add(i, amount, rule=rules[i], base=pool, rate=share * _PART // whole)
        return writer.lines(context.inputs.frame)

    def _shares(self, context: "Context") -> tuple[list[int], list[str]]:
        """The shares of each member, as whole numbers, and the rule that gives them."""
        members = len(context.inputs.members)
        rule = context.place(self, "/share")
        if self.by is PoolShares.EQUAL:
            return [1] * members, [rule] * members
        if self.volume is not None:
            volume = context.own(self.volume) if self.volume.whose is Whose.PERSONAL else context.group(self.volume)
            return [max(0, int(value)) for value in volume.column], [rule] * members
        places = [(0, 0, rule)]
        for i, entry in enumerate(self.by_rank or ()):
            shares = int(entry.shares.scaleb(9, EXACT))
            places.append((context.rank_number(entry.rank), shares, context.place(self, f"/by_rank/{i}/shares")))
        places.sort(reverse=True)
        found = [next((shares, rule) for least, shares, rule in places if rank >= least) for rank in context.rank]
        return [shares for shares, _ in found], [rule for _, rule in found]
