"""How far the chain has been read: the last final block whose logs stand in the books."""

from typing import NamedTuple

from libs.eventlog import Reader, Tx

TABLE = (
    "CREATE TABLE IF NOT EXISTS chain_cursor"
    " (id BIGINT PRIMARY KEY, block BIGINT NOT NULL, hash TEXT NOT NULL, time BIGINT NOT NULL)"
)


class Cursor(NamedTuple):
    """A final block."""

    block: int
    hash: str
    time: int
    """Its timestamp, seconds since 1970: the only clock by which the bridge decides."""


def read_cursor(reader: Reader) -> Cursor | None:
    """The last block that was read; None before the first."""
    row = reader.one("SELECT block, hash, time FROM chain_cursor WHERE id=1")
    return Cursor(*row) if row else None


def write_cursor(tx: Tx, cursor: Cursor) -> None:
    """Moves it."""
    tx.run(
        "INSERT INTO chain_cursor VALUES (1, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET block=excluded.block, hash=excluded.hash, time=excluded.time",
        cursor,
    )
