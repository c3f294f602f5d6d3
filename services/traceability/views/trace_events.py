"""Which events name an object or a class of objects, in order of time.

Identifiers stand in their canonical form, so that the EPC URI and the Digital Link of one lot find the same path.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import UUID

from fenxiao.epcis import canonical_identifier
from fenxiao.errors import Refusal
from libs.eventlog import Reader, Recorded, Tx, View
from services.traceability.domain.events import TraceEventCaptured

_DDL = [
    "CREATE TABLE IF NOT EXISTS view_trace_epcs (programme TEXT NOT NULL, epc TEXT NOT NULL,"
    " event_time BIGINT NOT NULL, position BIGINT NOT NULL, event TEXT NOT NULL,"
    " PRIMARY KEY (programme, epc, event_time, position))",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Step:
    """One event on a path: its time in microseconds since 1970, its place in the store, its stream."""

    event_time: int
    position: int
    event: UUID

    @property
    def key(self) -> str:
        """Where the step stands on the path."""
        return f"{self.event_time}/{self.position}/{self.event.hex}"

    @classmethod
    def parse(cls, key: str) -> Self:
        """The opposite of `key`. Raises `Refusal` INVALID_PAGE_TOKEN."""
        try:
            event_time, position, event = key.split("/")
            # No more digits than fit into a BIGINT, whatever a stranger sends.
            return cls(int(event_time[:18]), int(position[:18]), UUID(event))
        except ValueError:
            raise Refusal(
                "INVALID_PAGE_TOKEN", "page_token is not one that this service gave out", field="page_token"
            ) from None


def _captured(tx: Tx, recorded: Recorded[TraceEventCaptured]) -> None:
    event_time = (recorded.event.event_time - _EPOCH) // timedelta(microseconds=1)
    tx.run_many(
        "INSERT INTO view_trace_epcs VALUES (?, ?, ?, ?, ?)",
        [
            (recorded.meta.programme, epc, event_time, recorded.position, recorded.stream.hex)
            for epc in dict.fromkeys(map(_canonical, recorded.event.epcs))
        ],
    )


def _canonical(epc: str) -> str:
    return canonical_identifier(epc) or epc


VIEW = View("trace_events", _DDL, own={TraceEventCaptured: _captured})


def events_of(reader: Reader, programme: str, epc: str, *, after: Step | None, limit: int) -> list[Step]:
    """The next steps on the path of an object or a class; of equal time in the order in which they were captured."""
    behind = "" if after is None else " AND (event_time, position) > (?, ?)"
    rows = reader.all(
        f"SELECT event_time, position, event FROM view_trace_epcs WHERE programme=? AND epc=?{behind}"  # noqa: S608 # one of two constants
        " ORDER BY event_time, position LIMIT ?",
        (programme, _canonical(epc), *((after.event_time, after.position) if after else ()), limit),
    )
    return [Step(int(event_time), int(position), UUID(event)) for event_time, position, event in rows]
