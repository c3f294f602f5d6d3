"""Genealogies: forward and backward beside a bare recursive query, whole answers with events, and hub lots.

Every lot comes of the one before it, twelve deep, and of a second one in every fifth event: 1.2 links an event. The
reference follows the same links in a table of sources and targets with an index each way, in the same database, and
does no more than that: no times, no kinds, no events.

`BENCH_TRACE_EVENTS` (20,000 unless it is set; 1,000,000 for the figures that are promised) says how many events there
are, `BENCH_TRACE_HUB` (20,000; 100,000) how many serial numbers one lot has. Filling a store with a million events
takes a quarter of an hour, once (`stores.py`).
"""

import json
import os
import random
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from libs.eventlog import EventLog, Reader, Tx
from libs.servicekit.service import Resources, Running
from services.traceability.adapters.secrets import Secrets
from services.traceability.features.recall import recall
from services.traceability.features.stream_trace import stream_trace
from services.traceability.features.trace import trace
from services.traceability.shared.genealogies import starts
from services.traceability.shared.tracing import Bounds, Direction, follow
from services.traceability.views.genealogy import node_of
from services.traceability.wiring import SERVICE
from tests.bench.stores import DATABASES, PROGRAMME, asking, forget, kept
from tests.bench.table import RUNS, Row, row

EVENTS: Final = int(os.environ.get("BENCH_TRACE_EVENTS", "20000"))
HUB: Final = int(os.environ.get("BENCH_TRACE_HUB", "20000"))
DEPTH: Final = 12
ASKED: Final = 200
DOCUMENT: Final = 500
"""Events in a document."""

HUB_LOT: Final = "https://id.gs1.org/01/09521141123454/10/HUB"
ROUNDS: Final = 3
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


def filling() -> Iterator[bytes]:
    """All documents."""
    yield from documents(transformations(), DOCUMENT)
    yield from documents(serials(), 4)


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


def edges(tx: Tx) -> None:
    """The table of the reference."""
    tx.run("CREATE TABLE bench_edges (source BYTEA NOT NULL, target BYTEA NOT NULL, PRIMARY KEY (source, target))")
    tx.run("INSERT INTO bench_edges SELECT DISTINCT source, target FROM view_trace_links WHERE kind IN (1, 6)")
    tx.run("CREATE INDEX bench_edges_back ON bench_edges (target, source)")


def bare(reader: Reader, name: str, direction: Direction) -> int:
    """The reference: it knows the node already."""
    here, there = ("source", "target") if direction is Direction.FORWARD else ("target", "source")
    rows = reader.all(
        f"WITH RECURSIVE reached(node) AS (SELECT {there} FROM bench_edges WHERE {here}=? UNION"
        f" SELECT e.{there} FROM reached AS r JOIN bench_edges AS e ON e.{here}=r.node) SELECT node FROM reached",
        (node_of(PROGRAMME, name),),
    )
    return 1 + len(rows)


def ours(reader: Reader, name: str, direction: Direction) -> int:
    """A trace from the name on, without what it takes to show it."""
    return len(follow(reader, starts(reader, PROGRAMME, name, whole=True), direction, Bounds()).nodes)


def shown(reader: Reader, name: str, direction: Direction) -> int:
    """A whole answer, laid out, with its events, as bytes."""
    way = pb.TRACE_DIRECTION_FORWARD if direction is Direction.FORWARD else pb.TRACE_DIRECTION_BACKWARD
    request = pb.TraceRequest(parent=f"programmes/{PROGRAMME}", epc=name, direction=way, with_events=True)
    answer = trace(reader, request, asking())
    answer.SerializeToString()
    return len(answer.nodes)


WAYS: Final = (bare, ours, shown)


def measured(reader: Reader, names: list[str], direction: Direction) -> dict[str, list[float]]:
    """Milliseconds of each way for each name, in order of length: all in turns, the median of some rounds."""
    found: dict[str, list[float]] = {way.__name__: [] for way in WAYS}
    for name in names:
        taken: dict[str, list[float]] = {way.__name__: [] for way in WAYS}
        sizes: set[int] = set()
        for _ in range(ROUNDS):
            for way in WAYS:
                forget()
                begun = time.perf_counter()
                sizes.add(way(reader, name, direction))
                taken[way.__name__].append((time.perf_counter() - begun) * 1000)
        if len(sizes) > 1:
            raise RuntimeError(f"{name}: not all ways have reached the same: {sizes}")
        for key, some in taken.items():
            found[key].append(statistics.median(some))
    return {key: sorted(some) for key, some in found.items()}


async def _traces(log: EventLog, database: str) -> list[Row]:
    rows: list[Row] = []
    chains = max(EVENTS // DEPTH, 2)
    picks = random.Random(7)
    for direction, level in ((Direction.FORWARD, 0), (Direction.BACKWARD, DEPTH)):
        names = [lot(picks.randrange(chains), level) for _ in range(ASKED)]
        found = await log.read(lambda reader, names=names, way=direction: measured(reader, names, way))
        for label, place in (("p50", ASKED // 2), ("p95", ASKED * 95 // 100)):
            name = f"trace {database}, {direction.value}, {label}"
            rows.append(row(name, "ms", [found["ours"][place]], [found["bare"][place]]))
            rows.append(row(f"{name}, answer with events", "ms", [found["shown"][place]]))
    return rows


async def _hub(log: EventLog, database: str) -> list[Row]:
    running: Any = Running(SERVICE, None, log, Resources([Secrets(None)]), {})  # pyright: ignore[reportArgumentType] - none needed
    parent, forward = f"programmes/{PROGRAMME}", pb.TRACE_DIRECTION_FORWARD
    traced = pb.StreamTraceRequest(parent=parent, epc=HUB_LOT, direction=forward)
    recalled = pb.RecallRequest(parent=parent, epc=HUB_LOT)
    streams: dict[str, Callable[[], AsyncIterator[Any]]] = {
        "descendants streamed": lambda: stream_trace(running, traced, asking()),
        "descendants recalled": lambda: recall(running, recalled, asking()),
    }
    rows: list[Row] = []
    for name, stream in streams.items():
        figures, busy = list[float](), list[float]()
        for _ in range(RUNS):
            begun, since, count = time.perf_counter(), time.process_time(), 0
            async for part in stream():
                part.SerializeToString()
                count += len(part.items if isinstance(part, pb.RecallResponse) else part.nodes)
            if count != HUB + 1:
                raise RuntimeError(f"{count} {name}")
            figures.append(time.perf_counter() - begun)
            busy.append(time.process_time() - since)
        rows.append(row(f"trace {database}, {HUB:,} {name}", "s", figures))
        rows.append(row(f"trace {database}, {HUB:,} {name}, this process", "s of CPU", busy))
    return rows


async def run() -> list[Row]:
    """Rows for each database."""
    rows: list[Row] = []
    for database in DATABASES:
        async with kept(f"trace-{EVENTS}-{HUB}", database, filling, edges) as log:
            rows += await _traces(log, database)
            rows += await _hub(log, database)
    return rows
