"""PostgreSQL as the database of a service."""

import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from libs.eventlog.arrays import array_of
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
# Nothing may read the table in it: all rows are written at once.
_UPSERT = re.compile(
    r"INSERT INTO (?P<table>\w+)(?: \((?P<columns>[\w, ]+)\))? VALUES \((?:\?, )*\?\)"
    r" (?P<then>ON CONFLICT (?:\((?P<key>[\w, ]+)\) )?DO (?P<action>NOTHING|UPDATE SET (?:(?!SELECT).)+))"
)

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

    def __init__(self, connection: "psycopg.Connection[dict[str, Any]]", tables: dict[str, dict[str, str]]) -> None:
        """`tables` are those whose columns are known already, with their types."""
        # What comes in binary takes half the time to read.
        self._cursor = connection.cursor(row_factory=tuple_row, binary=True)
        self._tables = tables

    def create(self, ddl: str) -> None:
        """Creates a table or an index."""
        self.run(ddl)

    def run(self, sql: str, params: Sequence[object] = ()) -> None:
        """Executes a statement."""
        self._cursor.execute(_native(sql), params)

    def run_many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Executes a statement for each row. Rows that are only put in go there together, in a tenth of the time."""
        if plain := _PLAIN_INSERT.fullmatch(sql):
            with self._cursor.copy(f"COPY {plain.group(1)} FROM STDIN".encode()) as copy:
                for row in rows:
                    copy.write_row(row)
        elif not self._upsert(sql, rows):
            self._cursor.executemany(_native(sql), rows)

    def _upsert(self, sql: str, rows: Sequence[Sequence[object]]) -> bool:
        """Puts rows in with one statement, an array for each column, where that is the same as one by one."""
        parts = _UPSERT.fullmatch(sql)
        if parts is None:
            return False
        types = self._columns(parts["table"])
        named = parts["columns"].split(", ") if parts["columns"] else list(types)
        if parts["action"] != "NOTHING":
            # One statement changes no row twice.
            key = [named.index(column) for column in parts["key"].split(", ")]
            if len({tuple(row[place] for place in key) for row in rows}) < len(rows):
                return False
        marks = ", ".join(f"?::{types[column]}[]" for column in named)
        arrays = [array_of(column) for column in zip(*rows, strict=True)]
        into = f"{parts['table']} ({', '.join(named)})"
        self.run(f"INSERT INTO {into} SELECT * FROM unnest({marks}) {parts['then']}", arrays)  # noqa: S608 # our own text
        return True

    def _columns(self, table: str) -> dict[str, str]:
        found = self._tables.get(table)
        if found is None:
            sql = (
                "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
                " WHERE attrelid=?::regclass AND attnum>0 AND NOT attisdropped ORDER BY attnum"
            )
            found = self._tables[table] = {str(name): str(kind) for name, kind in self.all(sql, (table,))}
        return found

    def all(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """Executes a query."""
        return self._cursor.execute(_native(sql), params).fetchall()

    def among(self, sql: str, params: Sequence[object], keys: Sequence[object]) -> list[Row]:
        """As an array: one statement, however many there are."""
        return self.all(sql.replace("{keys}", "ANY(?)"), (*params, array_of(keys)))

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
        self._datastore = _datastore(url, pool_size=1, max_overflow=8)
        self._writing = _datastore(url, pool_size=1, max_overflow=0)
        """Always the same connection: the server knows its statements and tables again."""
        self._recorder = PostgresApplicationRecorder(self._datastore)
        self._tables: dict[str, dict[str, str]] = {}

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
        with (self._writing if write else self._datastore).get_connection() as connection:
            connection.execute(_BEGIN_WRITE if write else _BEGIN_READ, prepare=False)
            try:
                yield PostgresTransaction(connection, self._tables)
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
        self._writing.close()
        self._datastore.close()


def _datastore(url: str, *, pool_size: int, max_overflow: int) -> PostgresDatastore:
    parts = conninfo_to_dict(url)
    return PostgresDatastore(
        dbname=str(parts.get("dbname") or ""),
        host=str(parts.get("host") or "127.0.0.1"),
        port=str(parts.get("port") or 5432),
        user=str(parts.get("user") or ""),
        password=str(parts.get("password") or ""),
        pool_size=pool_size,
        max_overflow=max_overflow,
    )
