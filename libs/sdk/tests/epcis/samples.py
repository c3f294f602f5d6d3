"""Small events of all types, documents around them, and where the standard's own examples stand if they are here."""

import json
from pathlib import Path
from typing import Any

import pytest

from fenxiao.epcis import EpcisError, EpcisIssue, Limits, Profile, ReadDocument, read_document

ROOT = Path(__file__).parents[4]
SHARED = ROOT.parent / "shared" / "epcis"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the standard's examples are not here")

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
NAMESPACES = {"ex": "https://ex.example.com/ns/"}
LOT = "urn:epc:class:lgtin:9521141.012345.A1"
PALLET = "urn:epc:id:sscc:9521141.0000000001"
WHEN: dict[str, Any] = {"eventTime": "2025-11-08T16:40:00+01:00", "eventTimeZoneOffset": "+01:00"}

REPORT: dict[str, Any] = {
    "type": "Temperature",
    "exception": "ALARM_CONDITION",
    "deviceID": "urn:epc:id:giai:9521141.7",
    "deviceMetadata": "https://id.gs1.org/8004/95211417",
    "rawData": "https://example.org/raw/7",
    "dataProcessingMethod": "https://example.com/253/4012345000054987",
    "bizRules": "https://example.com/253/4012345000054987",
    "time": "2025-11-08T15:00:00Z",
    "microorganism": "https://www.ncbi.nlm.nih.gov/taxonomy/1126011",
    "chemicalSubstance": "https://identifiers.org/inchikey:CZMRCDWAGMRECN-UGDNZRGBSA-N",
    "coordinateReferenceSystem": "https://ref.gs1.org/cbv/CRS-WGS84",
    "value": 26,
    "component": "x",
    "stringValue": "text",
    "booleanValue": True,
    "hexBinaryValue": "f0F0",
    "uriValue": "https://id.gs1.org/8004/4000001111",
    "minValue": 26,
    "maxValue": 26.2,
    "meanValue": 26.1,
    "sDev": 0.1,
    "percRank": 50,
    "percValue": 26.05,
    "uom": "CEL",
    "ex:more": {"ex:deep": [1, "2", {"ex:deeper": None}]},
}
SENSED: dict[str, Any] = {
    "sensorMetadata": {
        "time": "2025-11-08T15:00:00Z",
        "startTime": "2025-11-08T14:00:00Z",
        "endTime": "2025-11-08T15:00:00Z",
        "deviceID": "urn:epc:id:giai:9521141.7",
        "deviceMetadata": "https://id.gs1.org/8004/95211417",
        "rawData": "https://example.org/raw/7",
        "dataProcessingMethod": "https://example.com/253/4012345000054987",
        "bizRules": "https://example.com/253/4012345000054987",
        "ex:calibrated": "2025-01-01",
    },
    "sensorReport": [REPORT, {"type": "ex:Shine", "stringValue": "bright"}],
    "ex:note": ["a", "b"],
}
COMMON: dict[str, Any] = {
    **WHEN,
    "recordTime": "2025-11-08T16:41:00Z",
    "eventID": "urn:uuid:fd338495-0e6d-41dd-afee-a862ecd32518",
    "certificationInfo": ["https://certified.example/1"],
    "errorDeclaration": {
        "declarationTime": "2025-11-09T08:00:00Z",
        "reason": "incorrect_data",
        "correctiveEventIDs": ["urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8"],
        "ex:who": "me",
    },
    "bizStep": "shipping",
    "disposition": "in_transit",
    "readPoint": {"id": "urn:epc:id:sgln:9521141.00001.0", "ex:gate": "7"},
    "bizLocation": {"id": "urn:epc:id:sgln:9521141.00001.4"},
    "bizTransactionList": [
        {"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:9521141000007:PO-1"},
        {"bizTransaction": "https://orders.example/2"},
    ],
    "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:9521141.00000"}],
    "destinationList": [{"type": "location", "destination": "urn:epc:id:sgln:9521141.00002.0"}],
    "sensorElementList": [SENSED],
    "ex:own": {"ex:nested": [{"ex:more": "1"}, ["a", ["b"]]]},
    "https://other.example/ns#field": 7,
}
QUANTITIES = [{"epcClass": LOT, "quantity": 200.5, "uom": "KGM"}, {"epcClass": "urn:epc:idpat:sgtin:9521141.012345.*"}]
ITEMS = ["urn:epc:id:sgtin:9521141.012345.1", "urn:epc:id:sgtin:9521141.012345.2"]
STATES: dict[str, Any] = {"persistentDisposition": {"set": ["completeness_verified"], "unset": ["expired", "damaged"]}}
MASTER: dict[str, Any] = {"ilmd": {"cbvmda:lotNumber": "A1", "ex:oil": {"ex:acidity": 0.3}}}

FULL: dict[str, dict[str, Any]] = {
    "ObjectEvent": {**COMMON, "action": "ADD", "epcList": ITEMS, "quantityList": QUANTITIES, **STATES, **MASTER},
    "AggregationEvent": {
        **COMMON, **STATES, "action": "ADD", "parentID": PALLET, "childEPCs": ITEMS, "childQuantityList": QUANTITIES,
    },
    "AssociationEvent": {
        **COMMON, **STATES, "action": "ADD", "parentID": "urn:epc:id:grai:9521141.12345.7", "childEPCs": ITEMS,
        "childQuantityList": QUANTITIES,
    },
    "TransactionEvent": {
        **COMMON, **STATES, "action": "ADD", "parentID": PALLET, "epcList": ITEMS, "quantityList": QUANTITIES,
    },
    "TransformationEvent": {
        **COMMON, **STATES, **MASTER, "inputEPCList": ITEMS, "inputQuantityList": QUANTITIES,
        "outputEPCList": ["urn:epc:id:sgtin:9521141.054321.1"], "outputQuantityList": [{"epcClass": LOT}],
        "transformationID": "urn:epc:id:gdti:9521141.12345.400",
    },
}  # fmt: skip
"""An event of each type, with every field that it may have."""


def event(kind: str = "ObjectEvent", /, **fields: Any) -> dict[str, Any]:
    """The least that an event of a type says."""
    least: dict[str, dict[str, Any]] = {
        "ObjectEvent": {"action": "OBSERVE", "epcList": ITEMS[:1]},
        "AggregationEvent": {"action": "ADD", "parentID": PALLET, "childEPCs": ITEMS},
        "AssociationEvent": {"action": "ADD", "parentID": PALLET, "childEPCs": ITEMS},
        "TransactionEvent": {"action": "ADD", "epcList": ITEMS, "bizTransactionList": [{"bizTransaction": "urn:x:1"}]},
        "TransformationEvent": {"inputEPCList": ITEMS[:1], "outputEPCList": ITEMS[1:]},
    }
    return {"type": kind, **WHEN, **least.get(kind, {}), **fields}


def full(kind: str, /, **fields: Any) -> dict[str, Any]:
    """An event with all that it may say."""
    return {"type": kind, **FULL[kind], **fields}


def document(*events: Any, **fields: Any) -> dict[str, Any]:
    """A document around events."""
    return {
        "@context": [CONTEXT, NAMESPACES],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2025-12-20T18:00:00Z",
        "epcisBody": {"eventList": list(events)},
        **fields,
    }


def answer(*events: Any, **fields: Any) -> dict[str, Any]:
    """The answer to a query around events."""
    return {
        "@context": [CONTEXT, NAMESPACES],
        "type": "EPCISQueryDocument",
        "epcisBody": {"queryResults": {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": list(events)}}},
        **fields,
    }


def without(name: str, whole: dict[str, Any]) -> dict[str, Any]:
    """All but one of the fields."""
    return {key: value for key, value in whole.items() if key != name}


def read(value: Any, profile: Profile = Profile.STRICT) -> ReadDocument:
    """Read what has been written as JSON."""
    return read_document(json.dumps(value).encode(), profile=profile)


def issues(data: bytes, limits: Limits | None = None, profile: Profile = Profile.STRICT) -> tuple[EpcisIssue, ...]:
    """What is wrong with some bytes."""
    with pytest.raises(EpcisError) as caught:
        read_document(data, limits or Limits(), profile)
    assert caught.value.reason == caught.value.issues[0].rule
    assert all(issue.message for issue in caught.value.issues)
    return caught.value.issues


def said(value: Any, profile: Profile = Profile.STRICT) -> set[tuple[int, str, str]]:
    """What is wrong with a value: event, path, rule."""
    found = issues(json.dumps(value).encode(), profile=profile)
    return {(issue.event, issue.path, issue.rule) for issue in found}


def shared_documents(folder: str) -> list[Path]:
    """The standard's documents."""
    return sorted((SHARED / folder).glob("*.jsonld"))
