"""Reading EPCIS documents, and what is refused with which words."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.epcis import EpcisError, EpcisIssue, Limits, ReadDocument, read_document

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
LOT = "urn:epc:class:lgtin:9521141.012345.A1"
PLACE = "$.epcisBody.eventList[0]"


def event(**fields: Any) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventTime": "2025-11-08T16:40:00.123456789+01:00",
        "eventTimeZoneOffset": "+01:00",
        "action": "OBSERVE",
        "quantityList": [{"epcClass": LOT, "quantity": 600}],
        **fields,
    }


def document(*events: Any, **fields: Any) -> dict[str, Any]:
    return {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2025-12-20T18:00:00Z",
        "epcisBody": {"eventList": list(events)},
        **fields,
    }


def read(value: Any) -> ReadDocument:
    return read_document(json.dumps(value).encode())


def issues(data: bytes, limits: Limits | None = None) -> tuple[EpcisIssue, ...]:
    with pytest.raises(EpcisError) as caught:
        read_document(data, limits or Limits())
    assert caught.value.reason == caught.value.issues[0].rule
    assert all(issue.message for issue in caught.value.issues)
    return caught.value.issues


def issue(value: Any) -> tuple[int, str, str]:
    (found,) = issues(json.dumps(value).encode())
    return found.event, found.path, found.rule


def test_what_is_read():
    text = '{"type":"ObjectEvent",  "eventTime":"2025-11-08T16:40:00.123456789+01:00","eventTimeZoneOffset":"+01:00",\n'
    text += '"action":"ADD","epcList":["urn:epc:id:sgtin:9521141.012345.\\u0031"],"quantityList":[{"epcClass":'
    text += f'"{LOT}","quantity":0.10000000000000000000001}}], "ilmd": {{"ex:name":"橄榄油"}}}}'
    data = json.dumps(document(0)).replace("[0]", f"[ {text} ]").encode()
    whole = read_document(b"\xef\xbb\xbf" + data)
    (one,) = whole.events
    assert one.text == text
    assert whole.context == f'"{CONTEXT}"'
    assert one.event.event_time.isoformat() == "2025-11-08T15:40:00.123456+00:00"
    assert one.event.objects == ["urn:epc:id:sgtin:9521141.012345.1", LOT]
    assert one.event.quantityList is not None
    assert one.event.quantityList[0].quantity == Decimal("0.10000000000000000000001")
    assert one.id == one.hash
    assert read(document(event(eventID="urn:uuid:1"))).events[0].id == "urn:uuid:1"
    assert read(document()).events == ()


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "INVALID_JSON"),
        (b"{", "INVALID_JSON"),
        (b'{"a" 1}', "INVALID_JSON"),
        (b'{"a": 1,}', "INVALID_JSON"),
        (b'{"a": 1} {}', "INVALID_JSON"),
        (b'{"epcisBody": {"eventList": [1 2]}}', "INVALID_JSON"),
        (b'{"a": "\x01"}', "INVALID_JSON"),
        (b"<EPCISDocument/>", "INVALID_JSON"),
        (b'{"a": "\xff"}', "NOT_UTF8"),
        (b"[" * 100_000, "TOO_DEEP"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "TOO_DEEP"),
        (b'"' + b'\\"' * 300_000, "INVALID_JSON"),  # must not take quadratic time
        (b"[]", "WRONG_TYPE"),
        (b'"EPCISDocument"', "WRONG_TYPE"),
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
    (found,) = issues(data)
    assert (found.event, found.rule) == (0, rule)


def test_limits():
    many = json.dumps(document(*[event()] * 3)).encode()
    assert len(read_document(many, Limits(events=3)).events) == 3
    assert issues(many, Limits(events=2))[0].rule == "TOO_MANY_EVENTS"
    assert issue(document(event(), **{"@context": [CONTEXT, {"a": "x" * 16_384}]}))[2] == "CONTEXT_TOO_LARGE"


def without(name: str, whole: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in whole.items() if key != name}


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
        (document(type="EPCISQueryDocument"), "$.type", "UNSUPPORTED_DOCUMENT_TYPE"),
        (event(), "$.type", "UNSUPPORTED_DOCUMENT_TYPE"),
        (document(type="Order"), "$.type", "UNKNOWN_WORD"),
        (document(type=["EPCISDocument"]), "$.type", "UNKNOWN_WORD"),
        (document(schemaVersion="two"), "$.schemaVersion", "WRONG_FORM"),
        (document(creationDate="2025-12-20"), "$.creationDate", "INVALID_TIME"),
        (document(colour="red"), "$", "UNKNOWN_FIELD"),
        (document(**{"@context": "https://ex.example.com/c.jsonld"}), "$['@context']", "UNKNOWN_CONTEXT"),
        (document(**{"@context": [CONTEXT, 7]}), "$['@context']", "WRONG_TYPE"),
    ],
)
def test_documents_that_are_not_right(whole: dict[str, Any], path: str, rule: str):
    assert issue(whole) == (0, path, rule)


@pytest.mark.parametrize(
    ("bad", "path", "rule"),
    [
        (7, "", "WRONG_TYPE"),
        ({}, ".type", "MISSING_FIELD"),
        (event(type="AggregationEvent"), ".type", "UNSUPPORTED_EVENT_TYPE"),
        (event(type="BirthdayEvent"), ".type", "UNSUPPORTED_EVENT_TYPE"),
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
        (event(eventTimeZoneOffset="CET"), ".eventTimeZoneOffset", "WRONG_FORM"),
        (event(eventTimeZoneOffset="+15:00"), ".eventTimeZoneOffset", "WRONG_FORM"),
        (event(eventTimeZoneOffset="+01:00\n"), ".eventTimeZoneOffset", "WRONG_FORM"),
        (event(action="observe"), ".action", "UNKNOWN_WORD"),
        (event(bizStep="shiping"), ".bizStep", "UNKNOWN_WORD"),
        (event(bizStep="urn:epcglobal:cbv:bizstep:shipping"), ".bizStep", "UNKNOWN_WORD"),
        (event(disposition="shipping"), ".disposition", "UNKNOWN_WORD"),
        (event(epcList=["not a uri"]), ".epcList[0]", "INVALID_URI"),
        (event(epcList=["urn:x:" + "y" * 2000]), ".epcList[0]", "INVALID_URI"),
        (event(epcList=["urn:x:1", "urn:x:1"]), ".epcList", "REPEATED_ITEM"),
        (event(epcList="urn:x:1"), ".epcList", "WRONG_TYPE"),
        (event(quantityList=[{"epcClass": LOT, "quantity": "600"}]), ".quantityList[0].quantity", "WRONG_TYPE"),
        (event(quantityList=[{"epcClass": LOT, "amount": 1}]), ".quantityList[0].amount", "UNKNOWN_FIELD"),
        (event(quantityList=[{"epcClass": LOT, "uom": "kg"}]), ".quantityList[0].uom", "WRONG_FORM"),
        (event(quantityList=[]), "", "NO_OBJECTS"),
        (without("quantityList", event()), "", "NO_OBJECTS"),
        (event(ilmd={"ex:lot": "1"}), "", "ILMD_NOT_ALLOWED"),
        (event(action="ADD", ilmd={"lot": "1"}), ".ilmd", "UNKNOWN_FIELD"),
        (event(colour="red"), "", "UNKNOWN_FIELD"),
        (event(certificationInfo=7), ".certificationInfo", "WRONG_TYPE"),
        (event(certificationInfo=["x"]), ".certificationInfo[0]", "INVALID_URI"),
        (event(readPoint="urn:x:1"), ".readPoint", "WRONG_TYPE"),
        (event(readPoint={}), ".readPoint.id", "MISSING_FIELD"),
        (event(sourceList=[{"type": "owner", "source": "urn:x:1"}]), ".sourceList[0].type", "UNKNOWN_WORD"),
        (event(persistentDisposition={}), ".persistentDisposition", "MISSING_FIELD"),
        (event(persistentDisposition={"set": []}), ".persistentDisposition.set", "TOO_SHORT"),
        (event(sensorElementList=[{}]), ".sensorElementList[0].sensorReport", "MISSING_FIELD"),
        (event(**{"@context": "https://ex.example.com/c"}), "['@context']", "UNKNOWN_CONTEXT"),
        (event(**{"ex:it's": {"a": "\ud800"}}), r"['ex:it\'s'].a", "NOT_UNICODE"),
    ],
)
def test_events_that_are_not_right(bad: Any, path: str, rule: str):
    assert issue(document(bad)) == (1, PLACE + path, rule)


def test_all_that_is_wrong_is_said_with_its_event():
    found = issues(json.dumps(document(event(), event(action="LOOK", eventTime="now"), event(type="X"))).encode())
    assert [(one.event, one.path, one.rule) for one in found] == [
        (2, "$.epcisBody.eventList[1].eventTime", "INVALID_TIME"),
        (2, "$.epcisBody.eventList[1].action", "UNKNOWN_WORD"),
        (3, "$.epcisBody.eventList[2].type", "UNSUPPORTED_EVENT_TYPE"),
    ]
    with pytest.raises(EpcisError) as caught:
        read(document(*[event(action=str(number)) for number in range(300)]))
    assert len(caught.value.issues) == 100
    assert "(and 97 more)" in caught.value.message
    assert str(caught.value).startswith("UNKNOWN_WORD: event 1, $.epcisBody.eventList[0].action: ")


def test_repeated_keys_and_numbers_are_found_where_they_stand():
    text = json.dumps(document(event(), event())).replace('"quantity": 600', '"quantity": 600, "quantity": 6e600', 1)
    found = issues(text.encode())
    assert [(one.event, one.path, one.rule) for one in found] == [
        (1, PLACE + ".quantityList[0]", "REPEATED_KEY"),
        (1, PLACE + ".quantityList[0].quantity", "NUMBER_OUT_OF_RANGE"),
    ]


@given(st.binary(max_size=40) | st.text(alphabet='{}[]",:0123456789eE.-\\ntruefalsn', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes):
    with pytest.raises(EpcisError):
        read_document(data)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["urn:x:1", "shipping"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([*event(), "readPoint", "ilmd", "sensorElementList", "@context", "ex:own"]), json_values)
def test_any_value_in_any_field_is_read_or_refused(name: str, value: Any):
    assert attempt(document(event(**{name: value})))


def attempt(value: Any) -> ReadDocument | tuple[EpcisIssue, ...]:
    try:
        return read(value)
    except EpcisError as error:
        return error.issues
