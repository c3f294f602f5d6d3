"""The measures of sales as whole numbers."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from fenxiao.plans.components.base import Measure
from fenxiao.plans.periods.numbers import whole

if TYPE_CHECKING:
    from fenxiao.plans.periods.inputs import Sold

_NONE = Decimal(0)

Numbers = tuple[list[int], int]
"""Whole numbers of 1 / scale, and the scale."""


def measures_of(sales: "Sequence[Sold]") -> tuple[dict[Measure, Numbers], list[int], int]:
    """What is sold by measure, what came back of the amount, and the largest sum of magnitudes."""
    size, most = len(sales), 0
    found: dict[Measure, Numbers] = {}
    returned: list[int] = []
    came_back = [sale.returned for sale in sales]
    reported: dict[Measure, list[Decimal | None]] = {
        Measure.AMOUNT: [*(sale.amount for sale in sales), *(came_back if any(came_back) else ())],
        Measure.MARGIN: [sale.margin for sale in sales],
        Measure.POINTS: [sale.points for sale in sales],
        Measure.QUANTITY: [sale.quantity for sale in sales],
    }
    for measure, values in reported.items():
        counts = measure is Measure.QUANTITY
        if values.count(None) == len(values):
            found[measure] = [1 if sale.amount > 0 else -1 for sale in sales] if counts else [0] * size, 1
            continue
        known = [sale.units for sale in sales] if counts else [value or _NONE for value in values]
        numbers, scale, total = whole(known)
        found[measure] = numbers[:size], scale
        returned += numbers[size:]  # behind the amounts
        most = max(most, total)
    return found, returned or [0] * size, most


def missing(values: Sequence[Decimal | None]) -> Sequence[int]:
    """Where nothing stands."""
    if values.count(None) == len(values):
        return range(len(values))
    return [i for i, value in enumerate(values) if value is None]
