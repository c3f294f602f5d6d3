"""Events of all types in XML, as 1.2 and as 2.0 have them, and what they are in JSON."""

from typing import Any

from libs.sdk.tests.epcis.samples import CONTEXT, document

NAMESPACES = 'xmlns:ex="https://ex.example.com/ns/" xmlns:cbvmda="urn:epcglobal:cbv:mda"'
WHEN = "<eventTime>2025-11-08T16:40:00+01:00</eventTime><eventTimeZoneOffset>+01:00</eventTimeZoneOffset>"
ERROR = """
    <eventID>urn:uuid:fd338495-0e6d-41dd-afee-a862ecd32518</eventID>
    <errorDeclaration>
      <declarationTime>2025-11-09T08:00:00Z</declarationTime>
      <reason>urn:epcglobal:cbv:er:incorrect_data</reason>
      <correctiveEventIDs><correctiveEventID>urn:uuid:1</correctiveEventID></correctiveEventIDs>
      <ex:who>me</ex:who>
    </errorDeclaration>"""
WHERE = """
    <bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>
    <disposition>https://ref.gs1.org/cbv/Disp-in_transit</disposition>
    <readPoint><id> urn:epc:id:sgln:9521141.00001.0 </id><ex:gate level="2">7</ex:gate></readPoint>
    <bizLocation><id>urn:epc:id:sgln:9521141.00001.4</id></bizLocation>"""
ORDERS = """
    <bizTransactionList>
      <bizTransaction type="urn:epcglobal:cbv:btt:po">urn:epcglobal:cbv:bt:9521141000007:PO-1</bizTransaction>
      <bizTransaction>https://orders.example/2</bizTransaction>
    </bizTransactionList>"""
QUANTITIES = """
      <quantityElement><epcClass>urn:epc:class:lgtin:9521141.012345.A1</epcClass>
        <quantity>200.50</quantity><uom>KGM</uom></quantityElement>
      <quantityElement><epcClass>urn:epc:idpat:sgtin:9521141.012345.*</epcClass></quantityElement>"""
PARTIES = """
    <sourceList>
      <source type="urn:epcglobal:cbv:sdt:owning_party">urn:epc:id:pgln:9521141.00000</source>
    </sourceList>
    <destinationList>
      <destination type="https://ref.gs1.org/cbv/SDT-location">urn:epc:id:sgln:9521141.00002.0</destination>
    </destinationList>"""
SENSORS = """
    <sensorElementList><sensorElement>
      <sensorMetadata time="2025-11-08T15:00:00Z" deviceID="urn:epc:id:giai:9521141.7" ex:calibrated="2025-01-01"/>
      <sensorReport type="gs1:Temperature" value="2.60E1" uom="CEL" booleanValue="1" component="cbv:Comp-x"/>
      <sensorReport type="ex:Shine" stringValue="bright" exception="gs1:ALARM_CONDITION"/>
      <ex:note>a</ex:note><ex:note>b</ex:note>
    </sensorElement></sensorElementList>
    <persistentDisposition>
      <unset>urn:epcglobal:cbv:disp:expired</unset><unset>urn:epcglobal:cbv:disp:damaged</unset>
      <set>urn:epcglobal:cbv:disp:completeness_verified</set>
    </persistentDisposition>"""
MASTER = """
    <ilmd><cbvmda:lotNumber>A1</cbvmda:lotNumber>
      <ex:oil><acidity>0.3</acidity><ex:from><ex:tree>1</ex:tree><ex:tree>2</ex:tree></ex:from></ex:oil></ilmd>"""
OWN = """
    <ex:own xmlns:other="https://other.example/ns#"><ex:size unit="cm">12</ex:size><other:empty/></ex:own>"""
ITEMS = ["urn:epc:id:sgtin:9521141.012345.1", "urn:epc:id:sgtin:9521141.012345.2"]
PARENT = "<parentID>urn:epc:id:sscc:9521141.0000000001</parentID>"


def epcs(name: str) -> str:
    return f"<{name}>{''.join(f'<epc>{item}</epc>' for item in ITEMS)}</{name}>"


def quantities(name: str) -> str:
    return f"<{name}>{QUANTITIES}</{name}>"


def later(inner: str, still_later: str) -> str:
    """What 1.2 puts into extensions."""
    return f"<extension>{inner}<extension>{still_later}</extension></extension>"


EVENTS_2_0 = {
    "ObjectEvent": f"{WHEN}{ERROR}<certificationInfo>https://certified.example/1</certificationInfo>{epcs('epcList')}"
    f"<action>ADD</action>{WHERE}{ORDERS}{quantities('quantityList')}{PARTIES}{SENSORS}{MASTER}{OWN}",
    "AggregationEvent": f"{WHEN}{ERROR}{PARENT}{epcs('childEPCs')}<action>ADD</action>{WHERE}{ORDERS}"
    f"{quantities('childQuantityList')}{PARTIES}{SENSORS}{OWN}",
    "AssociationEvent": f"{WHEN}{ERROR}{PARENT}{epcs('childEPCs')}{quantities('childQuantityList')}"
    f"<action>ADD</action>{WHERE}{ORDERS}{PARTIES}{SENSORS}{OWN}",
    "TransactionEvent": f"{WHEN}{ERROR}{ORDERS}{PARENT}{epcs('epcList')}<action>ADD</action>{WHERE}"
    f"{quantities('quantityList')}{PARTIES}{SENSORS}{OWN}",
    "TransformationEvent": f"{WHEN}{ERROR}{epcs('inputEPCList')}{quantities('inputQuantityList')}"
    f"{epcs('outputEPCList')}{quantities('outputQuantityList')}"
    f"<transformationID>urn:epc:id:gdti:9521141.12345.400</transformationID>"
    f"{WHERE}{ORDERS}{PARTIES}{SENSORS}{MASTER}{OWN}",
}
BASE = f"<baseExtension>{ERROR}</baseExtension>"
EVENTS_1_2 = {
    "ObjectEvent": f"{WHEN}{BASE}{epcs('epcList')}<action>ADD</action>{WHERE}{ORDERS}"
    + later(quantities("quantityList") + PARTIES + MASTER, SENSORS)
    + OWN,
    "AggregationEvent": f"{WHEN}{BASE}{PARENT}{epcs('childEPCs')}<action>ADD</action>{WHERE}{ORDERS}"
    + later(quantities("childQuantityList") + PARTIES, SENSORS)
    + OWN,
    "AssociationEvent": EVENTS_2_0["AssociationEvent"],
    "TransactionEvent": f"{WHEN}{BASE}{ORDERS}{PARENT}{epcs('epcList')}<action>ADD</action>{WHERE}"
    + later(quantities("quantityList") + PARTIES, SENSORS)
    + OWN,
    "TransformationEvent": f"{WHEN}{BASE}{epcs('inputEPCList')}{quantities('inputQuantityList')}"
    f"{epcs('outputEPCList')}{quantities('outputQuantityList')}"
    f"<transformationID>urn:epc:id:gdti:9521141.12345.400</transformationID>"
    f"{WHERE}{ORDERS}{PARTIES}{MASTER}<extension>{SENSORS}</extension>{OWN}",
}
HOMES_1_2 = {
    "TransformationEvent": ("<extension>", "</extension>"),
    "AssociationEvent": ("<extension><extension>", "</extension></extension>"),
}
"""What stands around these in the list of 1.2."""


def xml(*events: str, version: str = "2.0", namespaces: str = NAMESPACES, header: str = "") -> bytes:
    """A document around events."""
    number = version[0]
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- sent -->\n<epcis:EPCISDocument schemaVersion="{version}"'
        f' xmlns:epcis="urn:epcglobal:epcis:xsd:{number}" {namespaces} creationDate="2025-12-20T18:00:00Z">\n'
        f"  {header}<EPCISBody>\n    <EventList>{''.join(events)}</EventList>\n  </EPCISBody>\n</epcis:EPCISDocument>"
    ).encode()


def answer_xml(*events: str) -> bytes:
    """The answer to a query around events."""
    return (
        f'<q:EPCISQueryDocument xmlns:q="urn:epcglobal:epcis-query:xsd:2" {NAMESPACES} schemaVersion="2.0"'
        ' creationDate="2025-12-20T18:00:00Z"><EPCISBody><q:QueryResults><queryName>mine</queryName>'
        f"<subscriptionID>s1</subscriptionID><resultsBody><EventList>{''.join(events)}</EventList></resultsBody>"
        "</q:QueryResults></EPCISBody></q:EPCISQueryDocument>"
    ).encode()


def event_2_0(kind: str) -> str:
    return f"<{kind}>{EVENTS_2_0[kind]}</{kind}>"


def event_1_2(kind: str) -> str:
    before, behind = HOMES_1_2.get(kind, ("", ""))
    return f"{before}<{kind}>{EVENTS_1_2[kind]}</{kind}>{behind}"


LISTED: list[Any] = [
    {"epcClass": "urn:epc:class:lgtin:9521141.012345.A1", "quantity": 200.5, "uom": "KGM"},
    {"epcClass": "urn:epc:idpat:sgtin:9521141.012345.*"},
]
COMMON: dict[str, Any] = {
    "eventTime": "2025-11-08T16:40:00+01:00",
    "eventTimeZoneOffset": "+01:00",
    "eventID": "urn:uuid:fd338495-0e6d-41dd-afee-a862ecd32518",
    "errorDeclaration": {
        "declarationTime": "2025-11-09T08:00:00Z",
        "reason": "incorrect_data",
        "correctiveEventIDs": ["urn:uuid:1"],
        "ex:who": "me",
    },
    "bizStep": "shipping",
    "disposition": "in_transit",
    "readPoint": {"id": "urn:epc:id:sgln:9521141.00001.0", "ex:gate": {"level": "2", "#text": "7"}},
    "bizLocation": {"id": "urn:epc:id:sgln:9521141.00001.4"},
    "bizTransactionList": [
        {"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:9521141000007:PO-1"},
        {"bizTransaction": "https://orders.example/2"},
    ],
    "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:9521141.00000"}],
    "destinationList": [{"type": "location", "destination": "urn:epc:id:sgln:9521141.00002.0"}],
    "sensorElementList": [
        {
            "sensorMetadata": {
                "time": "2025-11-08T15:00:00Z",
                "deviceID": "urn:epc:id:giai:9521141.7",
                "ex:calibrated": "2025-01-01",
            },
            "sensorReport": [
                {"type": "Temperature", "value": 26, "uom": "CEL", "booleanValue": True, "component": "x"},
                {"type": "ex:Shine", "stringValue": "bright", "exception": "ALARM_CONDITION"},
            ],
            "ex:note": ["a", "b"],
        }
    ],
    "persistentDisposition": {"unset": ["expired", "damaged"], "set": ["completeness_verified"]},
    "ex:own": {"ex:size": {"unit": "cm", "#text": "12"}, "other:empty": ""},
}
ILMD: dict[str, Any] = {
    "ilmd": {"cbvmda:lotNumber": "A1", "ex:oil": {"acidity": "0.3", "ex:from": {"ex:tree": ["1", "2"]}}}
}
TWINS: dict[str, dict[str, Any]] = {
    "ObjectEvent": {**COMMON, **ILMD, "action": "ADD", "epcList": ITEMS, "quantityList": LISTED},
    "AggregationEvent": {
        **COMMON, "action": "ADD", "parentID": PARENT[10:-11], "childEPCs": ITEMS, "childQuantityList": LISTED,
    },
    "AssociationEvent": {
        **COMMON, "action": "ADD", "parentID": PARENT[10:-11], "childEPCs": ITEMS, "childQuantityList": LISTED,
    },
    "TransactionEvent": {
        **COMMON, "action": "ADD", "parentID": PARENT[10:-11], "epcList": ITEMS, "quantityList": LISTED,
    },
    "TransformationEvent": {
        **COMMON, **ILMD, "inputEPCList": ITEMS, "inputQuantityList": LISTED, "outputEPCList": ITEMS,
        "outputQuantityList": LISTED, "transformationID": "urn:epc:id:gdti:9521141.12345.400",
    },
}  # fmt: skip


def twin(*kinds: str, certified: bool = False) -> dict[str, Any]:
    """The document in JSON."""
    context = [CONTEXT, {"ex": "https://ex.example.com/ns/", "other": "https://other.example/ns#"}]
    events: list[dict[str, Any]] = [{"type": kind, **TWINS[kind]} for kind in kinds]
    if certified:
        events[0]["certificationInfo"] = "https://certified.example/1"
    return document(*events, **{"@context": context})
