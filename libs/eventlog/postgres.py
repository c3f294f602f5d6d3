"""PostgreSQL as the database of a service."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from libs.eventlog.transaction import Conflict, Row

# Two statements in one round trip. The lock comes first, so that positions become visible in order.
_BEGIN_WRITE = "BEGIN; LOCK TABLE stored_events IN EXCLUSIVE MODE"
_BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

# The recorder's own statement takes an array of a composite type, which costs twice as much to write down as all else.
_INSERT = (
    "INSERT INTO stored_events (originator_id, originator_version, topic, state)"
    " SELECT * FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[]) RETURNING notification_id"
)


@lru_cache(maxsize=4096)
def _native(sql: str) -> bytes:
    """The statement with this driver's placeholders."""
    return sql.replace("%", "%%").replace("?", "%s").encode()


class PostgresTransaction:
    """An open transaction."""

    def __init__(self, connection: "psycopg.Connection[dict[str, Any]]") -> None:
        self._cursor = connection.cursor(row_factory=tuple_row)

    def run(self, sql: str, params: Sequence[object] = ()) -> None:
        """Executes a statement."""
        self._cursor.execute(_native(sql), params)

    def run_many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Executes a statement for each row."""
        self._cursor.executemany(_native(sql), rows)

    def all(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """Executes a query."""
        return [
            tuple(bytes(cast("bytes", value)) if isinstance(value, memoryview) else value for value in row)
            for row in self._cursor.execute(_native(sql), params).fetchall()
        ]

    def insert_events(self, events: Sequence[StoredEvent]) -> list[int]:
        """Appends all of them with one statement."""
        columns = zip(*((e.originator_id, e.originator_version, e.topic, e.state) for e in events), strict=True)
        try:
            return [position for (position,) in self._cursor.execute(_INSERT, [list(column) for column in columns])]
        except psycopg.errors.UniqueViolation as error:
            raise Conflict(str(error)) from error

    def events_of(self, stream: UUID) -> list[tuple[UUID, int, int, str, bytes]]:
        """One stream."""
        rows = self._cursor.execute(
            "SELECT originator_version, notification_id, topic, state FROM stored_events WHERE originator_id=%s"
            " ORDER BY originator_version",
            (stream,),
        )
        return [(stream, version, position, topic, bytes(state)) for version, position, topic, state in rows]

    def events_after(self, position: int, limit: int) -> list[tuple[UUID, int, int, str, bytes]]:
        """The whole store."""
        rows = self._cursor.execute(
            "SELECT originator_id, originator_version, notification_id, topic, state FROM stored_events"
            " WHERE notification_id>%s ORDER BY notification_id LIMIT %s",
            (position, limit),
        )
        return [(stream, version, number, topic, bytes(state)) for stream, version, number, topic, state in rows]

    def newest_position(self, topics: Sequence[str]) -> int:
        """Walks back from the end until one is found."""
        row = self._cursor.execute(
            "SELECT notification_id FROM stored_events WHERE topic = ANY(%s) ORDER BY notification_id DESC LIMIT 1",
            (list(topics),),
        ).fetchone()
        return int(row[0]) if row else 0


class PostgresDatabase:
    """One database."""

    def __init__(self, url: str) -> None:
        parts = conninfo_to_dict(url)
        self._datastore = PostgresDatastore(
            dbname=str(parts.get("dbname") or ""),
            host=str(parts.get("host") or "127.0.0.1"),
            port=str(parts.get("port") or 5432),
            user=str(parts.get("user") or ""),
            password=str(parts.get("password") or ""),
            pool_size=2,
            max_overflow=8,
        )
        self._recorder = PostgresApplicationRecorder(self._datastore)

    def create_event_table(self) -> None:
        """Creates the table of events if there is none."""
        self._recorder.create_table()
        self._datastore.register_type_adapters()

    @contextmanager
    def transaction(self, *, write: bool) -> Generator[PostgresTransaction]:
        """A transaction; a writing one takes the table's lock first."""
        with self._datastore.get_connection() as connection:
            connection.execute(_BEGIN_WRITE if write else _BEGIN_READ, prepare=False)
            try:
                yield PostgresTransaction(connection)
                if connection.info.transaction_status is TransactionStatus.INERROR:
                    # The server would take COMMIT for ROLLBACK, and nobody would learn of it.
                    raise psycopg.errors.InFailedSqlTransaction("a statement has failed")
                connection.commit()
            except BaseException:
                with suppress(psycopg.Error):
                    connection.rollback()
                raise

    def close(self) -> None:
        """Closes every connection."""
        self._datastore.close()
