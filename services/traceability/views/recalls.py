"""Recalls, and what each of them names as affected."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from libs.eventlog import Reader, Recorded, Tx, View
from services.traceability.domain.events import GoodsRecalled, RecallClosed
from services.traceability.views.genealogy import node_of

_DDL: Final = [
    "CREATE TABLE IF NOT EXISTS view_recalls (recall TEXT PRIMARY KEY, programme TEXT NOT NULL,"
    " position BIGINT NOT NULL, epc TEXT NOT NULL, reason TEXT NOT NULL, opened BIGINT NOT NULL,"
    " closed BIGINT, affected BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS view_recalls_by_programme ON view_recalls (programme, position)",
    "CREATE TABLE IF NOT EXISTS view_recalled (item BYTEA NOT NULL, recall TEXT NOT NULL, PRIMARY KEY (item, recall))",
]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recall:
    """A recall."""

    id: UUID
    position: int
    epc: str
    reason: str
    opened: int
    closed: int | None
    affected: int


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _recalled(tx: Tx, recorded: Recorded[GoodsRecalled]) -> None:
    event, programme = recorded.event, recorded.meta.programme
    tx.run(
        "INSERT INTO view_recalls VALUES (?, ?, ?, ?, ?, ?, NULL, ?) ON CONFLICT (recall) DO NOTHING",
        (
            recorded.stream.hex, programme, recorded.position, event.epc, event.reason, _micros(event.recalled_at),
            event.affected,
        ),
    )  # fmt: skip
    tx.run_many(
        "INSERT INTO view_recalled VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(node_of(programme, name), recorded.stream.hex) for name in event.items],
    )


def _closed(tx: Tx, recorded: Recorded[RecallClosed]) -> None:
    tx.run("UPDATE view_recalls SET closed=? WHERE recall=?", (_micros(recorded.event.closed_at), recorded.stream.hex))


VIEW = View("recalls", _DDL, own={GoodsRecalled: _recalled, RecallClosed: _closed})


def recalls(
    reader: Reader, programme: str, *, name: str = "", open_only: bool = False, before: int = 2**62, limit: int = 100
) -> list[Recall]:
    """Recalls, the newest first; with a name only those that affect it."""
    sql, params = "", list[object]()
    if name:
        sql += " AND recall IN (SELECT recall FROM view_recalled WHERE item=?)"
        params.append(node_of(programme, name))
    if open_only:
        sql += " AND closed IS NULL"
    rows = reader.all(
        "SELECT recall, position, epc, reason, opened, closed, affected FROM view_recalls"  # noqa: S608 - constants
        f" WHERE programme=? AND position<?{sql} ORDER BY position DESC LIMIT ?",
        (programme, before, *params, limit),
    )
    return [Recall(UUID(hex=one), int(at), *rest) for one, at, *rest in rows]
