"""What commission records: domain events. They never leave the service; `published.py` says what others see."""

from services.commission.domain.events.alarms import Alarm, AlarmsCleared, AlarmsRaised, Text
from services.commission.domain.events.conditions import Condition, Delivered, Identity, ReturnWindow, Threshold
from services.commission.domain.events.disputes import DisputeAnswered, DisputeOpened, DisputeResolved, Outcome
from services.commission.domain.events.fact import Exact, Fact
from services.commission.domain.events.lines import LinesPosted, PostedLine, Posting
from services.commission.domain.events.periods import (
    MembersRated,
    PeriodClosed,
    PeriodSealed,
    PeriodWatched,
    RatedMember,
)
from services.commission.domain.events.plans import PlanPublished, RuleOverride
from services.commission.domain.events.ranks import RankGranted, RankGrantWithdrawn
from services.commission.domain.events.sales import Goods, Report, ReturnRecorded, SaleClass, SaleRecorded

__all__ = [
    "ALL",
    "Alarm",
    "AlarmsCleared",
    "AlarmsRaised",
    "Condition",
    "Delivered",
    "DisputeAnswered",
    "DisputeOpened",
    "DisputeResolved",
    "Exact",
    "Fact",
    "Goods",
    "Identity",
    "LinesPosted",
    "MembersRated",
    "Outcome",
    "PeriodClosed",
    "PeriodSealed",
    "PeriodWatched",
    "PlanPublished",
    "PostedLine",
    "Posting",
    "RankGrantWithdrawn",
    "RankGranted",
    "RatedMember",
    "Report",
    "ReturnRecorded",
    "ReturnWindow",
    "RuleOverride",
    "SaleClass",
    "SaleRecorded",
    "Text",
    "Threshold",
]

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
