"""Points: what is earned in points of some kind instead of money."""

from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

from fenxiao.money import EXACT
from fenxiao.plans.components.base import ComponentBase, Selection
from fenxiao.plans.components.by_level import rate_by_level
from fenxiao.plans.components.offers import Counts, Offer, Table, deepest, worst_case
from fenxiao.plans.components.special import Fault, most_specific_first, special_faults, unused_faults
from fenxiao.plans.language.fields import Days, Id, Number, Rate, count

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.lines import Lines


class SpecialPoints(Selection):
    """What the sales that it selects earn instead. Exactly one of `rate` and `flat` is named."""

    rate: Number | None = None
    """Points for each unit of the measure."""
    flat: Number | None = None
    """Points for each sale."""


class Points(ComponentBase):
    """Earns points on a sale, for the member credited with it and, with `levels`, for those above.

    Exactly one of `rate` and `flat` is named. Points are whole, by the plan's rounding. They are an asset of their own:
    never added to money, nor to points of another kind. What caps name counts points. What rewards may give for them in
    money counts in the worst case and in the rules of law, by `worth`.
    """

    type: Literal["points"]
    """Told apart from other components by this."""
    kind: Id
    """The kind of points."""
    rate: Number | None = None
    """Points for each unit of the measure: 1 for each pound, or 0.5."""
    flat: Number | None = None
    """Points for each sale; a return takes back its share of them."""
    levels: Annotated[tuple[Rate, ...], *count(1, 30)] | None = None
    """Shares of these points by level, level 0 first. Left out: all of them to the member credited."""
    expires_after: Days | None = None
    """Points that are left so many days after their sale are lost. Those earned first are spent first."""
    worth: Number | None = None
    """What a point is worth at most in money, in units of the currency: no reward gives more for it. Left out: none
    gives money. All components of a kind say the same."""
    special: Annotated[tuple[SpecialPoints, ...], *count(1, 1000)] | None = None
    """Other points for some sales; the most specific wins."""

    @property
    def asset(self) -> str:
        """The kind of points."""
        return self.kind

    @property
    def lasts(self) -> int | None:
        """Days from the sale to the expiry."""
        return self.expires_after

    @property
    def redeems(self) -> Decimal:
        """What a point is worth at most in money."""
        return self.worth or Decimal(0)

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """What it earns on one sale, the most specific first."""
        special = (self._offer(entry, f"/special/{i}", entry) for i, entry in most_specific_first(self.special or ()))
        return tuple(offer for offer in (*special, self._offer(self)) if offer is not None)

    @property
    def worst_case(self) -> Decimal | None:
        """What they can be redeemed for in money at most; none: without bound."""
        share = worst_case(self.offers, self.on.share) if self.redeems else Decimal(0)
        return None if share is None else EXACT.multiply(share, self.redeems)

    @property
    def pays_below(self) -> bool:
        """Whether a level above the member credited earns."""
        return self.depth_paid != 1

    @property
    def depth_paid(self) -> int | None:
        """The levels that earn."""
        return deepest(self.offers)

    def faults(self) -> list[Fault]:
        """Not exactly one price, an expiry at once, special entries that are none, and what would be ignored."""
        found: list[Fault] = []
        parts = [("", self), *((f"/special/{i}", entry) for i, entry in enumerate(self.special or ()))]
        for place, part in parts:
            if self._offer(part) is None:
                found.append((place, "NOT_EXACTLY_ONE", "Name exactly one of rate and flat."))
        if self.expires_after == 0:
            found.append(("/expires_after", "EXPIRES_AT_ONCE", "Points that expire at once are none; leave it out."))
        return found + special_faults(self.on, self.special or ()) + unused_faults(self.on, self.offers)

    def rate_period(self, context: "Context") -> "Lines":
        """Every sale, level by level."""
        return rate_by_level(context, self)

    def _offer(self, part: "Points | SpecialPoints", place: str = "", when: Selection | None = None) -> Offer | None:
        if (part.rate is None) == (part.flat is None):
            return None
        counts, name, points = (
            (Counts.MEASURE, "rate", part.rate) if part.rate is not None else (Counts.SALE, "flat", part.flat)
        )
        assert points is not None, "one of them is named"
        if self.levels is None:
            return Offer(when, counts, (Table("", (points,), (f"{place}/{name}",)),))
        rates = tuple(EXACT.multiply(points, share) for share in self.levels)
        return Offer(when, counts, (Table("", rates, tuple(f"{place}/{name}" for _ in rates)),))
