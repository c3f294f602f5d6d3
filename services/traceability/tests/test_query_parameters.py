"""Every parameter of the standard, once: what it finds, what it does not, and what is refused."""

import json
from decimal import Decimal
from typing import Any

import pytest

from fenxiao.epcis import Names
from fenxiao.errors import Refusal
from services.traceability.domain.facts import facts_of, micros
from services.traceability.domain.parameters import read_query
from services.traceability.domain.query import Below

NAMES = Names().within({"ex": "https://ns.example.com/epcis/"})
RECORDED = micros("2025-11-09T00:00:00Z")

COMMON: dict[str, Any] = {
    "eventTime": "2025-11-08T16:00:00+01:00",
    "eventTimeZoneOffset": "+01:00",
    "bizStep": "shipping",
    "disposition": "in_transit",
    "persistentDisposition": {"set": ["completeness_verified"], "unset": ["completeness_inferred"]},
    "readPoint": {"id": "urn:epc:id:sgln:9521141.00001.7", "ex:gate": "north"},
    "bizLocation": {"id": "urn:epc:id:sgln:9521141.00001.0", "ex:zone": {"ex:row": 7}},
    "bizTransactionList": [{"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:9521141000009:1"}],
    "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:9521141.00001"}],
    "destinationList": [{"type": "possessing_party", "destination": "urn:epc:id:pgln:9521321.00002"}],
    "ex:number": 12.5,
    "ex:when": "2025-11-08T10:00:00Z",
    "ex:colour": ["red", "green"],
    "ex:box": {"ex:depth": 3, "ex:label": "fragile"},
    "sensorElementList": [
        {
            "sensorMetadata": {
                "time": "2025-11-08T14:00:00Z",
                "startTime": "2025-11-08T13:00:00Z",
                "endTime": "2025-11-08T15:00:00Z",
                "deviceID": "urn:epc:id:giai:9521141.1",
                "deviceMetadata": "https://example.com/device",
                "rawData": "https://example.com/raw",
                "dataProcessingMethod": "https://example.com/method",
                "bizRules": "https://example.com/rules",
                "ex:battery": 80,
            },
            "sensorReport": [
                {
                    "type": "Temperature",
                    "deviceID": "urn:epc:id:giai:9521141.2",
                    "value": 21.5,
                    "minValue": 20,
                    "maxValue": 23,
                    "meanValue": 21,
                    "sDev": 0.5,
                    "percRank": 50,
                    "percValue": 22,
                    "uom": "CEL",
                    "component": "x",
                    "microorganism": "https://www.ncbi.nlm.nih.gov/taxonomy/1126011",
                    "chemicalSubstance": "https://identifiers.org/inchikey:CZMRCDWAGMRECN-UHFFFAOYSA-N",
                    "stringValue": "a:b",
                    "booleanValue": True,
                    "hexBinaryValue": "0F",
                    "uriValue": "https://id.gs1.org/8004/9521141002346",
                    "coordinateReferenceSystem": "https://epsg.io/4326",
                    "exception": "ALARM_CONDITION",
                    "ex:note": "7",
                }
            ],
            "ex:rack": {"ex:slot": "4"},
        }
    ],
    "errorDeclaration": {
        "declarationTime": "2025-11-09T00:00:00Z",
        "reason": "incorrect_data",
        "correctiveEventIDs": ["urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8"],
        "ex:by": "Ada",
        "ex:case": {"ex:line": 5},
    },
}
OBJECT: dict[str, Any] = COMMON | {
    "type": "ObjectEvent",
    "action": "ADD",
    "epcList": ["urn:epc:id:sgtin:9521141.012345.1"],
    "quantityList": [{"epcClass": "urn:epc:class:lgtin:9521141.012345.L1", "quantity": 200, "uom": "GRM"}],
    "ilmd": {"ex:grade": "A", "ex:best": "2026-01-01T00:00:00Z", "ex:test": {"ex:acid": 0.3}},
}
AGGREGATION: dict[str, Any] = COMMON | {
    "type": "AggregationEvent",
    "action": "ADD",
    "parentID": "urn:epc:id:sscc:9521141.0000000001",
    "childEPCs": ["urn:epc:id:sgtin:9521141.012345.2"],
}
TRANSFORMATION: dict[str, Any] = COMMON | {
    "type": "TransformationEvent",
    "transformationID": "urn:epc:id:gdti:9521141.00001.1",
    "inputEPCList": ["urn:epc:id:sgtin:9521141.012345.3"],
    "inputQuantityList": [{"epcClass": "urn:epc:class:lgtin:9521141.012345.L2"}],
    "outputEPCList": ["urn:epc:id:sgtin:9521141.012345.4"],
    "outputQuantityList": [{"epcClass": "urn:epc:idpat:sgtin:9521141.012346.*", "quantity": 3}],
}
ALL = (OBJECT, AGGREGATION, TRANSFORMATION)


def finds(event: dict[str, Any], parameters: dict[str, Any]) -> bool:
    fields = json.loads(json.dumps(event), parse_float=Decimal, parse_int=Decimal)
    own = [("eventID", "urn:uuid:1")]
    # No master data is known here: nothing lies below anything but what its identifier says.
    query = read_query(parameters, NAMES).resolved(lambda lookup: lookup.ids if isinstance(lookup, Below) else ())
    return query.matches(facts_of(fields, NAMES), own, RECORDED)


SERIAL, CLASS = "urn:epc:id:sgtin:9521141.012345.{}", "urn:epc:class:lgtin:9521141.012345.L{}"
ASKED: list[tuple[str, Any, Any, str]] = [
    # name, what finds, what does not, the events by their first letters
    ("eventType", "AggregationEvent", "TransactionEvent", "A"),
    ("eventType", ["ObjectEvent", "TransformationEvent"], "https://ns.example.com/epcis/OwnEvent", "OT"),
    ("GE_eventTime", "2025-11-08T15:00:00Z", "2025-11-08T15:00:00.000001Z", "OAT"),
    ("LT_eventTime", "2025-11-08T15:00:01Z", "2025-11-08T15:00:00Z", "OAT"),
    ("GE_recordTime", "2025-11-09T00:00:00Z", "2025-11-09T00:00:01Z", "OAT"),
    ("LT_recordTime", "2025-11-09T00:00:01Z", "2025-11-09T00:00:00Z", "OAT"),
    ("EQ_action", ["ADD", "DELETE"], "OBSERVE", "OA"),
    ("EQ_bizStep", "urn:epcglobal:cbv:bizstep:shipping", "receiving", "OAT"),
    ("EQ_disposition", "https://ref.gs1.org/cbv/Disp-in_transit", "in_progress", "OAT"),
    ("EQ_persistentDisposition_set", "completeness_verified", "completeness_inferred", "OAT"),
    ("EQ_persistentDisposition_unset", "completeness_inferred", "completeness_verified", "OAT"),
    ("EQ_readPoint", "https://id.gs1.org/414/9521141000014/254/7", "urn:epc:id:sgln:9521141.00001.0", "OAT"),
    ("WD_readPoint", "urn:epc:id:sgln:9521141.00001.0", "urn:epc:id:sgln:9521141.00001.8", "OAT"),
    ("EQ_bizLocation", "urn:epc:id:sgln:9521141.00001.0", "urn:epc:id:sgln:9521141.00001.7", "OAT"),
    ("WD_bizLocation", ["urn:epc:id:sgln:9521141.00001.0"], "urn:epc:id:sgln:9521141.00001.7", "OAT"),
    ("EQ_bizTransaction_po", "urn:epcglobal:cbv:bt:9521141000009:1", "urn:epcglobal:cbv:bt:9521141000009:2", "OAT"),
    ("EQ_bizTransaction_https://ref.gs1.org/cbv/BTT-po", "urn:epcglobal:cbv:bt:9521141000009:1", "urn:x:y", "OAT"),
    ("EQ_bizTransaction_inv", [], "urn:epcglobal:cbv:bt:9521141000009:1", ""),
    ("EQ_source_owning_party", "https://id.gs1.org/417/9521141000014", "urn:epc:id:pgln:9521321.00002", "OAT"),
    ("EQ_destination_possessing_party", "urn:epc:id:pgln:9521321.00002", "urn:epc:id:pgln:9521141.00001", "OAT"),
    ("EQ_transformationID", "urn:epc:id:gdti:9521141.00001.1", "urn:epc:id:gdti:9521141.00001.2", "T"),
    ("MATCH_epc", [SERIAL.format(2), SERIAL.format(9)], SERIAL.format(3), "A"),
    ("MATCH_epc", "urn:epc:idpat:sgtin:9521141.012345.*", "urn:epc:idpat:sgtin:9521141.012346.*", "OA"),
    ("MATCH_epc", "urn:epc:idpat:sgtin:*.*.*", "urn:epc:idpat:sscc:9521141.*", "OA"),
    ("MATCH_parentID", "urn:epc:id:sscc:9521141.0000000001", SERIAL.format(2), "A"),
    ("MATCH_parentID", "urn:epc:idpat:sscc:9521141.*", "urn:epc:idpat:sscc:9521142.*", "A"),
    ("MATCH_inputEPC", SERIAL.format(3), SERIAL.format(4), "T"),
    ("MATCH_outputEPC", SERIAL.format(4), SERIAL.format(3), "T"),
    ("MATCH_anyEPC", [SERIAL.format(n) for n in (1, 3)], SERIAL.format(9), "OT"),
    ("MATCH_epcClass", CLASS.format(1), CLASS.format(2), "O"),
    ("MATCH_inputEPCClass", CLASS.format(2), CLASS.format(1), "T"),
    ("MATCH_outputEPCClass", "urn:epc:idpat:sgtin:9521141.012346.*", CLASS.format(2), "T"),
    ("MATCH_anyEPCClass", [CLASS.format(1), CLASS.format(2)], CLASS.format(3), "OT"),
    ("EQ_quantity", [200, 3], 4, "OT"),
    ("GT_quantity", 3, 200, "O"),
    ("GE_quantity", 3, 201, "OT"),
    ("LT_quantity", 4, 3, "T"),
    ("LE_quantity", "3", 2.9, "T"),
    ("EQ_quantity_KGM", 0.2, 200, "O"),
    ("GE_quantity_KGM", 0.2, 0.3, "O"),
    ("EQ_eventID", "urn:uuid:1", "urn:uuid:2", "OAT"),
    ("EXISTS_errorDeclaration", None, ..., "OAT"),
    ("GE_errorDeclarationTime", "2025-11-09T00:00:00Z", "2025-11-10T00:00:00Z", "OAT"),
    ("LT_errorDeclaration_Time", "2025-11-10T00:00:00Z", "2025-11-09T00:00:00Z", "OAT"),
    ("EQ_errorReason", "https://ref.gs1.org/cbv/ER-incorrect_data", "did_not_occur", "OAT"),
    ("EQ_correctiveEventID", "urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8", "urn:uuid:1", "OAT"),
    ("EXISTS_sensorElementList", True, ..., "OAT"),
    ("GE_time", "2025-11-08T14:00:00Z", "2025-11-08T14:00:01Z", "OAT"),
    ("LT_time", "2025-11-08T14:00:01Z", "2025-11-08T14:00:00Z", "OAT"),
    ("GE_startTime", "2025-11-08T13:00:00Z", "2025-11-08T13:30:00Z", "OAT"),
    ("LT_endTime", "2025-11-08T16:00:00Z", "2025-11-08T15:00:00Z", "OAT"),
    ("EQ_type", "gs1:Temperature", "Humidity:x", "OAT"),
    ("EQ_deviceID", "urn:epc:id:giai:9521141.1", "urn:epc:id:giai:9521141.3", "OAT"),
    ("EQ_deviceID", "https://id.gs1.org/8004/95211412", "urn:x:y", "OAT"),
    ("EQ_deviceMetadata", "https://example.com/device", "https://example.com/raw", "OAT"),
    ("EQ_rawData", "https://example.com/raw", "https://example.com/device", "OAT"),
    ("EQ_dataProcessingMethod", "https://example.com/method", "https://example.com/rules", "OAT"),
    ("EQ_bizRules", "https://example.com/rules", "https://example.com/method", "OAT"),
    ("EQ_microorganism", "https://www.ncbi.nlm.nih.gov/taxonomy/1126011", "https://example.com/1", "OAT"),
    ("EQ_chemicalSubstance", "https://identifiers.org/inchikey:CZMRCDWAGMRECN-UHFFFAOYSA-N", "urn:x:y", "OAT"),
    ("EQ_component", "cbv:Comp-x", "y", "OAT"),
    ("EQ_exception", "ALARM_CONDITION", "ERROR_CONDITION", "OAT"),
    ("EQ_coordinateReferenceSystem", "https://epsg.io/4326", "https://epsg.io/4327", "OAT"),
    ("EQ_stringValue", "a:b", "A:b", "OAT"),
    ("EQ_booleanValue", True, False, "OAT"),
    ("EQ_booleanValue", ["true"], ["false"], "OAT"),
    ("EQ_hexBinaryValue", "0F", "F", "OAT"),
    ("EQ_uriValue", "https://id.gs1.org/8004/9521141002346", "https://id.gs1.org/8004/9521141002347", "OAT"),
    ("EQ_value_CEL", [1, 21.5], 21, "OAT"),
    ("EQ_value_KEL", 294.65, 294.64, "OAT"),
    ("GT_value_FAH", 70.69, 70.7, "OAT"),
    ("GE_minValue_CEL", 20, 20.1, "OAT"),
    ("LT_maxValue_CEL", 23.1, 23, "OAT"),
    ("LE_meanValue_CEL", 21, 20.9, "OAT"),
    ("GE_percRank", 50, 51, "OAT"),
    ("LT_percValue_CEL", 22.1, 22, "OAT"),
    ("GE_value_KGM", [], 0, ""),
    ("EQ_ex:colour", "green", "blue", "OAT"),
    ("EQ_https://ns.example.com/epcis/colour", ["blue", "red"], "blue", "OAT"),
    ("EQ_ex:number", "12.50", "12", "OAT"),
    ("GT_ex:number", 12, 12.5, "OAT"),
    ("GE_ex:number", 12.5, 13, "OAT"),
    ("LT_ex:number", 13, 12.5, "OAT"),
    ("LE_ex:number", 12.5, 12, "OAT"),
    ("EQ_ex:when", "2025-11-08T11:00:00+01:00", "2025-11-08T11:00:00Z", "OAT"),
    ("LT_ex:when", "2025-11-08T11:00:01+01:00", "2025-11-08T11:00:00+01:00", "OAT"),
    ("EXISTS_ex:box", "", ..., "OAT"),
    ("EXISTS_ex:depth", [], None, ""),
    ("EQ_INNER_ex:label", "fragile", "solid", "OAT"),
    ("GE_INNER_ex:depth", 3, 4, "OAT"),
    ("EXISTS_INNER_ex:depth", None, ..., "OAT"),
    ("EQ_ILMD_ex:grade", "A", "B", "O"),
    ("LT_ILMD_ex:best", "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "O"),
    ("EXISTS_ILMD_ex:grade", None, ..., "O"),
    ("LE_INNER_ILMD_ex:acid", 0.3, 0.2, "O"),
    ("EXISTS_INNER_ILMD_ex:acid", None, ..., "O"),
    ("EQ_ERROR_DECLARATION_ex:by", "Ada", "Bob", "OAT"),
    ("GE_INNER_ERROR_DECLARATION_ex:line", 5, 6, "OAT"),
    ("EXISTS_ERROR_DECLARATION_ex:by", None, ..., "OAT"),
    ("EQ_SENSORELEMENT_ex:rack", [], "4", ""),
    ("EXISTS_SENSORELEMENT_ex:rack", None, ..., "OAT"),
    ("EQ_INNER_SENSORELEMENT_ex:slot", "4", "5", "OAT"),
    ("GT_SENSORMETADATA_ex:battery", 79, 80, "OAT"),
    ("EQ_SENSORREPORT_ex:note", "7", "8", "OAT"),
    ("EXISTS_SENSORREPORT_ex:note", None, ..., "OAT"),
    ("EQ_readPoint_ex:gate", "north", "south", "OAT"),
    ("EQ_INNER_bizLocation_ex:row", "7", "8", "OAT"),
    ("HASATTR_bizLocation", [], "cbvmda:site", ""),
    ("HASATTR_source_owning_party", [], ["name", "cbvmda:site"], ""),
    ("EQATTR_bizLocation_cbvmda:site", [], "1", ""),
    ("EQATTR_ex:colour_ex:tone", [], ["1", "2"], ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "hit", "miss", "kinds"), ASKED)
def test_a_parameter(name: str, hit: Any, miss: Any, kinds: str) -> None:
    if kinds:
        assert "".join(str(event["type"])[0] for event in ALL if finds(event, {name: hit})) == kinds
    if miss is not ...:
        assert not any(finds(event, {name: miss}) for event in ALL)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EQ_bizSteps", "shipping"), ("match_epc", SERIAL), ("GE_bizStep", "shipping"), ("EQ_quantity_grams", 1),
        ("EXISTS_bizStep", None), ("EQ_unknown:field", "1"), ("EXISTS_ilmd", None), ("perPage", "3"), ("", "x"),
        ("EQ_action", "LOOK"), ("EQ_action", []), ("EQ_action", ""), ("EQ_bizStep", "shiping"), ("eventType", "Event"),
        ("EQ_readPoint", "gate 7"), ("MATCH_epc", "1"), ("MATCH_epc", {"a": "b"}), ("MATCH_epc", [["urn:x:y"]]),
        ("MATCH_epc", "urn:epc:idpat:sgtin:9521141.*.1"), ("MATCH_epc", "urn:epc:idpat:sscc:9521141.*.*"),

        ("GE_eventTime", "2025-11-08"), ("GE_eventTime", "2025-11-08T15:00:00"), ("GE_eventTime", 7),
        ("GE_eventTime", ["2025-11-08T15:00:00Z"] * 2), ("EQ_eventTime", "2025-11-08T15:00:00Z"),
        ("GE_quantity", "many"), ("GE_quantity", [1, 2]), ("GE_value_CEL", True), ("GE_value_CEL", "1e999"),
        ("EQ_booleanValue", "maybe"), ("EQ_booleanValue", [True, False]), ("EXISTS_errorDeclaration", "maybe"),
        ("GT_time", "2025-11-08T15:00:00Z"), ("GE_ex:colour", "red"), ("orderBy", "colour"),
        ("orderBy", "other:colour"),
        ("orderDirection", "UP"), ("eventCountLimit", 3), ("maxEventCount", 0), ("maxEventCount", "ten"),
        ("maxEventCount", -1), ("EQ_eventID", ["urn:uuid:1"] * 1001), ("EQ_stringValue", "x" * 2001),
        ("HASATTR_colour", "x"), ("HASATTR_bizLocation", "no name"), ("HASATTR_bizLocation", "other:name"),
        ("HASATTR_source_friend", "name"), ("HASATTR_source", "name"), ("EQATTR_bizLocation", "1"),
        ("EQATTR_bizLocation_", "1"), ("EQATTR_bizLocation_other:name", "1"), ("EQATTR_bizLocation_name", []),
        ("EQ_bizTransaction_order", "urn:x:y"),
    ],
)  # fmt: skip
def test_what_is_refused(name: str, value: Any) -> None:
    with pytest.raises(Refusal) as caught:
        read_query({name: value}, NAMES)
    assert (caught.value.reason, caught.value.field) == ("QUERY_PARAMETER", name)


def test_what_does_not_go_together() -> None:
    with pytest.raises(Refusal, match="maxEventCount"):
        read_query({"orderBy": "eventTime", "eventCountLimit": "1", "maxEventCount": "1"}, NAMES)
    with pytest.raises(Refusal, match="at most"):
        read_query({f"EQ_ex:f{n}": "1" for n in range(101)}, NAMES)


def test_the_prefixes_of_a_query() -> None:
    query = {"@context": {"mine": "https://ns.example.com/epcis/"}, "EQ_mine:colour": ["red"]}
    assert finds(OBJECT, query)
