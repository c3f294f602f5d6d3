"""Times as people write them, put into the form of the standard, where only one time can be meant."""

import re
from typing import Final

from fenxiao.epcis.formats import is_date_time

_TIME: Final = re.compile(
    r"([0-9]{4})([-/.]?)([0-9]{2})\2([0-9]{2})[Tt ]\s*([0-9]{2}):?([0-9]{2})(?::?([0-9]{2})(?:[.,]([0-9]+))?)?"
    r"\s*(Z|z|UTC|GMT|[+-][0-9]{1,2}(?::?[0-9]{2})?)?"
)
_OFFSET: Final = re.compile(r"([+-]?)([0-9]{1,2})(?::?([0-9]{2}))?")
_ZERO: Final = frozenset({"Z", "z", "UTC", "GMT"})
_ENDING: Final = re.compile(r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})\Z")


def mend_time(text: str, offset: str) -> str | None:
    """Write a time as RFC 3339 has it; `offset` is taken where it has none. None if no time can be made of it."""
    if is_date_time(text):
        return text
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    year, _, month, day, hour, minute, second, fraction, own = found.groups(default="")
    ending = mend_offset(own) if own else offset
    if not ending:
        return None
    made = f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{'.' + fraction if fraction else ''}{ending}"
    return made if is_date_time(made) else None


def mend_offset(text: str) -> str | None:
    """Write an offset from UTC as `+01:00`; None if it is none."""
    text = text.strip().removeprefix("UTC").removeprefix("GMT") or "Z"
    if text in _ZERO:
        return "+00:00"
    found = _OFFSET.fullmatch(text)
    if found is None:
        return None
    sign, hours, minutes = found.groups(default="")
    return f"{sign or '+'}{hours:0>2}:{minutes or '00'}"


def offset_of(time: str) -> str:
    """Give the offset at the end of a time; empty without one."""
    found = _ENDING.search(time)
    return (mend_offset(found.group()) or "") if found else ""
