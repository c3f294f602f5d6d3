"""How far each programme's time has come."""

from datetime import datetime

from libs.eventlog import Reader, Recorded, Tx, View
from services.settlement.domain.events import AdvancedTo
from services.settlement.views.columns import from_micros, to_micros


def time_of(reader: Reader, programme: str) -> tuple[datetime | None, int]:
    """The programme's time, None before it has begun; and the version of its stream."""
    row = reader.one("SELECT as_of, version FROM view_times WHERE programme=?", (programme,))
    return (from_micros(row[0]), row[1]) if row else (None, 0)


def _advanced(tx: Tx, recorded: Recorded[AdvancedTo]) -> None:
    tx.run(
        "INSERT INTO view_times VALUES (?, ?, ?)"
        " ON CONFLICT (programme) DO UPDATE SET as_of=excluded.as_of, version=excluded.version",
        (recorded.meta.programme, to_micros(recorded.event.as_of), recorded.version),
    )


TIMES = View(
    name="times",
    ddl=[
        "CREATE TABLE IF NOT EXISTS view_times ("
        "programme TEXT NOT NULL PRIMARY KEY, as_of BIGINT NOT NULL, version BIGINT NOT NULL)"
    ],
    own={AdvancedTo: _advanced},
)
