"""What commission records: domain events. They never leave the service; `published.py` says what others see."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from fenxiao.money import plain
from fenxiao.plans import SaleKind

Exact = Annotated[Decimal, PlainSerializer(plain, return_type=str)]
"""An exact decimal, stored as its one plain text (never `1E-9`)."""


def _is_empty(value: object) -> bool:
    """Fields that came later are stored only where they say something: older events look as they did."""
    return not value


def _is_none(value: object) -> bool:
    return value is None


class Fact(BaseModel):
    """A part of the record: frozen, and nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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


class RuleOverride(Fact):
    """Somebody's decision that a plan is published although it does not satisfy a rule."""

    rule: str
    """With its pack: `CN/team-pay`."""
    person: str
    """By name. It does not leave the service."""
    reason: str


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
    overrides: tuple[RuleOverride, ...] = Field(default=(), exclude_if=_is_empty)


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
    sale: str = Field(default="", exclude_if=_is_empty)
    """Of a line of a period: the sale that it is earned on; empty where it is earned on volume."""
    other: str = Field(default="", exclude_if=_is_empty)
    """The same: whose volume, leg or earnings it is earned on, where that is one member."""
    uncapped_minor: int | None = Field(default=None, exclude_if=_is_none)
    """What was due before caps, where they took something. Of a line of a period: of all that is due by its rule."""


class Posting(Fact):
    """Which closing posts for which period. Both are named by when the period begins."""

    closing: datetime
    period: datetime
    """The one closed, or an earlier one that is rated again."""


class LinesPosted(Fact):
    """The commission lines of a sale, a return, a closing or a dispute, on whose stream this stands; at least one."""

    currency: str
    plan_hash: str
    engine_version: str
    original_sale: str = ""
    """UUID of the named sale that they take back from."""
    members_cut: str = ""
    """Place in membership's store (`store:position`) up to which the tree was known; empty where no tree was read."""
    posting: Posting | None = Field(default=None, exclude_if=_is_empty)
    """Set where a closing posts them."""
    corrects: str = Field(default="", exclude_if=_is_empty)
    """Of a correction: the disputed line. It stands on the dispute's stream."""
    lines: tuple[PostedLine, ...]


class PeriodSealed(Fact):
    """A period is closed: what it is rated on is fixed."""

    start: datetime
    end: datetime
    """The first moment behind it."""
    plan_hash: str
    """The version whose rules for periods apply; empty where none was in force when it began."""
    sales_cut: int
    """Sales and returns count that stand up to this position in this service's own store."""
    members_cut: str
    """The same in membership's, as `store:position`."""
    engine_version: str


class RatedMember(Fact):
    """What a member comes to in a period."""

    member: str
    personal_volume: Exact
    group_volume: Exact
    rank: str = ""
    """Paid-as rank."""
    highest_rank: str = ""
    earned_minor: int = 0
    """All lines of the period, those posted with sales included."""
    carry: dict[str, tuple[int, ...]] = {}
    """What the next period starts from, by component; that of the ranks under the empty name."""


class MembersRated(Fact):
    """Rows of a period: a part of all, each member once, or those that rating it again has changed."""

    posting: Posting
    members: tuple[RatedMember, ...]


class PeriodClosed(Fact):
    """Every line and row of a closing has been posted."""

    start: datetime
    lines: int
    members: int
    posted_minor: int


class Outcome(StrEnum):
    """How a dispute ends."""

    UPHELD = "upheld"
    REJECTED = "rejected"


class DisputeOpened(Fact):
    """A member does not agree with a posted line."""

    line: str
    """UUID."""
    member: str
    """UUID of the member, whose line it is."""
    by: str
    """Subject of the credential that opened it for the member."""
    reason: str
    """Sealed (base64)."""


class DisputeAnswered(Fact):
    """The other side was heard."""

    by: str
    answer: str
    """Sealed (base64)."""


class DisputeResolved(Fact):
    """The end of a dispute. A correction follows as a posted line."""

    line: str
    member: str
    outcome: Outcome
    correction_minor: int = 0
    correction_line: str = ""
    """UUID of the line that corrects; empty where none does."""
    currency: str
    by: str
    why: str
    """Sealed (base64)."""


ALL: tuple[type[Fact], ...] = (
    PlanPublished,
    SaleRecorded,
    ReturnRecorded,
    LinesPosted,
    PeriodSealed,
    MembersRated,
    PeriodClosed,
    DisputeOpened,
    DisputeAnswered,
    DisputeResolved,
)
"""Every type of event."""
