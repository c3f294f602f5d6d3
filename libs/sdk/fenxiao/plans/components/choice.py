"""Which of a component's offers holds for each sale, and what its rates apply to there."""

from decimal import Decimal
from typing import TYPE_CHECKING

from fenxiao.plans.components.base import Basis, ComponentBase, Measure
from fenxiao.plans.components.offers import Counts, Offer
from fenxiao.plans.periods.columns import Column, Frame, kernel

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.inputs import Scaled, Words


def choose(context: "Context", component: ComponentBase) -> tuple[Column, Column, int]:
    """Give the offer that holds for each sale, by number (none if there is but one), its base, and its scale."""
    offers, on, frame = component.offers, component.on, context.inputs.frame
    parts = {counts: _counted(context, on, counts) for counts in sorted({offer.counts for offer in offers})}
    if len(offers) == 1:
        [values] = parts.values()
        return context.zeros(0), values.column, values.scale
    chosen = context.zeros(len(context.inputs.sales))
    sales, categories = context.inputs.sales, context.categories
    first, candidates = _candidates(frame, offers, sales.product)
    _choose(
        chosen,
        first,
        candidates,
        sales.product.column,
        categories.column,
        _allowed(frame, offers, "categories", categories),
        len(categories.texts),
        sales.channel.column,
        _allowed(frame, offers, "channels", sales.channel),
        len(sales.channel.texts),
        sales.sale_class.column,
        _allowed(frame, offers, "classes", sales.sale_class),
        len(sales.sale_class.texts),
    )
    bases = context.zeros(len(chosen))
    scale = max(part.scale for part in parts.values())
    for counts, values in parts.items():
        mine = frame.of(offer.counts is counts for offer in offers)
        _take(bases, chosen, mine, values.column, scale // values.scale)
    return chosen, bases, scale


def _candidates(frame: Frame, offers: tuple[Offer, ...], products: "Words") -> tuple[Column, Column]:
    """For each product where its offers begin, and the offers that may hold for it, the most specific first.

    Offers that name products go before those that name none; the last is for any sale.
    """
    naming: dict[str, list[int]] = {}
    others: list[int] = []
    for number, offer in enumerate(offers):
        if offer.when is None or offer.when.products is None:
            others.append(number)
        else:
            for product in set(offer.when.products):
                naming.setdefault(product, []).append(number)
    first: list[int] = []
    candidates: list[int] = []
    for product in products.texts:
        first.append(len(candidates))
        candidates += naming.get(product, [])
        candidates += others
    return frame.of(first), frame.of(candidates)


def _allowed(frame: Frame, offers: tuple[Offer, ...], name: str, words: "Words") -> Column:
    """A row for each offer: 1 for each word that it allows."""
    wanted = [None if offer.when is None else getattr(offer.when, name) for offer in offers]
    return frame.of(names is None or text in names for names in wanted for text in words.texts)


def _counted(context: "Context", on: Basis, counts: Counts) -> "Scaled":
    match counts:
        case Counts.MEASURE:
            return context.sold(on)
        case Counts.UNITS:
            return context.sold(on.model_copy(update={"measure": Measure.QUANTITY, "share": Decimal(1)}))
        case Counts.SALE:
            amounts, ones = context.inputs.sales.measures[Measure.AMOUNT], context.zeros(len(context.inputs.sales))
            _signs(ones, amounts.column, context.matching(on))
            return amounts._replace(column=ones, scale=1)


@kernel
def _choose(
    chosen: Column,
    first: Column,
    candidates: Column,
    product: Column,
    category: Column,
    categories: Column,
    category_count: int,
    channel: Column,
    channels: Column,
    channel_count: int,
    sale_class: Column,
    classes: Column,
    class_count: int,
) -> None:
    """The first candidate whose other criteria hold too."""
    for i in range(len(chosen)):
        at = first[product[i]]
        while True:
            k = candidates[at]
            if (
                categories[k * category_count + category[i]] != 0
                and channels[k * channel_count + channel[i]] != 0
                and classes[k * class_count + sale_class[i]] != 0
            ):
                break
            at += 1
        chosen[i] = k


@kernel
def _take(bases: Column, chosen: Column, mine: Column, values: Column, factor: int) -> None:
    for i in range(len(bases)):
        if mine[chosen[i]] != 0:
            bases[i] = values[i] * factor


@kernel
def _signs(ones: Column, amounts: Column, matching: Column) -> None:
    for i in range(len(amounts)):
        if matching[i]:
            ones[i] = 1 if amounts[i] > 0 else -1
