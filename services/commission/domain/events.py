"""What commission records: domain events. They never leave the service; `published.py` says what others see."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, model_validator

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


class Identity(Fact):
    """A line is held until the earner's identity is checked."""

    kind: Literal["identity"] = "identity"


class Threshold(Fact):
    """A line is held until so much is payable to the earner."""

    kind: Literal["threshold"] = "threshold"
    least_minor: int


Condition = Annotated[ReturnWindow | Identity | Threshold, Field(union_mode="left_to_right")]
"""Told apart by `kind`. Looked at from the left, since nearly all are the first, and this is done for every line."""


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
    path: tuple[str, ...] = ()
    """As `LinesPosted.upline`, but of this line alone: so it was stored before there was that."""
    conditions: tuple[Condition, ...] = ()
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
    points: str = Field(default="", exclude_if=_is_empty)
    """Kind of points, where it is in points and amounts are whole points; empty for money."""
    expires_at: datetime | None = Field(default=None, exclude_if=_is_none)
    """Of points: what is left of them is lost then."""


class Posting(Fact):
    """Which closing posts for which period. Both are named by when the period begins."""

    closing: datetime
    period: datetime
    """The one closed, or an earlier one that is rated again."""


class LinesPosted(Fact):
    """The commission lines of a sale, a return, a closing or a dispute, on whose stream this stands; at least one.

    What is earned in several assets together is posted by as many of these.
    """

    currency: str
    """Empty for points."""
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
    upline: tuple[str, ...] = Field(default=(), exclude_if=_is_empty)
    """Of a sale or return: UUIDs from the member credited up to the highest earner, as of the sale's time. The path of
    a line is as much of it as its level says: stored once, since thirty levels' own paths are 465 UUIDs."""
    lines: tuple[PostedLine, ...]

    @model_validator(mode="after")
    def _of_one_asset(self) -> Self:
        if any(line.points != self.points for line in self.lines) or bool(self.currency) == bool(self.points):
            raise ValueError("lines are posted by asset: either in one currency or in one kind of points")
        return self

    @property
    def points(self) -> str:
        """Kind of points that its lines are in; empty for money."""
        return self.lines[0].points if self.lines else ""


class PeriodSealed(Fact):
    """A period is closed: what it is rated on is fixed."""

    start: datetime
    end: datetime
    """The first moment behind it."""
    plan_hash: str
    """The version whose rules for periods apply; empty where none was in force when it began."""
    sales_cut: int
    """Sales, returns and granted ranks count that stand up to this position in this service's own store."""
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


class Text(Fact):
    """What people read, in every language that the network speaks."""

    en: str
    zh: str


class Alarm(Fact):
    """A rule that the network does not satisfy in a period."""

    id: str
    """UUID, made from the closing, the period, the rule and the member."""
    rule: str
    """With its pack: `CN/structure`."""
    severity: str
    """As the pack says."""
    member: str = ""
    """UUID of the member whom it is about, if it is about one."""
    found: Text
    law: Text
    satisfied_by: Text
    source: Text


class PeriodWatched(Fact):
    """What a period has come to as a closing rates it: what rules about the year need."""

    posting: Posting
    sold_minor: int
    """In the period, less what came back, rounded down."""
    paid_minor: int
    """All lines of the period in money, those posted with sales included."""
    currency: str


class AlarmsRaised(Fact):
    """Rules that the network does not satisfy in a period: a part of them all."""

    posting: Posting
    alarms: tuple[Alarm, ...]


class AlarmsCleared(Fact):
    """Alarms about a period that hold no longer as it is rated again."""

    posting: Posting
    alarms: tuple[str, ...]
    """UUIDs."""


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
    points: str = Field(default="", exclude_if=_is_empty)
    """Kind of points, if that is what the line is in."""
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
    """Empty for points."""
    points: str = Field(default="", exclude_if=_is_empty)
    """Kind of points, if that is what the line is in."""
    by: str
    why: str
    """Sealed (base64)."""


class RankGranted(Fact):
    """A member holds a rank whatever the plan's rules say, from a moment on."""

    member: str
    rank: str
    effective_from: datetime
    by: str
    """Subject of the credential that granted it."""


class RankGrantWithdrawn(Fact):
    """No rank is granted to a member from a moment on."""

    member: str
    effective_from: datetime
    by: str


ALL: tuple[type[Fact], ...] = (
    PlanPublished,
    SaleRecorded,
    ReturnRecorded,
    LinesPosted,
    PeriodSealed,
    MembersRated,
    PeriodClosed,
    PeriodWatched,
    AlarmsRaised,
    AlarmsCleared,
    DisputeOpened,
    DisputeAnswered,
    DisputeResolved,
    RankGranted,
    RankGrantWithdrawn,
)
"""Every type of event."""
