"""The programmes."""

from typing import Any

from libs.eventlog import Reader, Recorded, Tx, View
from services.membership.domain.events import ProgrammeCreated
from services.membership.domain.programme import Programme
from services.membership.views.moments import from_micros, micros

_COLUMNS = "programme, display_name, currency, time_zone, start_time"


def _created(tx: Tx, recorded: Recorded[ProgrammeCreated]) -> None:
    event = recorded.event
    tx.run(
        "INSERT INTO view_programmes VALUES (?, ?, ?, ?, ?)",
        (event.programme, event.display_name, event.currency, event.time_zone, micros(event.start_time)),
    )


PROGRAMMES = View(
    "programmes",
    [
        "CREATE TABLE IF NOT EXISTS view_programmes (programme TEXT PRIMARY KEY, display_name TEXT NOT NULL,"
        " currency TEXT NOT NULL, time_zone TEXT NOT NULL, start_time BIGINT NOT NULL)"
    ],
    own={ProgrammeCreated: _created},
)


def find_programme(reader: Reader, programme: str) -> Programme | None:
    """The programme with this id."""
    row = reader.one(f"SELECT {_COLUMNS} FROM view_programmes WHERE programme = ?", (programme,))  # noqa: S608 # our columns
    return _programme(row) if row else None


def list_programmes(reader: Reader, only: str, after: str, limit: int) -> list[Programme]:
    """Programmes by id behind `after`; only one of them if `only` names it."""
    rows = reader.all(
        f"SELECT {_COLUMNS} FROM view_programmes WHERE programme > ? AND (? = '' OR programme = ?)"  # noqa: S608 # our columns
        " ORDER BY programme LIMIT ?",
        (after, only, only, limit),
    )
    return [_programme(row) for row in rows]


def _programme(row: tuple[Any, ...]) -> Programme:
    return Programme(row[0], row[1], row[2], row[3], from_micros(row[4]))
