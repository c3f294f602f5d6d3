"""Where each EPCIS event stands in the store, in order of its time and of its record."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from libs.eventlog import Recorded, Tx, View
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.shared.reading import read_again

_DDL: Final = [
    "CREATE TABLE IF NOT EXISTS view_trace_events (position BIGINT PRIMARY KEY, programme TEXT NOT NULL,"
    " event_time BIGINT NOT NULL, recorded BIGINT NOT NULL, stream TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS view_trace_events_by_time ON view_trace_events (programme, event_time, position)",
    "CREATE INDEX IF NOT EXISTS view_trace_events_by_record ON view_trace_events (programme, recorded, position)",
]


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def recorded_micros(recorded: Recorded[TraceEventCaptured]) -> int:
    """When it was captured (`recordTime`), in microseconds since 1970."""
    return (recorded.recorded_at - _EPOCH) // timedelta(microseconds=1)


def _captured(tx: Tx, captured: Sequence[Recorded[TraceEventCaptured]]) -> None:
    tx.run_many(
        "INSERT INTO view_trace_events VALUES (?, ?, ?, ?, ?)",
        [
            (
                recorded.position,
                recorded.meta.programme,
                read_again(recorded.event).time,
                recorded_micros(recorded),
                recorded.stream.hex,
            )
            for recorded in captured
        ],
    )


VIEW = View("trace_events", _DDL, together={TraceEventCaptured: _captured})
