"""SQLite as the database of a service: one file, write-ahead log, every commit synced to disk."""

import re
import sqlite3
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor, SQLiteDatastore

from libs.eventlog.events import PROGRAMME_FROM
from libs.eventlog.reader import Conflict, Row, Stored

_PROGRAMME = f"substr(state, {PROGRAMME_FROM}, instr(substr(state, {PROGRAMME_FROM}), x'22') - 1)"
# Equal ones stand in the order of their rowid, as in every index.
_INDEX = f"CREATE INDEX IF NOT EXISTS stored_events_by_programme ON stored_events ({_PROGRAMME})"

_KEYED = re.compile(r"CREATE TABLE IF NOT EXISTS view_.*, PRIMARY KEY \(\w+,[\w, ]+\)\)$", re.DOTALL)

_PAGE = 500


class SQLiteTransaction:
    """An open transaction."""

    def __init__(self, connection: sqlite3.Connection, recorder: SQLiteApplicationRecorder) -> None:
        self._connection = connection
        self._recorder = recorder

    def create(self, ddl: str) -> None:
        """Creates a table or an index. A view's table whose key has several columns is that key's tree itself."""
        self.run(f"{ddl} WITHOUT ROWID" if _KEYED.match(ddl) else ddl)

    def run(self, sql: str, params: Sequence[object] = ()) -> None:
        """Executes a statement."""
        self._connection.execute(sql, params)  # pyright: ignore[reportArgumentType] # sqlite3 adapts what it can

    def run_many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Executes a statement for each row."""
        self._connection.executemany(sql, rows)  # pyright: ignore[reportArgumentType] # as above

    def all(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """Executes a query."""
        return self._connection.execute(sql, params).fetchall()  # pyright: ignore[reportArgumentType] # as above

    def among(self, sql: str, params: Sequence[object], keys: Sequence[object]) -> list[Row]:
        """A page of the values at a time: so many placeholders are always allowed."""
        rows: list[Row] = []
        for start in range(0, len(keys), _PAGE):
            page = keys[start : start + _PAGE]
            rows += self.all(sql.replace("= {keys}", f"IN ({_marks(page)})"), (*params, *page))
        return rows

    def insert_events(self, events: Sequence[StoredEvent]) -> list[int]:
        """Appends through the recorder."""
        cursor = SQLiteCursor(self._connection.cursor())
        try:
            # The recorder's public method would open a transaction of its own.
            ids = self._recorder._insert_events(cursor, events)  # pyright: ignore[reportPrivateUsage]
        except sqlite3.IntegrityError as error:
            raise Conflict(str(error)) from error
        return list(ids or [])

    def events_of(self, streams: Sequence[UUID]) -> list[Stored]:
        """Some streams."""
        rows = self.among(
            "SELECT originator_id, originator_version, rowid, topic, state FROM stored_events"
            " WHERE originator_id = {keys} ORDER BY originator_version",
            (),
            [stream.hex for stream in streams],
        )
        return [(UUID(hex=stream), version, number, topic, state) for stream, version, number, topic, state in rows]

    def events_after(self, position: int, limit: int) -> list[Stored]:
        """The whole store."""
        rows = self._connection.execute(
            "SELECT originator_id, originator_version, rowid, topic, state FROM stored_events WHERE rowid>?"
            " ORDER BY rowid LIMIT ?",
            (position, limit),
        )
        return [(UUID(hex=stream), version, number, topic, state) for stream, version, number, topic, state in rows]

    def events_at(self, positions: Sequence[int]) -> list[Stored]:
        """By the primary key."""
        rows = self._connection.execute(
            "SELECT originator_id, originator_version, rowid, topic, state FROM stored_events"  # noqa: S608 # placeholders only
            f" WHERE rowid IN ({_marks(positions)}) ORDER BY rowid",
            list(positions),
        )
        return [(UUID(hex=stream), version, number, topic, state) for stream, version, number, topic, state in rows]

    def known_streams(self, streams: Sequence[UUID]) -> list[UUID]:
        """By the key."""
        rows = self._connection.execute(
            f"SELECT originator_id FROM stored_events WHERE originator_id IN ({_marks(streams)})"  # noqa: S608 # placeholders only
            " AND originator_version=1",
            [stream.hex for stream in streams],
        )
        return [UUID(hex=stream) for (stream,) in rows]

    def events_of_programme(self, programme: str, topics: Sequence[str], position: int, limit: int) -> list[Stored]:
        """By the index, whatever the planner thinks of it."""
        sql = (
            "SELECT originator_id, originator_version, rowid, topic, state FROM stored_events"  # noqa: S608 # placeholders only
            f" INDEXED BY stored_events_by_programme WHERE {_PROGRAMME}=? AND rowid>? AND topic IN ({_marks(topics)})"
            " ORDER BY rowid LIMIT ?"
        )
        rows = self._connection.execute(sql, (programme.encode(), position, *topics, limit))
        return [(UUID(hex=stream), version, number, topic, state) for stream, version, number, topic, state in rows]

    def events_before(self, positions: Sequence[int], topics: Sequence[str]) -> list[tuple[int, Stored]]:
        """Walks back from each position until one is found."""
        sql = (
            "SELECT originator_id, originator_version, rowid, topic, state FROM stored_events"  # noqa: S608 # placeholders only
            f" WHERE rowid<? AND topic IN ({_marks(topics)}) ORDER BY rowid DESC LIMIT 1"
        )
        return [
            (position, (UUID(hex=stream), version, number, topic, state))
            for position in positions
            for stream, version, number, topic, state in self._connection.execute(sql, (position, *topics))
        ]

    def newest_position(self, topics: Sequence[str]) -> int:
        """Walks back from the end until one is found."""
        sql = f"SELECT rowid FROM stored_events WHERE topic IN ({_marks(topics)}) ORDER BY rowid DESC LIMIT 1"  # noqa: S608 # placeholders only
        row = self._connection.execute(sql, topics).fetchone()
        return int(row[0]) if row else 0


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


class SQLiteDatabase:
    """One file."""

    def __init__(self, path: str) -> None:
        if path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._recorder = SQLiteApplicationRecorder(SQLiteDatastore(path))
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []

    def create_event_table(self) -> None:
        """Creates the table of events and its index by programme where there are none."""
        self._recorder.create_table()
        with self.transaction(write=True) as transaction:
            transaction.run(_INDEX)

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(self._path, isolation_level=None, timeout=30, check_same_thread=False)
            found.execute("PRAGMA journal_mode=WAL")
            found.execute("PRAGMA synchronous=FULL")
            found.execute("PRAGMA wal_autocheckpoint=4000")  # pages: random ids touch many, which are then written once
            found.execute("PRAGMA cache_size=-65536")  # KiB: the indexes of a million rows stay in memory
            self._local.connection = found
            self._connections.append(found)
        return found

    @contextmanager
    def transaction(self, *, write: bool) -> Generator[SQLiteTransaction]:
        """A transaction of this thread's connection; a writing one takes the lock at once."""
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        try:
            yield SQLiteTransaction(connection, self._recorder)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def close(self) -> None:
        """Closes every connection."""
        for connection in self._connections:
            connection.close()
        self._recorder.datastore.close()
