"""Which version of a plan is in force when, and which period it closes."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from fenxiao.errors import Refusal
from fenxiao.plans.language.model import Plan
from fenxiao.plans.periods.calendar import period_at
from fenxiao.plans.periods.inputs import Period
from fenxiao.plans.sales.rating import in_force


class Span(NamedTuple):
    """A part of a period in which one version rates what posts with the sale."""

    plan: Plan
    start: datetime
    end: datetime


class Term(NamedTuple):
    """A period and what rates it."""

    period: Period
    plan: Plan
    """In force at the period's first moment: rates what posts at the close."""
    spans: tuple[Span, ...]
    """The versions in force over the period, one behind the other; one, unless another came into force within it."""


def timetable(versions: Sequence[Plan], start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[Term]:
    """Give the periods from the one that holds `start` to the last that begins before `end`.

    A version that comes into force within a period rates the sales of its time from then on, but the components of the
    period only from the next one. The very first version begins a period wherever it comes into force, since nothing
    is rated before. Where a version has periods of another length, the one under way ends as it began, and the next
    ends where it does in the calendar. Raises `Refusal` VERSIONS_OVERLAP for two of one moment.
    """
    ordered = sorted(versions, key=lambda plan: plan.effective_from)
    for one, other in pairwise(ordered):
        if one.effective_from == other.effective_from:
            message = f"Versions {one.version!r} and {other.version!r} come into force at one moment; only one can."
            raise Refusal("VERSIONS_OVERLAP", message, field="effective_from")
    at = _beginning(ordered, max(start, ordered[0].effective_from), zone)
    while at < end:
        plan = _of(ordered, at)
        period = Period(at, _period(plan, at, zone).end)
        starts = [at, *(other.effective_from for other in ordered if at < other.effective_from < period.end)]
        spans = (Span(_of(ordered, begin), begin, until) for begin, until in pairwise([*starts, period.end]))
        yield Term(period, plan, tuple(spans))
        at = period.end


def _beginning(versions: Sequence[Plan], moment: datetime, zone: ZoneInfo) -> datetime:
    """Find when the period begins that holds a moment; the same wherever one begins to look."""
    # When each version's first period begins: its own, unless another one has come into force by then.
    begins = versions[0].effective_from
    found = max(begins, _period(versions[0], moment, zone).start)
    for before, plan in pairwise(versions):
        if plan.effective_from > begins:
            under_way = _period(before, plan.effective_from, zone)
            begins = plan.effective_from if under_way.start == plan.effective_from else under_way.end
        if begins > moment:
            break
        found = max(begins, _period(plan, moment, zone).start)
    return found


def _of(versions: Sequence[Plan], at: datetime) -> Plan:
    plan = in_force(versions, at)
    assert plan is not None, "no period begins before the first version is in force"
    return plan


def _period(plan: Plan, at: datetime, zone: ZoneInfo) -> Period:
    try:
        return period_at(plan.period, zone, at)
    except (OverflowError, ValueError):
        message = "A period reaches beyond the years 1 to 9999; look at the times."
        raise Refusal("INVALID_TIME", message, field="occurred_at") from None
