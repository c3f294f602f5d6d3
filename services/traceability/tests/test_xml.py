"""EPCIS in XML: captured as what it is in JSON, once however it is written; given out where it is asked for."""

import json
from typing import Any

import pytest

from fenxiao.api.traceability.v1 import captures_pb2, traceability_pb2
from fenxiao.epcis import EpcisError, read_document
from services.traceability.tests.conftest import OLIVE_OIL, PARENT, Rest, Traceability, document, event
from services.traceability.tests.test_rest_binding import ask, captured, problem
from services.traceability.tests.test_uploads import upload

XML: dict[str, Any] = {"Content-Type": "application/xml"}
WHEN = "<eventTime>2025-11-08T15:0{}:00Z</eventTime><eventTimeZoneOffset>+01:00</eventTimeZoneOffset>"
EPC = "urn:epc:id:sgtin:9521141.012345.{}"


def shipped(number: int, own: str = "", action: str = "OBSERVE") -> str:
    return (
        f"<ObjectEvent>{WHEN.format(number)}<epcList><epc>{EPC.format(number)}</epc></epcList><action>{action}</action>"
        f"<bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>{own}</ObjectEvent>"
    )


def in_json(number: int, **own: Any) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventTime": f"2025-11-08T16:0{number}:00.000+01:00",
        "eventTimeZoneOffset": "+01:00",
        "epcList": [EPC.format(number)],
        "action": "OBSERVE",
        "bizStep": "shipping",
        **own,
    }


def xml(*events: str, version: int = 1, encoding: str = "UTF-8") -> bytes:
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n'
        f'<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:{version}" xmlns:ex="https://ex.example.com/"'
        f' schemaVersion="{version}.0" creationDate="2025-12-20T18:00:00Z">'
        f"<EPCISBody><EventList>{''.join(events)}</EventList></EPCISBody></epcis:EPCISDocument>"
    ).encode(encoding)


@pytest.mark.parametrize("kind", ["application/xml", "text/xml; charset=utf-8"])
async def test_an_event_is_one_in_either_form(rest: Rest, kind: str) -> None:
    error = "<errorDeclaration><declarationTime>2025-11-09T08:00:00Z</declarationTime></errorDeclaration>"
    own = f'<ex:size unit="cm">12</ex:size>{error}'
    shown = await rest.done(
        await rest.capture(xml(*(shipped(n) for n in (1, 2)), shipped(3, own)), **{"Content-Type": kind})
    )
    assert (shown["success"], shown["errors"]) == (True, [])
    twin = {"ex:size": {"unit": "cm", "#text": "12"}, "errorDeclaration": {"declarationTime": "2025-11-09T08:00:00Z"}}
    events = [in_json(1), in_json(2), in_json(3, **twin), in_json(3, **{"ex:size": {"unit": "cm", "#text": "12"}})]
    context = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "https://ex.example.com/"}]
    await captured(rest, *events, **{"@context": context})
    _, body = await ask(rest, "/events")
    # The last, which declares no error, is another event than the third.
    assert len(read_document(body).events) == 4
    _, body = await ask(rest, "/events?EQ_ex:size=12", **{"GS1-Extensions": "ex=https://ex.example.com/"})
    assert len(read_document(body).events) == 2


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ("EQ_ex:size=12.0", 1),
        ("GE_ex:size=12", 1),
        ("EQ_ex:size=13", 0),
        ("EXISTS_ex:size", 1),
        ("EQ_INNER_ex:unit=cm", 1),
        ("EQ_INNER_ex:unit=mm", 0),
    ],
)
async def test_attributes_can_be_asked_for(rest: Rest, asked: str, count: int) -> None:
    await rest.done(await rest.capture(xml(shipped(1, '<ex:size ex:unit="cm">12</ex:size>'), shipped(2)), **XML))
    _, body = await ask(rest, f"/events?{asked}", **{"GS1-Extensions": "ex=https://ex.example.com/"})
    assert len(read_document(body).events) == count


async def test_what_is_stored_is_the_json(rest: Rest) -> None:
    await rest.done(await rest.capture(xml(shipped(1, "<ex:colour>red</ex:colour>")), **XML))
    _, body = await ask(rest, "/events")
    (found,) = json.loads(body)["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert {name: found[name] for name in ("type", "bizStep", "ex:colour")} == {
        "type": "ObjectEvent",
        "bizStep": "shipping",
        "ex:colour": "red",
    }


async def test_one_event_at_once(rest: Rest) -> None:
    body = xml(shipped(1), encoding="utf-16")
    answer = await rest.session.post(f"{rest.base}/olives/epcis/events", data=body, headers=XML)
    assert (answer.status, answer.content_type, await answer.read()) == (201, "application/xml", body)
    async with rest.session.get(rest.base + answer.headers["Location"]) as shown:
        assert len(read_document(await shown.read()).events) == 1
    again = json.dumps({"@context": {}, **in_json(1)}).encode()
    found = await problem(rest, "/events", "POST", again, **{"Content-Type": "application/json"})
    assert found[:2] == (409, "ResourceAlreadyExistsException")
    found = await problem(rest, "/events", "POST", xml(shipped(1), shipped(2)), **XML)
    assert found[:2] == (413, "CaptureLimitExceededException")
    assert (await problem(rest, "/events", "POST", b"<x/>", **XML))[:2] == (400, "ValidationException")
    assert (await problem(rest, "/queries", "POST", b"<x/>", **XML))[:2] == (415, "UnsupportedMediaTypeException")


async def test_both_behaviours_and_profiles(rest: Rest) -> None:
    body = xml(shipped(1), shipped(2, action="LOOK"), shipped(3))
    shown = await rest.done(await rest.capture(body, **XML))
    assert not shown["success"]
    assert "$.epcisBody.eventList[1].action" in json.dumps(shown["errors"])
    shown = await rest.done(await rest.capture(body, **XML, **{"GS1-Capture-Error-Behaviour": "proceed"}))
    assert not shown["success"]
    _, answer = await ask(rest, "/events")
    assert len(read_document(answer).events) == 2
    careless = xml(shipped(4)).replace(b"urn:epcglobal:cbv:bizstep:shipping", b"Shipping")
    assert not (await rest.done(await rest.capture(careless, **XML)))["success"]
    assert (await rest.done(await rest.capture(careless, **XML, **{"Fenxiao-Epcis-Profile": "lenient"})))["success"]


async def test_hostile_documents_store_nothing(rest: Rest) -> None:
    bomb = xml(shipped(1)).replace(b"?>", b'?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>', 1)
    for body in (bomb, xml(shipped(1))[:-30], b"<html/>", xml(shipped(1), shipped(2, "<ex:a>" * 40 + "</ex:a>" * 40))):
        assert not (await rest.done(await rest.capture(body, **XML)))["success"]
    _, answer = await ask(rest, "/events")
    assert read_document(answer).events == ()


async def test_uploads_over_grpc(trace: Traceability) -> None:
    body = xml(*(shipped(n) for n in range(1, 4)), version=2)
    done = await upload(trace, body)
    assert (done.captured_count, done.success) == (3, True)
    done = await upload(trace, document(*(in_json(n) for n in range(1, 5))))
    assert (done.captured_count, done.repeated_count) == (1, 3)
    request = traceability_pb2.CaptureRequest(parent=PARENT, document=body)
    answer = await trace.harness.command("Capture", request)
    assert answer.repeated_count == 3
    with pytest.raises(EpcisError):
        await trace.harness.command("Capture", traceability_pb2.CaptureRequest(parent=PARENT, document=body[:-9]))
    done = await upload(trace, body[:-9], behaviour=captures_pb2.CAPTURE_BEHAVIOUR_PROCEED)
    assert (done.repeated_count, done.problems[0].rule) == (3, "INVALID_XML")


async def test_a_large_document_is_captured_whole(trace: Traceability) -> None:
    many = [shipped(1, f"<ex:n>{n}</ex:n>") for n in range(6000)]
    done = await upload(trace, xml(*many))
    assert (done.captured_count, done.success) == (6000, True)


ASKED: dict[str, Any] = {"Accept": "application/xml"}


async def test_answers_in_xml(rest: Rest) -> None:
    await rest.done(await rest.capture(OLIVE_OIL))
    for n in (1, 2):
        context = [
            "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            {"ex": f"https://ns{n}.example.com/"},
        ]
        await captured(rest, event(minute=n, **{"ex:colour": f"colour {n}"}), **{"@context": context})
    _, body = await ask(rest, "/events?perPage=100")
    answer, same = await ask(rest, "/events?perPage=100", **ASKED)
    assert answer.headers["Content-Type"] == "application/xml"
    assert answer.headers["GS1-CBV-XML-Format"] == "Always_Web_URI"
    assert same.startswith(b"<?xml")
    read, known = read_document(same), read_document(body)
    assert (read.kind, [one.hash for one in read.events]) == ("EPCISQueryDocument", [one.hash for one in known.events])
    assert [one.fields["recordTime"] for one in read.events] == [one.fields["recordTime"] for one in known.events]
    assert b"urn:epcglobal:cbv:bizstep" not in same
    answer, urns = await ask(rest, "/events?perPage=100", **ASKED, **{"GS1-CBV-XML-Format": "Always_URN"})
    assert answer.headers["GS1-CBV-XML-Format"] == "Always_URN"
    assert b"urn:epcglobal:cbv:bizstep:" in urns
    assert [one.hash for one in read_document(urns).events] == [one.hash for one in known.events]
    answer, links = await ask(rest, "/events?perPage=100", **ASKED, **{"GS1-EPC-Format": "Always_GS1_Digital_Link"})
    assert answer.headers["GS1-EPC-Format"] == "Always_GS1_Digital_Link"
    assert b"urn:epc:class" not in links
    assert [one.hash for one in read_document(links).events] == [one.hash for one in known.events]


async def test_everything_that_gives_events_gives_xml(rest: Rest) -> None:
    await captured(rest, *(in_json(n) for n in range(1, 4)))
    await rest.session.post(
        f"{rest.base}/olives/epcis/queries", json={"name": "all", "query": {"eventType": ["ObjectEvent"]}}
    )
    _, body = await ask(rest, "/events?perPage=2")
    one = read_document(body).events[0].hash.replace("?", "%3F")
    for path in ("/events?perPage=2", f"/events/{one}", "/bizSteps/shipping/events", "/queries/all/events"):
        answer, body = await ask(rest, path, Accept="text/xml")
        assert (answer.status, answer.content_type) == (200, "application/xml"), path
        assert read_document(body).kind == "EPCISQueryDocument"
    answer, _ = await ask(rest, "/events?perPage=2", **ASKED)
    following = answer.headers["Link"].partition("/olives/epcis")[2].partition(">")[0]
    _, body = await ask(rest, following, **ASKED)
    assert len(read_document(body).events) == 1


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/xml, application/json;q=0.9", "application/xml"),
        ("application/xml;q=0.5, application/json", "application/json"),
        ("*/*", "application/json"),
        ("application/xml, */*", "application/xml"),
        ("application/xml, application/json", "application/json"),
        ("text/html, application/xml;q=0.9, */*;q=0.8", "application/xml"),
    ],
)
async def test_what_is_asked_for_first_is_given(rest: Rest, accept: str, kind: str) -> None:
    answer, _ = await ask(rest, "/events", Accept=accept)
    assert (answer.status, answer.content_type) == (200, kind)


async def test_what_cannot_be_given_in_xml(rest: Rest) -> None:
    as_it_was: dict[str, Any] = {"GS1-CBV-XML-Format": "Never_Translates"}
    assert (await problem(rest, "/bizSteps", **ASKED))[:2] == (406, "NotAcceptableException")
    found = await problem(rest, "/events", **ASKED, **as_it_was)
    assert found == (406, "NotAcceptableException", "GS1-CBV-XML-Format")
    context = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "https://ex.example.com/"}]
    await captured(rest, in_json(1, **{"ex:bell": "\x07"}), **{"@context": context})
    assert (await problem(rest, "/events", **ASKED))[:2] == (406, "NotAcceptableException")
