"""The log's tree: every complete subtree of it, where each event stands, and the checkpoints."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from fenxiao.proofs.log_tree import StoredLog, grown
from libs.eventlog import Reader, Recorded, Tx, View
from services.chain_bridge.domain.log import CheckpointMade, LeavesSequenced

_DDL: Final = [
    "CREATE TABLE IF NOT EXISTS view_log_nodes (level BIGINT NOT NULL, number BIGINT NOT NULL, hash BYTEA NOT NULL,"
    " PRIMARY KEY (level, number))",
    "CREATE TABLE IF NOT EXISTS view_log_entries (event TEXT PRIMARY KEY, number BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS view_log_size (one BIGINT PRIMARY KEY, size BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS view_log_checkpoints (size BIGINT PRIMARY KEY, root TEXT NOT NULL,"
    " note TEXT NOT NULL, made_at TEXT NOT NULL)",
]


class Signed(NamedTuple):
    """A checkpoint as it was made."""

    size: int
    root: str
    note: str
    made_at: str
    """ISO 8601."""


def _sequenced(tx: Tx, recorded: Recorded[LeavesSequenced]) -> None:
    event = recorded.event
    leaves = list(event.unpacked())
    nodes = grown(event.first, [leaf.hash for leaf in leaves], lambda level, number: _node(tx, level, number))
    tx.run_many("INSERT INTO view_log_nodes VALUES (?, ?, ?)", list(nodes))
    tx.run_many(
        "INSERT INTO view_log_entries VALUES (?, ?)",
        [(leaf.event.hex, number) for number, leaf in enumerate(leaves, event.first)],
    )
    tx.run(
        "INSERT INTO view_log_size VALUES (0, ?) ON CONFLICT (one) DO UPDATE SET size = excluded.size",
        (event.first + len(leaves),),
    )


def _checked(tx: Tx, recorded: Recorded[CheckpointMade]) -> None:
    event = recorded.event
    tx.run(
        "INSERT INTO view_log_checkpoints VALUES (?, ?, ?, ?)",
        (event.size, event.root, event.note, recorded.recorded_at.isoformat()),
    )


VIEW: Final = View("log", _DDL, own={LeavesSequenced: _sequenced, CheckpointMade: _checked})


def log_size(reader: Reader) -> int:
    """How many entries the log has."""
    row = reader.one("SELECT size FROM view_log_size")
    return int(row[0]) if row else 0


def log_tree(reader: Reader) -> StoredLog:
    """The log as it is."""
    return StoredLog(log_size(reader), lambda level, number: _node(reader, level, number))


def places_of(reader: Reader, events: Sequence[UUID]) -> dict[UUID, int]:
    """Where events stand in the log; those that do not are left out."""
    marks = ", ".join("?" * len(events))
    rows: Iterable[Sequence[object]] = (
        reader.all(
            f"SELECT event, number FROM view_log_entries WHERE event IN ({marks})",  # noqa: S608 # placeholders only
            [event.hex for event in events],
        )
        if events
        else []
    )
    return {UUID(str(event)): int(str(number)) for event, number in rows}


def newest_checkpoint(reader: Reader) -> Signed | None:
    """The last thing that the log has said of itself."""
    return _checkpoint(reader, "ORDER BY size DESC LIMIT 1", ())


def checkpoint_of(reader: Reader, size: int) -> Signed | None:
    """What the log has said of itself when it had so many entries."""
    return _checkpoint(reader, "WHERE size=?", (size,))


def _checkpoint(reader: Reader, where: str, params: tuple[int, ...]) -> Signed | None:
    row = reader.one(f"SELECT size, root, note, made_at FROM view_log_checkpoints {where}", params)  # noqa: S608 # one of two constants
    return Signed(int(row[0]), str(row[1]), str(row[2]), str(row[3])) if row else None


def _node(reader: Reader, level: int, number: int) -> bytes:
    row = reader.one("SELECT hash FROM view_log_nodes WHERE level=? AND number=?", (level, number))
    assert row is not None, f"the log has no subtree {level}/{number}"
    return bytes(row[0])
