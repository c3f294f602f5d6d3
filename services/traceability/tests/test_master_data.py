"""Master data: said in headers and by merchants, kept attribute by attribute, asked for."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.api.traceability.v1 import captures_pb2, links_pb2
from fenxiao.api.traceability.v1 import master_data_pb2 as pb
from fenxiao.epcis import EpcisError, MasterDataElement
from fenxiao.errors import Refusal
from services.traceability.domain.events import MasterDataDefined
from services.traceability.domain.master_data import as_of, decide_said, decide_set
from services.traceability.features import query_master_data
from services.traceability.tests.conftest import LOT, PARENT, VTYPE, Rest, Traceability, document, event, header, place
from services.traceability.tests.test_item_page import MILL, PATH, page
from services.traceability.tests.test_uploads import upload

MDA = "urn:epcglobal:cbv:mda#"
START = datetime(2026, 1, 1, tzinfo=UTC)
SITE, GATE, SHELF = "urn:epc:id:sgln:9521141.00001.0", "urn:epc:id:sgln:9521141.00001.7", "urn:x:shelf"
SITE_LINK, GATE_LINK = MILL, MILL + "/254/7"


async def ask(trace: Traceability, size: int = 0, token: str = "", **parameters: Any) -> pb.QueryMasterDataResponse:
    whole = {"includeAttributes": True, "includeChildren": True, **parameters}
    request = pb.QueryMasterDataRequest(
        parent=PARENT, query=json.dumps(whole).encode(), page_size=size, page_token=token
    )
    return await trace.harness.query("QueryMasterData", request)


async def ids(trace: Traceability, **parameters: Any) -> list[str]:
    return [one.id for one in (await ask(trace, **parameters)).elements]


async def set_element(
    trace: Traceability, kind: str, element: str, *children: str, **texts: str
) -> pb.MasterDataElement:
    attributes = [pb.MasterDataAttribute(name=name, text=text) for name, text in texts.items()]
    wanted = pb.MasterDataElement(vocabulary=kind, id=element, attributes=attributes, children=children)
    return await trace.harness.command("SetMasterData", pb.SetMasterDataRequest(parent=PARENT, element=wanted))


def texts(element: pb.MasterDataElement) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in element.attributes:
        found.setdefault(one.name.removeprefix(MDA), []).append(one.text or one.json)
    return found


def made(day: int, *elements: Any, **fields: Any) -> bytes:
    return document(creationDate=f"2025-11-{day:02}T00:00:00Z", epcisHeader=header(*elements, **fields))


# --- decisions

names = st.sampled_from(["a", "b"])


def an_element(attributes: dict[str, tuple[str, ...]], children: tuple[str, ...] | None) -> MasterDataElement:
    return MasterDataElement("v", "e", tuple(attributes.items()), children)


said = st.builds(
    an_element,
    st.dictionaries(names, st.lists(st.sampled_from(["1", "2", "3"]), max_size=2, unique=True).map(tuple)),
    st.none() | st.lists(st.sampled_from(["x", "y"]), max_size=2, unique=True).map(tuple),
)


def known_after(*documents: tuple[int, MasterDataElement]) -> tuple[dict[str, list[str]], list[str], int]:
    """What is known, and how often that was recorded."""
    known: MasterDataDefined | None = None
    count = 0
    for day, element in documents:
        if (event := decide_said(known, element, START + timedelta(days=day))) is not None:
            known, count = event, count + 1
    values = {one.name: [*map(json.loads, one.values)] for one in (known.attributes if known else ()) if one.values}
    return values, [*known.children] if known else [], count


@given(st.lists(said, max_size=5))
def test_what_is_said_last_of_an_attribute_counts(documents: list[MasterDataElement]) -> None:
    values: dict[str, list[str]] = {}
    children: list[str] = []
    for element in documents:
        values |= {name: sorted(found) for name, found in element.attributes}  # type: ignore[type-var]
        children = children if element.children is None else sorted(element.children)
    found = known_after(*enumerate(documents))
    assert found[:2] == ({name: one for name, one in values.items() if one}, children)
    # The same again, document by document, is nothing new where it changed nothing in between.
    if documents:
        assert known_after(*enumerate(documents), (len(documents), documents[-1])) == found


@given(st.permutations([(1, ("a", "1")), (2, ("b", "2")), (3, ("a", "3")), (4, ("b", ""))]))
def test_an_older_document_replaces_nothing_newer(order: list[tuple[int, tuple[str, str]]]) -> None:
    documents = [
        (day, MasterDataElement("v", "e", ((name, (value,) if value else ()),), (f"c{day}",)))
        for day, (name, value) in order
    ]
    values, children, _ = known_after(*documents)
    assert values["a"] == ["3"]
    assert children == ["c4"]
    # What was never known cannot be taken back: only where it was known before, the newer word holds.
    if order.index((2, ("b", "2"))) < order.index((4, ("b", ""))):
        assert "b" not in values


def test_what_is_set_is_all() -> None:
    known = decide_said(None, MasterDataElement("v", "e", (("a", ("1",)), ("b", ("2",))), ("x",)), START)
    later = START + timedelta(days=1)
    wanted = MasterDataElement("v", "e", (("b", ("2",)),), ())
    event = decide_set(known, wanted, later)
    assert event is not None
    assert {one.name: one.values for one in event.attributes} == {"a": (), "b": ('"2"',)}
    assert event.children == ()
    assert decide_set(event, wanted, later + timedelta(days=1)) is None
    # A document made before it restores nothing.
    assert decide_said(event, MasterDataElement("v", "e", (("a", ("1",)),), ("x",)), START) is None


def test_no_document_is_of_the_future() -> None:
    assert as_of("2026-01-02T00:00:00+01:00", START) == START
    assert as_of("2025-12-31T00:00:00+01:00", START) == START - timedelta(hours=25)
    assert as_of("", START) == START


# --- capture


async def test_a_header_at_once(trace: Traceability) -> None:
    data = document(event(), epcisHeader=header(place(SITE, [GATE], name="Mill"), place(GATE, sst="201")))
    taken = await trace.capture(data)
    assert (len(taken.trace_events), taken.master_data_count) == (1, 2)
    site, gate = (await ask(trace)).elements
    assert (site.vocabulary, site.id, texts(site), [*site.children]) == (
        VTYPE + "BusinessLocation",
        SITE_LINK,
        {"name": ["Mill"]},
        [GATE_LINK],
    )
    assert (gate.id, texts(gate), [*gate.children]) == (GATE_LINK, {"sst": ["201"]}, [])
    assert site.as_of_time.ToJsonString() == "2025-12-20T18:00:00Z"


async def versions(trace: Traceability) -> int:
    return len(await trace.harness.log.read(lambda reader: [
        one for one in reader.after(0, 1000) if isinstance(one.event, MasterDataDefined)
    ]))  # fmt: skip


async def test_the_same_again_is_recorded_once(trace: Traceability) -> None:
    for day in (1, 1, 2):
        await trace.capture(made(day, place(SITE, [GATE, SHELF], name="Mill", size=7)))
    await trace.capture(made(3, place(SITE_LINK, [SHELF, GATE_LINK], size=7)))
    assert await versions(trace) == 1
    await trace.capture(made(4, place(SITE, name="Mulino")))
    await trace.capture(made(3, place(SITE, name="Molen")))
    (site,) = (await ask(trace)).elements
    assert (texts(site), len(site.children), await versions(trace)) == ({"name": ["Mulino"], "size": ["7"]}, 2, 2)


@pytest.mark.parametrize("behaviour", [captures_pb2.CAPTURE_BEHAVIOUR_ROLLBACK, captures_pb2.CAPTURE_BEHAVIOUR_PROCEED])
@pytest.mark.parametrize("count", [0, 1, 600])
@pytest.mark.parametrize("wrong", ["", "event", "header", "name"])
async def test_an_uploaded_header(trace: Traceability, behaviour: Any, count: int, wrong: str) -> None:
    events = [event(epcList=[f"urn:epc:id:sgtin:9521141.012345.{n}"]) for n in range(count)]
    if wrong == "event":
        events.append(event(action="LOOK"))
    elements = [place(f"urn:x:{n}", name=f"Place {n}") for n in range(600)]
    if wrong == "header":
        elements.append(place("no uri"))
    if wrong == "name":
        elements.append({"id": "urn:x:1", "attributes": [{"id": "urn:x:" + "y" * 300}]})
    done = await upload(trace, document(*events, epcisHeader=header(*elements)), behaviour=behaviour)
    rollback = behaviour == captures_pb2.CAPTURE_BEHAVIOUR_ROLLBACK
    assert done.success == (not wrong)
    # Of a header in which something is wrong nothing is taken; without one, what else is right is.
    taken = 0 if wrong in ("header", "name") or (wrong and rollback) else 600
    assert done.master_data_count == taken
    assert len((await ask(trace, size=1000)).elements) == taken
    assert done.captured_count == (0 if wrong and rollback else count)


async def test_a_header_over_http(rest: Rest) -> None:
    body = document(event(), epcisHeader=header(place(SITE, name="Mill")))
    shown = await rest.done(await rest.capture(body))
    assert shown["success"]
    assert await ids(Traceability(rest.harness)) == [SITE_LINK]


@pytest.mark.parametrize(
    ("elements", "rule"),
    [
        ([place("no uri")], "INVALID_URI"),
        ([{"id": "urn:x:1", "attributes": [{"id": "urn:x:" + "y" * 300}]}], "NAME_TOO_LONG"),
        ([{"id": "urn:x:" + "y" * 2000}], "TEXT_TOO_LONG"),
        ([place(f"urn:x:{n}") for n in range(1001)], "TOO_MANY_ELEMENTS"),
        ([place("urn:x:1", name="x" * 3_000_000)], "HEADER_TOO_LARGE"),
    ],
)
async def test_what_is_wrong_stores_nothing(trace: Traceability, elements: list[Any], rule: str) -> None:
    with pytest.raises(EpcisError) as caught:
        await trace.capture(document(event(), epcisHeader=header(*elements)))
    assert {issue.rule for issue in caught.value.issues} == {rule}
    assert not (await ask(trace)).elements
    assert not (await trace.path("urn:epc:id:sgtin:9521141.012345.1")).steps


# --- commands


async def test_a_merchant_says_all_of_an_element(trace: Traceability) -> None:
    await trace.capture(made(1, place(SITE, [GATE], name="Mill", sst="201")))
    element = await set_element(trace, "businesslocation", SITE, SHELF, name="Mulino")
    assert (texts(element), [*element.children]) == ({"name": ["Mulino"]}, [SHELF])
    assert await set_element(trace, VTYPE + "BusinessLocation", SITE_LINK, SHELF, name="Mulino") == element
    assert (await ask(trace)).elements == [element]
    assert await versions(trace) == 2
    step = await set_element(trace, "BusinessStep", "cbv:BizStep-shipping", name="Versand")
    assert step.id == "shipping"


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        ({"vocabulary": "Places"}, "INVALID_VOCABULARY"),
        ({"vocabulary": "x:" + "y" * 300}, "INVALID_VOCABULARY"),
        ({"id": "the mill"}, "INVALID_ELEMENT"),
        ({"vocabulary": "BusinessStep", "id": "walking"}, "INVALID_ELEMENT"),
        ({"children": ["the gate"]}, "INVALID_ELEMENT"),
        ({"children": ["urn:x:1"] * 10_001}, "INVALID_ELEMENT"),
        ({"attributes": [{"name": "the name", "text": "x"}]}, "INVALID_ATTRIBUTE"),
        ({"attributes": [{"name": "name"}]}, "INVALID_ATTRIBUTE"),
        ({"attributes": [{"name": "name", "json": "[1]"}]}, "INVALID_ATTRIBUTE"),
        ({"attributes": [{"name": "name", "json": '{"a": 1, "a": 2}'}]}, "INVALID_ATTRIBUTE"),
        ({"attributes": [{"name": "name", "json": "1e9999"}]}, "INVALID_ATTRIBUTE"),
        ({"attributes": [{"name": "name", "json": '{"a":' * 20 + "1" + "}" * 20}]}, "INVALID_ATTRIBUTE"),
        ({"attributes": [{"name": "name", "json": "{"}]}, "INVALID_ATTRIBUTE"),
        ({"attributes": [{"name": "name", "text": "x" * 10_001}]}, "INVALID_ATTRIBUTE"),
        ({"attributes": [{"name": f"a{n}", "text": "x"} for n in range(201)]}, "INVALID_ATTRIBUTE"),
    ],
)
async def test_what_cannot_be_set(trace: Traceability, element: dict[str, Any], reason: str) -> None:
    fields: dict[str, Any] = {"vocabulary": "Party", "id": "urn:x:1", **element}
    wanted = pb.MasterDataElement(**fields)
    with pytest.raises(Refusal) as caught:
        await trace.harness.command("SetMasterData", pb.SetMasterDataRequest(parent=PARENT, element=wanted))
    assert caught.value.reason == reason
    assert not (await ask(trace)).elements


async def test_numbers_and_objects(trace: Traceability) -> None:
    attributes = [
        pb.MasterDataAttribute(name="size", json="7.50"),
        pb.MasterDataAttribute(name="address", json='{"ex:city": "Gent"}'),
    ]
    wanted = pb.MasterDataElement(vocabulary="Party", id="urn:x:1", attributes=attributes)
    found = await trace.harness.command("SetMasterData", pb.SetMasterDataRequest(parent=PARENT, element=wanted))
    assert texts(found) == {"address": ['{"ex:city":"Gent"}'], "size": ["7.50"]}
    assert await ids(trace, EQATTR_size=["7.5"]) == ["urn:x:1"]
    assert await ids(trace, HASATTR=["address"]) == ["urn:x:1"]
    assert await ids(trace, EQATTR_address=["Gent"]) == []


# --- SimpleMasterDataQuery


async def test_the_parameters_of_a_query(trace: Traceability) -> None:
    await set_element(trace, "BusinessLocation", SITE, GATE, name="Mill", sst="mill")
    await set_element(trace, "BusinessLocation", GATE, SHELF, name="Gate")
    await set_element(trace, "ReadPoint", GATE, name="Reader")
    await set_element(trace, "BusinessStep", "shipping", name="Versand")
    everything = [SITE_LINK, GATE_LINK, "shipping", GATE_LINK]
    assert await ids(trace) == everything
    assert await ids(trace, vocabularyName=["ReadPoint", "BusinessStep"]) == ["shipping", GATE_LINK]
    assert await ids(trace, EQ_name=[GATE, "cbv:BizStep-shipping"]) == [GATE_LINK, "shipping", GATE_LINK]
    assert await ids(trace, EQ_name="shipping") == ["shipping"]
    assert await ids(trace, WD_name=[SITE]) == [SITE_LINK, GATE_LINK]
    assert await ids(trace, WD_name=[GATE], vocabularyName="BusinessLocation") == [GATE_LINK]
    assert await ids(trace, HASATTR=["sst", "odd"]) == [SITE_LINK]
    assert await ids(trace, **{"EQATTR_cbvmda:name": ["Gate", "Reader"]}) == [GATE_LINK, GATE_LINK]
    assert await ids(trace, EQATTR_name=["Gate", "Mill"], EQATTR_sst=["mill"]) == [SITE_LINK]
    assert await ids(trace, maxElementCount=4) == everything
    few: list[dict[str, Any]] = [{"maxElementCount": 3}, {"maxElementCount": 1, "WD_name": SITE}]
    for parameters in few:
        with pytest.raises(Refusal) as caught:
            await ask(trace, **parameters)
        assert (caught.value.reason, caught.value.field) == ("QUERY_TOO_LARGE", "maxElementCount")


async def test_what_is_shown_of_an_element(trace: Traceability) -> None:
    await set_element(trace, "BusinessLocation", SITE, GATE, name="Mill", sst="mill")
    (bare,) = (await ask(trace, includeAttributes=False, includeChildren="false")).elements
    assert (texts(bare), [*bare.children]) == ({}, [])
    (some,) = (await ask(trace, attributeNames=["sst", "odd"])).elements
    assert (texts(some), [*some.children]) == ({"sst": ["mill"]}, [GATE_LINK])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("includeAttributes", "maybe"), ("includeChildren", ["true", "false"]), ("vocabularyNames", "Party"),
        ("vocabularyName", "Places"), ("EQ_name", "the mill"), ("WD_name", []), ("HASATTR", "the name"),
        ("EQATTR_", "x"), ("EQATTR_other:name", "x"), ("EQATTR_name", {"a": 1}), ("maxElementCount", 0),
    ],
)  # fmt: skip
async def test_what_is_refused(trace: Traceability, name: str, value: Any) -> None:
    with pytest.raises(Refusal) as caught:
        await ask(trace, **{name: value})
    assert (caught.value.reason, caught.value.field) == ("QUERY_PARAMETER", name)


async def test_what_is_needed(trace: Traceability) -> None:
    given: dict[str, Any] = {"includeAttributes": pb.MasterDataValues(values=["true"])}
    with pytest.raises(Refusal) as caught:
        await trace.harness.query("QueryMasterData", pb.QueryMasterDataRequest(parent=PARENT, parameters=given))
    assert caught.value.field == "includeChildren"


@pytest.mark.parametrize("parameters", [{}, {"HASATTR": "name"}, {"vocabularyName": "Party"}])
async def test_pages(trace: Traceability, parameters: dict[str, Any]) -> None:
    for number in range(5):
        await set_element(trace, "Party", f"urn:x:{number}", name="x")
    found: list[str] = []
    token, count = "", 0
    while token or not count:
        answer = await ask(trace, size=2, token=token, **parameters)
        found += [one.id for one in answer.elements]
        token, count = answer.next_page_token, count + 1
    assert (found, count) == ([f"urn:x:{number}" for number in range(5)], 3)
    with pytest.raises(Refusal, match="page_token"):
        await ask(trace, token="MXg")


async def test_too_many_elements(trace: Traceability, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_master_data, "MOST", 3)
    children = [f"urn:x:{number}" for number in range(4)]
    await trace.capture(made(1, place("urn:x:top", children), *[place(one, name="x") for one in children]))
    many: list[dict[str, Any]] = [{"HASATTR": "name"}, {"EQATTR_name": "x"}, {"WD_name": "urn:x:top"}]
    for parameters in many:
        with pytest.raises(Refusal) as caught:
            await ask(trace, **parameters)
        assert caught.value.reason == "QUERY_TOO_LARGE"
    assert await ids(trace, WD_name="urn:x:1") == ["urn:x:1"]


# --- the page of an item


def shipped() -> bytes:
    goods: list[dict[str, Any]] = [{"epcClass": LOT}]
    return document(event(readPoint={"id": GATE}, bizStep="shipping", epcList=[], quantityList=goods))


async def test_a_place_is_called_as_master_data_says(rest: Rest) -> None:
    trace = Traceability(rest.harness)
    lot: dict[str, Any] = {
        "epcList": [],
        "quantityList": [{"epcClass": "urn:epc:class:lgtin:9521141.012345.OLIO-2025-11"}],
    }
    await trace.capture(document(event(readPoint={"id": GATE}, bizStep="shipping", **lot)))
    assert "The mill" not in (await page(rest)).text
    await set_element(trace, "BusinessLocation", SITE, name="The mill of Ada", streetAddressOne="Secret street 1")
    seen = (await page(rest, PATH)).text
    assert "The mill of Ada" in seen
    assert "Secret" not in seen
    await set_element(trace, "Party", GATE, name="Ada herself")
    assert "herself" not in (await page(rest)).text
    await set_element(trace, "ReadPoint", GATE, name="Gate seven")
    assert "Gate seven" in (await page(rest)).text


async def test_what_a_merchant_says_to_everybody_counts_more(rest: Rest) -> None:
    trace = Traceability(rest.harness)
    lot: dict[str, Any] = {
        "epcList": [],
        "quantityList": [{"epcClass": "urn:epc:class:lgtin:9521141.012345.OLIO-2025-11"}],
    }
    await trace.capture(document(event(readPoint={"id": GATE}, bizStep="shipping", **lot)))
    await set_element(trace, "ReadPoint", GATE, name="Gate seven")
    named = links_pb2.PublicPlace(identifier=SITE, name_en="Our mill")
    await rest.harness.command("SetPlace", links_pb2.SetPlaceRequest(parent=PARENT, place=named))
    seen = (await page(rest)).text
    assert "Our mill" in seen
    assert "Gate seven" not in seen
