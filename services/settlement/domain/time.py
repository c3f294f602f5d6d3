"""The programme's time: it comes as data and only goes forward."""

from datetime import datetime, timedelta
from typing import Final

from fenxiao.errors import Kind, Refusal
from services.settlement.domain.events import AdvancedTo

TOLERANCE: Final = timedelta(days=1)
"""How far ahead of the clock time may be set: somewhere on earth it is tomorrow already."""


def decide_advance(time: datetime | None, as_of: datetime, now: datetime) -> AdvancedTo | None:
    """Advance the programme's time to `as_of`; None if it stands there already."""
    if as_of > now + TOLERANCE:
        message = f"{as_of.isoformat()} is in the future; name a time that has come."
        raise Refusal("AS_OF_IN_FUTURE", message, field="as_of")
    if time is not None and as_of < time:
        message = f"The programme's time has come to {time.isoformat()} and does not go back; name that or a later one."
        raise Refusal("AS_OF_GOES_BACK", message, field="as_of", kind=Kind.FAILED_PRECONDITION)
    return None if as_of == time else AdvancedTo(as_of=as_of)
