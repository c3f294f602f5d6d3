"""Times in the views' tables: whole microseconds since 1970, which both databases compare alike."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

FOREVER = 2**62
"""Later than any time."""


def micros(moment: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(number: int) -> datetime:
    """The opposite of `micros`, in UTC."""
    return _EPOCH + number * _MICROSECOND
