"""Shows a period."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Kind, Refusal
from fenxiao.plans.periods.timetable import Term
from libs.eventlog import Reader
from libs.servicekit import Call
from services.commission.api.messages import first_day, open_period_message, period_message
from services.commission.api.names import PERIOD, id_in
from services.commission.domain.closing import next_term
from services.commission.domain.sales import Programme
from services.commission.views.periods import PeriodRow, newest_sealed, period_between
from services.commission.views.plans import published, version_of
from services.commission.views.programmes import programme_of

OPEN = "open"
"""Stands in a name for the oldest period that is not sealed."""


def get_period(reader: Reader, request: pb.GetPeriodRequest, call: Call) -> pb.Period:
    """The one that begins on a day, or the open one."""
    programme = programme_of(reader, call.programme)
    wanted = id_in(PERIOD, call.programme, request.name, "name")
    found = None if wanted == OPEN else sealed_on(reader, call.programme, programme, wanted, "name")
    if found is not None:
        return period_message(call.programme, programme, found)
    following = open_term(reader, call.programme, programme)
    if following is None:
        message = "No plan has been published, so there are no periods; publish one."
        raise Refusal("NO_PLAN_IN_FORCE", message, kind=Kind.FAILED_PRECONDITION)
    term, plan_hash = following
    if wanted in {OPEN, first_day(term.period.start, programme.zone)}:
        return open_period_message(call.programme, programme, term, plan_hash)
    raise unknown_period(wanted)


def open_term(reader: Reader, programme_id: str, programme: Programme) -> tuple[Term, str] | None:
    """The oldest period that is not sealed, and the hash of the plan that rates it; None before the first plan."""
    versions = {one.effective_from: one.hash for one in published(reader, programme_id)}
    plans = [version.plan for one in versions.values() if (version := version_of(reader, programme_id, one))]
    newest = newest_sealed(reader, programme_id)
    term = next_term(plans, programme.zone, newest.sealed.end if newest else None)
    return (term, versions[term.plan.effective_from]) if term else None


def sealed_on(reader: Reader, programme_id: str, programme: Programme, day: str, field: str) -> PeriodRow | None:
    """The sealed period that begins on a day (`2026-01-01`) of the programme's time zone."""
    start, end = _day(day, programme.zone, field)
    return period_between(reader, programme_id, start, end)


def unknown_period(day: str) -> Refusal:
    """The refusal for a period that is not there."""
    message = f"No period begins on {day[:40]}; list the periods to see which there are."
    return Refusal("UNKNOWN_PERIOD", message, field="period", kind=Kind.NOT_FOUND)


def _day(text: str, zone: ZoneInfo, field: str) -> tuple[datetime, datetime]:
    try:
        day = date.fromisoformat(text)
        start, end = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
        return start.astimezone(UTC), end.astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{text[:40]!r} is not a day; write the period's first day, such as 2026-01-01."
        raise Refusal("INVALID_PERIOD", message, field=field) from None
