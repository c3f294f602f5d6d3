"""The event log of a service: appends in groups, reads, wakes who waits for more."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Callable, Container, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import structlog

from libs.eventlog.events import EventTypes
from libs.eventlog.reader import Connection, Reader
from libs.eventlog.transaction import UNGUARDED, Guard, Tx
from libs.eventlog.writer import Closed, Job, Writer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from libs.eventlog.views import View

A = TypeVar("A")
F = TypeVar("F")
T = TypeVar("T")

_STORE_TABLES = (
    "CREATE TABLE IF NOT EXISTS store (id TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS store_secret (secret BYTEA NOT NULL)",
)

logger = structlog.get_logger(__name__)


class Database(Protocol):
    """What the two databases have in common."""

    def create_event_table(self) -> None:
        """Creates the table of events."""
        ...

    def transaction(self, *, write: bool) -> AbstractContextManager[Connection]:
        """Opens a transaction."""
        ...

    def close(self) -> None:
        """Closes every connection."""
        ...


class EventLog:
    """The store of one service. Open it with `EventLog.open` and close it with `close`."""

    def __init__(
        self,
        database: Database,
        types: EventTypes,
        views: Sequence[View],
        public: Container[type],
        guard: Guard,
        store_id: str,
        secret: bytes,
    ) -> None:
        self.store_id = store_id
        """Random id of this store: with a position it names an event's place for ever."""
        self.secret = secret
        """Random bytes that nobody learns who has not this database: for hashes that are to tell others nothing."""
        self.types = types
        self.views = views
        self._database = database
        self._guard = guard
        self._appliers: dict[type, list[Callable[[Tx, Any], None]]] = {}
        self._together: dict[type, list[Callable[[Tx, Sequence[Any]], None]]] = {}
        for view in views:
            for cls, apply in view.own.items():
                self._appliers.setdefault(cls, []).append(apply)
            for cls, apply_all in view.together.items():
                self._together.setdefault(cls, []).append(apply_all)
        self._public_topics = {topic for cls in types.all() if cls in public for topic in types.topics(cls)}
        self._subscribers: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="eventlog-read")
        self.public_position = self._find_public_position()
        """Position of the newest committed event that other services can see; 0 when there is none."""
        self._closed = False
        self._writer = Writer(self._begin, self._note, self._wake)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        events: EventTypes,
        views: Sequence[View] = (),
        public: Container[type] = frozenset(),
        guard: Guard = UNGUARDED,
        tables: Iterable[str] = (),
    ) -> EventLog:
        """Opens the store at `sqlite:///path` or `postgresql://user:password@host:port/database`.

        Creates what is missing: the table of events, the views' tables, and `tables` (further DDL of the
        libraries that keep their own state in the same transactions). `public` are the event types that are
        published, and `guard` decides about large ones.
        """
        database = _database(url)
        database.create_event_table()
        with database.transaction(write=True) as connection:
            for statement in [*_STORE_TABLES, *tables, *(statement for view in views for statement in view.ddl)]:
                connection.create(statement)
            store_id = _made_once(connection, "store", uuid.uuid4().hex[:16])
            secret = _made_once(connection, "store_secret", os.urandom(32))
        return cls(database, events, views, public, guard, store_id, secret)

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Runs `work` in a transaction and returns its result once that is on disk.

        Concurrent calls share a transaction; an exception rolls back this caller's part alone. `work` must do
        nothing but use its `Tx`: it may be run a second time.
        """
        return await self.write_ahead(_nothing, None, lambda tx, _: work(tx))

    async def write_ahead(
        self, read: Callable[[Tx, Sequence[A]], Sequence[F]], about: A, work: Callable[[Tx, F], T]
    ) -> T:
        """The same for callers that can read together what each of them needs.

        `read` gets what those are about that stand one behind the other in a transaction, all with this `read`, and
        answers with what each is to be given, in their order. Nobody else writes before the last of them is done: if
        they write what was read, they keep it true for each other.
        """
        if self._closed:
            raise Closed
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._writer.put(Job(work, future, loop, read, about))
        return await future

    async def read(self, work: Callable[[Reader], T]) -> T:
        """Runs `work` on a consistent snapshot of what is committed."""

        def run() -> T:
            with self._database.transaction(write=False) as connection:
                return work(Reader(connection, self.types))

        return await asyncio.get_running_loop().run_in_executor(self._readers, run)

    def subscribe(self) -> asyncio.Event:
        """An event of the running loop that is set after every commit. The subscriber clears it."""
        event = asyncio.Event()
        self._subscribers.append((asyncio.get_running_loop(), event))
        return event

    def unsubscribe(self, event: asyncio.Event) -> None:
        """Ends what `subscribe` began."""
        self._subscribers = [pair for pair in self._subscribers if pair[1] is not event]

    async def rebuild(self) -> int:
        """Empties every view and applies the service's own events anew. Returns how many events were applied."""

        viewed = self._appliers.keys() | self._together.keys()

        def work(tx: Tx) -> int:
            for view in self.views:
                for table in view.tables:
                    tx.run(f"DELETE FROM {table}")  # noqa: S608 # a name from our own DDL
            position = applied = 0
            while page := tx.after(position, 1000):
                position = page[-1].position
                tx.apply(page)
                applied += sum(recorded.event.__class__ in viewed for recorded in page)
            return applied

        return await self.write(work)

    async def close(self) -> None:
        """Lets work that has begun end, refuses the rest, and closes the database."""
        if self._closed:
            return
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(None, self._writer.close)
        self._readers.shutdown(wait=True)
        self._database.close()

    # In the writer's thread.

    @contextmanager
    def _begin(self) -> Generator[Tx]:
        with self._database.transaction(write=True) as connection:
            yield Tx(connection, self.types, self._appliers, self._guard, self._together)

    def _note(self, positions: Sequence[tuple[int, str]]) -> None:
        public = [position for position, topic in positions if topic in self._public_topics]
        if public:
            self.public_position = public[-1]

    def _wake(self) -> None:
        for loop, event in self._subscribers:
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:
                logger.warning("subscriber_gone")

    def _find_public_position(self) -> int:
        if not self._public_topics:
            return 0
        with self._database.transaction(write=False) as connection:
            return connection.newest_position(sorted(self._public_topics))


def _made_once(connection: Connection, table: str, value: T) -> T:
    """What stands in a table of one row; the value, if there was none, stands there from now on."""
    rows = connection.all(f"SELECT * FROM {table}")  # noqa: S608 # a name from above
    if rows:
        return rows[0][0]
    connection.run(f"INSERT INTO {table} VALUES (?)", (value,))  # noqa: S608 # as above
    return value


def _nothing(_: Tx, abouts: Sequence[None]) -> Sequence[None]:
    """Reads nothing ahead."""
    return abouts


def _database(url: str) -> Database:
    if url.startswith("sqlite:///"):
        from libs.eventlog.sqlite import SQLiteDatabase  # noqa: PLC0415 # only the driver that is used is loaded

        return SQLiteDatabase(url.removeprefix("sqlite:///"))
    if url.startswith(("postgresql://", "postgres://")):
        from libs.eventlog.postgres import PostgresDatabase  # noqa: PLC0415 # as above

        return PostgresDatabase(url)
    raise ValueError("the database's URL must begin with sqlite:/// or postgresql://")
