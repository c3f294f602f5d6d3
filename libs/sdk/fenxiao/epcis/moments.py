"""Times of events: `xsd:dateTimeStamp`, always with an offset."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_LOCAL: Final = r"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])(?:\.([0-9]{1,30}))?"
_MOMENT: Final = re.compile(_LOCAL + r"(Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)")
_WITHOUT_OFFSET: Final = re.compile(_LOCAL)


def lacks_offset(text: str) -> bool:
    """Whether a text would be a time if it named its offset."""
    return _WITHOUT_OFFSET.fullmatch(text) is not None


def to_utc(text: str) -> datetime:
    """Read a time as UTC, cut to the microsecond. Raises ValueError."""
    seconds, fraction = _read(text)
    return seconds + timedelta(microseconds=int(fraction[:6].ljust(6, "0")))


def milliseconds_in_utc(text: str) -> str:
    """Write a time as the event hash does, rounded half up to the millisecond. Raises ValueError."""
    seconds, fraction = _read(text)
    digits = fraction[:4].ljust(4, "0")
    moment = seconds + timedelta(milliseconds=int(digits[:3]) + (digits[3] >= "5"))
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _read(text: str) -> tuple[datetime, str]:
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is not a time with its offset")
    seconds, fraction, offset = found.groups(default="")
    moment = datetime.fromisoformat(seconds + offset)
    try:
        # A margin for the rounding, so that what can be read can also be written.
        return (moment.astimezone(UTC) + timedelta(seconds=1)) - timedelta(seconds=1), fraction
    except OverflowError:
        raise ValueError(f"{text[:40]!r} is outside the years 1 to 9999") from None
