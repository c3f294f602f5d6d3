"""Programmes, as membership tells of them."""

from zoneinfo import ZoneInfo

from fenxiao.api.membership.v1.events_pb2 import ProgrammeCreated
from fenxiao.errors import Kind, Refusal
from libs.eventbus import Received
from libs.eventlog import Reader, Tx, View
from libs.servicekit.times import from_timestamp
from services.commission.domain.sales import Programme
from services.commission.views.moments import from_micros, micros


def _created(tx: Tx, received: Received) -> None:
    event: ProgrammeCreated = received.event
    tx.run(
        "INSERT INTO view_programmes (programme, currency, time_zone, start) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (programme) DO NOTHING",
        (received.programme, event.currency, event.time_zone, micros(from_timestamp(event.start_time))),
    )


PROGRAMMES = View(
    "programmes",
    [
        "CREATE TABLE IF NOT EXISTS view_programmes (programme TEXT PRIMARY KEY, currency TEXT NOT NULL,"
        " time_zone TEXT NOT NULL, start BIGINT NOT NULL)",
    ],
    others={ProgrammeCreated: _created},
)


def find_programme(reader: Reader, programme: str) -> Programme | None:
    """What is known of a programme."""
    row = reader.one("SELECT currency, start, time_zone FROM view_programmes WHERE programme = ?", (programme,))
    return Programme(row[0], from_micros(row[1]), ZoneInfo(row[2])) if row else None


def programme_of(reader: Reader, programme: str) -> Programme:
    """The same. Raises `Refusal` UNKNOWN_PROGRAMME."""
    found = find_programme(reader, programme)
    if found is None:
        message = f"There is no programme {programme}; create it first."
        raise Refusal("UNKNOWN_PROGRAMME", message, field="parent", kind=Kind.NOT_FOUND)
    return found
