"""What all components share: who qualifies, what it is based on, what caps it, and when settlement may release it."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict

from fenxiao.plans.components.offers import Offer
from fenxiao.plans.language.fields import Country, Days, Id, Name, Number, Rate, Whole, YesNo, count

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.lines import Lines


class Strict(BaseModel):
    """A part of a plan: frozen, nothing unknown in it, nothing converted silently."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", use_attribute_docstrings=True)


class Measure(StrEnum):
    """What of a sale counts. Amount and margin are in the currency; a point counts as one unit of it."""

    AMOUNT = "amount"
    MARGIN = "margin"
    POINTS = "points"
    """Commissionable volume (CV) as the merchant reports it."""
    QUANTITY = "quantity"


class SaleClass(StrEnum):
    """What sort of buyer it was."""

    RETAIL = "retail"
    PERSONAL = "personal"


class Selection(Strict):
    """Which sales count; what is left out does not restrict."""

    products: Annotated[tuple[Name, ...], *count(1, 1000)] | None = None
    categories: Annotated[tuple[Name, ...], *count(1, 1000)] | None = None
    channels: Annotated[tuple[Name, ...], *count(1, 100)] | None = None
    classes: Annotated[tuple[SaleClass, ...], *count(1, 2)] | None = None


class Basis(Selection):
    """What a rate applies to."""

    measure: Measure = Measure.AMOUNT
    share: Rate = Decimal(1)
    """The payable part of it: with `40%`, a rate of 7% pays 2.8% of the measure."""


class Whose(StrEnum):
    """Whose sales make up a member's volume."""

    PERSONAL = "personal"
    """Those that the member is credited with."""
    GROUP = "group"
    """Those, and the sales of all below, each along the sponsors of its time."""


class Active(Strict):
    """Active by what the member himself is credited with; everything that is named must hold."""

    volume: Number = Decimal(0)
    """At least so much, in the plan's `volume`."""
    sales: Whole = 0
    """At least so many sales."""


class Qualify(Strict):
    """Who can earn; everything that is named must hold. Who does not qualify earns nothing from the component."""

    active: Active | None = None
    """In the period."""
    rank: Id | None = None
    """Paid-as rank in the period, or a higher one."""
    identity: YesNo = False
    """Identity checked before the period's end, by a check that still counts then."""
    tenure: Days = 0
    """A member for so many days at the period's end."""
    countries: Annotated[tuple[Country, ...], *count(1, 250)] | None = None
    """Lives in one of these at the period's end."""


class Sharing(StrEnum):
    """How a company-wide cap is shared."""

    PRO_RATA = "pro_rata"
    """Every line shrinks by the same factor; the parts sum exactly (largest remainder)."""
    PRIORITY = "priority"
    """Lines are paid in their order (components as listed, then time of sale) until nothing is left."""


class VolumeCap(Strict):
    """No more than a share of the volume of the period."""

    share: Rate
    of: Basis = Basis()
    by: Sharing


class Caps(Strict):
    """The most that is paid, in units of the currency. What lies above it is not posted, now or later."""

    sale: Number | None = None
    """On one sale, to all together; later lines (higher levels) are cut first."""
    member: Number | None = None
    """To one member in a period; sales in the order of their time count until it is reached."""
    period: Number | None = None
    """To all together in a period, in the same order."""
    volume: VolumeCap | None = None
    """To all together in a period, by the period's volume."""


class Trigger(StrEnum):
    """What makes a component pay. Rule packs look at it."""

    SALE = "sale"
    """A sale, or volume that is made of sales."""
    ACTION = "action"
    """Something that is done and is neither a sale nor an enrolment."""
    ENROLMENT = "enrolment"
    """That somebody joined, and nothing else."""


class Release(Strict):
    """What must hold before settlement releases a line: data, carried on it."""

    delivered: YesNo = False
    """The goods of the sale that it is earned on have been delivered."""
    identity: YesNo = False
    """The earner's identity has been checked."""
    threshold: Number | None = None
    """The earner's payable balance has reached this, in units of the currency."""
    days: Days | None = None
    """Held so many days after the sale, in place of the plan's return window."""


class ComponentBase(Strict):
    """A component: one rule by which members earn."""

    id: Id
    """Names the component on every line that it posts; unique in the plan."""
    on: Basis = Basis()
    """What its rates apply to."""
    qualify: Qualify | None = None
    caps: Caps | None = None
    release: Release = Release()

    @property
    def asset(self) -> str:
        """What it pays in: the kind of points; empty for money in the plan's currency."""
        return ""

    @property
    def lasts(self) -> int | None:
        """Of points: for how many days from the sale on; none: without end."""
        return None

    @property
    def redeems(self) -> Decimal:
        """Of points: what one is worth at most in money, in units of the currency; 0 for none, and for money itself."""
        return Decimal(0)

    @property
    def pays_money(self) -> bool:
        """Whether it pays in money, or in points that can be redeemed for some."""
        return not self.asset or self.redeems > 0

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """What it pays on one sale, the most specific offer first: the first that selects the sale holds.

        None for a component that pays on more than single sales.
        """
        return ()

    @property
    def on_sales(self) -> bool:
        """Whether each of its lines is earned on one sale, whenever it is posted."""
        return bool(self.offers)

    @property
    def per_sale(self) -> bool:
        """Whether its lines are posted with the sale: so if they follow from the sale and the tree alone.

        What asks who qualifies, goes by rank or is capped over a period waits for the period's close.
        """
        caps = self.caps or Caps()
        ranked = any(len(offer.tables) > 1 for offer in self.offers)
        capped = (caps.member, caps.period, caps.volume) != (None, None, None)
        return bool(self.offers) and self.qualify is None and not ranked and not capped

    @property
    def depth(self) -> int:
        """How many members it may pay on one sale with that sale, from the one credited upward; 0 if at the close."""
        return max(offer.depth for offer in self.offers) if self.per_sale else 0

    @property
    def worst_case(self) -> Decimal | None:
        """The most that it pays, as a share of the measure that it is based on, before caps; none: without bound."""
        raise NotImplementedError

    def worst_after(self, before: Mapping[str, Decimal | None]) -> Decimal | None:
        """The same, knowing what each component listed before pays at most, as a share of sales.

        For components that pay a share of what others pay: these give a share of sales, whatever their measure.
        """
        return self.worst_case

    @property
    def trigger(self) -> Trigger:
        """What makes it pay."""
        return Trigger.SALE

    @property
    def pays_below(self) -> bool:
        """Whether anybody earns from it on what others sell."""
        return True

    @property
    def depth_paid(self) -> int | None:
        """How many levels may earn from it on one sale, the member credited included; none: as many as there are."""
        return None

    def depth_after(self, before: Mapping[str, int | None]) -> int | None:
        """The same, knowing it of each component listed before; one level where nobody earns on what others sell.

        For components that pay a share of what others pay.
        """
        return self.depth_paid if self.pays_below else 1

    @property
    def widths(self) -> range | None:
        """How wide the placement tree may be along which it pays; none if it pays along the sponsors."""
        return None

    @property
    def ranks(self) -> tuple[tuple[str, str], ...]:
        """The ranks that it names, each with its place (JSON pointer relative to the component)."""
        return (("/qualify/rank", self.qualify.rank),) if self.qualify and self.qualify.rank else ()

    @property
    def ladder(self) -> tuple[tuple[str, str], ...]:
        """Of the ranks that it names, those that must be listed from the lowest to the highest."""
        return ()

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        """The components whose lines it reads, each with its place; they must be listed before it."""
        return ()

    def faults(self) -> list[tuple[str, str, str]]:
        """What is wrong with it by itself: place, reason, message."""
        return []

    def cap_of_no_sale(self) -> list[tuple[str, str, str]]:
        """The fault of a component that earns nothing on single sales and caps what it pays on one."""
        if self.caps is None or self.caps.sale is None:
            return []
        message = "Nothing is earned on single sales; cap the `member` or the `period`."
        return [("/caps/sale", "UNUSED_FIELD", message)]

    def rate_period(self, context: "Context") -> "Lines":
        """Rate a period: every line that the component earns, in the order (time of sale, sale id), before caps."""
        raise NotImplementedError
