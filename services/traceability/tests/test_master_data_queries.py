"""Queries that ask for what master data says give what a plain look at every event and every element gives."""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from libs.servicekit.testing import Harness
from services.traceability.shared import lookups, notifying
from services.traceability.shared.reading import whole
from services.traceability.tests.conftest import PARENT, VTYPE, Rest, Traceability, document, event, header, place
from services.traceability.tests.test_master_data import ask, set_element
from services.traceability.tests.test_query import (
    CONTEXT,
    GOODS,
    LOTS,
    PLACES,
    Event,
    bounded,
    epcs,
    events,
    found,
    given_out,
)
from services.traceability.views import master_data
from services.traceability.wiring import SERVICE

SITE, GATE, OTHER = PLACES
PARTS = [OTHER + "/254/1", "https://example.com/yard", "https://example.com/country"]
ORDERS = ["https://example.com/po/1", "https://example.com/po/2"]
NAMED = {
    "ReadPoint": [*PLACES, *PARTS],
    "BusinessLocation": [*PLACES, *PARTS],
    "Location": [*PLACES, *PARTS],
    "BusinessStep": ["shipping", "receiving"],
    "Disposition": ["in_transit", "https://example.com/odd"],
    "BusinessTransaction": ORDERS,
    "EPCClass": [GOODS, *LOTS],
    "urn:x:sizes": ["urn:x:small"],
}
READ, BIZ, STEP, ODD = ("ReadPoint", "Location"), ("BusinessLocation", "Location"), ("BusinessStep",), ("Disposition",)

Elements = dict[tuple[str, str], dict[str, Any]]
Holds = Callable[[Event, Elements], bool]


@st.composite
def elements(draw: st.DrawFn) -> Elements:
    made: Elements = {}
    for _ in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(sorted(NAMED)))
        values = draw(st.dictionaries(st.sampled_from(["name", "size"]), st.sampled_from(["A", "B", "7"])))
        below = draw(st.lists(st.sampled_from(NAMED[kind]), max_size=3, unique=True))
        made[kind, draw(st.sampled_from(NAMED[kind]))] = {"values": values, "below": below}
    return made


def site_of(one: str) -> str:
    return one.partition("/254/")[0]


def within(one: str, top: str, kinds: tuple[str, ...], known: Elements) -> bool:
    """Whether an element is another, a part of it by its identifier, or below it, however far: one step at a time."""
    reached = {top}
    while True:
        news = {
            child
            for (kind, parent), element in known.items()
            if kind in kinds and (parent in reached or site_of(parent) in reached)
            for child in element["below"]
        }
        if news <= reached:
            return one in reached or site_of(one) in reached
        reached |= news


def has(one: str | None, kinds: tuple[str, ...] | None, name: str, value: str, known: Elements) -> bool:
    return any(
        element == one and name in said["values"] and said["values"][name] in (value or said["values"][name])
        for (kind, element), said in known.items()
        if kinds is None or kind in kinds
    )


def at(field: str) -> Callable[[Event], str]:
    return lambda e: e.get(field, {}).get("id", "")


def classes(e: Event) -> set[str]:
    named = {one["epcClass"] for key in ("quantityList", "outputQuantityList") for one in e.get(key, [])}
    return named | ({GOODS} if named & {*LOTS} else set())


def order(e: Event) -> str:
    return next((one["bizTransaction"] for one in e.get("bizTransactionList", [])), "")


ASKED: list[tuple[dict[str, Any], Holds]] = [
    ({"WD_readPoint": [SITE]}, lambda e, k: within(at("readPoint")(e), SITE, READ, k)),
    (
        {"WD_bizLocation": [OTHER, PARTS[2]]},
        lambda e, k: any(
            at("bizLocation")(e) and within(at("bizLocation")(e), one, BIZ, k) for one in (OTHER, PARTS[2])
        ),
    ),
    ({"HASATTR_readPoint": ["name"]}, lambda e, k: has(at("readPoint")(e), READ, "name", "", k)),
    ({"HASATTR_bizLocation": ["cbvmda:size", "odd"]}, lambda e, k: has(at("bizLocation")(e), BIZ, "size", "", k)),
    ({"EQATTR_bizLocation_name": ["A", "7"]}, lambda e, k: has(at("bizLocation")(e), BIZ, "name", "A7", k)),
    ({"EQATTR_readPoint_urn:epcglobal:cbv:mda#size": 7}, lambda e, k: has(at("readPoint")(e), READ, "size", "7", k)),
    ({"EQATTR_bizStep_name": "A"}, lambda e, k: has(e.get("bizStep"), STEP, "name", "A", k)),
    ({"HASATTR_disposition": "name"}, lambda e, k: has(e.get("disposition"), ODD, "name", "", k)),
    ({"EQATTR_bizTransaction_po_name": "B"}, lambda e, k: has(order(e), ("BusinessTransaction",), "name", "B", k)),
    ({"HASATTR_epcClass": "size"}, lambda e, k: any(has(one, ("EPCClass",), "size", "", k) for one in classes(e))),
    ({"HASATTR_ex:kind": "name"}, lambda e, k: has(e.get("ex:kind"), None, "name", "", k)),
    ({"MATCH_epc": ["urn:epc:idpat:sgtin:9521141.*.*"]}, lambda e, k: bool(epcs(e, "epcList", "childEPCs"))),
]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(events(), min_size=1, max_size=15),
    st.lists(st.sampled_from([None, "urn:x:small", "shipping"]), min_size=15, max_size=15),
    elements(),
    st.lists(st.sampled_from(ASKED), min_size=1, max_size=2, unique_by=id),
    st.sampled_from([(1000, 64, 20_000), (2, 3, 20_000)]),
)
async def test_queries_by_master_data(
    listed: list[Event],
    kinds: list[str | None],
    known: Elements,
    asked: list[tuple[dict[str, Any], Holds]],
    bounds: tuple[int, int, int],
) -> None:
    for n, one in enumerate(listed):
        one["ex:number"] = n
        if kinds[n]:
            one["ex:kind"] = kinds[n]
    head = header_with(known)
    parameters = {key: value for one, _ in asked for key, value in one.items()}
    wanted = {one["ex:number"] for one in listed if all(holds(one, known) for _, holds in asked)}
    with TemporaryDirectory() as folder:
        async with Harness(SERVICE, Path(folder)) as harness:
            await Traceability(harness).capture(document(*listed, epcisHeader=head, **{"@context": CONTEXT}))
            with bounded(*bounds):
                pages = await harness.log.read(lambda reader: given_out(reader, parameters, 4))
            query = notifying.stored_query(json.dumps({"@context": CONTEXT[1], **parameters}))
            sent = await harness.log.read(lambda reader: notifying.next_part(reader, "olives", query, whole, 0, 100))
    assert {number(one.event.event.document) for page in pages for one in page} == wanted
    assert {number(one.event.document) for one in sent.events} == wanted


FOUND: list[tuple[dict[str, Any], Callable[[str, str, Elements], bool]]] = [
    ({"vocabularyName": ["ReadPoint", "urn:x:sizes"]}, lambda kind, one, k: kind in ("ReadPoint", "urn:x:sizes")),
    ({"EQ_name": [SITE, "shipping"]}, lambda kind, one, k: one in (SITE, "shipping")),
    (
        {"WD_name": [OTHER, "receiving"]},
        lambda kind, one, k: reaches(OTHER, one, kind, k) or reaches("receiving", one, kind, k),
    ),
    ({"HASATTR": ["size", "odd"]}, lambda kind, one, k: "size" in k[kind, one]["values"]),
    ({"EQATTR_name": ["A", "7"]}, lambda kind, one, k: k[kind, one]["values"].get("name", "x") in "A7"),
    ({"EQATTR_cbvmda:size": ["B"]}, lambda kind, one, k: k[kind, one]["values"].get("size") == "B"),
]


def reaches(top: str, one: str, kind: str, known: Elements) -> bool:
    """Whether an element is another, or below it."""
    reached = {top}
    for _ in known:
        reached |= {
            child
            for (own, parent), element in known.items()
            if own == kind and parent in reached
            for child in element["below"]
        }
    return one in reached


@settings(max_examples=60, deadline=None)
@given(elements(), st.lists(st.sampled_from(FOUND), max_size=3, unique_by=id), st.integers(1, 5))
async def test_queries_for_master_data(
    known: Elements, asked: list[tuple[dict[str, Any], Callable[[str, str, Elements], bool]]], size: int
) -> None:
    parameters = {key: value for one, _ in asked for key, value in one.items()}
    wanted = {key for key in known if all(holds(*key, known) for _, holds in asked)}
    found: list[tuple[str, str]] = []
    with TemporaryDirectory() as folder:
        async with Harness(SERVICE, Path(folder)) as harness:
            trace = Traceability(harness)
            await trace.capture(document(epcisHeader=header_with(known)))
            token, more = "", True
            while more:
                answer = await ask(trace, size=size, token=token, **parameters)
                found += [(one.vocabulary.removeprefix(VTYPE), one.id) for one in answer.elements]
                token, more = answer.next_page_token, bool(answer.next_page_token)
    assert found == sorted(found)
    assert len(found) == len(wanted)
    assert {*found} == wanted


def header_with(known: Elements) -> dict[str, Any]:
    listed = [
        {
            "type": kind if ":" in kind else VTYPE + kind,
            "vocabularyElementList": [
                place(uri(kind, element), [uri(kind, one) for one in said["below"]], **said["values"])
            ],
        }
        for (kind, element), said in known.items()
    ]
    return {"epcisMasterData": {"vocabularyList": listed}}


def number(text: str) -> int:
    return json.loads(text)["ex:number"]


def uri(kind: str, element: str) -> str:
    """The schema wants URIs, also of words."""
    prefix = {"BusinessStep": "urn:epcglobal:cbv:bizstep:", "Disposition": "urn:epcglobal:cbv:disp:"}.get(kind, "")
    return element if ":" in element else prefix + element


def seen(n: int, read_point: str, **fields: Any) -> Event:
    return event(n, readPoint={"id": read_point}, **{"ex:number": n}, **fields)


async def test_a_circle_of_places(trace: Traceability) -> None:
    ring = [f"urn:x:{n}" for n in range(5)]
    head = header(*(place(one, [ring[(n + 1) % 5]]) for n, one in enumerate(ring)), kind="ReadPoint")
    listed = [seen(n, one) for n, one in enumerate([*ring, "urn:x:9"])]
    await trace.capture(document(*listed, epcisHeader=head, **{"@context": CONTEXT}))
    assert await found(trace, {"WD_readPoint": [ring[3]]}) == [0, 1, 2, 3, 4]
    assert await found(trace, {"WD_bizLocation": [ring[3]]}) == []


async def test_below_a_part_of_a_place(trace: Traceability) -> None:
    yard = "https://example.com/yard"
    head = header(place(GATE, [OTHER]), place(OTHER + "/254/1", [yard]), kind="Location")
    await trace.capture(document(*(seen(n, one) for n, one in enumerate(PLACES)), seen(3, yard), epcisHeader=head))
    assert await found(trace, {"WD_readPoint": [SITE]}) == [0, 1, 2, 3]
    assert await found(trace, {"WD_readPoint": [GATE]}) == [1, 2, 3]
    assert await found(trace, {"WD_readPoint": [OTHER]}) == [2, 3]
    assert await found(trace, {"WD_readPoint": [OTHER + "/254/1"]}) == [3]


async def test_names_with_underscores(trace: Traceability) -> None:
    party = {"id": "urn:x:ada", "attributes": [{"id": "https://ns.example.com/epcis/first_name", "attribute": "Ada"}]}
    owned = event(1, sourceList=[{"type": "owning_party", "source": "urn:x:ada"}], **{"ex:number": 1})
    await trace.capture(document(owned, epcisHeader=header(party, kind="Party"), **{"@context": CONTEXT}))
    assert await found(trace, {"EQATTR_source_owning_party_ex:first_name": "Ada"}) == [1]
    assert await found(trace, {"HASATTR_source_owning_party": "ex:first_name"}) == [1]
    assert await found(trace, {"HASATTR_source_possessing_party": "ex:first_name"}) == []


async def test_master_data_counts_as_it_is_when_it_is_asked(trace: Traceability) -> None:
    await trace.capture(document(seen(1, GATE), **{"@context": CONTEXT}))
    assert await found(trace, {"EQATTR_readPoint_name": "Gate"}) == []
    await set_element(trace, "ReadPoint", GATE, name="Gate")
    assert await found(trace, {"EQATTR_readPoint_name": "Gate"}) == [1]
    await set_element(trace, "ReadPoint", GATE, name="Door")
    assert await found(trace, {"EQATTR_readPoint_name": "Gate"}) == []
    assert await found(trace, {"EQATTR_readPoint_name": ["Door", "Gate"], "WD_readPoint": [SITE]}) == [1]


async def test_another_programmes_master_data(trace: Traceability) -> None:
    await trace.capture(document(seen(1, GATE), **{"@context": CONTEXT}))
    head = header(place(GATE, name="Gate"), place("urn:x:1", [GATE]), kind="ReadPoint")
    await trace.capture(document(epcisHeader=head), parent=PARENT + "-other")
    assert await found(trace, {"HASATTR_readPoint": "name"}) == []
    assert await found(trace, {"WD_readPoint": ["urn:x:1"]}) == []


@pytest.mark.parametrize("name", ["WD_readPoint", "HASATTR_readPoint", "EQATTR_readPoint_name", "HASATTR_epcClass"])
async def test_too_many_elements(trace: Traceability, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "MOST", 30)
    most = 30 if "readPoint" in name else 3
    kind = "ReadPoint" if "readPoint" in name else "EPCClass"
    many = [f"urn:x:{n}" for n in range(most)]
    top = place("urn:x:top", many[1:])
    await trace.capture(document(epcisHeader=header(top, *(place(one, name="x") for one in many), kind=kind)))
    value = {"WD_readPoint": "urn:x:top", "EQATTR_readPoint_name": "x"}.get(name, "name")
    assert await found(trace, {name: value}) == []
    more = place("urn:x:more", name="x")
    await trace.capture(document(epcisHeader=header(place("urn:x:top", [*many[1:], "urn:x:more"]), more, kind=kind)))
    with pytest.raises(Refusal) as caught:
        await found(trace, {name: value})
    assert (caught.value.reason, caught.value.field) == ("QUERY_TOO_LARGE", name)


async def test_too_many_children(trace: Traceability, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(master_data, "MOST_ROWS", 5)
    # Few names, said again and again: reading them is what takes long.
    ring = [f"urn:x:{n}" for n in range(3)]
    tops = [f"urn:x:top{n}" for n in range(3)]
    head = header(*(place(one, ring) for one in tops), kind="ReadPoint")
    await trace.capture(document(epcisHeader=head))
    assert await found(trace, {"WD_readPoint": tops[:1]}) == []
    with pytest.raises(Refusal) as caught:
        await found(trace, {"WD_readPoint": tops})
    assert (caught.value.reason, caught.value.field) == ("QUERY_TOO_LARGE", "WD_readPoint")
    with pytest.raises(Refusal) as caught:
        await ask(trace, WD_name=tops)
    assert (caught.value.reason, caught.value.field) == ("QUERY_TOO_LARGE", "WD_name")


async def test_over_http(rest: Rest) -> None:
    await rest.done(await rest.capture(document(event(1, readPoint={"id": GATE}), event(2, readPoint={"id": OTHER}))))
    found = await rest.url("/events?HASATTR_readPoint=name")
    assert found["epcisBody"]["queryResults"]["resultsBody"]["eventList"] == []
    query = {"name": "gates", "query": {"EQATTR_readPoint_name": ["Gate"]}}
    async with rest.session.post(f"{rest.base}/olives/epcis/queries", json=query) as answer:
        assert answer.status == 201, await answer.text()
    await set_element(Traceability(rest.harness), "ReadPoint", GATE, name="Gate")
    for path in ("/events?HASATTR_readPoint=name", "/queries/gates/events", "/events?EQATTR_readPoint_name=Gate|X"):
        found = await rest.url(path)
        (one,) = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        assert one["eventTime"][14:16] == "01"


async def test_too_many_over_http(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "MOST", 1)
    body = document(epcisHeader=header(place("urn:x:1", name="x"), place("urn:x:2", name="x"), kind="ReadPoint"))
    await rest.done(await rest.capture(body))
    problem = await rest.url("/events?HASATTR_readPoint=name", status=413)
    assert problem["type"] == "epcisException:QueryTooLargeException"
