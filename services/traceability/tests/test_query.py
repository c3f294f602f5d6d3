"""Queries: whatever is asked gives what a plain look at every event gives, in order and over all pages."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.epcis import Names
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit.testing import Harness
from services.traceability.domain.parameters import read_query
from services.traceability.shared import searching
from services.traceability.shared.answering import Cursor, answer
from services.traceability.shared.reading import whole
from services.traceability.shared.searching import Found
from services.traceability.tests.conftest import PARENT, Traceability, document
from services.traceability.wiring import SERVICE

NAMES = Names().within({"ex": "https://ns.example.com/epcis/"})
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "https://ns.example.com/epcis/"}]
HOME = "https://id.gs1.org/"
GOODS = HOME + "01/09521141012345"
SERIALS = [f"{GOODS}/21/{n}" for n in range(4)]
LOTS = [f"{GOODS}/10/L{n}" for n in range(2)]
PLACES = [HOME + "414/9521141012345", HOME + "414/9521141012345/254/7", HOME + "414/9521141012352"]

Event = dict[str, Any]
Holds = Callable[[Event], bool]


def times(event: Event) -> datetime:
    return datetime.fromisoformat(event["eventTime"])


def some(pool: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(pool), min_size=1, max_size=2, unique=True)


def quantity(lot: str, count: int, uom: str) -> dict[str, Any]:
    return {"epcClass": lot, "quantity": count, **({"uom": uom} if uom else {})}


def report(value: int, uom: str) -> dict[str, Any]:
    return {"type": "Temperature", "value": value, "uom": uom}


def sensor_element(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"sensorReport": found}]


quantities = st.lists(
    st.builds(
        quantity,
        st.sampled_from([*LOTS, GOODS]),
        st.integers(1, 3),
        st.sampled_from(["", "KGM", "GRM"]),
    ),
    min_size=1,
    max_size=2,
)
reports = st.lists(
    st.builds(
        report,
        st.integers(-2, 5),
        st.sampled_from(["CEL", "KEL"]),
    ),
    min_size=1,
    max_size=2,
)


@st.composite
def events(draw: st.DrawFn) -> Event:
    kind = draw(st.sampled_from(["ObjectEvent", "AggregationEvent", "TransformationEvent", "AssociationEvent"]))
    minute = draw(st.integers(0, 5))
    event: Event = {
        "type": kind,
        "eventTime": draw(st.sampled_from([f"2025-11-08T16:0{minute}:00+01:00", f"2025-11-08T15:0{minute}:00.000Z"])),
        "eventTimeZoneOffset": "+01:00",
    }
    if kind != "TransformationEvent":
        event["action"] = draw(st.sampled_from(["ADD", "OBSERVE", "DELETE"]))
    match kind:
        case "ObjectEvent":
            event["epcList"] = draw(some(SERIALS))
            if draw(st.booleans()):
                event["quantityList"] = draw(quantities)
        case "TransformationEvent":
            event["inputEPCList"], event["outputQuantityList"] = draw(some(SERIALS)), draw(quantities)
        case _:
            event["parentID"], event["childEPCs"] = draw(st.sampled_from(SERIALS)), draw(some(SERIALS))
    optional: dict[str, st.SearchStrategy[Any]] = {
        "bizStep": st.sampled_from(["shipping", "receiving"]),
        "disposition": st.sampled_from(["in_transit", "https://example.com/odd"]),
        "readPoint": st.sampled_from(PLACES).map(lambda place: {"id": place}),
        "bizLocation": st.sampled_from(PLACES).map(lambda place: {"id": place}),
        "bizTransactionList": st.sampled_from(["1", "2"]).map(
            lambda n: [{"type": "po", "bizTransaction": f"https://example.com/po/{n}"}]
        ),
        "sensorElementList": reports.map(sensor_element),
        "ex:size": st.one_of(st.integers(1, 4), st.sampled_from(["small", "2", "2025-11-08T15:00:00Z"])),
        "ex:box": st.integers(1, 3).map(lambda size: {"ex:depth": size}),
    }
    for field, values in optional.items():
        if draw(st.booleans()):
            event[field] = draw(values)
    return event


def epcs(event: Event, *keys: str) -> set[str]:
    found: set[str] = set()
    for key in keys:
        value = event.get(key, [])
        found |= {value} if isinstance(value, str) else set(value)
    return found


def classes(event: Event) -> set[str]:
    found = {one["epcClass"] for key in ("quantityList", "outputQuantityList") for one in event.get(key, [])}
    return found | {GOODS for one in found if one in LOTS}


def kelvin(event: Event) -> list[float]:
    found = [one for element in event.get("sensorElementList", []) for one in element["sensorReport"]]
    return [one["value"] + (273.15 if one["uom"] == "CEL" else 0) for one in found]


def kilos(event: Event) -> list[float]:
    found = [one for key in ("quantityList", "outputQuantityList") for one in event.get(key, []) if "uom" in one]
    return [one["quantity"] / (1000 if one["uom"] == "GRM" else 1) for one in found]


MOMENT = "2025-11-08T15:02:00Z"
EPC_FIELDS = ("epcList", "childEPCs", "inputEPCList", "parentID")
ASKED: list[tuple[dict[str, Any], Holds]] = [
    ({"eventType": ["ObjectEvent", "AssociationEvent"]}, lambda e: e["type"] in ("ObjectEvent", "AssociationEvent")),
    ({"GE_eventTime": MOMENT}, lambda e: times(e) >= datetime.fromisoformat(MOMENT)),
    ({"LT_eventTime": MOMENT}, lambda e: times(e) < datetime.fromisoformat(MOMENT)),
    ({"EQ_action": ["ADD"]}, lambda e: e.get("action") == "ADD"),
    ({"EQ_bizStep": ["cbv:BizStep-shipping"]}, lambda e: e.get("bizStep") == "shipping"),
    ({"EQ_disposition": ["https://example.com/odd"]}, lambda e: e.get("disposition") == "https://example.com/odd"),
    ({"EQ_readPoint": [PLACES[0]]}, lambda e: e.get("readPoint", {}).get("id") == PLACES[0]),
    (
        {"WD_bizLocation": ["urn:epc:id:sgln:9521141.01234.0"]},
        lambda e: e.get("bizLocation", {}).get("id") in PLACES[:2],
    ),
    ({"MATCH_epc": SERIALS[:2]}, lambda e: bool(epcs(e, "epcList", "childEPCs") & set(SERIALS[:2]))),
    ({"MATCH_epc": ["urn:epc:idpat:sgtin:9521141.*.*"]}, lambda e: bool(epcs(e, "epcList", "childEPCs"))),
    ({"MATCH_epc": ["urn:epc:idpat:sgtin:9521142.*.*"]}, lambda e: False),
    ({"MATCH_parentID": [SERIALS[0]]}, lambda e: e.get("parentID") == SERIALS[0]),
    ({"MATCH_anyEPC": [SERIALS[3]]}, lambda e: SERIALS[3] in epcs(e, *EPC_FIELDS)),
    ({"MATCH_inputEPC": [SERIALS[1]]}, lambda e: SERIALS[1] in e.get("inputEPCList", [])),
    ({"MATCH_anyEPCClass": [LOTS[0]]}, lambda e: LOTS[0] in classes(e)),
    ({"MATCH_anyEPCClass": ["urn:epc:idpat:sgtin:9521141.001234.*"]}, lambda e: GOODS in classes(e)),
    ({"MATCH_anyEPCClass": [GOODS]}, lambda e: GOODS in classes(e)),
    ({"EQ_bizTransaction_po": ["https://example.com/po/1"]}, lambda e: "po/1" in json.dumps(e)),
    ({"GE_value_CEL": 2}, lambda e: any(one >= 275.15 for one in kelvin(e))),
    ({"LT_value_KEL": 3}, lambda e: any(one < 3 for one in kelvin(e))),
    ({"EQ_quantity_KGM": [2]}, lambda e: 2 in kilos(e)),
    ({"EXISTS_sensorElementList": None}, lambda e: "sensorElementList" in e),
    ({"EQ_ex:size": ["2", "small"]}, lambda e: e.get("ex:size") in (2, "2", "small")),
    ({"EQ_ex:size": ["2025-11-08T16:00:00+01:00"]}, lambda e: e.get("ex:size") == "2025-11-08T15:00:00Z"),
    ({"GT_ex:size": 2}, lambda e: e.get("ex:size") in (3, 4, "2025-11-08T15:00:00Z")),
    ({"EXISTS_ex:box": True}, lambda e: "ex:box" in e),
    ({"LE_INNER_ex:depth": 2}, lambda e: e.get("ex:box", {}).get("ex:depth", 9) <= 2),
    ({"EXISTS_errorDeclaration": None}, lambda e: False),
    ({"EXISTS_errorDeclaration": False}, lambda e: True),
]


def given_out(reader: Reader, parameters: dict[str, Any], size: int) -> list[list[Found]]:
    """Every page of a query."""
    query = read_query(parameters, NAMES)
    pages: list[list[Found]] = []
    after: Cursor | None = None
    while True:
        page = answer(reader, "olives", query, whole, size=size, after=after)
        pages.append(page.found)
        if page.following is None:
            return pages
        after = Cursor.parse(page.following.key)


@contextmanager
def bounded(few: int, first: int, looked_at: int) -> Generator[None]:
    """Searches as if there were so much that few conditions can lead, windows are small and pages end short."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "FEW", few)
        patch.setattr(searching, "FIRST", first)
        patch.setattr(searching, "LOOKED_AT", looked_at)
        yield


def place_of(event: Event) -> str:
    return event["eventID"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(events(), min_size=1, max_size=25),
    st.lists(st.sampled_from(ASKED), max_size=3, unique_by=id),
    st.sampled_from([{}, {"orderBy": "eventTime"}, {"orderBy": "recordTime", "orderDirection": "ASC"}]),
    st.integers(1, 8),
    st.sampled_from([None, 3]),
    st.sampled_from([(1000, 64, 20_000), (2, 3, 20_000), (1, 2, 4)]),
)
async def test_queries_give_what_a_look_at_each_event_gives(
    listed: list[Event],
    asked: list[tuple[dict[str, Any], Holds]],
    order: dict[str, str],
    size: int,
    first: int | None,
    bounds: tuple[int, int, int],
) -> None:
    for n, one in enumerate(listed):
        one["eventID"] = f"urn:uuid:00000000-0000-4000-8000-{n:012}"
        one["ex:number"] = n
    parameters = {key: value for one, _ in asked for key, value in one.items()} | order
    first = first if "orderBy" in order else None
    if first:
        parameters["eventCountLimit"] = first
    # Of two that share a parameter, the later counts.
    last = {next(iter(one)): holds for one, holds in asked}
    wanted = [one for one in listed if all(holds(one) for holds in last.values())]
    if order.get("orderBy") == "recordTime":
        wanted.sort(key=lambda e: e["ex:number"])
    else:
        descending = "orderBy" in order
        wanted.sort(key=lambda e: (times(e), e["ex:number"]), reverse=descending)
    with TemporaryDirectory() as folder:
        async with Harness(SERVICE, Path(folder)) as harness:
            await Traceability(harness).capture(document(*listed, **{"@context": CONTEXT}))
            with bounded(*bounds):
                pages = await harness.log.read(lambda reader: given_out(reader, parameters, size))
    found = [one.event.event.event_id for page in pages for one in page]
    assert found == [place_of(one) for one in wanted][:first]
    assert all(len(page) <= size for page in pages)


async def found(trace: Traceability, parameters: dict[str, Any], size: int = 100) -> list[int]:
    """The numbers (`ex:number`) of the events that are found."""
    pages = await trace.harness.log.read(lambda reader: given_out(reader, parameters, size))
    return [json.loads(one.event.event.document)["ex:number"] for page in pages for one in page]


async def test_the_order_of_a_field_of_ones_own(trace: Traceability) -> None:
    sizes: list[Any] = [3, "b", 10, None, "a", 2]
    listed = [
        {
            "type": "ObjectEvent", "eventTime": "2025-11-08T16:00:00+01:00", "eventTimeZoneOffset": "+01:00",
            "action": "OBSERVE", "epcList": [SERIALS[0]], "ex:number": n, **({"ex:size": size} if size else {}),
        }
        for n, size in enumerate(sizes)
    ]  # fmt: skip
    await trace.capture(document(*listed, **{"@context": CONTEXT}))
    assert await found(trace, {"orderBy": "ex:size", "orderDirection": "ASC"}, 2) == [5, 0, 2, 4, 1, 3]
    assert await found(trace, {"orderBy": "ex:size"}, 2) == [1, 4, 2, 0, 5, 3]
    assert await found(trace, {"orderBy": "ex:size", "eventCountLimit": 3}, 2) == [1, 4, 2]


async def test_more_than_was_to_be(trace: Traceability) -> None:
    listed = [
        {
            "type": "ObjectEvent", "eventTime": "2025-11-08T16:00:00+01:00", "eventTimeZoneOffset": "+01:00",
            "action": "OBSERVE", "epcList": [SERIALS[0]], "ex:number": n,
        }
        for n in range(3)
    ]  # fmt: skip
    await trace.capture(document(*listed, **{"@context": CONTEXT}))
    assert len(await found(trace, {"maxEventCount": 3}, 2)) == 3
    with pytest.raises(Refusal, match="maxEventCount") as caught:
        await found(trace, {"maxEventCount": 2})
    assert caught.value.reason == "QUERY_TOO_LARGE"


async def test_another_programme_sees_nothing(trace: Traceability) -> None:
    listed = {
        "type": "ObjectEvent", "eventTime": "2025-11-08T16:00:00+01:00", "eventTimeZoneOffset": "+01:00",
        "action": "OBSERVE", "epcList": [SERIALS[0]], "ex:number": 1,
    }  # fmt: skip
    await trace.capture(document(listed, **{"@context": CONTEXT}), parent=PARENT + "-other")
    assert await found(trace, {}) == await found(trace, {"MATCH_epc": SERIALS[0]}) == []
