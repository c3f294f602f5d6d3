"""Moments in time: RFC 3339 with an offset in, aware UTC inside."""

import re
from datetime import UTC, datetime

from fenxiao.errors import Refusal

_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


def parse_instant(text: str, *, field: str = "") -> datetime:
    """Read an RFC 3339 time with its offset, to the microsecond at most, as UTC."""
    try:
        if _INSTANT.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # a month 13, or the year 1 east of Greenwich: well formed, yet no time
    raise Refusal(
        "INVALID_TIME",
        f"{text[:40]!r} is not a time; write RFC 3339 with the offset, such as 2010-12-01T08:26:00Z.",
        field=field,
    )


def format_instant(moment: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC, with fractions of a second only where there are some."""
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
