"""An event's JSON cut into fields that are shown, hidden and committed to one by one, each as it stands there.

A field is a member of the event; of lists each element, of `ilmd` and places each member. Two kinds of lists are cut
finer, so that what they name can be shown without how much it is, and one measurement without another: amounts of
classes into their members, sensor elements into their metadata and each report. What a prefix means is told by a field
of its own, the `@context` of the event's document.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, Final, NamedTuple, cast

from fenxiao.epcis.names import Names
from fenxiao.epcis.strict_json import Json

CONTEXT: Final = "@context"
"""Path of the document's context. JSON pointers begin with a slash, so no field of the event has it."""

_QUANTITIES: Final = frozenset({"quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"})
_SENSORS: Final = "sensorElementList"
_REPORTS: Final = "sensorReport"
_OBJECTS: Final = frozenset({"ilmd", "readPoint", "bizLocation"})

_scan = cast(
    "Callable[[str, int], tuple[Json, int]]",
    json.JSONDecoder(parse_float=Decimal, parse_int=Decimal).scan_once,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
)
"""Reads the value that begins at a place: it, and where it ends."""
_STRING_KEY: Final = r'[ \t\n\r]*("[^"\\]*(?:\\.[^"\\]*)*")[ \t\n\r]*:[ \t\n\r]*'
_FIRST_KEY: Final = re.compile(r"\{" + _STRING_KEY)
_NEXT_KEY: Final = re.compile(r"[ \t\n\r]*," + _STRING_KEY)
_FIRST: Final = re.compile(r"\[[ \t\n\r]*")
_NEXT: Final = re.compile(r"[ \t\n\r]*,[ \t\n\r]*")

Place = tuple[str | int, ...]
"""Where a field stands: keys and indexes."""


class EventField(NamedTuple):
    """A field of an event."""

    place: Place
    path: str
    """The place as JSON pointer (RFC 6901)."""
    value: Json
    start: int
    end: int
    """Where its text stands in the event's."""


def event_fields(text: str) -> list[EventField]:
    """Cut the JSON of a valid event. A key that stands twice counts where it stands last."""
    fields: list[EventField] = []
    for key, value, start, end in _members(text, 0):
        path = "/" + _escaped(key)
        if value and isinstance(value, list):
            _cut_list(text, start, (key,), path, fields, objects=key in _QUANTITIES, sensors=key == _SENSORS)
        elif value and key in _OBJECTS and isinstance(value, dict):
            for name, one, begins, ends in _members(text, start):
                fields.append(EventField((key, name), f"{path}/{_escaped(name)}", one, begins, ends))
        else:
            fields.append(EventField((key,), path, value, start, end))
    last = {field.path: field for field in fields}
    return fields if len(last) == len(fields) else sorted(last.values(), key=lambda field: field.start)


def _cut_list(
    text: str, start: int, place: Place, path: str, fields: list[EventField], *, objects: bool, sensors: bool
) -> None:
    """Add a field for each element, or for each member of it."""
    for number, (value, begins, ends) in enumerate(_elements(text, start)):
        below, here = (*place, number), f"{path}/{number}"
        if not (objects or sensors) or not value or not isinstance(value, dict):
            fields.append(EventField(below, here, value, begins, ends))
            continue
        for key, one, first, last in _members(text, begins):
            inner, there = (*below, key), f"{here}/{_escaped(key)}"
            if sensors and key == _REPORTS and one and isinstance(one, list):
                _cut_list(text, first, inner, there, fields, objects=False, sensors=False)
            else:
                fields.append(EventField(inner, there, one, first, last))


def _members(text: str, start: int) -> Iterator[tuple[str, Json, int, int]]:
    """The members of the object that begins there: key, value, and where the value begins and ends."""
    key = _FIRST_KEY.match(text, start)
    while key:
        quoted, begins = key[1], key.end()
        value, ends = _scan(text, begins)
        yield (json.loads(quoted) if "\\" in quoted else quoted[1:-1]), value, begins, ends
        key = _NEXT_KEY.match(text, ends)


def _elements(text: str, start: int) -> Iterator[tuple[Json, int, int]]:
    """The elements of the list that begins there, and where each begins and ends."""
    at = _FIRST.match(text, start)
    while at:
        begins = at.end()
        value, ends = _scan(text, begins)
        yield value, begins, ends
        at = _NEXT.match(text, ends)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def field_name(place: Place, names: Names) -> str:
    """Name what a field is, wherever in its lists it stands: `bizStep`, `quantityList/quantity`, `ilmd/{ns}local`."""
    return "/".join([names.key(part) for part in place if isinstance(part, str)])


def event_of(fields: Iterable[EventField]) -> dict[str, Json]:
    """Put an event together of some of its fields. Lists keep their order and close up."""
    root: dict[str | int, Any] = {}
    for field in fields:
        at = root
        for part in field.place[:-1]:
            at = at.setdefault(part, {})
        at[field.place[-1]] = _Whole(field.value)
    return _closed(root)


class _Whole(NamedTuple):
    value: Json


def _closed(value: Any) -> Any:
    if isinstance(value, _Whole):
        return value.value
    if value and all(isinstance(key, int) for key in value):
        return [_closed(one) for one in value.values()]
    return {key: _closed(one) for key, one in value.items()}
