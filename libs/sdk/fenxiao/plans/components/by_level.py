"""Rating single sales over a period: what offers pay to the member credited and to those above, level by level."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fenxiao.plans.components.base import ComponentBase
from fenxiao.plans.components.choice import choose
from fenxiao.plans.components.offers import Offer
from fenxiao.plans.components.sale_lines import Path, SaleRates, SaleTable, rate_sales
from fenxiao.plans.periods.columns import Column, kernel

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.lines import Lines


def rate_by_level(
    context: "Context",
    component: ComponentBase,
    *,
    compression: bool = False,
    along: "Sequence[Path] | None" = None,
    counted: Column | None = None,
) -> "Lines":
    """Rate every sale by the component's offers.

    With compression, who does not qualify is passed over and takes up no level; level 0 is never passed on. Sales go
    along the sponsors, unless another tree is given; on those that are not `counted` (0 in place of 1) nothing is paid.
    """
    inputs = context.inputs
    chosen, bases, scale = choose(context, component)
    if counted is not None:
        bases = _kept(context, bases, counted)
    rates = SaleRates(
        base=bases,
        scale=scale,
        offers=[_tables(context, component, offer) for offer in component.offers],
        chosen=chosen,
        start=inputs.sales.member,
        paths=inputs.segments if along is None else along,
        able=context.zeros(0) if component.qualify is None else context.qualified(component),
        compression=compression,
    )
    return rate_sales(context, component, rates)


def _tables(context: "Context", component: ComponentBase, offer: Offer) -> list[SaleTable]:
    """The tables of an offer, from the highest rank down."""
    place = context.place(component)
    tables = [
        SaleTable(
            context.rank_number(table.rank) if table.rank else 0,
            [context.rate(rate) for rate in table.rates],
            [place + rule for rule in table.rules],
        )
        for table in offer.tables
    ]
    return sorted(tables, reverse=True)


def _kept(context: "Context", values: Column, matching: Column) -> Column:
    result = context.zeros(len(values))
    _select(result, values, matching)
    return result


@kernel
def _select(result: Column, values: Column, matching: Column) -> None:
    for i in range(len(values)):
        result[i] = values[i] * matching[i]
