"""Captures: what was sent, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from libs.eventlog import Reader, Recorded, Tx, View
from services.traceability.domain.events import Behaviour, CaptureFinished, CaptureReceived

_DDL: Final = [
    "CREATE TABLE IF NOT EXISTS view_captures (capture TEXT PRIMARY KEY, programme TEXT NOT NULL,"
    " position BIGINT NOT NULL, finished BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS view_captures_by_programme ON view_captures (programme, position)",
    "CREATE INDEX IF NOT EXISTS view_captures_unfinished ON view_captures (finished, position)",
]


@dataclass(frozen=True, slots=True)
class Capture:
    """A capture."""

    id: UUID
    programme: str
    position: int
    created: datetime
    received: CaptureReceived
    finished: datetime | None = None
    result: CaptureFinished | None = None

    @property
    def success(self) -> bool:
        """Whether nothing was wrong, so far."""
        return self.result is None or not self.result.errors

    @property
    def behaviour(self) -> Behaviour:
        """What becomes of it when some events are wrong."""
        return self.received.behaviour


def _received(tx: Tx, recorded: Recorded[CaptureReceived]) -> None:
    tx.run(
        "INSERT INTO view_captures VALUES (?, ?, ?, 0)",
        (recorded.stream.hex, recorded.meta.programme, recorded.position),
    )


def _finished(tx: Tx, recorded: Recorded[CaptureFinished]) -> None:
    tx.run("UPDATE view_captures SET finished=1 WHERE capture=?", (recorded.stream.hex,))


VIEW = View("captures", _DDL, own={CaptureReceived: _received, CaptureFinished: _finished})


def capture_of(reader: Reader, programme: str, capture: UUID, *, sent_by: str = "") -> Capture | None:
    """A capture by its id; with `sent_by`, if he has sent it."""
    events: Sequence[Recorded[Any]] = reader.load(capture)
    if not events or not isinstance(events[0].event, CaptureReceived) or events[0].meta.programme != programme:
        return None
    if sent_by and events[0].meta.actor != sent_by:
        return None
    first, last = events[0], events[-1]
    done = last if isinstance(last.event, CaptureFinished) else None
    return Capture(
        capture,
        programme,
        first.position,
        first.recorded_at,
        first.event,
        done.recorded_at if done else None,
        done.event if done else None,
    )


def captures_of(reader: Reader, programme: str, *, before: int, limit: int) -> list[UUID]:
    """The newest captures that stand before a position."""
    rows = reader.all(
        "SELECT capture FROM view_captures WHERE programme=? AND position<? ORDER BY position DESC LIMIT ?",
        (programme, before, limit),
    )
    return [UUID(capture) for (capture,) in rows]


def next_unfinished(reader: Reader) -> tuple[UUID, str] | None:
    """The oldest capture that is not finished, and its programme."""
    row = reader.one("SELECT capture, programme FROM view_captures WHERE finished=0 ORDER BY position LIMIT 1")
    return (UUID(row[0]), str(row[1])) if row else None
