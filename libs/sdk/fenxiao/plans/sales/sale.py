"""A sale or return, as it is reported."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from fenxiao.errors import Refusal


class SaleKind(StrEnum):
    """What was reported."""

    SALE = "sale"
    RETURN = "return"


class Sale(NamedTuple):
    """A sale or return. Every measure is at least 0, also that of a return."""

    kind: SaleKind
    occurred_at: datetime
    """Aware."""
    amount: Decimal
    """Above 0, exact."""
    currency: str
    id: str = ""
    member: str = ""
    """Who is credited with it."""
    original: str = ""
    """Of a return: the sale that it names, if it names one."""
    margin: Decimal | None = None
    """None where it is not reported; at most the amount."""
    points: Decimal | None = None
    """Commissionable volume (CV); None where it is not reported."""
    quantity: Decimal | None = None
    """1 where it is not reported."""
    product: str = ""
    category: str = ""
    """Empty: the one that the plan lists for the product."""
    channel: str = ""
    sale_class: str = "retail"


def check_measures(sale: Sale) -> None:
    """Refuse measures that no sale has."""
    if not sale.amount > 0:
        raise Refusal("INVALID_AMOUNT", "An amount must be above 0, also that of a return.", field="amount")
    for name, value in (("margin", sale.margin), ("points", sale.points), ("quantity", sale.quantity)):
        if value is not None and not value >= 0:
            raise Refusal("INVALID_AMOUNT", f"The {name} must be at least 0, also that of a return.", field=name)
    if sale.margin is not None and sale.margin > sale.amount:
        raise Refusal("MARGIN_ABOVE_AMOUNT", "The margin is part of the amount; look at both.", field="margin")
