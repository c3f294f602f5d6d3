"""When periods begin and end: calendar days, weeks, months, quarters and years in the programme's time zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fenxiao.plans.language.model import PeriodLength
from fenxiao.plans.periods.inputs import Period

_MONTHS = {PeriodLength.MONTH: 1, PeriodLength.QUARTER: 3, PeriodLength.YEAR: 12}


def period_at(length: PeriodLength, zone: ZoneInfo, moment: datetime) -> Period:
    """Give the period that a moment (aware) lies in. Both ends are UTC."""
    first = _first_day(length, moment.astimezone(zone).date())
    return Period(_midnight(first, zone), _midnight(_following(length, first), zone))


def periods(length: PeriodLength, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Period]:
    """Give every period, from the one that `start` lies in to the last that begins before `end`."""
    period = period_at(length, zone, start)
    while period.start < end:
        yield period
        period = period_at(length, zone, period.end)


def _first_day(length: PeriodLength, day: date) -> date:
    match length:
        case PeriodLength.DAY:
            return day
        case PeriodLength.WEEK:
            return day - timedelta(days=day.weekday())
        case _:
            months = _MONTHS[length]
            return date(day.year, (day.month - 1) // months * months + 1, 1)


def _following(length: PeriodLength, first: date) -> date:
    match length:
        case PeriodLength.DAY:
            return first + timedelta(days=1)
        case PeriodLength.WEEK:
            return first + timedelta(days=7)
        case _:
            month = first.month - 1 + _MONTHS[length]
            return date(first.year + month // 12, month % 12 + 1, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day. Where clocks skip midnight, it is when they are set forward (PEP 495, fold 0)."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
