"""Reading EPCIS documents, and what is refused with which words."""

import json
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.epcis import (
    EVENT_MODELS,
    WIDE,
    AggregationEvent,
    AssociationEvent,
    EpcisError,
    EpcisIssue,
    Limits,
    ObjectEvent,
    Profile,
    ReadDocument,
    TransactionEvent,
    TransformationEvent,
    read_document,
)
from libs.sdk.tests.epcis.samples import (
    CONTEXT,
    FULL,
    ITEMS,
    LOT,
    PALLET,
    answer,
    document,
    event,
    full,
    issues,
    needs_shared,
    read,
    said,
    shared_documents,
    without,
)

PLACE = "$.epcisBody.eventList[0]"


def issue(value: Any) -> tuple[int, str, str]:
    (found,) = said(value)
    return found


def test_what_is_read():
    text = '{"type":"ObjectEvent",  "eventTime":"2025-11-08T16:40:00.123456789+01:00","eventTimeZoneOffset":"+01:00",\n'
    text += '"action":"ADD","epcList":["urn:epc:id:sgtin:9521141.012345.\\u0031"],"quantityList":[{"epcClass":'
    text += f'"{LOT}","quantity":0.10000000000000000000001}}], "ilmd": {{"ex:name":"橄榄油"}}}}'
    data = json.dumps(document(0)).replace("[0]", f"[ {text} ]").encode()
    whole = read_document(b"\xef\xbb\xbf" + data)
    (one,) = whole.events
    assert one.text == one.json == text
    assert json.loads(whole.context) == document()["@context"]
    assert isinstance(one.event, ObjectEvent)
    assert one.event.event_time.isoformat() == "2025-11-08T15:40:00.123456+00:00"
    assert one.event.objects == ["urn:epc:id:sgtin:9521141.012345.1", LOT]
    assert one.event.quantityList[0].quantity == Decimal("0.10000000000000000000001")
    assert one.event.ilmd == {"ex:name": "橄榄油"}
    assert one.id == one.hash
    assert read(document(event(eventID="urn:uuid:1"))).events[0].id == "urn:uuid:1"
    assert read(document()).events == ()


@pytest.mark.parametrize("kind", FULL)
def test_every_type_with_every_field(kind: str):
    (read_event,) = read(document(full(kind))).events
    made = read_event.event
    assert type(made) is EVENT_MODELS[kind]
    assert (made.type, made.eventTime, made.recordTime) == (kind, "2025-11-08T16:40:00+01:00", "2025-11-08T16:41:00Z")
    assert made.certificationInfo == ("https://certified.example/1",)
    assert made.errorDeclaration is not None
    assert made.errorDeclaration.correctiveEventIDs == ("urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8",)
    assert made.errorDeclaration.extensions == {"ex:who": "me"}
    assert set(made.extensions) == {"ex:own", "https://other.example/ns#field"}
    assert isinstance(made, ObjectEvent | AggregationEvent | TransactionEvent | TransformationEvent)
    assert made.readPoint is not None
    assert (made.readPoint.id, made.readPoint.extensions) == ("urn:epc:id:sgln:9521141.00001.0", {"ex:gate": "7"})
    assert [one.type for one in made.bizTransactionList] == ["po", None]
    assert made.persistentDisposition is not None
    assert made.persistentDisposition.unset == ("expired", "damaged")
    (sensed,) = made.sensorElementList
    assert sensed.sensorMetadata is not None
    assert sensed.sensorMetadata.extensions == {"ex:calibrated": "2025-01-01"}
    report = sensed.sensorReport[0]
    assert (report.value, report.booleanValue, report.maxValue) == (Decimal(26), True, Decimal("26.2"))
    # Every name of a field that was given is one of the typed event, of a part, or an extension.
    for name in FULL[kind]:
        assert ":" in name or getattr(made, name), name


def test_what_each_type_is_about():
    objects = {kind: read(document(event(kind))).events[0].event.objects for kind in FULL}
    assert objects == {
        "ObjectEvent": ITEMS[:1],
        "AggregationEvent": [PALLET, *ITEMS],
        "AssociationEvent": [PALLET, *ITEMS],
        "TransactionEvent": ITEMS,
        "TransformationEvent": ITEMS,
    }
    assert issubclass(AssociationEvent, AggregationEvent)


def test_events_of_somebodys_own_type():
    (own,) = read(document(event("ex:Tasting", **{"ex:score": 7, "anything": [1]}))).events
    assert own.event.extensions == {"ex:score": 7, "anything": [1]}
    assert own.hash.startswith("ni:///")
    assert "eventType=https://ex.example.com/ns/Tasting" in own.pre_hash
    assert issue(document(event("Tasting"))) == (1, PLACE + ".type", "UNKNOWN_EVENT_TYPE")


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "INVALID_JSON"),
        (b"{", "INVALID_JSON"),
        (b'{"a" 1}', "INVALID_JSON"),
        (b'{"a": 1,}', "INVALID_JSON"),
        (b'{"a": 1} {}', "INVALID_JSON"),
        (b'{"type": "EPCISDocument", "@context": {}, "epcisBody": {"eventList": [1 2]}}', "INVALID_JSON"),
        (b'{"type": "EPCISDocument", "@context": {}, "epcisBody": {"eventList": [1,]}}', "INVALID_JSON"),
        (b'{"epcisBody": {"eventList": [1 2]}}', "INVALID_JSON"),
        (b'{"a": "\x01"}', "INVALID_JSON"),
        (b"<EPCISDocument/>", "UNKNOWN_DOCUMENT_TYPE"),
        (b'{"a": "\xff"}', "NOT_UTF8"),
        (b"\xff\xfe{\x00}\x00", "NOT_UTF8"),
        (b"[" * 100_000, "TOO_DEEP"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "TOO_DEEP"),
        (b'{"type":"ObjectEvent","@context":{},"eventTime":1,"ex:a":' + b"[" * 40 + b"]" * 40 + b"}", "TOO_DEEP"),
        (b'"' + b'\\"' * 300_000, "INVALID_JSON"),  # must not take quadratic time
        (b'"EPCISDocument"', "WRONG_TYPE"),
        (b"12", "WRONG_TYPE"),
        (b'{"a": 1, "a": 2}', "REPEATED_KEY"),
        (b'{"a": NaN}', "NUMBER_OUT_OF_RANGE"),
        (b'{"a": -Infinity}', "NUMBER_OUT_OF_RANGE"),
        (b'{"a": 1e999999999}', "NUMBER_OUT_OF_RANGE"),
        (b'{"a": ' + b"9" * 100_000 + b"}", "NUMBER_OUT_OF_RANGE"),
        (b'{"a": "\\ud83d"}', "NOT_UNICODE"),
        (b" " * (1024 * 1024 + 1), "DOCUMENT_TOO_LARGE"),
    ],
)
def test_bytes_that_are_no_document(data: bytes, rule: str):
    assert issues(data)[0].rule == rule


def test_where_json_breaks_is_said():
    data = json.dumps(document(event()), indent=1).replace('"action"', "action").encode()
    (found,) = issues(data)
    line = data.decode()[: data.index(b"action")].count("\n") + 1
    assert f"line {line}, column " in found.message


def test_limits():
    many = json.dumps(document(*[event()] * 3)).encode()
    assert len(read_document(many, Limits(events=3)).events) == 3
    assert issues(many, Limits(events=2))[0].rule == "TOO_MANY_EVENTS"
    assert issue(document(event(), **{"@context": [CONTEXT, {"a": "x" * 16_384}]}))[2] == "CONTEXT_TOO_LARGE"
    long = document(event(epcList=["urn:x:" + "y" * 2000]))
    assert issue(long) == (1, PLACE + ".epcList[0]", "TEXT_TOO_LONG")
    assert read_document(json.dumps(long).encode(), WIDE).events
    grown = document(event(epcList=["big:1"]), **{"@context": [CONTEXT, {"big": "urn:" + "y" * 2000}]})
    assert issue(grown) == (1, PLACE + ".epcList[0]", "TEXT_TOO_LONG")


@pytest.mark.parametrize(
    ("whole", "path", "rule"),
    [
        (without("@context", document()), "$['@context']", "MISSING_FIELD"),
        (without("type", document()), "$.type", "MISSING_FIELD"),
        (without("creationDate", document()), "$.creationDate", "MISSING_FIELD"),
        (without("epcisBody", document()), "$.epcisBody", "MISSING_FIELD"),
        (document(epcisBody={}), "$.epcisBody.eventList", "MISSING_FIELD"),
        (document(epcisBody=[]), "$.epcisBody", "WRONG_TYPE"),
        (document(epcisBody={"eventList": {}}), "$.epcisBody.eventList", "WRONG_TYPE"),
        (document(type="Order"), "$.type", "UNKNOWN_DOCUMENT_TYPE"),
        (document(type=["EPCISDocument"]), "$.type", "WRONG_TYPE"),
        (document(schemaVersion="two"), "$.schemaVersion", "WRONG_FORM"),
        (document(schemaVersion=2.0), "$.schemaVersion", "WRONG_TYPE"),
        (document(creationDate="2025-12-20"), "$.creationDate", "INVALID_TIME"),
        (document(id="document 1"), "$.id", "INVALID_URI"),
        (document(colour="red"), "$.colour", "UNKNOWN_FIELD"),
        (document(epcisHeader={"epcisMasterData": []}), "$.epcisHeader.epcisMasterData", "WRONG_TYPE"),
        (document(**{"@context": "https://ex.example.com/c.jsonld"}), "$['@context']", "UNKNOWN_CONTEXT"),
        (document(**{"@context": [CONTEXT, 7]}), "$['@context'][1]", "WRONG_TYPE"),
        (document(**{"@context": [CONTEXT, CONTEXT]}), "$['@context']", "REPEATED_ITEM"),
        (document(**{"@context": "no address"}), "$['@context']", "INVALID_URI"),
        (answer(type="EPCISDocument", schemaVersion="2.0", creationDate="2025-12-20T18:00:00Z"),
         "$.epcisBody.eventList", "MISSING_FIELD"),
        (without("epcisBody", answer()), "$.epcisBody", "MISSING_FIELD"),
        (answer(epcisBody={"queryResults": {"resultsBody": {"eventList": []}}}),
         "$.epcisBody.queryResults.queryName", "MISSING_FIELD"),
        (answer(epcisBody={"queryResults": {"queryName": "q", "resultsBody": {"vocabularyList": []}}}),
         "$.epcisBody.queryResults.resultsBody.eventList", "MISSING_FIELD"),
        (answer(sender="me"), "$.sender", "UNKNOWN_FIELD"),
    ],
)  # fmt: skip
def test_documents_that_are_not_right(whole: dict[str, Any], path: str, rule: str):
    assert issue(whole) == (0, path, rule)


COLD = {"sensorReport": [{"type": "Temperature", "value": 4}]}


@pytest.mark.parametrize(
    ("bad", "path", "rule"),
    [
        (7, "", "WRONG_TYPE"),
        ({}, ".type", "MISSING_FIELD"),
        (event(type="BirthdayEvent"), ".type", "UNKNOWN_EVENT_TYPE"),
        (event(type=["ObjectEvent"]), ".type", "WRONG_TYPE"),
        (without("eventTime", event()), ".eventTime", "MISSING_FIELD"),
        (without("eventTimeZoneOffset", event()), ".eventTimeZoneOffset", "MISSING_FIELD"),
        (without("action", event()), ".action", "MISSING_FIELD"),
        (event(eventTime=None), ".eventTime", "WRONG_TYPE"),
        (event(eventTime=20251108), ".eventTime", "WRONG_TYPE"),
        (event(eventTime="2025-11-08T16:40:00"), ".eventTime", "MISSING_OFFSET"),
        (event(eventTime="2025-11-08"), ".eventTime", "INVALID_TIME"),
        (event(eventTime="2025-02-30T16:40:00Z"), ".eventTime", "INVALID_TIME"),
        (event(eventTime="9999-12-31T23:59:59.9999-01:00"), ".eventTime", "INVALID_TIME"),
        (event(eventTime="0001-01-01T00:00:00+01:00"), ".eventTime", "INVALID_TIME"),
        (event(eventTime="2025-11-08T16:40:00+99:00"), ".eventTime", "INVALID_TIME"),
        (event(eventTime="2025-11-08T16:40:00+0100"), ".eventTime", "INVALID_TIME"),
        (event(eventTime="2025-11-08T12:00:60Z"), ".eventTime", "INVALID_TIME"),
        (event(eventTimeZoneOffset="CET"), ".eventTimeZoneOffset", "WRONG_FORM"),
        (event(eventTimeZoneOffset="+15:00"), ".eventTimeZoneOffset", "WRONG_FORM"),
        (event(eventTimeZoneOffset="+01:00\n"), ".eventTimeZoneOffset", "WRONG_FORM"),
        (event(action="observe"), ".action", "UNKNOWN_WORD"),
        (event(bizStep="shiping"), ".bizStep", "UNKNOWN_WORD"),
        (event(bizStep="urn:epcglobal:cbv:bizstep:shipping"), ".bizStep", "UNKNOWN_WORD"),
        (event(disposition="shipping"), ".disposition", "UNKNOWN_WORD"),
        (event(epcList=["not a uri"]), ".epcList[0]", "INVALID_URI"),
        (event(epcList=["urn:x:1", "urn:x:1"]), ".epcList", "REPEATED_ITEM"),
        (event(epcList="urn:x:1"), ".epcList", "WRONG_TYPE"),
        (event(quantityList=[{"epcClass": LOT, "quantity": "600"}]), ".quantityList[0].quantity", "WRONG_TYPE"),
        (event(quantityList=[{"epcClass": LOT, "amount": 1}]), ".quantityList[0].amount", "UNKNOWN_FIELD"),
        (event(quantityList=[{"epcClass": LOT, "ex:amount": 1}]), ".quantityList[0]['ex:amount']", "UNKNOWN_FIELD"),
        (event(quantityList=[{"epcClass": LOT, "uom": "kg"}]), ".quantityList[0].uom", "WRONG_FORM"),
        ({**without("epcList", event()), "quantityList": []}, "", "NO_OBJECTS"),
        (without("epcList", event()), "", "NO_OBJECTS"),
        ({**without("epcList", event()), "sensorElementList": [COLD]}, "", "NO_OBJECTS"),
        (event(ilmd={"ex:lot": "1"}), "", "ILMD_NOT_ALLOWED"),
        (event(action="DELETE", ilmd={"ex:lot": "1"}), "", "ILMD_NOT_ALLOWED"),
        (event(action="ADD", ilmd={"lot": "1"}), ".ilmd.lot", "UNKNOWN_FIELD"),
        (event(colour="red"), ".colour", "UNKNOWN_FIELD"),
        (event(childEPCs=ITEMS), ".childEPCs", "UNKNOWN_FIELD"),
        (event(certificationInfo=7), ".certificationInfo", "WRONG_TYPE"),
        (event(certificationInfo=["x"]), ".certificationInfo[0]", "INVALID_URI"),
        (event(readPoint="urn:x:1"), ".readPoint", "WRONG_TYPE"),
        (event(readPoint={}), ".readPoint.id", "MISSING_FIELD"),
        (event(sourceList=[{"type": "owner", "source": "urn:x:1"}]), ".sourceList[0].type", "UNKNOWN_WORD"),
        (event(destinationList=[{"type": "location"}]), ".destinationList[0].destination", "MISSING_FIELD"),
        (event(bizTransactionList=[{"type": "po"}]), ".bizTransactionList[0].bizTransaction", "MISSING_FIELD"),
        (event(persistentDisposition={}), ".persistentDisposition", "MISSING_FIELD"),
        (event(persistentDisposition={"set": []}), ".persistentDisposition.set", "TOO_SHORT"),
        (event(errorDeclaration={"reason": "did_not_occur"}), ".errorDeclaration.declarationTime", "MISSING_FIELD"),
        (event(sensorElementList=[{}]), ".sensorElementList[0].sensorReport", "MISSING_FIELD"),
        (event(sensorElementList=[{"sensorReport": [{"type": "Temperature", "value": "4"}]}]),
         ".sensorElementList[0].sensorReport[0].value", "WRONG_TYPE"),
        (event(sensorElementList=[{"sensorReport": [{"type": "Warmth"}]}]),
         ".sensorElementList[0].sensorReport[0].type", "UNKNOWN_WORD"),
        (event(sensorElementList=[{"sensorReport": [{"type": "Mass", "booleanValue": "true"}]}]),
         ".sensorElementList[0].sensorReport[0].booleanValue", "WRONG_TYPE"),
        (event(sensorElementList=[{"sensorReport": [{"type": "Mass", "hexBinaryValue": "xyz"}]}]),
         ".sensorElementList[0].sensorReport[0].hexBinaryValue", "WRONG_FORM"),
        (event(sensorElementList=[{"sensorMetadata": {"bizRule": "urn:x:1"}, **COLD}]),
         ".sensorElementList[0].sensorMetadata.bizRule", "UNKNOWN_FIELD"),
        (without("childEPCs", event("AggregationEvent")), "", "NO_CHILDREN"),
        (event("AggregationEvent", epcList=ITEMS), ".epcList", "UNKNOWN_FIELD"),
        (without("parentID", event("AssociationEvent")), ".parentID", "MISSING_FIELD"),
        (event("TransactionEvent", bizTransactionList=[]), ".bizTransactionList", "TOO_SHORT"),
        (without("bizTransactionList", event("TransactionEvent")), ".bizTransactionList", "MISSING_FIELD"),
        (without("epcList", event("TransactionEvent")), "", "NO_TRANSACTED_OBJECTS"),
        (without("outputEPCList", event("TransformationEvent")), "", "INCOMPLETE_TRANSFORMATION"),
        (event("TransformationEvent", action="ADD"), ".action", "UNKNOWN_FIELD"),
        (event(**{"@context": "https://ex.example.com/c"}), "['@context']", "UNKNOWN_CONTEXT"),
        (event(**{"ex:it's": {"a": "\ud800"}}), r"['ex:it\'s'].a", "NOT_UNICODE"),
    ],
)  # fmt: skip
def test_events_that_are_not_right(bad: Any, path: str, rule: str):
    assert issue(document(bad)) == (1, PLACE + path, rule)


@pytest.mark.parametrize(
    "good",
    [
        without("childEPCs", event("AggregationEvent", action="DELETE")),
        without("parentID", event("AggregationEvent", action="OBSERVE")),
        without("epcList", event("TransactionEvent", action="DELETE")),
        {**without("outputEPCList", event("TransformationEvent")), "transformationID": "urn:x:1"},
        {**without("epcList", event()), "sensorElementList": [COLD], "readPoint": {"id": "geo:1,2"}},
        event(epcList=[]),
        event(eventTime="2016-12-31T23:59:60Z"),
        event(eventTime="2025-01-01t00:00:00.5z"),
        event(eventTime="2025-01-01T00:00:00-23:59"),
        event(bizStep="cbv:BizStep-shipping"),
        event(bizStep="https://ref.gs1.org/cbv/BizStep-shipping"),
        event(bizStep="https://ours.example/steps/polishing"),
        event(certificationInfo="urn:x:1"),
        event(**{"@context": {"own": "https://own.example/"}, "own:a": {"b": [None, {}]}}),
        event("AggregationEvent", persistentDisposition="the schema does not look here"),
    ],
)
def test_events_that_are_right(good: dict[str, Any]):
    assert read(document(good)).events[0].hash


def test_a_slip_of_the_pen_is_recognised():
    (found,) = issues(json.dumps(document(event(bizSteps="shipping"))).encode())
    assert "did you mean bizStep?" in found.message
    (found,) = issues(json.dumps(document(event(bizStep="urn:epcglobal:cbv:bizstep:shipping"))).encode())
    assert "write 'shipping'" in found.message


def test_all_that_is_wrong_is_said_with_its_event():
    found = issues(json.dumps(document(event(), event(action="LOOK", eventTime="now"), event(type="X"))).encode())
    assert [(one.event, one.path, one.rule) for one in found] == [
        (2, "$.epcisBody.eventList[1].eventTime", "INVALID_TIME"),
        (2, "$.epcisBody.eventList[1].action", "UNKNOWN_WORD"),
        (3, "$.epcisBody.eventList[2].type", "UNKNOWN_EVENT_TYPE"),
    ]
    with pytest.raises(EpcisError) as caught:
        read(document(*[event(action=str(number)) for number in range(300)]))
    assert len(caught.value.issues) == 100
    assert "(and 97 more)" in caught.value.message
    assert str(caught.value).startswith("UNKNOWN_WORD: event 1, $.epcisBody.eventList[0].action: ")


def test_repeated_keys_and_numbers_are_found_where_they_stand():
    some = event(quantityList=[{"epcClass": LOT, "quantity": 600}])
    text = json.dumps(document(some, event())).replace('"quantity": 600', '"quantity": 600, "quantity": 6e600', 1)
    found = issues(text.encode())
    assert [(one.event, one.path, one.rule) for one in found] == [
        (1, PLACE + ".quantityList[0]", "REPEATED_KEY"),
        (1, PLACE + ".quantityList[0].quantity", "NUMBER_OUT_OF_RANGE"),
    ]


def test_an_event_id_may_stand_twice_as_in_an_example_of_the_standard():
    text = json.dumps(document(event(eventID="urn:x:2"))).replace('"eventID"', '"eventID": "urn:x:1", "eventID"')
    (one,) = read_document(text.encode()).events
    assert one.id == "urn:x:2"
    assert [each.rule for each in one.advice] == ["KEY_TWICE"]
    twice = text.replace('"action"', '"action": "ADD", "action"')
    assert [each.rule for each in issues(twice.encode())] == ["REPEATED_KEY"]


@needs_shared
@pytest.mark.parametrize("path", shared_documents("gs1-examples"), ids=lambda path: path.stem)
def test_the_standards_examples_are_valid(path: Any):
    whole = read_document(path.read_bytes())
    assert whole.events
    for one in whole.events:
        assert one.event.type == json.loads(one.text)["type"]
        assert one.text.encode() in path.read_bytes()


@given(st.binary(max_size=40) | st.text(alphabet='{}[]",:0123456789eE.-\\ntruefalsn', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes):
    with pytest.raises(EpcisError):
        read_document(data + b"!")


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["urn:x:1", "shipping"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=100)
@given(st.sampled_from(sorted(FULL)), st.data(), json_values)
def test_any_value_in_any_field_is_read_or_refused(kind: str, data: st.DataObject, value: Any):
    name = data.draw(st.sampled_from(["@context", *FULL[kind]]))
    assert attempt(document(full(kind, **{name: value})))


def attempt(value: Any) -> ReadDocument | tuple[EpcisIssue, ...]:
    try:
        whole = read(value)
    except EpcisError as error:
        return error.issues
    assert all(one.hash and one.event and one.id for one in whole.events)
    return whole


def test_a_hundred_thousand_mistakes_take_no_longer_than_a_hundred():
    silly = event(epcList=["x"] * 100_000, **{f"field{number}": number for number in range(100_000)})
    assert len(issues(json.dumps(document(silly)).encode(), WIDE)) == 100
    many = event(action="X", epcList=[f"urn:x:{number // 2}" for number in range(100_000)])
    assert said_leniently(document(many)) == {(1, PLACE + ".action", "UNKNOWN_WORD")}


def said_leniently(value: Any) -> set[tuple[int, str, str]]:
    return {(one.event, one.path, one.rule) for one in issues(json.dumps(value).encode(), WIDE, Profile.LENIENT)}


def test_depth_is_bounded_whatever_the_recursion_limit():
    """Some libraries raise it far beyond what the stack can hold."""
    script = (
        "import sys; sys.setrecursionlimit(10**6)\n"
        "from fenxiao.epcis import EpcisError, read_document\n"
        "for data in (b'[' * 200_000, b'{\"a\":' * 200_000):\n"
        "    try:\n"
        "        read_document(data)\n"
        "    except EpcisError as error:\n"
        "        print(error.issues[0].rule)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["TOO_DEEP", "TOO_DEEP"]
