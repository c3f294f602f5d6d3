"""Direct: what the member who is credited with a sale earns on it."""

from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from fenxiao.money import EXACT
from fenxiao.plans.components.base import ComponentBase
from fenxiao.plans.components.by_level import rate_by_level
from fenxiao.plans.components.offers import Offer, worst_case
from fenxiao.plans.components.special import (
    Fault,
    SpecialRates,
    most_specific_first,
    price,
    special_faults,
    unused_faults,
)
from fenxiao.plans.components.tiers import Tiers, rate_tiers
from fenxiao.plans.language.fields import Number, Rate

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.lines import Lines


class Direct(ComponentBase):
    """Pays the member credited with a sale. Exactly one of `rate`, `flat`, `per_unit` and `tiers` is named."""

    type: Literal["direct"]
    """Told apart from other components by this."""
    rate: Rate | None = None
    """Share of the sale."""
    flat: Number | None = None
    """For each sale, in units of the currency; a return takes back its share of it."""
    per_unit: Number | None = None
    """For each unit sold, in units of the currency."""
    tiers: Tiers | None = None
    """By the member's own net volume of the period; posts at the close."""
    special: SpecialRates | None = None
    """Other rates for some sales; the most specific wins. Not with `tiers`."""

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """What it pays on one sale, the most specific first; none with tiers, which are about volume."""
        if self.tiers is not None:
            return ()
        special = (price(entry, f"/special/{i}", entry) for i, entry in most_specific_first(self.special or ()))
        return tuple(offer for offer in (*special, price(self)) if offer is not None)

    @property
    def worst_case(self) -> Decimal | None:
        """The most that it pays; nothing bounds money for a sale or a unit."""
        if self.tiers is not None:
            return EXACT.multiply(self.tiers.worst_case, self.on.share)
        return worst_case(self.offers, self.on.share)

    @property
    def pays_below(self) -> bool:
        """Never: everybody earns on what he sells himself."""
        return False

    @property
    def depth_paid(self) -> int | None:
        """The member credited, and nobody above."""
        return 1

    def faults(self) -> list[Fault]:
        """Not exactly one price, tiers or special entries that are none, and what would be ignored."""
        found: list[Fault] = []
        named = [self.rate, self.flat, self.per_unit, self.tiers]
        if sum(one is not None for one in named) != 1:
            found.append(("", "NOT_EXACTLY_ONE", "Name exactly one of rate, flat, per_unit and tiers."))
        for i, entry in enumerate(self.special or ()):
            if price(entry) is None:
                message = "Name exactly one of rate, flat and per_unit."
                found.append((f"/special/{i}", "NOT_EXACTLY_ONE", message))
        if self.tiers is not None:
            found += [(f"/tiers{place}", reason, message) for place, reason, message in self.tiers.faults()]
            if self.special is not None:
                message = "Tiers are about all volume together; pay some sales otherwise in a component of their own."
                found.append(("/special", "SPECIAL_WITH_TIERS", message))
        return found + special_faults(self.on, self.special or ()) + unused_faults(self.on, self.offers)

    def rate_period(self, context: "Context") -> "Lines":
        """Every sale; with tiers every member's volume."""
        if self.tiers is not None:
            return rate_tiers(context, self, self.tiers)
        return rate_by_level(context, self)
