"""PostgreSQL as the database of a service."""

import re
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

from libs.eventlog.events import PROGRAMME_FROM
from libs.eventlog.reader import Conflict, Row, Stored

# Two statements in one round trip. The lock comes first, so that positions become visible in order.
_BEGIN_WRITE = "BEGIN; LOCK TABLE stored_events IN EXCLUSIVE MODE"
_BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

# The recorder's own statement takes an array of a composite type, which costs twice as much to write down as all else.
_INSERT = (
    "INSERT INTO stored_events (originator_id, originator_version, topic, state)"
    " SELECT * FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[]) RETURNING notification_id"
)

_PLAIN_INSERT = re.compile(r"INSERT INTO (\w+(?: \([\w, ]+\))?) VALUES \((?:\?, )*\?\)")

_QUOTE = r"'\x22'::bytea"
_PROGRAMME = (
    f"substring(state from {PROGRAMME_FROM} for position({_QUOTE} in substring(state from {PROGRAMME_FROM})) - 1)"
)
_INDEX = f"CREATE INDEX stored_events_by_programme ON stored_events (({_PROGRAMME}), notification_id)"
# A range of the index and its whole order: told no more than that the programme is this one, the planner may walk
# through everybody's events by position and leave out those of others.
OF_PROGRAMME = (
    "SELECT originator_id, originator_version, notification_id, topic, state FROM stored_events"  # noqa: S608 # placeholders only
    f" WHERE ({_PROGRAMME}, notification_id) > (%(programme)s, %(position)s)"
    f" AND ({_PROGRAMME}, notification_id) <= (%(programme)s, 9223372036854775807) AND topic = ANY(%(topics)s)"
    f" ORDER BY {_PROGRAMME}, notification_id LIMIT %(limit)s"
)
_BEFORE = (
    "SELECT place, event.* FROM unnest(%s::bigint[]) AS place CROSS JOIN LATERAL (SELECT originator_id,"
    " originator_version, notification_id, topic, state FROM stored_events WHERE notification_id<place"
    " AND topic=ANY(%s) ORDER BY notification_id DESC LIMIT 1) AS event"
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
        """Executes a statement for each row; plain rows are copied in, which takes a third of the time."""
        plain = _PLAIN_INSERT.fullmatch(sql)
        if plain is None:
            self._cursor.executemany(_native(sql), rows)
            return
        with self._cursor.copy(f"COPY {plain.group(1)} FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(row)

    def all(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """Executes a query."""
        return [
            tuple(bytes(cast("bytes", value)) if isinstance(value, memoryview) else value for value in row)
            for row in self._cursor.execute(_native(sql), params).fetchall()
        ]

    def among(self, sql: str, params: Sequence[object], keys: Sequence[object]) -> list[Row]:
        """As an array: one statement, however many there are."""
        return self.all(sql.replace("{keys}", "ANY(?)"), (*params, keys))

    def insert_events(self, events: Sequence[StoredEvent]) -> list[int]:
        """Appends all of them with one statement."""
        columns = zip(*((e.originator_id, e.originator_version, e.topic, e.state) for e in events), strict=True)
        try:
            return [position for (position,) in self._cursor.execute(_INSERT, [list(column) for column in columns])]
        except psycopg.errors.UniqueViolation as error:
            raise Conflict(str(error)) from error

    def events_of(self, streams: Sequence[UUID]) -> list[Stored]:
        """Some streams."""
        rows = self._cursor.execute(
            "SELECT originator_id, originator_version, notification_id, topic, state FROM stored_events"
            " WHERE originator_id = ANY(%s) ORDER BY originator_version",
            (list(streams),),
        )
        return [(stream, version, number, topic, bytes(state)) for stream, version, number, topic, state in rows]

    def events_after(self, position: int, limit: int) -> list[Stored]:
        """The whole store."""
        rows = self._cursor.execute(
            "SELECT originator_id, originator_version, notification_id, topic, state FROM stored_events"
            " WHERE notification_id>%s ORDER BY notification_id LIMIT %s",
            (position, limit),
        )
        return [(stream, version, number, topic, bytes(state)) for stream, version, number, topic, state in rows]

    def events_at(self, positions: Sequence[int]) -> list[Stored]:
        """By the primary key."""
        rows = self._cursor.execute(
            "SELECT originator_id, originator_version, notification_id, topic, state FROM stored_events"
            " WHERE notification_id = ANY(%s) ORDER BY notification_id",
            (list(positions),),
        )
        return [(stream, version, number, topic, bytes(state)) for stream, version, number, topic, state in rows]

    def known_streams(self, streams: Sequence[UUID]) -> list[UUID]:
        """By the key."""
        rows = self._cursor.execute(
            "SELECT originator_id FROM stored_events WHERE originator_id = ANY(%s) AND originator_version=1",
            (list(streams),),
        )
        return [stream for (stream,) in rows]

    def events_of_programme(self, programme: str, topics: Sequence[str], position: int, limit: int) -> list[Stored]:
        """By the index."""
        params = {"programme": programme.encode(), "position": position, "topics": list(topics), "limit": limit}
        rows = self._cursor.execute(OF_PROGRAMME.encode(), params)
        return [(stream, version, number, topic, bytes(state)) for stream, version, number, topic, state in rows]

    def events_before(self, positions: Sequence[int], topics: Sequence[str]) -> list[tuple[int, Stored]]:
        """Walks back from each position until one is found."""
        rows = self._cursor.execute(_BEFORE, (list(positions), list(topics)))
        return [
            (place, (stream, version, number, topic, bytes(state)))
            for place, stream, version, number, topic, state in rows
        ]

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
        """Creates the table of events and its index by programme where there are none."""
        self._recorder.create_table()
        self._datastore.register_type_adapters()
        with self.transaction(write=True) as transaction:
            if transaction.all("SELECT to_regclass('stored_events_by_programme') IS NULL")[0][0]:
                transaction.run(_INDEX)
                # A planner that knows nothing of the index would sort all that a programme has for each page.
                transaction.run("ANALYZE stored_events")

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
