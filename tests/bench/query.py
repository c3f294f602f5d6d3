"""Asking for a page by product, place, time, and all together; where something is; who has what: as the store grows.

The reference of each is the same question on the smallest store: a ratio near 1 is a latency that stays flat. Sizes are
set by `BENCH_QUERY_EVENTS`, for example `10000,100000,1000000`; filling the last takes a quarter of an hour, once
(`stores.py`).
"""

import json
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Final

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from fenxiao.epcis import Json, Names, canonical_text
from libs.eventlog import EventLog, Reader
from services.traceability.domain.parameters import read_query
from services.traceability.features.list_inventory import list_inventory
from services.traceability.features.locate import locate
from services.traceability.shared.answering import answer
from services.traceability.shared.reading import whole
from tests.bench.stores import DATABASES, PROGRAMME, asking, forget, kept
from tests.bench.table import Row, row, say

SIZES: Final = [int(size) for size in os.environ.get("BENCH_QUERY_EVENTS", "10000,50000").split(",")]
DOCUMENT: Final = 500
ASKED: Final = 200
PARTS: Final = 10
"""So often it is each size's turn to answer a question."""
WARM: Final = 2
PAGE: Final = 30
PARENT: Final = f"programmes/{PROGRAMME}"
_STEPS: Final = ("shipping", "receiving", "storing", "packing")

Asked = Callable[[random.Random, int], Callable[[Reader], object]]


def events(fields: Callable[[random.Random, int], dict[str, Json]]) -> Asked:
    """A page of the events that a query asks for."""

    def asked(chance: random.Random, size: int) -> Callable[[Reader], object]:
        query = read_query(fields(chance, size), Names())
        return lambda reader: answer(reader, PROGRAMME, query, whole, size=PAGE, after=None)

    return asked


def lines(**wanted: Callable[[random.Random], str]) -> Asked:
    """A page of the inventory."""

    def asked(chance: random.Random, _: int) -> Callable[[Reader], object]:
        fields = {name: canonical_text(one(chance), Names()) for name, one in wanted.items()}
        request = pb.ListInventoryRequest(parent=PARENT, page_size=PAGE, **fields)
        return lambda reader: list_inventory(reader, request, asking())

    return asked


def whereabouts(chance: random.Random, size: int) -> Callable[[Reader], object]:
    """Where an object is."""
    request = pb.LocateRequest(parent=PARENT, epc=serial(chance.randrange(size)))
    return lambda reader: locate(reader, request, asking())


QUESTIONS: Final[dict[str, Asked]] = {
    "by object": events(lambda chance, size: {"MATCH_epc": [serial(chance.randrange(size))]}),
    "by product": events(lambda chance, _: {"MATCH_epcClass": [product(chance.randrange(50))]}),
    "by place": events(lambda chance, _: {"EQ_bizLocation": [place(chance.randrange(100))]}),
    "by time": events(
        lambda chance, size: {"GE_eventTime": moment(chance.randrange(size)), "LT_eventTime": moment(size)}
    ),
    "by step, the newest first": events(
        lambda chance, _: {"EQ_bizStep": [chance.choice(_STEPS)], "orderBy": "eventTime"}
    ),
    "by step, in order of record": events(
        lambda chance, _: {"EQ_bizStep": [chance.choice(_STEPS)], "orderBy": "recordTime"}
    ),
    "by product, place and time": events(
        lambda chance, size: {
            "MATCH_epcClass": [product(chance.randrange(50))],
            "EQ_bizLocation": [place(chance.randrange(100))],
            "GE_eventTime": moment(chance.randrange(size)),
            "orderBy": "eventTime",
        }
    ),
    "by quantity and step": events(lambda chance, _: {"GE_quantity_KGM": "95", "EQ_bizStep": [chance.choice(_STEPS)]}),
    "where it is": whereabouts,
    "inventory": lines(),
    "inventory by product": lines(product=lambda chance: f"https://id.gs1.org/01/{gtin(chance.randrange(50))}"),
    "inventory by place": lines(place=lambda chance: place(chance.randrange(100))),
}


async def run() -> list[Row]:
    """On both databases: every size in turn answers a question, so that a slow moment hits all of them alike."""
    rows: list[Row] = []
    for database in DATABASES:
        async with AsyncExitStack() as stack:
            logs: dict[int, EventLog] = {}
            for size in SIZES:
                store = kept(f"query-{size}", database, lambda size=size: documents(size))
                logs[size] = await stack.enter_async_context(store)
            for name, asked in QUESTIONS.items():
                taken: dict[int, list[float]] = {size: [] for size in SIZES}
                for part in range(PARTS):
                    for size, log in logs.items():
                        taken[size] += await log.read(partial(timed, asked=asked, size=size, part=part))
                for label, place in (("p50", ASKED // 2), ("p95", ASKED * 95 // 100)):
                    figures = {size: sorted(some)[place] for size, some in taken.items()}
                    say(f"query {database}, {name}, {label}: {', '.join(f'{one:.2f}' for one in figures.values())} ms")
                    rows += [
                        row(f"query {database}, {size:,} events, {name}, {label}", "ms", [figure], [figures[SIZES[0]]])
                        for size, figure in figures.items()
                    ]
    return rows


def timed(reader: Reader, asked: Asked, size: int, part: int) -> list[float]:
    """Milliseconds of some pages."""
    chance = random.Random(part)
    taken: list[float] = []
    for number in range(WARM + ASKED // PARTS):
        query = asked(chance, size)
        forget()
        since = time.perf_counter()
        query(reader)
        if number >= WARM:
            taken.append((time.perf_counter() - since) * 1000)
    return taken


def documents(size: int) -> Iterator[bytes]:
    """All events of a store."""
    return (document(first, min(DOCUMENT, size - first)) for first in range(0, size, DOCUMENT))


def serial(number: int) -> str:
    """An object."""
    return f"urn:epc:id:sgtin:9521141.{number % 50:06}.{number}"


def product(number: int) -> str:
    """A lot."""
    return f"urn:epc:class:lgtin:9521141.{number % 50:06}.L{number % 50}"


def gtin(number: int) -> str:
    """The trade item of an object, with its check digit."""
    return canonical_text(serial(number), Names()).split("/")[4]


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
            "epcisBody": {"eventList": [*reported(first, count)]},
        }
    ).encode()


def reported(first: int, count: int) -> Iterator[dict[str, Any]]:
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
