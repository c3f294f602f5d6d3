"""Genealogies: forward and backward beside a bare recursive query, whole answers with events, and hub lots.

Every lot comes of the one before it, twelve deep, and of a second one in every fifth event: 1.2 links an event. The
reference follows the same links in a table of sources and targets with an index each way, in the same database, and
does no more than that: no times, no kinds, no events.

`BENCH_TRACE_EVENTS` (20,000 unless it is set; 1,000,000 for the figures that are promised) says how many events there
are, `BENCH_TRACE_HUB` (20,000; 100,000) how many serial numbers one lot has.
"""

import json
import os
import random
import statistics
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, Final

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from fenxiao.credentials import ANY_SCOPE, Claims
from fenxiao.epcis import EventReader, Profile
from libs.eventlog import EventLog, Meta, Reader, Tx
from libs.servicekit.service import Call, Resources, Running
from services.traceability.features.stream_trace import stream_trace
from services.traceability.features.trace import trace
from services.traceability.shared.capturing import LIMITS, Prepared, prepare, store
from services.traceability.shared.genealogies import starts
from services.traceability.shared.tracing import Bounds, Direction, follow
from services.traceability.wiring import SERVICE
from tests.bench.append import DATABASES
from tests.bench.table import Row, row, say

EVENTS: Final = int(os.environ.get("BENCH_TRACE_EVENTS", "20000"))
HUB: Final = int(os.environ.get("BENCH_TRACE_HUB", "20000"))
DEPTH: Final = 12
ASKED: Final = 200
DOCUMENT: Final = 500
"""Events in a document."""

PROGRAMME: Final = "olives"
_BEGINNING: Final = datetime(2025, 1, 1, tzinfo=UTC)


def lot(chain: int, level: int) -> str:
    """A lot's identifier."""
    return f"https://id.gs1.org/01/09521141123454/10/C{chain}-{level}"


def transformations() -> Iterator[dict[str, Any]]:
    """Chain by chain within a level, so that time goes on."""
    chains = max(EVENTS // DEPTH, 2)
    for number in range(chains * DEPTH):
        level, chain = divmod(number, chains)
        inputs = [lot(chain, level), *([lot((chain + 1) % chains, level)] if number % 5 == 0 else [])]
        yield {
            "type": "TransformationEvent",
            "eventTime": (_BEGINNING + timedelta(seconds=number)).isoformat(),
            "eventTimeZoneOffset": "+00:00",
            "inputQuantityList": [{"epcClass": one, "quantity": 10} for one in inputs],
            "outputQuantityList": [{"epcClass": lot(chain, level + 1), "quantity": 10}],
        }


def serials() -> Iterator[dict[str, Any]]:
    """A hub: very many serial numbers of one lot."""
    for start in range(0, HUB, DOCUMENT):
        yield {
            "type": "ObjectEvent",
            "eventTime": (_BEGINNING + timedelta(seconds=start)).isoformat(),
            "eventTimeZoneOffset": "+00:00",
            "action": "ADD",
            "bizStep": "commissioning",
            "epcList": [
                f"https://id.gs1.org/01/09521141123454/21/{start + n}" for n in range(min(DOCUMENT, HUB - start))
            ],
            "ilmd": {"cbvmda:lotNumber": "HUB"},
        }


def documents(events: Iterator[dict[str, Any]], size: int) -> Iterator[bytes]:
    """Events in documents."""
    while part := [event for _, event in zip(range(size), events, strict=False)]:
        yield json.dumps(
            {
                "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
                "type": "EPCISDocument",
                "schemaVersion": "2.0",
                "creationDate": "2025-12-20T18:00:00Z",
                "epcisBody": {"eventList": part},
            }
        ).encode()


@asynccontextmanager
async def filled(url: str, database: str) -> AsyncGenerator[EventLog]:
    """A store with all of it, and the table of the reference."""
    log = EventLog.open(url, events=SERVICE.events, views=SERVICE.views, tables=SERVICE.tables)
    begun = time.perf_counter()
    meta = Meta(PROGRAMME, "bench")
    for body in (*documents(transformations(), DOCUMENT), *documents(serials(), 4)):
        read = list(prepare(EventReader(BytesIO(body), Profile.STRICT, LIMITS), PROGRAMME))
        events = [one for one in read if isinstance(one, Prepared)]
        if len(events) < len(read):
            raise RuntimeError(str(next(one for one in read if not isinstance(one, Prepared))))
        await log.write(lambda tx, events=events: store(tx, events, meta))

    def copy(tx: Tx) -> None:
        tx.run("CREATE TABLE bench_edges (source BYTEA NOT NULL, target BYTEA NOT NULL, PRIMARY KEY (source, target))")
        tx.run("INSERT INTO bench_edges SELECT DISTINCT source, target FROM view_trace_links WHERE kind IN (1, 6)")
        tx.run("CREATE INDEX bench_edges_back ON bench_edges (target, source)")

    await log.write(copy)
    if database == "postgresql":
        await log.write(lambda tx: tx.run("ANALYZE"))
    say(f"trace {database}: {EVENTS:,} events and {HUB:,} serials in {time.perf_counter() - begun:.0f} s")
    yield log
    await log.close()


def _call() -> Call:
    claims = Claims("bench", PROGRAMME, "operator", frozenset({ANY_SCOPE}), datetime.now(UTC) + timedelta(hours=1))
    return Call(PROGRAMME, claims, uuid.uuid4().hex, "bench", datetime.now(UTC), Resources([]))


def bare(reader: Reader, name: str, direction: Direction) -> int:
    """The reference."""
    here, there = ("source", "target") if direction is Direction.FORWARD else ("target", "source")
    (node, *_) = starts(reader, PROGRAMME, name)
    rows = reader.all(
        f"WITH RECURSIVE reached(node) AS (SELECT {there} FROM bench_edges WHERE {here}=? UNION"
        f" SELECT e.{there} FROM reached AS r JOIN bench_edges AS e ON e.{here}=r.node) SELECT node FROM reached",
        (node,),
    )
    return 1 + len(rows)


def ours(reader: Reader, name: str, direction: Direction) -> int:
    """A trace, without what it takes to show it."""
    return len(follow(reader, starts(reader, PROGRAMME, name), direction, Bounds()).nodes)


def shown(reader: Reader, name: str, direction: Direction) -> int:
    """A whole answer, laid out, with its events, as bytes."""
    way = pb.TRACE_DIRECTION_FORWARD if direction is Direction.FORWARD else pb.TRACE_DIRECTION_BACKWARD
    request = pb.TraceRequest(parent=f"programmes/{PROGRAMME}", epc=name, direction=way, with_events=True)
    answer = trace(reader, request, _call())
    answer.SerializeToString()
    return len(answer.nodes)


def timed(
    reader: Reader, work: Callable[[Reader, str, Direction], int], names: list[str], direction: Direction
) -> tuple[list[float], int]:
    """Milliseconds of each, in order of length, and how much was reached."""
    found, reached = list[float](), 0
    for name in names:
        begun = time.perf_counter()
        reached += work(reader, name, direction)
        found.append((time.perf_counter() - begun) * 1000)
    return sorted(found), reached


async def _traces(log: EventLog, database: str) -> list[Row]:
    rows: list[Row] = []
    chains = max(EVENTS // DEPTH, 2)
    picks = random.Random(7)
    for direction, level in ((Direction.FORWARD, 0), (Direction.BACKWARD, DEPTH)):
        names = [lot(picks.randrange(chains), level) for _ in range(ASKED)]

        def measure(reader: Reader, names: list[str] = names, direction: Direction = direction) -> list[Any]:
            for work in (bare, ours, shown):
                timed(reader, work, names[:20], direction)
            return [timed(reader, work, names, direction) for work in (bare, ours, shown)]

        (reference, size), (figures, own_size), (answers, _) = await log.read(measure)
        if size != own_size:
            raise RuntimeError(f"the reference has reached {size}, the trace {own_size}")
        say(f"trace {database}, {direction.value}: {size / ASKED:.0f} nodes a trace")
        for label, place in (("p50", ASKED // 2), ("p95", ASKED * 95 // 100)):
            name = f"trace {database}, {direction.value}, {label}"
            rows.append(row(name, "ms", [figures[place]], [reference[place]]))
            rows.append(row(f"{name}, answer with events", "ms", [answers[place]]))
    return rows


async def _hub(log: EventLog, database: str) -> Row:
    running: Any = Running(SERVICE, None, log, Resources([]), {})  # pyright: ignore[reportArgumentType] - none needed
    request = pb.StreamTraceRequest(
        parent=f"programmes/{PROGRAMME}",
        epc="https://id.gs1.org/01/09521141123454/10/HUB",
        direction=pb.TRACE_DIRECTION_FORWARD,
    )
    figures: list[float] = []
    for _ in range(3):
        begun, nodes = time.perf_counter(), 0
        async for part in stream_trace(running, request, _call()):
            part.SerializeToString()
            nodes += len(part.nodes)
        if nodes != HUB + 1:
            raise RuntimeError(f"{nodes} nodes")
        figures.append(time.perf_counter() - begun)
    return row(f"trace {database}, {HUB:,} descendants streamed", "s", [statistics.median(figures)])


async def run() -> list[Row]:
    """Rows for each database."""
    rows: list[Row] = []
    for database, serve in DATABASES.items():
        with serve() as fresh:
            async with filled(fresh()[0], database) as log:
                rows += await _traces(log, database)
                rows.append(await _hub(log, database))
    return rows
