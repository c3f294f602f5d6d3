"""What a plan posts with a sale, worked out once for each plan so that rating a sale is quick."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from fenxiao.money import EXACT, minor_digits
from fenxiao.plans.components.base import Basis, ComponentBase, Measure, Selection
from fenxiao.plans.components.offers import Counts, Offer
from fenxiao.plans.language.waits import Waits, waits_of
from fenxiao.plans.sales.sale import Sale

if TYPE_CHECKING:
    from fenxiao.plans.language.model import Plan

_LACKED: Final = (Measure.MARGIN, Measure.POINTS)
"""Measures that a sale may lack."""


class Wanted(NamedTuple):
    """Which sales are selected; None does not restrict."""

    products: frozenset[str] | None
    categories: frozenset[str] | None
    channels: frozenset[str] | None
    classes: frozenset[str] | None

    def selects(self, sale: Sale, categories: Mapping[str, str]) -> bool:
        """Whether a sale is one of them. `categories` holds those of the plan's products."""
        products, wanted, channels, classes = self
        return (
            (products is None or sale.product in products)
            and (wanted is None or (sale.category or categories.get(sale.product, "")) in wanted)
            and (channels is None or sale.channel in channels)
            and (classes is None or sale.sale_class in classes)
        )


class PostedOffer(NamedTuple):
    """What is paid on a sale, if it is one of these."""

    when: Wanted | None
    counts: Counts
    levels: tuple[tuple[Decimal, str], ...]
    """Rates and where they stand (JSON pointers into the document), level 0 first."""


class Posted(NamedTuple):
    """A component that posts with the sale."""

    component: str
    asset: str
    digits: int
    """Decimals of what is paid."""
    on: Wanted | None
    measure: Measure
    share: Decimal | None
    """None: all of the measure."""
    offers: tuple[PostedOffer, ...]
    """Those that name no product: the first that selects the sale holds. The last is for any sale."""
    by_product: Mapping[str, tuple[PostedOffer, ...]]
    """Those that name it; they go before the others."""
    cap: int | None
    """Of one sale, rounded down."""
    days: int
    """How long a line is held."""
    lasts: int | None
    """Days after which points are lost."""
    waits: Waits
    """What a line waits for beside these days."""


class Postings(NamedTuple):
    """What a plan does with a sale."""

    components: tuple[Posted, ...]
    needed: tuple[tuple[Wanted | None, Measure], ...]
    """The measures that a sale may lack and the plan needs of these sales, also for what posts at the close."""
    delivered: tuple[Wanted | None, ...]
    """Of which sales something waits for the delivery, also of what posts at the close."""


def postings(plan: "Plan", bases: Iterable[Basis]) -> Postings:
    """Work out what a plan posts with a sale. `bases` are all that it names."""
    posted = (_posted(plan, i, one) for i, one in enumerate(plan.components) if one.id in plan.with_sale)
    needed = ((_wanted(basis), basis.measure) for basis in bases if basis.measure in _LACKED)
    delivered = (_wanted(component.on) for component in plan.components if component.release.delivered)
    return Postings(tuple(posted), tuple(dict.fromkeys(needed)), tuple(dict.fromkeys(delivered)))


def _posted(plan: "Plan", index: int, component: ComponentBase) -> Posted:
    digits = 0 if component.asset else minor_digits(plan.currency)
    cap = component.caps.sale if component.caps else None
    offers = [_offer(offer, f"/components/{index}") for offer in component.offers]
    naming: dict[str, list[PostedOffer]] = {}
    for offer in offers:
        for product in (offer.when.products or ()) if offer.when else ():
            naming.setdefault(product, []).append(offer)
    return Posted(
        component=component.id,
        asset=component.asset,
        digits=digits,
        on=_wanted(component.on),
        measure=component.on.measure,
        share=None if component.on.share == 1 else component.on.share,
        offers=tuple(offer for offer in offers if offer.when is None or offer.when.products is None),
        by_product={product: tuple(found) for product, found in naming.items()},
        cap=None if cap is None else int(cap.scaleb(digits, EXACT)),
        days=plan.return_window if component.release.days is None else component.release.days,
        lasts=component.lasts,
        waits=waits_of(component.release, digits),
    )


def _offer(offer: Offer, place: str) -> PostedOffer:
    [table] = offer.tables
    rules = (place + rule for rule in table.rules)
    when = None if offer.when is None else _wanted(offer.when)
    return PostedOffer(when, offer.counts, tuple(zip(table.rates, rules, strict=True)))


def _wanted(selection: Selection) -> Wanted | None:
    named = (selection.products, selection.categories, selection.channels, selection.classes)
    if named == (None, None, None, None):
        return None
    return Wanted(*(None if names is None else frozenset(names) for names in named))
