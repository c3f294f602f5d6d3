"""Sales and returns."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from fenxiao.plans import SaleKind
from services.commission.domain.events.fact import Exact, Fact


class SaleClass(StrEnum):
    """What sort of buyer it was."""

    RETAIL = "retail"
    PERSONAL = "personal"


class Goods(Fact):
    """What was sold, as far as plans need it; what was not reported is empty."""

    product: str = ""
    category: str = ""
    channel: str = ""
    quantity: Exact = Decimal(1)
    margin: Exact | None = None
    """In units of the currency."""
    points: Exact | None = None
    """Commissionable volume (CV)."""


class Report(Fact):
    """A sale or return as the merchant reports it."""

    reference: str
    """The merchant's own number, unique in the programme."""
    member: str
    """UUID of the member who is credited."""
    kind: SaleKind
    occurred_at: datetime
    amount: Exact
    """Above 0, also that of a return; all decimals are kept."""
    currency: str
    sale_class: SaleClass = SaleClass.RETAIL
    original_reference: str = ""
    """Of a return: reference of the sale that is returned; empty where none is named."""
    biz_transactions: tuple[str, ...] = ()
    """CBV business transaction ids."""
    goods: Goods = Field(default=Goods(), exclude_if=lambda goods: goods == Goods())
    """Stored only where something of it was reported: most sales have nothing but an amount."""


class SaleRecorded(Fact):
    """A sale has happened."""

    report: Report
    plan_hash: str
    """The version in force at its time; empty where none was."""


class ReturnRecorded(Fact):
    """Goods have come back."""

    report: Report
    plan_hash: str
    """The version that rates it: the named sale's, else the one in force at its own time; empty where there is none."""
    original_sale: str = ""
    """UUID of the sale that is returned; empty where none is named."""
    returned_before: Exact = Decimal(0)
    """How much of that sale earlier returns had brought back."""
