"""Between protobuf's time stamps and Python's."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.errors import Refusal


def to_timestamp(moment: datetime) -> Timestamp:
    """An aware datetime as a time stamp."""
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def from_timestamp(stamp: Timestamp, field: str = "") -> datetime:
    """A time stamp as an aware datetime in UTC, to the microsecond. Raises `Refusal` INVALID_TIME out of range."""
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Refusal("INVALID_TIME", "the time is outside the years 1 to 9999", field=field) from None
