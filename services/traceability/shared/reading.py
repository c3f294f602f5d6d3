"""What captured events say. Read once where they come in, it is remembered until views and others have asked for it."""

import json
from collections.abc import Callable
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, cast

from fenxiao.epcis import Json, Names
from libs.eventlog import Recorded
from services.traceability.domain.commitments import text_of
from services.traceability.domain.entries import Entries, entries_of
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.domain.facts import Facts, facts_of

_REMEMBERED: Final = 5_000

_facts: dict[tuple[str, str], Facts] = {}
_entries: dict[tuple[str, str, str], Entries] = {}
_names: dict[str, Names] = {}


def remember(event: TraceEventCaptured, facts: Facts) -> None:
    """Keep what has just been read."""
    _make_room(_facts)
    _facts[text_of(event), event.context] = facts


def remember_entries(event: TraceEventCaptured, programme: str, entries: Entries) -> None:
    """Keep what stands in the index for it."""
    _make_room(_entries)
    _entries[programme, text_of(event), event.context] = entries


def entries_again(event: TraceEventCaptured, programme: str) -> Entries:
    """What stands in the index for an event. It is asked for once."""
    found = _entries.pop((programme, text_of(event), event.context), None)
    return found or entries_of(event, read_again(event), programme)


def _make_room(remembered: dict[Any, Any]) -> None:
    if len(remembered) >= _REMEMBERED:
        for key in list(remembered)[: _REMEMBERED // 2]:
            remembered.pop(key, None)


class ShownEvent(TraceEventCaptured):
    """An event as somebody sees it. It may hold what is sealed: nothing of it is remembered beyond it."""

    @cached_property
    def facts(self) -> Facts:
        """What it says."""
        return says(self)


Show = Callable[[Recorded[TraceEventCaptured]], Recorded[TraceEventCaptured] | None]
"""Makes of an event what a caller sees of it (`shared/viewing.py`)."""


def whole(recorded: Recorded[TraceEventCaptured]) -> Recorded[TraceEventCaptured]:
    """All of it, as it is stored: for what views are made of."""
    return recorded


def read_again(event: TraceEventCaptured) -> Facts:
    """What an event says."""
    if isinstance(event, ShownEvent):
        return event.facts
    found = _facts.get((text_of(event), event.context))
    if found is None:
        found = says(event)
        remember(event, found)
    return found


def fields_of(event: TraceEventCaptured) -> dict[str, Json]:
    """The JSON of an event: as it stood, or as it was meant."""
    # It was valid when it was captured: nothing is checked again.
    return cast("dict[str, Json]", json.loads(text_of(event), parse_float=Decimal, parse_int=Decimal))


def names_of(event: TraceEventCaptured) -> Names:
    """What the prefixes of an event stand for."""
    return _names_within(event, fields_of(event))


def says(event: TraceEventCaptured) -> Facts:
    """What an event says, read now and not remembered."""
    fields = fields_of(event)
    return facts_of(fields, _names_within(event, fields))


def _names_within(event: TraceEventCaptured, fields: dict[str, Json]) -> Names:
    names = _names_of(event.context)
    return names.within(fields["@context"]) if "@context" in fields else names


def _names_of(context: str) -> Names:
    found = _names.get(context)
    if found is None:
        if len(_names) >= 100:
            _names.clear()
        found = _names[context] = Names().within(json.loads(context))
    return found
