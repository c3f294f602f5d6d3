"""How long each stream is: to append to it without reading it."""

from uuid import UUID

from libs.eventlog import Reader, Recorded, Tx, View
from services.chain_bridge.domain.events import EVENTS
from services.chain_bridge.domain.log import LOG_EVENTS


def _appended(tx: Tx, recorded: Recorded[object]) -> None:
    tx.run(
        "INSERT INTO view_versions VALUES (?, ?) ON CONFLICT (stream) DO UPDATE SET version = excluded.version",
        (recorded.stream.hex, recorded.version),
    )


VIEW = View(
    "versions",
    ["CREATE TABLE IF NOT EXISTS view_versions (stream TEXT PRIMARY KEY, version BIGINT NOT NULL)"],
    own=dict.fromkeys([*EVENTS, *LOG_EVENTS], _appended),
)


def version_of(reader: Reader, stream: UUID) -> int:
    """The version of a stream's newest event; 0 if there is none."""
    row = reader.one("SELECT version FROM view_versions WHERE stream=?", (stream.hex,))
    return int(row[0]) if row else 0
