"""Alerts: where each stands in the store, and whether it holds."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from libs.eventlog import Reader, Recorded, Tx, View
from services.traceability.domain.events import AlertCleared, AlertRaised
from services.traceability.domain.rules.deciding import rule_key

_DDL: Final = [
    "CREATE TABLE IF NOT EXISTS view_trace_alerts (alert TEXT PRIMARY KEY, programme TEXT NOT NULL,"
    " position BIGINT NOT NULL, rule TEXT NOT NULL, key TEXT NOT NULL, subject TEXT NOT NULL, start BIGINT NOT NULL,"
    " hash TEXT NOT NULL, severity TEXT NOT NULL, raised SMALLINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS view_trace_alerts_in_order ON view_trace_alerts (programme, position)",
    "CREATE INDEX IF NOT EXISTS view_trace_alerts_of ON view_trace_alerts (key, subject)",
    "CREATE TABLE IF NOT EXISTS view_trace_alert_items (programme TEXT NOT NULL, item TEXT NOT NULL,"
    " alert TEXT NOT NULL, PRIMARY KEY (programme, item, alert))",
]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class InForce(NamedTuple):
    """An alert that holds, and the observation with which it begins."""

    alert: UUID
    key: tuple[int, str]


def _raised(tx: Tx, recorded: Recorded[AlertRaised]) -> None:
    event, programme, alert = recorded.event, recorded.meta.programme, recorded.stream.hex
    tx.run(
        "INSERT INTO view_trace_alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"
        " ON CONFLICT (alert) DO UPDATE SET raised=1",
        (
            alert,
            programme,
            recorded.position,
            event.rule,
            rule_key(programme, event.rule, event.rule_version),
            event.subject,
            (event.alerted_at - _EPOCH) // timedelta(microseconds=1),
            event.event_hashes[0],
            event.severity,
        ),
    )
    tx.run_many(
        "INSERT INTO view_trace_alert_items VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(programme, item, alert) for item in event.items],
    )


def _cleared(tx: Tx, recorded: Recorded[AlertCleared]) -> None:
    tx.run("UPDATE view_trace_alerts SET raised=0 WHERE alert=?", (recorded.stream.hex,))


VIEW = View("alerts", _DDL, own={AlertRaised: _raised, AlertCleared: _cleared})


def in_force(reader: Reader, key: str, subject: str) -> list[InForce]:
    """The alerts of a rule's version about a subject that hold."""
    rows = reader.all(
        "SELECT alert, start, hash FROM view_trace_alerts WHERE key=? AND subject=? AND raised=1", (key, subject)
    )
    return [InForce(UUID(alert), (int(start), str(event))) for alert, start, event in rows]


def alert_rows(
    reader: Reader, programme: str, wanted: Sequence[tuple[str, Any]], item: str, after: int, limit: int
) -> list[tuple[UUID, int]]:
    """Alerts behind a position, in the order in which they were first raised; `wanted` restricts columns."""
    which = "".join(f" AND {column}=?" for column, _ in wanted)
    params: tuple[object, ...] = (programme, after, *(value for _, value in wanted))
    if item:
        which += (
            " AND EXISTS (SELECT 1 FROM view_trace_alert_items AS i"
            " WHERE i.programme=a.programme AND i.item=? AND i.alert=a.alert)"
        )
        params = (*params, item)
    rows = reader.all(
        f"SELECT alert, position FROM view_trace_alerts AS a WHERE programme=? AND position>?{which}"  # noqa: S608 # our own text
        " ORDER BY position LIMIT ?",
        (*params, limit),
    )
    return [(UUID(alert), int(position)) for alert, position in rows]
