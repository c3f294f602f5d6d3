"""Times of events: `date-time` of RFC 3339, as `xsd:dateTimeStamp` always with an offset.

A leap second (23:59:60 in UTC) is the first second of the next day. The years 1 to 9999 are taken, in UTC as well.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_LOCAL: Final = r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|(60)))(?:\.([0-9]+))?"
_MOMENT: Final = re.compile(_LOCAL + r"([Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])")
_WITHOUT_OFFSET: Final = re.compile(_LOCAL)
_SECOND: Final = timedelta(seconds=1)


def lacks_offset(text: str) -> bool:
    """Whether a text would be a time if it named its offset."""
    return _WITHOUT_OFFSET.fullmatch(text) is not None


def is_moment(text: str) -> bool:
    """Whether a text is a time with its offset."""
    try:
        _read(text)
    except ValueError:
        return False
    return True


def to_utc(text: str) -> datetime:
    """Read a time as UTC, cut to the microsecond. Raises ValueError."""
    seconds, fraction = _read(text)
    return seconds + timedelta(microseconds=int(fraction[:6].ljust(6, "0")))


def milliseconds_in_utc(text: str) -> str:
    """Write a time as the event hash does, rounded half up to the millisecond. Raises ValueError."""
    seconds, fraction = _read(text)
    digits = fraction[:4].ljust(4, "0")
    if digits[3] < "5":
        return f"{seconds.isoformat()[:19]}.{digits[:3]}Z"
    moment = seconds + timedelta(milliseconds=int(digits[:3]) + 1)
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z"


def _read(text: str) -> tuple[datetime, str]:
    """The whole seconds in UTC, and the digits of the fraction."""
    return _remembered(text) if len(text) <= _USUAL_LENGTH else _parse(text)


def _parse(text: str) -> tuple[datetime, str]:
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is not a time with its offset")
    local, leap, fraction, offset = found.groups(default="")
    moment = datetime.fromisoformat((local[:-2] + "59" if leap else local) + offset.upper())
    try:
        # A margin for the rounding, so that what can be read can also be written.
        moment = (moment.astimezone(UTC) + _SECOND) - _SECOND
    except OverflowError:
        raise ValueError(f"{text[:40]!r} is outside the years 1 to 9999") from None
    if leap:
        if (moment.hour, moment.minute) != (23, 59):
            raise ValueError(f"{text[:40]!r} names a leap second where there can be none")
        moment += _SECOND
    return moment, fraction


_USUAL_LENGTH: Final = 40
"""Longer texts are not remembered: they may be as long as a document."""
_remembered: Final = lru_cache(maxsize=4096)(_parse)
