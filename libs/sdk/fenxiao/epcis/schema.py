"""What the JSON schema of EPCIS 2.0.1 accepts (ISO/IEC 19987, 10), written as checks: the same, faster, and with words.

The schema is the measure, also where it asks for less than the text of the standard does (an `AggregationEvent` may
hold anything as its `persistentDisposition`); what the text asks for beyond it is in `advice`.
"""

from typing import Final

from fenxiao.epcis.checks import (
    Check,
    Problem,
    anything,
    boolean,
    listing,
    members,
    number,
    one_of,
    own_name,
    pattern,
    problem,
    text,
    time,
    uri,
    within,
    word,
)
from fenxiao.epcis.strict_json import Json
from fenxiao.epcis.vocabulary import Vocabulary

EVENT_TYPES: Final = ("ObjectEvent", "AggregationEvent", "AssociationEvent", "TransactionEvent", "TransformationEvent")

# --- parts

_uris: Final = listing(uri)
_unique_uris: Final = listing(uri, unique=True)
_context_part: Final = "this is an address, or an object of prefixes"
_BIZ_STEP: Final = word(Vocabulary.BIZ_STEP)
_DISPOSITION: Final = word(Vocabulary.DISPOSITION)
_PARTY_TYPE: Final = word(Vocabulary.SOURCE_DESTINATION)


def _one_context(value: Json) -> list[Problem] | None:
    if isinstance(value, dict):
        return None
    return uri(value) if isinstance(value, str) else problem("WRONG_TYPE", _context_part)


_contexts: Final = listing(_one_context, unique=True)


def context(value: Json) -> list[Problem] | None:
    """Check `@context`: an address, an object, or a list of these."""
    return _contexts(value) if isinstance(value, list) else _one_context(value)


def _certification(value: Json) -> list[Problem] | None:
    return _uris(value) if isinstance(value, list) else uri(value)


_quantity: Final = members(
    {"epcClass": uri, "quantity": number, "uom": pattern("[A-Z0-9]{2,3}", "KGM")}, required=["epcClass"]
)
_quantities: Final = listing(_quantity)
_place: Final = members({"id": uri}, required=["id"], any_name=True)
_transaction: Final = members(
    {"type": word(Vocabulary.BIZ_TRANSACTION), "bizTransaction": uri}, required=["bizTransaction"]
)
_transactions: Final = listing(_transaction)
_sources: Final = listing(members({"type": _PARTY_TYPE, "source": uri}, required=["type", "source"]))
_destinations: Final = listing(members({"type": _PARTY_TYPE, "destination": uri}, required=["type", "destination"]))
_dispositions: Final = listing(_DISPOSITION, least=1, unique=True)
_persistent_shape: Final = members({"set": _dispositions, "unset": _dispositions})


def _persistent(value: Json) -> list[Problem] | None:
    found = _persistent_shape(value)
    if found or not isinstance(value, dict) or "set" in value or "unset" in value:
        return found
    return problem("MISSING_FIELD", "a persistent disposition says what is set or unset; add one of them")


_error: Final = members(
    {"declarationTime": time, "reason": word(Vocabulary.ERROR_REASON), "correctiveEventIDs": _uris},
    required=["declarationTime"],
    others=own_name,
)
_ilmd: Final = members({}, others=own_name)
_device: Final[dict[str, Check]] = {
    "time": time,
    "deviceID": uri,
    "deviceMetadata": uri,
    "rawData": uri,
    "dataProcessingMethod": uri,
    "bizRules": uri,
}
_sensor_metadata: Final = members({**_device, "startTime": time, "endTime": time}, others=own_name)
_sensor_report: Final = members(
    {
        "type": word(Vocabulary.MEASUREMENT),
        "exception": word(Vocabulary.SENSOR_ALERT),
        **_device,
        "microorganism": uri,
        "chemicalSubstance": uri,
        "coordinateReferenceSystem": uri,
        "value": number,
        "component": word(Vocabulary.COMPONENT),
        "stringValue": text,
        "booleanValue": boolean,
        "hexBinaryValue": pattern("[A-Fa-f0-9]+", "0a1b"),
        "uriValue": uri,
        "minValue": number,
        "maxValue": number,
        "meanValue": number,
        "sDev": number,
        "percRank": number,
        "percValue": number,
        "uom": text,
    },
    required=["type"],
    others=own_name,
)
_sensor_elements: Final = listing(
    members(
        {"sensorMetadata": _sensor_metadata, "sensorReport": listing(_sensor_report, least=1)},
        required=["sensorReport"],
        others=own_name,
    )
)

# --- events

_COMMON: Final[dict[str, Check]] = {
    "@context": context,
    "type": anything,
    "eventTime": time,
    "recordTime": time,
    "eventTimeZoneOffset": pattern(r"[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)", "+01:00"),
    "eventID": uri,
    "certificationInfo": _certification,
    "errorDeclaration": _error,
}
_ACTION: Final = one_of(["ADD", "OBSERVE", "DELETE"])
_WHY_AND_WHERE: Final[dict[str, Check]] = {
    "bizStep": _BIZ_STEP,
    "disposition": _DISPOSITION,
    "readPoint": _place,
    "bizLocation": _place,
    "bizTransactionList": _transactions,
    "sourceList": _sources,
    "destinationList": _destinations,
    "sensorElementList": _sensor_elements,
}
_CHILDREN: Final[dict[str, Check]] = {
    **_COMMON,
    "action": _ACTION,
    **_WHY_AND_WHERE,
    "persistentDisposition": anything,
    "parentID": uri,
    "childEPCs": _uris,
    "childQuantityList": _quantities,
}
_TIMES: Final = ["eventTime", "eventTimeZoneOffset"]

_FIELDS: Final[dict[str, Check]] = {
    "ObjectEvent": members(
        {
            **_COMMON,
            "action": _ACTION,
            **_WHY_AND_WHERE,
            "persistentDisposition": _persistent,
            "epcList": _unique_uris,
            "quantityList": _quantities,
            "ilmd": _ilmd,
        },
        required=[*_TIMES, "action"],
        others=own_name,
    ),
    "AggregationEvent": members(_CHILDREN, required=[*_TIMES, "action"], others=own_name),
    "AssociationEvent": members(_CHILDREN, required=[*_TIMES, "action", "parentID"], others=own_name),
    "TransactionEvent": members(
        {
            **_COMMON,
            "action": _ACTION,
            **_WHY_AND_WHERE,
            "persistentDisposition": anything,
            "bizTransactionList": listing(_transaction, least=1),
            "parentID": uri,
            "epcList": _uris,
            "quantityList": _quantities,
        },
        required=[*_TIMES, "action", "bizTransactionList"],
        others=own_name,
    ),
    "TransformationEvent": members(
        {
            **_COMMON,
            **_WHY_AND_WHERE,
            "persistentDisposition": _persistent,
            "inputEPCList": _unique_uris,
            "inputQuantityList": _quantities,
            "outputEPCList": _unique_uris,
            "outputQuantityList": _quantities,
            "transformationID": uri,
            "ilmd": _ilmd,
        },
        required=_TIMES,
        others=own_name,
    ),
}
_OWN_EVENT: Final = members(_COMMON, required=_TIMES, any_name=True)


def _object_rules(event: dict[str, Json]) -> list[Problem]:
    found: list[Problem] = []
    sensed = bool(event.get("sensorElementList")) and "readPoint" in event
    if "epcList" not in event and not event.get("quantityList") and not sensed:
        message = "the event names no objects; give epcList, quantityList, or sensorElementList with a readPoint"
        found += problem("NO_OBJECTS", message)
    if "ilmd" in event and event.get("action") in ("OBSERVE", "DELETE"):
        message = "master data (ilmd) come with the action ADD only; leave them out or mend the action"
        found += problem("ILMD_NOT_ALLOWED", message)
    return found


def _children_rules(event: dict[str, Json]) -> list[Problem]:
    if event.get("childEPCs") or event.get("childQuantityList") or event.get("action") == "DELETE":
        return []
    message = "the event names no children; give childEPCs or childQuantityList, which only a DELETE may leave out"
    return problem("NO_CHILDREN", message)


def _transaction_rules(event: dict[str, Json]) -> list[Problem]:
    if "epcList" in event or event.get("quantityList") or event.get("action") == "DELETE":
        return []
    message = "the event names no objects; give epcList or quantityList, which only a DELETE may leave out"
    return problem("NO_TRANSACTED_OBJECTS", message)


def _transformation_rules(event: dict[str, Json]) -> list[Problem]:
    inputs = bool(event.get("inputEPCList") or event.get("inputQuantityList"))
    outputs = bool(event.get("outputEPCList") or event.get("outputQuantityList"))
    if (inputs and outputs) or ("transformationID" in event and (inputs or outputs)):
        return []
    message = "a transformation has inputs and outputs; only with a transformationID may one of them be left out"
    return problem("INCOMPLETE_TRANSFORMATION", message)


_RULES: Final = {
    "ObjectEvent": _object_rules,
    "AggregationEvent": _children_rules,
    "AssociationEvent": _children_rules,
    "TransactionEvent": _transaction_rules,
    "TransformationEvent": _transformation_rules,
}


def event(value: Json, *, bare: bool = False) -> list[Problem] | None:
    """Check an event of any type. A bare one, in no document, brings its own `@context`."""
    if not isinstance(value, dict):
        return problem("WRONG_TYPE", "an event is an object; write it in { }")
    kind = value.get("type")
    if kind is None and "type" not in value:
        return within("type", problem("MISSING_FIELD", "an event names its type; add it"))
    if not isinstance(kind, str):
        return within("type", problem("WRONG_TYPE", "the type of an event is a text; write it in double quotes"))
    check = _FIELDS.get(kind)
    if check is None:
        found = _own_event(kind, value)
    else:
        found = check(value)
        if rest := _RULES[kind](value):
            found = (found or []) + rest
    if bare and "@context" not in value:
        missing = problem("MISSING_FIELD", "an event that stands in no document needs its @context; add it")
        found = (found or []) + within("@context", missing)
    return found


def _own_event(kind: str, value: Json) -> list[Problem] | None:
    """Check an event of somebody's own type, of which the schema knows the common fields only."""
    found = _OWN_EVENT(value)
    if own_name(kind):
        listed = ", ".join(EVENT_TYPES)
        message = f"{kind[:80]!r} is not a type of event; write one of {listed}, or the URI of a type of your own"
        return within("type", problem("UNKNOWN_EVENT_TYPE", message)) + (found or [])
    return found
