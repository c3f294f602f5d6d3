"""What commission records: domain events. They never leave the service; `published.py` says what others see."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer

from fenxiao.money import plain
from fenxiao.plans import SaleKind

Exact = Annotated[Decimal, PlainSerializer(plain, return_type=str)]
"""An exact decimal, stored as its one plain text (never `1E-9`)."""


class Fact(BaseModel):
    """A part of the record: frozen, and nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SaleClass(StrEnum):
    """What sort of buyer it was."""

    RETAIL = "retail"
    PERSONAL = "personal"


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


class PlanPublished(Fact):
    """A plan version can rate from now on, and never changes."""

    hash: str
    """Names the version: lower-case hex."""
    plan: str
    """The plan's name, which its versions share."""
    version: str
    currency: str
    effective_from: datetime
    document: bytes
    """As submitted, UTF-8."""


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


class ReturnWindow(Fact):
    """A line is held at least until the buyer cannot return the goods any more."""

    kind: Literal["return_window"] = "return_window"
    until: datetime


class PostedLine(Fact):
    """One commission, posted."""

    id: str
    """UUID, made from the sale's and the rule's place, so that the same posting always has the same id."""
    member: str
    """UUID of who earns."""
    component: str
    level: int
    rate: Exact
    base: Exact
    exact_amount: Exact
    amount_minor: int
    rule: str
    """JSON pointer into the plan document."""
    path: tuple[str, ...]
    """UUIDs from the member credited up to the earner, as of the sale's time."""
    conditions: tuple[ReturnWindow, ...] = ()
    """What must be fulfilled before settlement releases it."""
    reverses: str = ""
    """Of what a return takes back of a named sale: the sale's line."""
    reversed_before: int = 0
    """How much earlier returns had taken back of that line, in minor units."""


class LinesPosted(Fact):
    """The commission lines of a sale or return, on whose stream this stands; at least one."""

    currency: str
    plan_hash: str
    engine_version: str
    original_sale: str = ""
    """UUID of the named sale that they take back from."""
    members_cut: str = ""
    """Place in membership's store (`store:position`) up to which the tree was known; empty where no tree was read."""
    lines: tuple[PostedLine, ...]


ALL: tuple[type[Fact], ...] = (PlanPublished, SaleRecorded, ReturnRecorded, LinesPosted)
"""Every type of event."""
