"""Asking for a page of EPCIS events by product, place, time, and all together: p95 of a page, as the store grows.

The reference of each is the same question on the smallest store: a ratio near 1 is a latency that stays flat. Sizes are
set by `BENCH_QUERY_EVENTS`, for example `10000,100000,1000000`.
"""

import json
import os
import random
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, Final

from fenxiao.epcis import EventReader, Json, Limits, Names, Profile
from libs.eventlog import EventLog, Meta, Reader, Tx
from libs.servicekit.lifecycle import open_log
from services.traceability.domain.parameters import read_query
from services.traceability.shared import reading
from services.traceability.shared.answering import answer
from services.traceability.shared.capturing import Prepared, prepare, store
from services.traceability.wiring import SERVICE
from tests.bench.append import DATABASES
from tests.bench.table import Row, rounded, say

SIZES: Final = [int(size) for size in os.environ.get("BENCH_QUERY_EVENTS", "10000,100000").split(",")]
DOCUMENT: Final = 500
ASKED: Final = 200
PAGE: Final = 30
PROGRAMME: Final = "olives"
_STEPS: Final = ("shipping", "receiving", "storing", "packing")

Asked = Callable[[random.Random, int], dict[str, Json]]

QUESTIONS: Final[dict[str, Asked]] = {
    "by object": lambda chance, size: {"MATCH_epc": [serial(chance.randrange(size))]},
    "by product": lambda chance, _: {"MATCH_epcClass": [product(chance.randrange(50))]},
    "by place": lambda chance, _: {"EQ_bizLocation": [place(chance.randrange(100))]},
    "by time": lambda chance, size: {"GE_eventTime": moment(chance.randrange(size)), "LT_eventTime": moment(size)},
    "by step, the newest first": lambda chance, _: {"EQ_bizStep": [chance.choice(_STEPS)], "orderBy": "eventTime"},
    "by step, in order of record": lambda chance, _: {"EQ_bizStep": [chance.choice(_STEPS)], "orderBy": "recordTime"},
    "by product, place and time": lambda chance, size: {
        "MATCH_epcClass": [product(chance.randrange(50))],
        "EQ_bizLocation": [place(chance.randrange(100))],
        "GE_eventTime": moment(chance.randrange(size)),
        "orderBy": "eventTime",
    },
    "by quantity and step": lambda chance, _: {"GE_quantity_KGM": "95", "EQ_bizStep": [chance.choice(_STEPS)]},
}


async def run() -> list[Row]:
    """On both databases, in rising size."""
    rows: list[Row] = []
    for database, serve in DATABASES.items():
        smallest: dict[str, float] = {}
        with serve() as fresh:
            for size in SIZES:
                log = open_log(SERVICE, fresh()[0])
                try:
                    await fill(log, size)
                    if database == "postgresql":
                        await log.write(lambda tx: tx.run("ANALYZE"))
                    for name, asked in QUESTIONS.items():
                        figure = await log.read(lambda reader, asked=asked, size=size: p95(reader, asked, size))
                        first = smallest.setdefault(name, figure)
                        say(f"query {database}, {size:,} events, {name}: {figure:.2f} ms")
                        rows.append(
                            {
                                "name": f"query {database}, {size:,} events, {name}",
                                "figure": rounded(figure),
                                "unit": "ms (p95)",
                                "reference": rounded(first),
                                "ratio": rounded(figure / first),
                            }
                        )
                finally:
                    await log.close()
    return rows


def p95(reader: Reader, asked: Asked, size: int) -> float:
    """Milliseconds of a page."""
    chance = random.Random(7)
    taken: list[float] = []
    for _ in range(ASKED):
        query = read_query(asked(chance, size), Names())
        since = time.perf_counter()
        answer(reader, PROGRAMME, query, size=PAGE, after=None)
        taken.append((time.perf_counter() - since) * 1000)
    return sorted(taken)[int(len(taken) * 0.95)]


async def fill(log: EventLog, size: int) -> None:
    """Captures so many events."""
    meta = Meta(PROGRAMME, "bench")
    for first in range(0, size, DOCUMENT):
        reader = EventReader(BytesIO(document(first, min(DOCUMENT, size - first))), Profile.STRICT, Limits())
        ready = [one for one in prepare(reader, PROGRAMME) if isinstance(one, Prepared)]

        def work(tx: Tx, ready: list[Prepared] = ready) -> None:
            store(tx, ready, meta)

        await log.write(work)
        if first % 50_000 == 0:
            say(f"query: {first:,} of {size:,} events")
    # What was captured is asked for some other day: nothing of it is remembered.
    reading._facts.clear()  # pyright: ignore[reportPrivateUsage]


def serial(number: int) -> str:
    """An object."""
    return f"urn:epc:id:sgtin:9521141.{number % 50:06}.{number}"


def product(number: int) -> str:
    """A lot."""
    return f"urn:epc:class:lgtin:9521141.{number % 50:06}.L{number % 50}"


def place(number: int) -> str:
    """A place."""
    return f"urn:epc:id:sgln:9521141.{number % 100:05}.0"


def moment(number: int) -> str:
    """A second for each event."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_700_000_000 + number))


def document(first: int, count: int) -> bytes:
    """A document."""
    return json.dumps(
        {
            "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2025-12-20T18:00:00Z",
            "epcisBody": {"eventList": [*events(first, count)]},
        }
    ).encode()


def events(first: int, count: int) -> Iterator[dict[str, Any]]:
    """Each object is seen once; products and places come again and again."""
    for number in range(first, first + count):
        chance = random.Random(number)
        yield {
            "type": "ObjectEvent",
            "eventTime": moment(number),
            "eventTimeZoneOffset": "+00:00",
            "action": "OBSERVE",
            "bizStep": chance.choice(_STEPS),
            "epcList": [serial(number)],
            "quantityList": [{"epcClass": product(number), "quantity": chance.randrange(100), "uom": "KGM"}],
            "bizLocation": {"id": place(chance.randrange(100))},
        }
