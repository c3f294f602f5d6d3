"""The EPCIS REST binding: resources, pages, versions, problems; every answer is a valid EPCISQueryDocument."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientResponse

from fenxiao.epcis import read_document
from services.traceability.tests.conftest import OLIVE_OIL, Rest, document, event

STANDARD = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
SERIAL = "urn:epc:id:sgtin:9521141.012345.1"
LINK = "https://id.gs1.org/01/09521141123454/21/1"


def listed(body: bytes) -> list[dict[str, Any]]:
    """The events of an answer, which has to be valid to the letter."""
    read_document(body)
    return json.loads(body)["epcisBody"]["queryResults"]["resultsBody"]["eventList"]


async def ask(rest: Rest, path: str, **headers: str) -> tuple[ClientResponse, bytes]:
    answer = await rest.session.get(f"{rest.base}/olives/epcis{path}", headers=headers)
    return answer, await answer.read()


async def problem(
    rest: Rest, path: str, method: str = "GET", body: bytes = b"", **headers: str
) -> tuple[int, str, str]:
    async with rest.session.request(method, f"{rest.base}/olives/epcis{path}", data=body, headers=headers) as answer:
        found = json.loads(await answer.read())
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        assert answer.headers["GS1-EPCIS-Version"] == "2.0.0"
        return answer.status, found["type"].removeprefix("epcisException:"), found.get("field", "")


async def captured(rest: Rest, *events: dict[str, Any], **fields: Any) -> None:
    shown = await rest.done(await rest.capture(document(*events, **fields)))
    assert shown["success"], shown


async def test_events_keep_the_meaning_of_their_own_prefixes(rest: Rest) -> None:
    for n in (1, 2):
        context = [STANDARD, {"ex": f"https://ns{n}.example.com/"}]
        await captured(rest, event(minute=n, **{"ex:colour": f"colour {n}"}), **{"@context": context})
    await captured(rest, event(minute=3))
    _, body = await ask(rest, "/events")
    document_ = read_document(body)
    colours = [{read.names.key(key): value for key, value in read.fields.items()} for read in document_.events]
    assert colours[0]["{https://ns1.example.com/}colour"] == "colour 1"
    assert colours[1]["{https://ns2.example.com/}colour"] == "colour 2"
    assert "@context" not in listed(body)[2]
    for n in (1, 2):
        _, body = await ask(rest, f"/events?EQ_https%3A%2F%2Fns{n}.example.com%2Fcolour=colour+{n}")
        assert len(listed(body)) == 1
        _, body = await ask(
            rest, f"/events?EQ_a:colour=colour+{n}", **{"GS1-Extensions": f"a=https://ns{n}.example.com/"}
        )
        (found,) = listed(body)
        assert "@context" not in found
        assert found["ex:colour"] == f"colour {n}"


async def test_hashes_are_those_of_what_was_captured(rest: Rest) -> None:
    await rest.done(await rest.capture(OLIVE_OIL))
    _, body = await ask(rest, "/events?perPage=100")
    assert {one.hash for one in read_document(body).events} == {one.hash for one in read_document(OLIVE_OIL).events}
    assert all(one["recordTime"] and one["eventID"] for one in listed(body))
    _, body = await ask(rest, "/events?perPage=100", **{"GS1-EPC-Format": "Always_GS1_Digital_Link"})
    assert b"urn:epc:id:sgln" not in body
    assert b"urn:epc:class" not in body
    assert {one.hash for one in read_document(body).events} == {one.hash for one in read_document(OLIVE_OIL).events}


async def test_pages_by_their_links(rest: Rest) -> None:
    await captured(rest, *(event(minute=n) for n in range(7)))
    path = "/events?perPage=3&orderBy=eventTime&eventType=ObjectEvent|AssociationEvent&eventType=X:y"
    found: list[list[str]] = []
    while path:
        answer, body = await ask(rest, path)
        found.append([one["eventTime"][14:16] for one in listed(body)])
        link = answer.headers.get("Link", "")
        path = link.partition("/olives/epcis")[2].partition(">")[0]
        assert link.endswith('rel="next"') or not link
    assert found == [["06", "05", "04"], ["03", "02", "01"], ["00"]]
    assert (await problem(rest, "/events?nextPageToken=abc"))[:2] == (400, "QueryParameterException")


async def test_one_event(rest: Rest) -> None:
    one = {"@context": STANDARD, **event(eventID="urn:uuid:00000000-0000-4000-8000-000000000001")}
    answer = await rest.session.post(f"{rest.base}/olives/epcis/events", json=one)
    assert answer.status == 201
    place = answer.headers["Location"]
    async with rest.session.get(rest.base + place) as shown:
        (found,) = listed(await shown.read())
    assert {key: value for key, value in found.items() if key != "recordTime"} == {
        k: v for k, v in one.items() if k != "@context"
    }
    body = json.dumps(one).encode()
    kind = {"Content-Type": "application/json"}
    assert (await problem(rest, "/events", "POST", body, **kind))[:2] == (409, "ResourceAlreadyExistsException")
    assert (await problem(rest, "/events", "POST", b'{"type":"ObjectEvent"}', **kind))[:2] == (
        400,
        "ValidationException",
    )
    assert (await problem(rest, "/events", "POST", b"x", **{"Content-Type": "text/csv"}))[:2] == (
        415,
        "UnsupportedMediaTypeException",
    )
    assert (await problem(rest, "/events/urn:uuid:1"))[:2] == (404, "NoSuchResourceException")


async def test_a_hash_as_an_id(rest: Rest) -> None:
    await captured(rest, event())
    _, body = await ask(rest, "/events")
    name = listed(body)[0]["eventID"]
    assert name.startswith("ni:///sha-256;")
    for path in (quote(name, safe=""), name):
        _, body = await ask(rest, f"/events/{path}")
        assert [one["eventID"] for one in listed(body)] == [name]


async def test_resources(rest: Rest) -> None:
    await captured(
        rest,
        event(minute=1, bizStep="https://example.com/polishing", readPoint={"id": "urn:epc:id:sgln:9521141.01234.7"}),
        event(minute=2, bizStep="shipping", disposition="in_transit", epcList=["https://example.com/thing/1"]),
    )
    assert (await rest.url("/"))["member"][0] == (await rest.url(""))["member"][0] == "queries"
    assert (await rest.url("/epcs"))["member"] == ["https://example.com/thing/1", LINK]
    assert "https://example.com/polishing" in (await rest.url("/bizSteps?perPage=100"))["member"]
    assert len((await rest.url("/bizSteps?perPage=100"))["member"]) == 42
    assert (await rest.url("/eventTypes"))["member"][0] == "AggregationEvent"
    assert (await rest.url("/readPoints"))["member"] == ["https://id.gs1.org/414/9521141012345/254/7"]
    for path, minutes in {
        f"/epcs/{quote(SERIAL, safe='')}": ["01"],
        f"/epcs/{LINK}": ["01"],
        f"/epcs/{quote(LINK, safe='')}": ["01"],
        "/bizSteps/shipping": ["02"],
        "/bizSteps/cbv:BizStep-shipping": ["02"],
        "/bizSteps/packing": [],
        "/eventTypes/ObjectEvent": ["01", "02"],
        "/dispositions/in_transit": ["02"],
        "/readPoints/urn:epc:id:sgln:9521141.01234.7": ["01"],
    }.items():
        assert (await rest.url(path))["member"] == ["events"]
        _, body = await ask(rest, path + "/events?GE_eventTime=2020-01-01T00:00:00Z")
        assert [one["eventTime"][14:16] for one in listed(body)] == minutes
    assert (await problem(rest, "/bizSteps/polishing"))[:2] == (400, "QueryParameterException")
    assert (await problem(rest, "/epcs/urn:epc:id:sgtin:9521141.012345.9/events"))[:2] == (
        404,
        "NoSuchResourceException",
    )
    assert (await problem(rest, "/bizSteps/shipping/events?EQ_bizStep=shipping"))[2] == "EQ_bizStep"


@pytest.mark.parametrize(
    "path", ["", "/events", "/epcs", "/bizSteps/shipping/events", "/capture", "/events/x", "/queries"]
)
async def test_what_a_path_can_do(rest: Rest, path: str) -> None:
    async with rest.session.options(f"{rest.base}/olives/epcis{path}") as answer:
        assert answer.status == 204
        assert "GET" in answer.headers["Allow"]
        assert (answer.headers["GS1-EPCIS-Min"], answer.headers["GS1-EPCIS-Max"]) == ("2.0.0", "2.0.1")
        assert ("POST" in answer.headers["Allow"]) == (path in ("/events", "/capture", "/queries"))
        assert ("GS1-EPCIS-Capture-Limit" in answer.headers) == (path in ("/events", "/capture"))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Accept": "text/csv"}, 406),
        ({"Accept": "text/html, */*;q=0.1"}, 200),
        ({"Accept": "application/json;q=0"}, 406),
        ({"Accept": "application/ld+json"}, 200),
        ({"GS1-EPCIS-Min": "2.1.0"}, 406),
        ({"GS1-EPCIS-Max": "1.2"}, 406),
        ({"GS1-EPCIS-Min": "1.2", "GS1-EPCIS-Max": "2.0"}, 200),
        ({"GS1-CBV-Min": "three"}, 406),
        ({"GS1-EPC-Format": "Always_EPC_URN"}, 406),
        ({"GS1-EPC-Format": "No_Preference"}, 200),
    ],
)
async def test_what_can_be_given(rest: Rest, headers: dict[str, str], status: int) -> None:
    answer, body = await ask(rest, "/events", **headers)
    assert answer.status == status
    if status == 406:
        assert json.loads(body)["type"] == "epcisException:NotAcceptableException"


async def test_problems_have_the_names_of_the_standard(rest: Rest) -> None:
    await captured(rest, event(minute=1), event(minute=2))
    assert await problem(rest, "/events?EQ_bizSteps=shipping") == (400, "QueryParameterException", "EQ_bizSteps")
    assert await problem(rest, "/events?maxEventCount=1") == (413, "QueryTooLargeException", "maxEventCount")
    long = "&".join(f"EQ_eventID={'x' * 1000}" for _ in range(20))
    assert (await problem(rest, f"/events?{long}"))[:2] == (414, "URITooLongException")
    assert (await problem(rest, "/nothing"))[0] == 404
    async with rest.session.get(f"{rest.base}/olives/epcis/events", headers={"Authorization": "Bearer x"}) as answer:
        assert (answer.status, json.loads(await answer.read())["type"]) == (401, "epcisException:SecurityException")
    async with rest.session.get(f"{rest.base}/phones/epcis/events") as answer:
        assert (answer.status, json.loads(await answer.read())["type"]) == (403, "epcisException:SecurityException")
