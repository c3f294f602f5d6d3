"""Events written as XML are read as the same events."""

import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fenxiao.epcis import WIDE, EpcisError, EventReader, Names, Profile, ReadEvent
from fenxiao.epcis.schema import EVENT_TYPES
from fenxiao.epcis.xml import as_urn, as_web_uri, write_document, write_event
from libs.sdk.tests.epcis.samples import CONTEXT, FULL, answer, document, event, full, needs_shared, shared_documents
from libs.sdk.tests.epcis.xml_samples import EVENTS_2_0, twin

SPELLINGS = {"URI": as_web_uri, "URN": as_urn}


def read(data: bytes, profile: Profile = Profile.STRICT) -> tuple[EventReader, list[ReadEvent]]:
    reader = EventReader(BytesIO(data), profile, WIDE)
    return reader, [*reader.read()]


def written(reader: EventReader, events: list[ReadEvent], spelling: Any = as_web_uri) -> bytes:
    return "".join(
        write_document(reader.root, [write_event(one.fields, one.names, spelling) for one in events])
    ).encode()


def again(value: Any) -> tuple[ReadEvent, ReadEvent]:
    """An event, and what is read of its XML."""
    reader, events = read(json.dumps(value).encode())
    assert [*reader.issues, *events[0].issues] == []
    back, (other,) = read(written(reader, events))
    assert [*back.issues, *other.issues] == []
    return events[0], other


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("folder", ["gs1-examples", "event-hash"])
@needs_shared
def test_all_examples_of_the_standard_come_back(folder: str, spelling: str):
    for path in shared_documents(folder):
        check_document(path, spelling)


def check_document(path: Path, spelling: str) -> None:
    reader, events = read(path.read_bytes(), Profile.LENIENT)
    back, others = read(written(reader, events, SPELLINGS[spelling]))
    assert back.issues == [], path
    assert [(one.hash, one.declaration) for one in others] == [(one.hash, one.declaration) for one in events], path
    assert back.kind == reader.kind
    assert back.master_data == reader.master_data


@pytest.mark.parametrize("kind", FULL)
def test_every_type_with_every_field_comes_back(kind: str):
    one, other = again(document(full(kind)))
    assert other.pre_hash == one.pre_hash
    assert other.declaration == one.declaration != ""
    assert other.event.eventID == one.event.eventID
    assert other.event.recordTime == one.event.recordTime
    one, other = again(answer(full(kind)))
    assert other.hash == one.hash


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_the_elements_stand_in_the_order_of_the_xml_schema(kind: str):
    _, (one,) = read(json.dumps(twin(kind, certified=kind == "ObjectEvent")).encode())

    def order(text: str) -> list[str]:
        found = re.sub(
            r"<(\w+(?:List|EPCs|Point|Location|Declaration|Disposition)|ilmd|ex:own)\b.*?</\1>",
            r"<\1/>",
            text,
            flags=re.S,
        )
        return [name for name in re.findall(r"<([\w:]+)", found) if name not in EVENT_TYPES]

    assert order(write_event(one.fields, one.names)) == order(EVENTS_2_0[kind])


def test_standard_words_in_both_spellings():
    _, (one,) = read(json.dumps(document(full("ObjectEvent"))).encode())
    assert "<bizStep>https://ref.gs1.org/cbv/BizStep-shipping</bizStep>" in write_event(one.fields, one.names)
    text = write_event(one.fields, one.names, as_urn)
    for part in (
        "<bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>",
        "<set>urn:epcglobal:cbv:disp:completeness_verified</set>",
        '<bizTransaction type="urn:epcglobal:cbv:btt:po">',
        'type="https://gs1.org/voc/Temperature"',  # has no older spelling
    ):
        assert part in text


def test_each_event_brings_the_namespaces_that_it_needs():
    mine = event(**{"ex:a": "1", "cbvmda:lotNumber": "2", "https://b.example/#c": "x", "rdfs:comment": "no"})
    _, (one,) = read(json.dumps(document(mine)).encode())
    text = write_event(one.fields, one.names)
    assert 'xmlns:ex="https://ex.example.com/ns/"' in text
    assert 'xmlns:cbvmda="urn:epcglobal:cbv:mda"' in text  # as XML has it
    assert "<ns1:c>x</ns1:c>" in text


def test_master_data_and_who_sent_it():
    master = {"vocabularyList": [{"type": "urn:epcglobal:epcis:vtype:ReadPoint", "vocabularyElementList": [
        {"id": "urn:epc:id:sgln:9521141.00001.0", "attributes": [
            {"id": "cbvmda:name", "attribute": "Mühle & Co"},
            {"id": "ex:deep", "attribute": {"ex:a": ["1", {"b": "2"}]}},
        ], "children": ["urn:epc:id:sgln:9521141.00001.1"]},
    ]}]}  # fmt: skip
    around = {
        "epcisHeader": {"epcisMasterData": master},
        "sender": "urn:s",
        "receiver": "urn:r",
        "instanceIdentifier": "7",
    }
    reader, events = read(json.dumps(document(event(), **around)).encode())
    back, _ = read(written(reader, events))
    assert back.issues == []
    assert back.master_data == reader.master_data != []
    assert [back.root[name] for name in ("sender", "receiver", "instanceIdentifier")] == ["urn:s", "urn:r", "7"]


@pytest.mark.parametrize("name", ["ex:own", "stringValue"])
def test_what_xml_has_no_characters_for_is_said(name: str):
    report = {"type": "Temperature", name: "bell \x07"}
    _, (one,) = read(json.dumps(document(event(sensorElementList=[{"sensorReport": [report]}]))).encode())
    with pytest.raises(EpcisError) as caught:
        write_event(one.fields, one.names)
    assert caught.value.reason == "NOT_IN_XML"


def test_what_a_field_cannot_hold_in_xml_is_said():
    wrong: list[dict[str, Any]] = [{"persistentDisposition": "expired"}, {"persistentDisposition": {"set": [{}]}}]
    for own in wrong:
        _, (one,) = read(json.dumps(document(event("TransactionEvent", **own))).encode())
        with pytest.raises(EpcisError) as caught:
            write_event(one.fields, one.names)
        assert caught.value.reason == "NOT_IN_XML"


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=8)
strings = texts | st.sampled_from(
    [
        "",
        " ",
        "a b ",
        "1.50",
        "1e5",
        "007",
        "ex:x",
        "other:x",
        "no:x",
        "ns1:x",
        "urn:epc:id:sgtin:9521141.012345.1",
        "<&>'\"]]>",
        "a\tb\nc\r",
    ]
)
names = st.sampled_from(
    ["ex:a", "ex:b", "other:a", "no:a", "a", "b", "ex:1", "ex:a b", "#text", "", "xml", "type", "id", "extension",
     "fx:a", "https://x.example/y#z", "https://ex.example.com/ns/a", "cbvmda:x", "rdfs:comment", "comment", "urn:x",
     "@id"]
)  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.decimals(allow_nan=False, allow_infinity=False, places=3, max_value=10**9).map(float)
    | strings
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(names, inner, max_size=3).map(
            lambda made: {**made, **({"#text": str(made["#text"])} if "#text" in made else {})}
        )
    ),
    max_leaves=10,
)
own_names = st.sampled_from(["ex:a", "ex:b", "other:a", "no:a", "fx:a", "https://x.example/y#z", "cbvmda:x", "ex:1"])
owns = st.dictionaries(own_names, values, max_size=3)
CONTEXTS = st.sampled_from(
    [
        [CONTEXT, {"ex": "https://ex.example.com/ns/", "other": "https://other.example/ns"}],
        [CONTEXT, {"ex": "https://ex.example.com/ns/", "other": "https://ex.example.com/ns/", "fx": "urn:mine:"}],
        [
            CONTEXT,
            {"ex": "urn:epcglobal:epcis:xsd:2", "other": "http://www.w3.org/2001/XMLSchema-instance", "ns1": "urn:n"},
        ],
        [
            CONTEXT,
            {"ex": "urn:epcglobal:cbv:mda", "xml": "http://www.w3.org/XML/1998/namespace", "cbvmda": "urn:other"},
        ],
        CONTEXT,
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(EVENT_TYPES), st.data(), CONTEXTS, owns, owns, owns)
def test_whatever_is_in_an_event_comes_back(
    kind: str, data: st.DataObject, context: Any, own: Any, in_place: Any, in_sensor: Any
):
    needed = event(kind).keys()
    optional = sorted(FULL[kind].keys() - needed)
    kept = data.draw(st.lists(st.sampled_from(optional), unique=True))
    made = {**event(kind), **{name: FULL[kind][name] for name in kept}, **own}
    made["readPoint"] = {"id": "urn:x:1", **in_place}
    made["sensorElementList"] = [{"sensorReport": [{"type": "ex:Shine", **in_sensor}], **in_sensor}]
    if "ilmd" in made:
        made["ilmd"] = in_place
        made["action"] = "ADD"
    if kind == "TransformationEvent":
        made.pop("action", None)
    whole = document(made, **{"@context": context})
    reader, events = read(json.dumps(whole).encode())
    assert [*reader.issues, *events[0].issues] == []
    for beside in ([], events):
        back, others = read(written(reader, beside + events))
        assert [*back.issues, *others[-1].issues] == []
        assert others[-1].pre_hash == events[0].pre_hash
        assert others[-1].declaration == events[0].declaration


@settings(max_examples=60, deadline=None)
@given(strings | texts, strings | texts)
@example("]]>", "\r\n")
def test_text_comes_back_as_it_was(text: str, attribute: str):
    made = event(**{"ex:a": text}, sensorElementList=[{"sensorReport": [{"type": "Speed", "stringValue": attribute}]}])
    one, other = again(document(made))
    assert other.hash == one.hash
    (element,) = cast("list[Any]", other.fields["sensorElementList"])
    known = Names().within({"ex": "https://ex.example.com/ns/"})
    assert element["sensorReport"][0]["stringValue"] == known.expand(attribute)
