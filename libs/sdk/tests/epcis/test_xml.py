"""EPCIS in XML: read as the JSON that stands for the same events."""

import json
from io import BytesIO
from typing import Any

import pytest

from fenxiao.epcis import WIDE, EpcisError, EventReader, Limits, Profile, ReadDocument, read_document
from fenxiao.epcis.schema import EVENT_TYPES
from libs.sdk.tests.epcis.samples import CONTEXT, issues
from libs.sdk.tests.epcis.xml_samples import (
    ITEMS,
    NAMESPACES,
    WHEN,
    answer_xml,
    event_1_2,
    event_2_0,
    twin,
    xml,
)

LEAST = f"<ObjectEvent>{WHEN}<epcList><epc>{ITEMS[0]}</epc></epcList><action>OBSERVE</action></ObjectEvent>"


def plain(document: ReadDocument) -> list[Any]:
    """The events as plain values, without contexts of their own."""
    found = [json.loads(event.text) for event in document.events]
    for event in found:
        event.pop("@context", None)
    return found


def with_own(own: str, namespaces: str = NAMESPACES) -> bytes:
    return xml(LEAST.replace("</ObjectEvent>", own + "</ObjectEvent>"), namespaces=namespaces)


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_every_type_with_every_field_is_its_twin_in_json(kind: str):
    in_json = read_document(json.dumps(twin(kind, certified=kind == "ObjectEvent")).encode())
    in_xml = read_document(xml(event_2_0(kind)))
    assert plain(in_xml) == plain(in_json)
    assert [event.hash for event in in_xml.events] == [event.hash for event in in_json.events]
    assert in_xml.events[0].declaration == in_json.events[0].declaration != ""
    assert in_xml.events[0].event == in_json.events[0].event
    assert in_xml.events[0].pre_hash == in_json.events[0].pre_hash


@pytest.mark.parametrize("kind", EVENT_TYPES)
@pytest.mark.parametrize("version", ["1.0", "1.2"])
def test_older_documents_with_their_extensions_say_the_same(kind: str, version: str):
    in_json = read_document(json.dumps(twin(kind)).encode())
    in_xml = read_document(xml(event_1_2(kind), version=version))
    assert plain(in_xml) == plain(in_json)
    assert in_xml.events[0].hash == in_json.events[0].hash


def test_answers_to_queries():
    read = read_document(answer_xml(*map(event_2_0, EVENT_TYPES)))
    assert (read.kind, [event.fields["type"] for event in read.events]) == ("EPCISQueryDocument", list(EVENT_TYPES))
    assert read.events[3].path == ("epcisBody", "queryResults", "resultsBody", "eventList", 3)
    reader = EventReader(BytesIO(answer_xml()))
    assert [*reader.read()] == reader.issues == []
    results: dict[str, Any] = {"resultsBody": {"eventList": []}, "queryName": "mine", "subscriptionID": "s1"}
    assert reader.root["epcisBody"] == {"queryResults": results}


def test_what_is_read_of_an_event():
    (read,) = read_document(xml(LEAST)).events
    assert json.loads(read.text) == {
        "type": "ObjectEvent",
        "eventTime": "2025-11-08T16:40:00+01:00",
        "eventTimeZoneOffset": "+01:00",
        "epcList": ITEMS[:1],
        "action": "OBSERVE",
    }
    assert (read.number, read.path, read.text) == (1, ("epcisBody", "eventList", 0), read.json)
    # Read again, the JSON is the same event.
    again = {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2025-01-01T00:00:00Z",
    }
    body = {"epcisBody": {"eventList": [json.loads(read.text)]}}
    assert read_document(json.dumps({**again, **body}).encode()).events[0].hash == read.hash


def test_namespaces_become_prefixes():
    reader = EventReader(BytesIO(xml(LEAST, namespaces=NAMESPACES + ' xmlns:a="urn:a:" xmlns:my_own="urn:b"')))
    assert [event.issues for event in reader.read()] == [()]
    context = [CONTEXT, {"ex": "https://ex.example.com/ns/", "a": "urn:a:"}]
    assert json.loads(reader.context) == reader.root["@context"] == context  # cbvmda is the standard's, my_own no URI


@pytest.mark.parametrize(
    ("own", "name", "context"),
    [
        ('<y:a xmlns:y="urn:y"/>', "y:a", {"y": "urn:y"}),
        ('<a xmlns="urn:y"/>', "ns1:a", {"ns1": "urn:y"}),
        ('<my_own:a xmlns:my_own="urn:y"/>', "ns1:a", {"ns1": "urn:y"}),
        ('<urn:a xmlns:urn="urn:y"/>', "ns1:a", {"ns1": "urn:y"}),  # identifiers begin so
        ('<ex:a xmlns:ex="urn:y"/>', "ns1:a", {"ns1": "urn:y"}),  # means something else in the document
        ('<gs1:a xmlns:gs1="urn:y"/>', "ns1:a", {"ns1": "urn:y"}),  # means something else in the standard
        ('<b:a xmlns:b="https://ex.example.com/ns/"/>', "b:a", {"b": "https://ex.example.com/ns/"}),
        ('<a xmlns="https://ex.example.com/ns/"/>', "ex:a", None),
        ('<m:a xmlns:m="urn:epcglobal:cbv:mda"/>', "m:a", {"m": "urn:epcglobal:cbv:mda:"}),
    ],
)
def test_prefixes_mean_one_thing(own: str, name: str, context: Any):
    document = xml(LEAST, LEAST.replace("</ObjectEvent>", own + "</ObjectEvent>"), LEAST)
    first, second, third = read_document(document).events
    assert (second.fields.get("@context"), second.fields[name]) == (context, "")
    assert first.hash == third.hash != second.hash
    assert first.text == third.text


def test_values_of_ones_own():
    own = """
      <ex:text>  a b </ex:text><ex:empty/><ex:many>1</ex:many><ex:many><x>2</x></ex:many><ex:many><x>2</x></ex:many>
      <ex:mixed lang="en" xml:lang="de" ex:kind="k">some <b>bold</b> text</ex:mixed>
      <ex:data><![CDATA[a < b & c]]>&#x6A44;&amp;</ex:data>
      <ex:typed xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:int">007</ex:typed>
      <ex:inner><extension>kept</extension><epcList>mine</epcList></ex:inner>"""
    (event,) = plain(read_document(with_own(own)))
    assert {name: value for name, value in event.items() if name.startswith("ex:")} == {
        "ex:text": "a b",
        "ex:empty": "",
        "ex:many": ["1", {"x": "2"}, {"x": "2"}],
        "ex:mixed": {"lang": "en", "xml:lang": "de", "ex:kind": "k", "b": "bold", "#text": "some  text"},
        "ex:data": "a < b & c橄&",
        "ex:typed": "007",
        "ex:inner": {"extension": "kept", "epcList": "mine"},
    }


def test_text_beside_attributes_counts_for_the_hash_as_the_value():
    (read,) = read_document(with_own('<ex:size unit="cm">1.50</ex:size>')).events
    assert read.pre_hash.endswith("{https://ex.example.com/ns/}size=1.5unit=cm")


def test_types_of_event_of_ones_own():
    (read,) = read_document(xml(f"<extension><ex:Auction>{WHEN}<ex:lot>7</ex:lot></ex:Auction></extension>")).events
    assert (read.fields["type"], read.fields["ex:lot"]) == ("ex:Auction", "7")


def test_quantities_that_say_nothing():
    quantity = (
        "<quantityList><quantityElement><epcClass>urn:x:1</epcClass><quantity {}/></quantityElement></quantityList>"
    )
    nil = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"'
    (event,) = plain(read_document(with_own(quantity.format(nil))))
    assert event["quantityList"] == [{"epcClass": "urn:x:1"}]
    (issue,) = issues(with_own(quantity.format("")))
    assert (issue.path, issue.rule) == ("$.epcisBody.eventList[0].quantityList[0].quantity", "WRONG_TYPE")


MASTER = """<EPCISHeader>
  <h:StandardBusinessDocumentHeader xmlns:h="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">
    <h:Sender><h:Identifier>urn:s</h:Identifier></h:Sender><h:Receiver><h:Identifier>urn:r</h:Identifier></h:Receiver>
    <h:DocumentIdentification><h:InstanceIdentifier>7</h:InstanceIdentifier></h:DocumentIdentification>
  </h:StandardBusinessDocumentHeader>
  <extension><EPCISMasterData><VocabularyList>
    <Vocabulary type="urn:epcglobal:epcis:vtype:BusinessLocation"><VocabularyElementList>
      <VocabularyElement id="urn:epc:id:sgln:0614141.00001.0">
        <attribute id="urn:epcglobal:cbv:mda#name">Mill</attribute>
        <attribute id="https://ex.example.com/ns/at"><ex:x>1</ex:x><ex:x>2</ex:x></attribute>
        <children><id>urn:epc:id:sgln:0614141.00001.1</id><id>urn:epc:id:sgln:0614141.00001.2</id></children>
      </VocabularyElement>
      <VocabularyElement id="urn:epc:id:sgln:0614141.00003.0"/>
    </VocabularyElementList></Vocabulary>
  </VocabularyList></EPCISMasterData></extension>
</EPCISHeader>"""
VOCABULARIES = [
    {
        "type": "urn:epcglobal:epcis:vtype:BusinessLocation",
        "vocabularyElementList": [
            {
                "id": "urn:epc:id:sgln:0614141.00001.0",
                "attributes": [
                    {"id": "urn:epcglobal:cbv:mda#name", "attribute": "Mill"},
                    {"id": "https://ex.example.com/ns/at", "attribute": {"ex:x": ["1", "2"]}},
                ],
                "children": ["urn:epc:id:sgln:0614141.00001.1", "urn:epc:id:sgln:0614141.00001.2"],
            },
            {"id": "urn:epc:id:sgln:0614141.00003.0"},
        ],
    }
]


@pytest.mark.parametrize("events", [(), (LEAST,)])
def test_master_data_and_business_header(events: tuple[str, ...]):
    reader = EventReader(BytesIO(xml(*events, header=MASTER)))
    assert len([*reader.read()]) == len(events)
    assert reader.issues == []
    assert reader.root["epcisHeader"] == {"epcisMasterData": {"vocabularyList": VOCABULARIES}}
    assert [reader.root[name] for name in ("sender", "receiver", "instanceIdentifier")] == ["urn:s", "urn:r", "7"]
    assert [one.id for one in reader.master_data] == [
        "https://id.gs1.org/414/0614141000012",
        "https://id.gs1.org/414/0614141000036",
    ]


def test_documents_of_master_data_alone():
    start = MASTER.index("<VocabularyList>")
    body = MASTER[start : MASTER.index("</EPCISMasterData>")]
    data = (
        f'<m:EPCISMasterDataDocument xmlns:m="urn:epcglobal:epcis-masterdata:xsd:1" {NAMESPACES} schemaVersion="1.2"'
        f' creationDate="2025-12-20T18:00:00Z"><EPCISBody>{body}</EPCISBody></m:EPCISMasterDataDocument>'
    ).encode()
    assert len(read_document(data).master_data) == 2


def test_old_spellings_are_right_in_xml_and_others_are_not():
    def rule(step: str) -> str:
        return issues(with_own(f"<bizStep>{step}</bizStep>"))[0].rule

    for step in (
        "urn:epcglobal:cbv:bizstep:shipping",
        "https://ref.gs1.org/cbv/BizStep-shipping",
        "cbv:BizStep-shipping",
    ):
        (event,) = plain(read_document(with_own(f"<bizStep>{step}</bizStep>")))
        assert event["bizStep"] == "shipping"
    assert rule("urn:epcglobal:cbv:bizstep:shiping") == rule("Shipping") == rule("") == "UNKNOWN_WORD"
    (read,) = EventReader(BytesIO(with_own("<bizStep>Shipping</bizStep>")), Profile.LENIENT).read()
    assert [(one.path, one.rule) for one in read.mended] == [("$.epcisBody.eventList[0].bizStep", "OTHER_SPELLING")]
    assert json.loads(read.json)["bizStep"] == "shipping"


EVENT = "$.epcisBody.eventList[0]"


def sensed(value: str) -> str:
    report = f'<sensorReport type="gs1:Speed" {value}/>'
    return f"<sensorElementList><sensorElement>{report}</sensorElement></sensorElementList>"


@pytest.mark.parametrize(
    ("own", "path", "rule"),
    [
        ("<eventTimeZoneOfset>+01:00</eventTimeZoneOfset>", EVENT, "UNEXPECTED_ELEMENT"),
        ("<action>ADD</action>", f"{EVENT}.action", "REPEATED_ELEMENT"),
        ("some text", EVENT, "UNEXPECTED_ELEMENT"),
        ("<bizStep><b/></bizStep>", f"{EVENT}.bizStep", "UNEXPECTED_ELEMENT"),
        ('<bizStep kind="x">cbv:BizStep-shipping</bizStep>', f"{EVENT}.bizStep", "UNEXPECTED_ELEMENT"),
        ("<readPoint><id>urn:x:1</id><name>x</name></readPoint>", f"{EVENT}.readPoint", "UNEXPECTED_ELEMENT"),
        ("<readPoint/>", f"{EVENT}.readPoint.id", "MISSING_FIELD"),
        ("<readPoint>urn:x:1</readPoint>", f"{EVENT}.readPoint", "UNEXPECTED_ELEMENT"),
        ("<sourceList><destination/></sourceList>", f"{EVENT}.sourceList", "UNEXPECTED_ELEMENT"),
        ("<sourceList><source>urn:x:1</source></sourceList>", f"{EVENT}.sourceList[0].type", "MISSING_FIELD"),
        ("<parentID>urn:x:1</parentID>", f"{EVENT}.parentID", "UNKNOWN_FIELD"),
        ("<ilmd/>", EVENT, "ILMD_NOT_ALLOWED"),
        ("<ilmd><name>x</name></ilmd>", f"{EVENT}.ilmd", "UNEXPECTED_ELEMENT"),
        ("<recordTime>2025-11-08T16:40:00</recordTime>", f"{EVENT}.recordTime", "MISSING_OFFSET"),
        (
            sensed('value="fast"'),
            f"{EVENT}.sensorElementList[0].sensorReport.value",
            "WRONG_TYPE",
        ),
        (
            sensed('value="1e999"'),
            f"{EVENT}.sensorElementList[0].sensorReport.value",
            "NUMBER_OUT_OF_RANGE",
        ),
        (
            sensed('booleanValue="yes"'),
            f"{EVENT}.sensorElementList[0].sensorReport.booleanValue",
            "WRONG_TYPE",
        ),
    ],
)
def test_what_is_wrong_with_an_event(own: str, path: str, rule: str):
    found = issues(with_own(own))
    assert (found[0].event, found[0].path, found[0].rule) == (1, path, rule)


def test_one_wrong_event_leaves_the_others_right():
    wrong = LEAST.replace("OBSERVE", "LOOK")
    reader = EventReader(BytesIO(xml(LEAST, wrong, LEAST)))
    assert [event.valid for event in reader.read()] == [True, False, True]


def test_elements_in_the_namespace_of_epcis_are_mended_by_the_lenient_profile():
    data = xml(LEAST).replace(b"xmlns:epcis=", b"xmlns=").replace(b"epcis:EPCIS", b"EPCIS")
    (issue,) = issues(data)
    assert (issue.rule, issue.event) == ("WRONG_NAMESPACE", 0)
    reader = EventReader(BytesIO(data), Profile.LENIENT)
    (read,) = reader.read()
    assert (read.hash, reader.issues) == (read_document(xml(LEAST)).events[0].hash, [])
    assert [one.rule for one in reader.mended] == ["WRONG_NAMESPACE"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "iso-8859-1"])
def test_encodings_that_every_parser_knows(encoding: str):
    text = with_own("<ex:name>café</ex:name>").decode()
    declared = text.replace("UTF-8", {"utf-8-sig": "UTF-8", "utf-16-le": "UTF-16LE"}.get(encoding, encoding))
    (event,) = plain(read_document(declared.encode(encoding)))
    assert event["ex:name"] == "café"


def test_events_come_out_before_the_document_has_ended():
    many = xml(*[LEAST] * 5000)

    class Watched(BytesIO):
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            piece = super().read(size)
            self.taken += len(piece)
            return piece

    source = Watched(many)
    reader = EventReader(source, Profile.STRICT, WIDE)
    events = reader.read()
    next(events)
    assert source.taken < len(many) / 4
    assert sum(1 for _ in events) == 4999
    assert reader.bytes_read == len(many)


def test_a_document_that_breaks_off_says_where():
    data = xml(LEAST, LEAST)
    cut = data[: data.rindex(b"<action>") + 3]
    reader = EventReader(BytesIO(cut))
    assert len([*reader.read()]) == 1
    (issue,) = reader.issues
    assert (issue.event, issue.path, issue.rule) == (2, "$.epcisBody.eventList[1]", "INVALID_XML")
    assert "line 5" in issue.message


def test_too_many_events():
    with pytest.raises(EpcisError) as caught:
        read_document(xml(LEAST, LEAST, LEAST), Limits(events=2))
    assert (caught.value.reason, caught.value.issues[0].path) == ("TOO_MANY_EVENTS", "$.epcisBody.eventList")
