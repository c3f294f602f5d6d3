"""Whatever is captured, in whatever order and company: views made anew equal the live ones, on both databases."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from libs.eventlog import Reader
from libs.eventlog.tests import conftest as postgres
from libs.servicekit.testing import Harness
from services.traceability.domain.stock import Stock
from services.traceability.domain.whereabouts import State
from services.traceability.shared.preparing import LARGE
from services.traceability.tests.conftest import PARENT, document, event
from services.traceability.views.inventory import OBJECT, SUMMARY
from services.traceability.wiring import SERVICE

postgres_server = postgres.postgres_server
fresh_postgres = postgres.fresh_postgres


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/t.db" if request.param == "sqlite" else request.getfixturevalue("fresh_postgres")


def serial(number: int) -> str:
    return f"urn:epc:id:sgtin:9521141.012345.{number}"


def pallet(number: int) -> str:
    return f"urn:epc:id:sscc:9521141.{number:010}"


def lot(number: int) -> str:
    return f"urn:epc:class:lgtin:9521141.012345.L{number}"


def happenings(chance: random.Random, count: int) -> Iterator[dict[str, Any]]:
    """Few things and many events, so that they meet: packed, unpacked, moved, made of each other, measured."""
    for number in range(count):
        at: dict[str, Any] = {
            "eventTime": f"2025-11-{1 + chance.randrange(28):02}T{number // 60 % 24:02}:{number % 60:02}:00.000+01:00",
            "readPoint": {"id": f"urn:epc:id:sgln:9521141.{chance.randrange(9):05}.0"},
            "bizStep": chance.choice(["shipping", "receiving", "packing", "storing"]),
        }
        one, other, box = (chance.randrange(20) for _ in range(3))
        match chance.randrange(6):
            case 0 | 1:
                order = {"type": "po", "bizTransaction": f"urn:epcglobal:cbv:bt:9521321000001:PO-{one}"}
                action = chance.choice(["ADD", "OBSERVE", "OBSERVE", "DELETE"])
                yield event(epcList=[serial(one), serial(20 + other)], bizTransactionList=[order], action=action, **at)
            case 2 | 3:
                action = chance.choice(["ADD", "ADD", "OBSERVE", "DELETE"])
                children = [] if action == "DELETE" and chance.random() < 0.3 else [serial(one), serial(20 + other)]
                yield packing(action, pallet(box), children, at)
            case 4:
                yield packing("ADD", pallet(box), [pallet(20 + other)], at)
            case _:
                made = {
                    "type": "TransformationEvent",
                    "inputQuantityList": [{"epcClass": lot(one), "quantity": 10.5, "uom": "KGM"}],
                    "outputQuantityList": [{"epcClass": lot(20 + other), "quantity": 8}],
                }
                yield {**without(event(**at), "action", "epcList"), **made}


def packing(action: str, parent: str, children: list[str], at: dict[str, Any]) -> dict[str, Any]:
    fields = {"type": "AggregationEvent", "action": action, "parentID": parent, "childEPCs": children, **at}
    return {**without(event(), "epcList"), **fields}


def without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def declared(wrong: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    reason = chance.choice(["did_not_occur", "incorrect_data"])
    return {**wrong, "errorDeclaration": {"declarationTime": "2025-12-01T00:00:00Z", "reason": reason}}


def rows(reader: Reader) -> dict[str, list[Any]]:
    """All that the views hold, but for how new the newest event is that has moved something.

    That is a mark by which what comes late is known. It may be newer than need be, and is so where more was late in one
    company than in another.
    """
    held = {
        table: sorted(reader.all(f"SELECT * FROM {table}"), key=repr) for view in SERVICE.views for table in view.tables
    }
    held["view_trace_stock"] = [
        (*row[:-1], without_mark(row[1], json.loads(row[-1]))) for row in held["view_trace_stock"]
    ]
    return held


def without_mark(part: int, state: list[Any]) -> list[Any]:
    place = {OBJECT: State._fields.index("last"), SUMMARY: Stock._fields.index("last")}.get(part)
    return state if place is None else [*state[:place], *state[place + 1 :]]


async def captured(harness: Harness, documents: list[bytes]) -> None:
    for one in documents:
        await harness.command("Capture", pb.CaptureRequest(parent=PARENT, document=one))


@pytest.mark.parametrize("seed", range(3))
async def test_views_made_anew_equal_the_live_ones(seed: int, url: str, tmp_path: Path) -> None:
    chance = random.Random(seed)
    events = list(happenings(chance, 400))
    events += [declared(one, chance) for one in chance.sample(events, 25)]
    chance.shuffle(events)
    documents: list[bytes] = []
    while events:
        size = chance.choice([1, 3, 40, 200])
        documents.append(document(*events[:size]))
        events = events[size:]
    assert max(map(len, documents)) > LARGE > min(map(len, documents)), "some are read here, and some elsewhere"
    async with Harness(SERVICE, tmp_path, url=url) as harness:
        await captured(harness, documents)
        live = await harness.log.read(rows)
        await harness.log.rebuild()
        anew = await harness.log.read(rows)
    for table, expected in live.items():
        assert anew[table] == expected, table
    assert all(live[table] for table in ("view_trace_links", "view_trace_stock", "view_trace_voided"))


async def test_both_databases_hold_the_same(tmp_path: Path, fresh_postgres: str) -> None:
    chance = random.Random(11)
    events = list(happenings(chance, 300))
    documents = [document(*events[start : start + 60]) for start in range(0, len(events), 60)]
    found: list[dict[str, list[Any]]] = []
    for one in (f"sqlite:///{tmp_path}/t.db", fresh_postgres):
        async with Harness(SERVICE, tmp_path, url=one) as harness:
            await captured(harness, documents)
            found.append(await harness.log.read(rows))
    one, other = ({table: held for table, held in all_of.items() if table != "view_trace_events"} for all_of in found)
    assert one == other
