"""The event log of a service: appends in groups, reads, wakes who waits for more."""

from __future__ import annotations

import asyncio
import os
import queue
import threading
import uuid
from collections.abc import Callable, Container, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import structlog

from libs.eventlog.events import EventTypes
from libs.eventlog.transaction import UNGUARDED, Connection, Guard, Reader, Tx

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from libs.eventlog.views import View

T = TypeVar("T")

GROUP_LIMIT = 256
"""Callers in one transaction at most: bounds how long the first of them waits for the last."""

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


class Closed(Exception):
    """The log was closed before the work was done. Nothing of it is kept."""


class _Job:
    """One caller's work on its way through the writer."""

    __slots__ = ("failure", "future", "loop", "result", "work")

    def __init__(self, work: Callable[[Tx], Any], future: asyncio.Future[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.future = future
        self.loop = loop
        self.result: Any = None
        self.failure: BaseException | None = None


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
        for view in views:
            for cls, apply in view.own.items():
                self._appliers.setdefault(cls, []).append(apply)
        self._public_topics = {topic for cls in types.all() if cls in public for topic in types.topics(cls)}
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._subscribers: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="eventlog-read")
        self.public_position = self._find_public_position()
        """Position of the newest committed event that other services can see; 0 when there is none."""
        self._closed = False
        self._writer = threading.Thread(target=self._write_forever, name="eventlog-write", daemon=True)
        self._writer.start()

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
                connection.run(statement)
            store_id = _made_once(connection, "store", uuid.uuid4().hex[:16])
            secret = _made_once(connection, "store_secret", os.urandom(32))
        return cls(database, events, views, public, guard, store_id, secret)

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Runs `work` in a transaction and returns its result once that is on disk.

        Concurrent calls share a transaction; an exception rolls back this caller's part alone. `work` must do
        nothing but use its `Tx`: it may be run a second time.
        """
        if self._closed:
            raise Closed
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put(_Job(work, future, loop))
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

        def work(tx: Tx) -> int:
            for view in self.views:
                for table in view.tables:
                    tx.run(f"DELETE FROM {table}")  # noqa: S608 # a name from our own DDL
            position = applied = 0
            while page := tx.after(position, 1000):
                for recorded in page:
                    position = recorded.position
                    for apply in self._appliers.get(recorded.event.__class__, ()):
                        apply(tx, recorded)
                        applied += 1
            return applied

        return await self.write(work)

    async def close(self) -> None:
        """Lets work that has begun end, refuses the rest, and closes the database."""
        if self._closed:
            return
        self._closed = True
        self._jobs.put(None)
        await asyncio.get_running_loop().run_in_executor(None, self._writer.join)
        self._readers.shutdown(wait=True)
        self._database.close()

    # The writer's thread.

    def _write_forever(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                break
            group = [job]
            last = False
            while len(group) < GROUP_LIMIT:
                try:
                    following = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    last = True
                    break
                group.append(following)
            self._write_group(group)
            if last:
                break
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is not None:
                job.failure = Closed()
                self._answer([job])

    def _write_group(self, group: list[_Job]) -> None:
        """Commits a group, without savepoints if nobody fails after having written, else once more with them."""
        positions: list[tuple[int, str]] = []
        try:
            try:
                positions = self._attempt(group, apart=False)
            except Exception:  # noqa: BLE001 # whose failure it was shows when each is run for itself
                positions = self._attempt(group, apart=True)
        except Exception as error:  # noqa: BLE001 # the database itself failed: everybody is told
            for job in group:
                job.failure = error
        public = [position for position, topic in positions if topic in self._public_topics]
        if public:
            # Before the callers go on: they may ask for it at once.
            self.public_position = public[-1]
        self._answer(group)
        if positions:
            for loop, event in self._subscribers:
                try:
                    loop.call_soon_threadsafe(event.set)
                except RuntimeError:
                    logger.warning("subscriber_gone")

    def _attempt(self, group: list[_Job], *, apart: bool) -> list[tuple[int, str]]:
        with self._database.transaction(write=True) as connection:
            tx = Tx(connection, self.types, self._appliers, self._guard)
            for job in group:
                job.result = job.failure = None
                tx.wrote = False
                try:
                    if apart:
                        with tx.savepoint():
                            job.result = job.work(tx)
                    else:
                        job.result = job.work(tx)
                except Exception as error:
                    if not apart and tx.wrote:
                        raise
                    job.failure = error
            tx.flush()
            return tx.positions

    def _answer(self, group: list[_Job]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
        for job in group:
            by_loop.setdefault(job.loop, []).append(job)
        for loop, jobs in by_loop.items():
            try:
                loop.call_soon_threadsafe(_settle, jobs)
            except RuntimeError:
                logger.warning("caller_gone", callers=len(jobs))

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


def _settle(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.failure is not None:
            job.future.set_exception(job.failure)
        else:
            job.future.set_result(job.result)


def _database(url: str) -> Database:
    if url.startswith("sqlite:///"):
        from libs.eventlog.sqlite import SQLiteDatabase  # noqa: PLC0415 # only the driver that is used is loaded

        return SQLiteDatabase(url.removeprefix("sqlite:///"))
    if url.startswith(("postgresql://", "postgres://")):
        from libs.eventlog.postgres import PostgresDatabase  # noqa: PLC0415 # as above

        return PostgresDatabase(url)
    raise ValueError("the database's URL must begin with sqlite:/// or postgresql://")
