"""What captured events say. Read once where they come in, it is remembered until views and others have asked for it."""

import json
from decimal import Decimal
from typing import Final, cast

from fenxiao.epcis import Json, Names
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.domain.facts import Facts, facts_of

_REMEMBERED: Final = 20_000

_facts: dict[tuple[str, str], Facts] = {}
_names: dict[str, Names] = {}


def remember(event: TraceEventCaptured, facts: Facts) -> None:
    """Keep what has just been read."""
    if len(_facts) >= _REMEMBERED:
        for key in list(_facts)[: _REMEMBERED // 2]:
            _facts.pop(key, None)
    _facts[event.document, event.context] = facts


def read_again(event: TraceEventCaptured) -> Facts:
    """What an event says."""
    found = _facts.get((event.document, event.context))
    if found is None:
        fields = fields_of(event)
        names = _names_of(event.context)
        found = facts_of(fields, names.within(fields["@context"]) if "@context" in fields else names)
        remember(event, found)
    return found


def fields_of(event: TraceEventCaptured) -> dict[str, Json]:
    """The JSON of an event: as it stood, or as it was meant."""
    # It was valid when it was captured: nothing is checked again.
    text = event.mended or event.document
    return cast("dict[str, Json]", json.loads(text, parse_float=Decimal, parse_int=Decimal))


def _names_of(context: str) -> Names:
    found = _names.get(context)
    if found is None:
        if len(_names) >= 100:
            _names.clear()
        found = _names[context] = Names().within(json.loads(context))
    return found
