"""Events as they are given out: an EPCISQueryDocument, in which each event keeps its meaning.

An event carries the prefixes of the document that it came with. Where all events of a page have the same, they stand
once, at the document; where they differ, each event has its own. `recordTime` says when it was captured, and an event
that came without `eventID` has its hash as one: neither counts for the hash.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from fenxiao.epcis import Json, Names, canonical_identifier
from fenxiao.epcis.names import KNOWN_CONTEXTS, STANDARD_CONTEXT
from fenxiao.epcis.strict_json import to_text
from fenxiao.epcis.xml import Spelling, write_document, write_event
from libs.eventlog import Recorded
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.shared.reading import fields_of

_LISTS: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_QUANTITIES: Final = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_PARTIES: Final = (
    ("bizTransactionList", "bizTransaction"),
    ("sourceList", "source"),
    ("destinationList", "destination"),
)


def query_document(
    events: Sequence[Recorded[TraceEventCaptured]],
    *,
    name: str,
    made: datetime,
    subscription: str = "",
    as_links: bool = False,
) -> bytes:
    """The answer to a query. `as_links`: identifiers are written as Digital Links, however they were captured."""
    contexts = [_context(one.event) for one in events]
    shared = contexts[0] if contexts and all(one == contexts[0] for one in contexts) else []
    listed: list[Json] = [
        _event(one, [] if shared else context, as_links=as_links) for one, context in zip(events, contexts, strict=True)
    ]
    results: dict[str, Json] = {
        "queryName": name,
        **({"subscriptionID": subscription} if subscription else {}),
        "resultsBody": {"eventList": listed},
    }
    document: dict[str, Json] = {
        "@context": _written([STANDARD_CONTEXT, *shared]),
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": moment_text(made),
        "epcisBody": {"queryResults": results},
    }
    return to_text(document).encode()


def query_document_in_xml(
    events: Sequence[Recorded[TraceEventCaptured]], *, name: str, made: datetime, spelling: Spelling, as_links: bool
) -> bytes:
    """The answer to a query, in XML. Raises `EpcisError` NOT_IN_XML."""

    def written(recorded: Recorded[TraceEventCaptured]) -> str:
        fields = _event(recorded, _context(recorded.event), as_links=as_links)
        return write_event(fields, Names().within(fields.get("@context")), spelling)

    root: dict[str, Json] = {
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": moment_text(made),
        "epcisBody": {"queryResults": {"queryName": name}},
    }
    return "".join(write_document(root, map(written, events))).encode()


def moment_text(moment: datetime) -> str:
    """A time as the standard writes it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _context(event: TraceEventCaptured) -> list[Json]:
    """The definitions that an event needs beside the standard's, in their order."""
    found: list[Json] = []
    own = fields_of(event).get("@context")
    shared: Json = json.loads(event.context)
    for context in (shared, own):
        parts: list[Json] = context if isinstance(context, list) else [context]
        for part in parts:
            if part is None or part == {} or (isinstance(part, str) and part in KNOWN_CONTEXTS):
                continue
            if part in found:  # later definitions count before earlier ones
                found.remove(part)
            found.append(part)
    return found


def _written(parts: list[Json]) -> Json:
    return parts[0] if len(parts) == 1 else parts


def _event(recorded: Recorded[TraceEventCaptured], context: list[Json], *, as_links: bool) -> dict[str, Json]:
    fields = {key: value for key, value in fields_of(recorded.event).items() if key not in ("@context", "recordTime")}
    if as_links:
        fields = _with_links(fields)
    return {
        **({"@context": _written([STANDARD_CONTEXT, *context])} if context else {}),
        **fields,
        "eventID": fields.get("eventID") or recorded.event.event_id,
        "recordTime": moment_text(recorded.recorded_at),
    }


def _with_links(fields: dict[str, Json]) -> dict[str, Json]:
    changed = dict(fields)
    for key in _LISTS:
        if isinstance(found := fields.get(key), list):
            changed[key] = [_link(one) for one in found]
    for key in _QUANTITIES:
        changed |= _each(fields, key, "epcClass")
    for key, inner in _PARTIES:
        changed |= _each(fields, key, inner)
    for key in ("readPoint", "bizLocation"):
        if isinstance(place := fields.get(key), dict):
            changed[key] = {**place, "id": _link(place.get("id"))}
    if "parentID" in fields:
        changed["parentID"] = _link(fields["parentID"])
    return changed


def _each(fields: Mapping[str, Json], key: str, inner: str) -> dict[str, Json]:
    found = fields.get(key)
    if not isinstance(found, list):
        return {}
    return {key: [{**one, inner: _link(one.get(inner))} if isinstance(one, dict) else one for one in found]}


def _link(value: Json) -> Json:
    return (canonical_identifier(value) or value) if isinstance(value, str) else value
