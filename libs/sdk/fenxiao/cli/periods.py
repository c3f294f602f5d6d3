"""Times as people name them: dates, months and spans, in the programme's time zone."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fenxiao.cli.exits import Misuse
from fenxiao.errors import Refusal

_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_YEAR = re.compile(r"[0-9]{4}")


def zone(name: str) -> ZoneInfo:
    """Give a time zone by its IANA name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        message = (
            f"There is no time zone {name[:64]!r} here; write an IANA name such as Europe/London. "
            "If it is one, this machine lacks its time zones: install the package tzdata."
        )
        raise Refusal("NO_TIME_ZONE", message) from None


def read_moment(text: str, where: ZoneInfo) -> datetime:
    """Read a date (its beginning there) or a time with its offset."""
    try:
        if len(text) == len("2010-12-01"):
            return datetime.combine(date.fromisoformat(text), time(), where).astimezone(UTC)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    message = f"{text[:40]!r} is no time; write a date such as 2011-02-01, or 2011-02-01T12:00:00Z."
    raise Misuse("INVALID_TIME", message)


def read_period(text: str, where: ZoneInfo) -> tuple[datetime, datetime]:
    """Read a month, a year, a day, or FROM/TO: from the first moment (included) to the second (not included)."""
    try:
        if "/" in text:
            first, _, last = text.partition("/")
            start, end = read_moment(first, where), read_moment(last, where)
        elif found := _MONTH.fullmatch(text):
            first_day = date(int(found[1]), int(found[2]), 1)
            start, end = _beginning(first_day, where), _beginning(_next_month(first_day), where)
        elif _YEAR.fullmatch(text):
            start, end = _beginning(date(int(text), 1, 1), where), _beginning(date(int(text) + 1, 1, 1), where)
        else:
            day = date.fromisoformat(text)
            start, end = _beginning(day, where), _beginning(day + timedelta(days=1), where)
    except (ValueError, OverflowError):
        message = f"{text[:60]!r} is no period; write a month (2010-12), a year, a day, or FROM/TO."
        raise Misuse("INVALID_PERIOD", message) from None
    if start >= end:
        raise Misuse("INVALID_PERIOD", "A period ends after it begins.")
    return start, end


def _beginning(day: date, where: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), where).astimezone(UTC)


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
