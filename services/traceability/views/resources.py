"""What events have named so far: objects, places, words of partners' own. For who looks around (`GET /epcs`)."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

from fenxiao.epcis import Vocabulary
from libs.eventlog import Reader, Recorded, Tx, View
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.domain.facts import Facts
from services.traceability.shared.reading import read_again

_DDL: Final = [
    "CREATE TABLE IF NOT EXISTS view_trace_resources (programme TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY (programme, kind, value))",
]


class Resource(StrEnum):
    """A kind of thing that events name; the value is its path."""

    EPC = "epcs"
    BIZ_STEP = "bizSteps"
    BIZ_LOCATION = "bizLocations"
    READ_POINT = "readPoints"
    DISPOSITION = "dispositions"
    EVENT_TYPE = "eventTypes"


STANDARD: Final = {
    Resource.BIZ_STEP: Vocabulary.BIZ_STEP.words,
    Resource.DISPOSITION: Vocabulary.DISPOSITION.words,
    Resource.EVENT_TYPE: frozenset(
        {"ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"}
    ),
}
"""Values that are there before anybody names them."""


def _named(facts: Facts) -> Iterator[tuple[Resource, str]]:
    yield from ((Resource.EPC, item.id) for item in facts.items if not item.is_class)
    for kind, value in (
        (Resource.BIZ_STEP, facts.biz_step),
        (Resource.BIZ_LOCATION, facts.biz_location),
        (Resource.READ_POINT, facts.read_point),
        (Resource.DISPOSITION, facts.disposition),
        (Resource.EVENT_TYPE, facts.kind),
    ):
        if value and value not in STANDARD.get(kind, ()):
            yield kind, value


def _captured(tx: Tx, captured: Sequence[Recorded[TraceEventCaptured]]) -> None:
    rows = {
        (recorded.meta.programme, kind.value, value)
        for recorded in captured
        for kind, value in _named(read_again(recorded.event))
    }
    tx.run_many("INSERT INTO view_trace_resources VALUES (?, ?, ?) ON CONFLICT DO NOTHING", sorted(rows))


VIEW = View("resources", _DDL, together={TraceEventCaptured: _captured})


def resources(reader: Reader, programme: str, kind: Resource, *, after: str, limit: int) -> list[str]:
    """The values of a kind behind one of them, in order."""
    rows = reader.all(
        "SELECT value FROM view_trace_resources WHERE programme=? AND kind=? AND value>? ORDER BY value LIMIT ?",
        (programme, kind.value, after, limit),
    )
    found = {str(value) for (value,) in rows} | {one for one in STANDARD.get(kind, ()) if one > after}
    return sorted(found)[:limit]
