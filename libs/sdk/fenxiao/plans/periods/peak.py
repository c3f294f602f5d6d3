"""How large numbers can become while a period is rated, so that arrays of 64 bits are used only where all of them fit.

Every product that a loop over arrays computes is bounded here, from what was sold and from the plan's numbers; a
component that computes larger ones looks at its own bound (`components.legs`). Where one might not fit, the period is
rated over lists, which have no bound and give the same figures.
"""

from collections.abc import Iterator
from dataclasses import fields, replace
from decimal import ROUND_CEILING, Decimal
from math import gcd
from typing import Any, Final, TypeVar, cast

from pydantic import BaseModel

from fenxiao.money import EXACT, minor_digits
from fenxiao.plans.components.base import Basis, Measure
from fenxiao.plans.components.offers import Counts
from fenxiao.plans.language.model import Plan
from fenxiao.plans.periods.columns import LIMIT, Column, Lists, integers, kernel, largest
from fenxiao.plans.periods.inputs import Inputs, Placement, Sales, Scaled, Words
from fenxiao.plans.periods.segments import Above, Segment

T = TypeVar("T")

_SHARE: Final = 10**6
"""To so fine a part other measures than the amount are taken once something has come back."""


def fitted(plan: Plan, inputs: Inputs) -> Inputs:
    """The inputs as they are, or over lists where a number might become too large for arrays."""
    if isinstance(inputs.frame, Lists) or peak(plan, inputs) < LIMIT:
        return inputs
    return replace(_listed(inputs, {}), frame=Lists())


def peak(plan: Plan, inputs: Inputs) -> int:
    """No number is larger that a loop over arrays computes while the inputs are rated under the plan."""
    sales, numbers = inputs.sales, list(_parts(plan, Decimal))
    returned, whole = sales.most_returned, sales.most_sold
    rates = [rate for one in plan.components for offer in one.offers for table in offer.tables for rate in table.rates]
    highest = plan.rate_scale * int(max([Decimal(1), *rates]).to_integral_value(ROUND_CEILING))
    limits = [EXACT.multiply(rank.leg_limit, rank.group_volume) for rank in plan.ranks if rank.leg_limit is not None]
    finer = 10 ** max([0, *map(_decimals, limits)])
    peaks = [whole * max(returned, 1)]
    for (measure, scale), units in _uses(plan, sales).items():
        total, single = _sizes(sales, measure, scale)
        common = gcd(units, scale * plan.rate_scale)
        line = single * highest * units // (scale * plan.rate_scale) + 1
        peaks += [
            total * max(highest * units // common, finer),
            scale * plan.rate_scale // common,
            int(max(numbers)) * scale * finer + 1,
            max(line, single) * max(returned, 1),
            whole * scale,
        ]
    return max(peaks)


_Uses = dict[tuple[Measure | None, int], int]
"""Minor units of what is paid, by the measure that the rates apply to (none: the sale as one) and by its scale."""


def _uses(plan: Plan, sales: Sales) -> _Uses:
    """Every measure that the plan names, in each scale in which it is counted."""
    minor = 10 ** minor_digits(plan.currency)
    found: _Uses = {(basis.measure, _scale(sales, basis)): minor for basis in _parts(plan, Basis)}
    for component in plan.components:
        counted = {offer.counts for offer in component.offers}
        scales = {
            Counts.MEASURE: _scale(sales, component.on),
            Counts.SALE: 1,
            Counts.UNITS: sales.measures[Measure.QUANTITY].scale if Counts.UNITS in counted else 1,
        }
        measures = {Counts.MEASURE: component.on.measure, Counts.SALE: None, Counts.UNITS: Measure.QUANTITY}
        for counts in counted:
            found[measures[counts], max(scales[one] for one in counted)] = minor
    return found


def _scale(sales: Sales, basis: Basis) -> int:
    scale = sales.measures[basis.measure].scale * 10 ** _decimals(basis.share)
    return scale if basis.measure is Measure.AMOUNT else max(scale, _SHARE)


def _sizes(sales: Sales, measure: Measure | None, scale: int) -> tuple[int, int]:
    """The sum of the magnitudes of what was sold, and the largest of them, in units of 1 / scale."""
    if measure is None:
        return len(sales) * scale, scale
    values = sales.measures[measure]
    single = sales.most_sold if measure is Measure.AMOUNT else largest(values.column)
    fits = single * len(sales) < LIMIT
    total = int(_magnitude(values.column)) if fits else sum(map(abs, integers(values.column)))
    # What came back of other measures is rounded, by less than one unit for each sale.
    return total * scale // values.scale + len(sales), single * scale // values.scale + 1


def _parts(part: object, kind: type[T]) -> Iterator[T]:
    """Everything of a kind that a plan holds."""
    if isinstance(part, kind):
        yield part
    if isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _parts(getattr(part, name), kind)
    elif isinstance(part, tuple):
        for item in cast("tuple[object, ...]", part):
            yield from _parts(item, kind)


def _decimals(value: Decimal) -> int:
    return max(0, -int(value.normalize(EXACT).as_tuple().exponent))


def _listed(part: Any, trees: dict[int, Above]) -> Any:
    """The same with every array as a list; a tree that stands in several places is made once."""
    match part:
        case Scaled(column, scale):
            return Scaled(integers(column), scale)
        case list():
            return [_listed(item, trees) for item in cast("list[object]", part)]
        case dict():
            named = cast("dict[object, object]", part)
            return type(named)((key, _listed(value, trees)) for key, value in named.items())
        case Above(parent, order):
            return trees.setdefault(id(part), Above(integers(parent), integers(order)))
        case Sales() | Inputs() | Segment() | Words() | Placement():
            return replace(part, **{one.name: _listed(getattr(part, one.name), trees) for one in fields(part)})
        case _:
            return integers(part) if hasattr(part, "dtype") else part


@kernel
def _magnitude(values: Column) -> int:
    total = 0
    for i in range(len(values)):
        total += abs(values[i])
    return total
