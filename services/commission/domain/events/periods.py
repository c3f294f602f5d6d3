"""Periods that are closed."""

from datetime import datetime

from pydantic import Field

from services.commission.domain.events.fact import Exact, Fact
from services.commission.domain.events.lines import Posting


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
    carry: dict[str, tuple[int, ...]] = Field(default_factory=dict[str, tuple[int, ...]])
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


class PeriodWatched(Fact):
    """What a period has come to as a closing rates it: what rules about the year need."""

    posting: Posting
    sold_minor: int
    """In the period, less what came back, rounded down."""
    paid_minor: int
    """All lines of the period in money, those posted with sales included."""
    currency: str
