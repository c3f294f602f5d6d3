"""Documents written anew in the other form: JSON as XML, XML as JSON, event by event."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import BinaryIO

from fenxiao.epcis.issues import MOST_ISSUES, EpcisError, EpcisIssue
from fenxiao.epcis.names import STANDARD_CONTEXT
from fenxiao.epcis.reading import EventReader, Profile, ReadEvent
from fenxiao.epcis.strict_json import WIDE, Json, Limits, to_text
from fenxiao.epcis.xml import write_document, write_event

_LIST = '"eventList":[]'
_ON_THE_WAY = ("epcisBody", "queryResults", "resultsBody", "eventList")


class Form(StrEnum):
    """How a document is written."""

    JSON = "json"
    XML = "xml"


def convert(source: BinaryIO, form: Form, profile: Profile = Profile.STRICT, limits: Limits = WIDE) -> Iterator[str]:
    """Write a document piece by piece. Raises `EpcisError`.

    It is read twice: what stands behind the events may belong before them.
    """
    start = source.tell()
    reader = EventReader(source, profile, limits)
    first, wrong = None, list[EpcisIssue]()
    for event in reader.read():
        first = first or event
        wrong += event.issues[: MOST_ISSUES - len(wrong)]
    if wrong := [*reader.issues, *wrong]:
        raise EpcisError(wrong)
    root = {"@context": STANDARD_CONTEXT, **reader.root} if reader.root else _around(first)
    source.seek(start)
    events = EventReader(source, profile, limits).read()
    if form is Form.XML:
        yield from write_document(root, (write_event(event.fields, event.names) for event in events))
    else:
        yield from _write_json(root, events)


def _write_json(root: Mapping[str, Json], events: Iterable[ReadEvent]) -> Iterator[str]:
    head, _, tail = to_text(_list_last(root)).rpartition(_LIST)
    yield head + _LIST[:-1]
    for number, event in enumerate(events):
        yield (",\n" if number else "\n") + event.json
    yield "]" + tail + "\n"


def _list_last(fields: Mapping[str, Json]) -> dict[str, Json]:
    """Put what leads to the events behind everything else."""
    made = {name: value for name, value in fields.items() if name not in _ON_THE_WAY}
    for name, value in fields.items():
        if name in _ON_THE_WAY:
            made[name] = _list_last(value) if isinstance(value, dict) else value
    return made


def _around(first: ReadEvent | None) -> dict[str, Json]:
    """Make a document for events that had none: it is as old as the first of them."""
    created = first.fields.get("recordTime", first.fields["eventTime"]) if first else None
    return {
        "@context": [STANDARD_CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": created,
        "epcisBody": {"eventList": []},
    }
