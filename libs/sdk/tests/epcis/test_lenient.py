"""The lenient profile: what is mended, and what stays wrong."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.epcis import EpcisError, Profile, ReadEvent, read_document
from fenxiao.epcis.relaxed_json import Blanks
from libs.sdk.tests.epcis.samples import CONTEXT, ITEMS, LOT, document, event, issues, read, said, without


def lenient(data: bytes) -> ReadEvent:
    (one,) = read_document(data, profile=Profile.LENIENT).events
    return one


def mend(**fields: Any) -> ReadEvent:
    return lenient(json.dumps(document(event(**fields))).encode())


RIGHT = read(document(event())).events[0].hash


@pytest.mark.parametrize(
    ("wrong", "right", "rule"),
    [
        ({"bizStep": "urn:epcglobal:cbv:bizstep:shipping"}, {"bizStep": "shipping"}, "OLD_VOCABULARY"),
        ({"bizStep": "https://ns.gs1.org/cbv/BizStep-shipping"}, {"bizStep": "shipping"}, "OLD_VOCABULARY"),
        ({"bizStep": "Shipping"}, {"bizStep": "shipping"}, "OTHER_SPELLING"),
        ({"disposition": "urn:epcglobal:cbv:disp:in_transit"}, {"disposition": "in_transit"}, "OLD_VOCABULARY"),
        ({"disposition": "In Transit"}, {"disposition": "in_transit"}, "OTHER_SPELLING"),
        (
            {"bizTransactionList": [{"type": "urn:epcglobal:cbv:btt:po", "bizTransaction": "urn:x:1"}]},
            {"bizTransactionList": [{"type": "po", "bizTransaction": "urn:x:1"}]},
            "OLD_VOCABULARY",
        ),
        (
            {"sourceList": [{"type": "urn:epcglobal:cbv:sdt:location", "source": "urn:x:1"}]},
            {"sourceList": [{"type": "location", "source": "urn:x:1"}]},
            "OLD_VOCABULARY",
        ),
        (
            {"sensorElementList": [{"sensorReport": [{"type": "https://gs1.org/voc/Mass", "value": "1.50"}]}]},
            {"sensorElementList": [{"sensorReport": [{"type": "Mass", "value": 1.5}]}]},
            "OLD_VOCABULARY",
        ),
        (
            {"sensorElementList": [{"type": "epcis:SensorElement", "sensorReport": [{"type": "Mass", "value": 1}]}]},
            {"sensorElementList": [{"sensorReport": [{"type": "Mass", "value": 1}]}]},
            "EMPTY_FIELD",
        ),
        ({"id": "ni:///sha-256;00?ver=CBV2.0"}, {}, "OTHER_NAME"),
        ({"eventTime": "2025-11-08T16:40:00+0100"}, {}, "OTHER_SPELLING"),
        ({"eventTime": "2025-11-08 16:40:00 +01:00"}, {}, "OTHER_SPELLING"),
        ({"eventTime": "2025-11-08T16:40+01"}, {}, "OTHER_SPELLING"),
        ({"eventTime": "2025-11-08T16:40:00"}, {}, "OTHER_SPELLING"),
        ({"eventTimeZoneOffset": "+0100"}, {}, "OTHER_SPELLING"),
        ({"eventTimeZoneOffset": "+1:00"}, {}, "OTHER_SPELLING"),
        ({"action": "observe"}, {}, "OTHER_SPELLING"),
        ({"type": "epcis:ObjectEvent"}, {}, None),  # by the letter, a type of somebody's own
        ({"type": "objectEvent"}, {}, "OTHER_SPELLING"),
        ({"epcList": ITEMS[0]}, {}, "NOT_A_LIST"),
        ({"epcList": {"epc": ITEMS[:1]}}, {}, "NOT_A_LIST"),
        ({"epcList": [ITEMS[0], ITEMS[0]]}, {}, "ITEM_TWICE"),
        ({"epcList": [f" {ITEMS[0]} "]}, {}, "OTHER_SPELLING"),
        ({"readPoint": "urn:x:1"}, {"readPoint": {"id": "urn:x:1"}}, "NOT_AN_OBJECT"),
        ({"bizLocation": None}, {}, "EMPTY_FIELD"),
        ({"bizStep": ""}, {}, "EMPTY_FIELD"),
        ({"comment": "late again"}, {}, "COMMENT"),
        (
            {"quantityList": [{"epcClass": LOT, "quantity": "600", "uom": "kg"}]},
            {"quantityList": [{"epcClass": LOT, "quantity": 600, "uom": "KGM"}]},
            "NOT_A_NUMBER",
        ),
        (
            {"errorDeclaration": {"declarationTime": "2025-11-09T08:00:00Z",
                                  "reason": "urn:epcglobal:cbv:er:incorrect_data",
                                  "correctiveEventIDs": {"correctiveEventID": ["urn:x:1"]}}},
            {}, "OLD_VOCABULARY",
        ),
    ],
)  # fmt: skip
def test_what_is_mended(wrong: dict[str, Any], right: dict[str, Any], rule: str | None):
    found = mend(**wrong)
    if rule is None:
        assert not found.mended
        return
    assert rule in {note.rule for note in found.mended}
    assert all(note.event == 1 and note.path.startswith("$.epcisBody.eventList[0]") for note in found.mended)
    assert found.hash == read(document(event(**right))).events[0].hash
    # What was read is right by the letter, and as it stood it is not.
    assert read(document(json.loads(found.json))).events[0].hash == found.hash
    assert said(document(event(**wrong)))
    assert json.loads(found.text) == event(**wrong)


def test_an_offset_is_taken_from_the_time():
    found = lenient(json.dumps(document(without("eventTimeZoneOffset", event()))).encode())
    assert found.hash == RIGHT
    assert [note.rule for note in found.mended] == ["OFFSET_TAKEN"]


def test_older_names_of_fields():
    whole = without("type", event()) | {"isA": "ObjectEvent"}
    assert lenient(json.dumps(document(whole)).encode()).hash == RIGHT


COMMENTED = """// our export
{ /* head */
  "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
  "type": "EPCISDocument", "schemaVersion": "2.0", // "quoted" /* here */
  "creationDate": "2025-12-20T18:00:00Z",
  "epcisBody": {"eventList": [
    {"type": "ObjectEvent", "eventTime": "2025-11-08T16:40:00+01:00", "eventTimeZoneOffset": "+01:00",
     /* , ] } */ "action": "OBSERVE", "epcList": ["urn:epc:id:sgtin:9521141.012345.1", /* the end */ ], },
  ]},
} // done"""


def test_comments_and_commas_in_json():
    data = COMMENTED.encode()
    assert issues(data)[0].rule == "INVALID_JSON"
    found = lenient(data)
    assert found.hash == RIGHT
    assert found.text.startswith('{"type"')
    assert "/* , ] } */" in found.text


def test_what_looks_like_a_comment_in_a_text_is_none():
    whole = document(event(**{"ex:a": "http://x // y /* z */ ,]", "ex:b": 'a\\"//,}'}))
    data = json.dumps(whole).encode()
    assert lenient(data).hash == read(whole).events[0].hash
    assert not lenient(data).mended


pieces = st.sampled_from(['"', "\\", "/", "*", ",", "]", "}", " ", "\n", "a", "//", "/*", "*/", '"a,]"'])


@given(st.lists(pieces, max_size=30).map("".join), st.integers(1, 7))
def test_blanks_do_not_depend_on_the_pieces_and_change_no_place(text: str, size: int):
    def cleaned(parts: list[str]) -> tuple[str, str]:
        blanks = Blanks()
        made = [blanks.clean(part, last=False) for part in parts] + [blanks.clean("", last=True)]
        return "".join(clean for clean, _ in made), "".join(original for _, original in made)

    whole, original = cleaned([text])
    assert original == text
    assert len(whole) == len(text)
    assert cleaned([text[at : at + size] for at in range(0, len(text), size)]) == (whole, text)


@pytest.mark.parametrize(
    "whole",
    [
        without("@context", document(event())),
        without("creationDate", document(event())),
        without("schemaVersion", document(event())),
        document(event(), schemaVersion=2.0),
        document(event(), creationDate="2025-12-20 18:00"),
        document(event(), comment="for you"),
        {**without("type", document(event())), "isA": "EPCISDocument"},
        without("type", document(event())),
        document(event(), **{"@context": [CONTEXT, "https://nobody.example/context.jsonld"]}),
        without("@context", event()),
    ],
)
def test_what_stands_around_events(whole: dict[str, Any]):
    data = json.dumps(whole).encode()
    assert issues(data)
    assert lenient(data).hash == RIGHT


STAYS_WRONG: list[dict[str, Any]] = [
    {"colour": "red"},
    {"bizStep": "dancing"},
    {"eventTime": "yesterday"},
    {"eventTime": "08/11/2025 16:40"},
    {"epcList": ["not a uri"]},
    {"quantityList": [{"epcClass": LOT, "quantity": "many"}]},
    {"quantityList": [{"epcClass": LOT, "quantity": 1, "uom": "kilo"}]},
    {"action": "LOOK"},
    {"ilmd": {"ex:lot": "1"}},
    {"sensorElementList": [{"sensorReport": []}]},
]


@pytest.mark.parametrize("fields", STAYS_WRONG)
def test_what_stays_wrong(fields: dict[str, Any]):
    assert said(document(event(**fields)), Profile.LENIENT)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["urn:x:1", "Shipping", "2"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "type", "epc", "ex:a"]), inner),
    max_leaves=5,
)


@given(
    st.dictionaries(st.sampled_from([*event(), "readPoint", "quantityList", "sensorElementList", "isA"]), json_values)
)
def test_anything_is_mended_or_refused(fields: dict[str, Any]):
    data = json.dumps(document(event(**fields))).encode()
    try:
        found = lenient(data)
    except EpcisError:
        return
    assert found.hash
    assert found.event


def test_a_blank_node_names_nothing_outside_of_its_document() -> None:
    own = {**document(event()), "id": "_:document1"}
    assert lenient(json.dumps(own).encode()).hash == RIGHT
    with pytest.raises(EpcisError, match=r"\$\.id"):
        read_document(json.dumps(own).encode(), profile=Profile.STRICT)
