"""The event hash of CBV 2.0 (8.9): one name for one event, whoever holds it and however it is written.

The fields of an event are put into one order and one spelling, and the SHA-256 of that text, the pre-hash, is the
name. Where the text of the rules and the published test vectors differ, the vectors count, for it is they that others
compute: the type stands before the business transaction, and the lists that the reference implementation leaves to
the alphabet (`bizTransactionList`, `destinationList`, `ilmd`, `sourceList`) follow the sensor data in that order.
Where only the reference implementation's own arithmetic speaks against the rules, the rules count: numbers are exact
however long, times are rounded half up, truth values are `true` and `false` as in XML, and a prefix of the standard
need not be declared.

`eventID`, `recordTime`, `errorDeclaration` and comments don't count: a correction has its original's hash.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from fenxiao.epcis.identifiers import canonical_identifier
from fenxiao.epcis.moments import milliseconds_in_utc
from fenxiao.epcis.names import Names
from fenxiao.epcis.strict_json import MOST_DIGITS, MOST_EXPONENT, Json
from fenxiao.epcis.vocabulary import Vocabulary, web_uri
from fenxiao.money import plain

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NO_DATA: Final = frozenset({"@context", "eventID", "recordTime", "errorDeclaration", "type"})
_COMMENTS: Final = frozenset({"rdfs:comment", "comment"})

_Writer = Callable[[str, Json, Names], str]
"""Writes the field of a name with its value; nothing when there is nothing to say."""


def event_hash(event: Mapping[str, Json], names: Names) -> str:
    """Name a valid event: `ni:///sha-256;…?ver=CBV2.0`."""
    digest = hashlib.sha256(pre_hash(event, names).encode()).hexdigest()
    return f"ni:///sha-256;{digest}?ver=CBV2.0"


def pre_hash(event: Mapping[str, Json], names: Names) -> str:
    """Write a valid event in the one form of which the hash is taken."""
    data = {key: value for key, value in event.items() if key not in _NO_DATA}
    return f"eventType={event['type']}{_members(data, _EVENT, names)}"


def declaration_hash(event: Mapping[str, Json], names: Names) -> str:
    """Name the error declaration of a valid event, in hex; empty without one."""
    declaration = event.get("errorDeclaration")
    if declaration is None:
        return ""
    return hashlib.sha256(_DECLARATION("errorDeclaration", declaration, names).encode()).hexdigest()


def canonical_text(text: str, names: Names) -> str:
    """Write a value in its one form: compact and older URIs in full, numbers without ornament, GS1 keys canonical."""
    text = web_uri(names.expand(text.strip()))
    if _NUMBER.fullmatch(text) and len(text) <= MOST_DIGITS:
        number = Decimal(text)
        return plain(number) if abs(number.adjusted()) <= MOST_EXPONENT else text
    return canonical_identifier(text) or text


def _members(fields: Mapping[str, Json], order: Mapping[str, _Writer], names: Names) -> str:
    known = "".join(write(name, fields[name], names) for name, write in order.items() if name in fields)
    return known + _own_fields({key: value for key, value in fields.items() if key not in order}, names)


def _text(name: str, value: Json, names: Names) -> str:
    match value:
        case None:
            return ""
        case bool():
            return f"{name}={'true' if value else 'false'}"
        case Decimal():
            return f"{name}={plain(value)}"
        case _:
            text = canonical_text(str(value), names)
            return f"{name}={text}" if text else ""


def _time(name: str, value: Json, _: Names) -> str:
    return f"{name}={milliseconds_in_utc(str(value))}"


def _as_is(name: str, value: Json, _: Names) -> str:
    return f"{name}={value}"


def _word(vocabulary: Vocabulary) -> _Writer:
    return lambda name, value, names: _text(name, vocabulary.uri(str(value).strip()), names)


def _fields(**order: _Writer) -> _Writer:
    def write(name: str, value: Json, names: Names) -> str:
        inner = _members(value, order, names) if isinstance(value, dict) else ""
        return name + inner if inner else ""

    return write


def _each(write: _Writer) -> _Writer:
    """Writes a field that may have several values, its name before each."""

    def write_all(name: str, value: Json, names: Names) -> str:
        values = value if isinstance(value, list) else [value]
        return "".join(sorted(write(name, item, names) for item in values))

    return write_all


def _list(item: str, write: _Writer) -> _Writer:
    """Writes a list: its name once, then each item under the item's name."""

    def write_all(name: str, value: Json, names: Names) -> str:
        inner = _each(write)(item, value, names)
        return name + inner if inner else ""

    return write_all


def _ilmd(name: str, value: Json, names: Names) -> str:
    inner = _own_fields(value, names) if isinstance(value, dict) else ""
    return name + inner if inner else ""


def _own_fields(fields: Mapping[str, Json], names: Names) -> str:
    """Writes fields that the standard does not know."""
    found = [
        text
        for key, value in fields.items()
        if key not in _COMMENTS
        for text in _own_field(names.key(key), value, names)
    ]
    return "".join(sorted(found))


def _own_field(key: str, value: Json, names: Names) -> list[str]:
    match value:
        case list():
            return [text for item in value for text in _own_item(key, item, names)]
        case dict():
            return [key + _own_fields(value, names)]
        case None:
            return []
        case _:
            return [_text(key, value, names) or key]


def _own_item(key: str, item: Json, names: Names) -> list[str]:
    if isinstance(item, list):  # a list in a list is one thing
        return [key + "".join(sorted(_own_field("", item, names)))]
    return _own_field(key, item, names)


_PLACE: Final = _fields(id=_text)
_DISPOSITION: Final = _word(Vocabulary.DISPOSITION)

_SENSOR_METADATA: Final = _fields(
    time=_time,
    startTime=_time,
    endTime=_time,
    deviceID=_text,
    deviceMetadata=_text,
    rawData=_text,
    dataProcessingMethod=_text,
    bizRules=_text,
)

_SENSOR_REPORT: Final = _fields(
    type=_word(Vocabulary.MEASUREMENT),
    exception=_word(Vocabulary.SENSOR_ALERT),
    deviceID=_text,
    deviceMetadata=_text,
    rawData=_text,
    dataProcessingMethod=_text,
    time=_time,
    microorganism=_text,
    chemicalSubstance=_text,
    value=_text,
    component=_word(Vocabulary.COMPONENT),
    stringValue=_text,
    booleanValue=_text,
    hexBinaryValue=_text,
    uriValue=_text,
    minValue=_text,
    maxValue=_text,
    meanValue=_text,
    sDev=_text,
    percRank=_text,
    percValue=_text,
    uom=_text,
    coordinateReferenceSystem=_text,
)

_DECLARATION: Final = _fields(
    declarationTime=_time, reason=_word(Vocabulary.ERROR_REASON), correctiveEventIDs=_each(_text)
)

_EVENT: Final[dict[str, _Writer]] = {
    "eventTime": _time,
    "eventTimeZoneOffset": _as_is,
    "certificationInfo": _each(_text),
    "epcList": _list("epc", _text),
    "quantityList": _list("quantityElement", _fields(epcClass=_text, quantity=_text, uom=_text)),
    "action": _as_is,
    "bizStep": _word(Vocabulary.BIZ_STEP),
    "disposition": _DISPOSITION,
    "persistentDisposition": _fields(set=_each(_DISPOSITION), unset=_each(_DISPOSITION)),
    "readPoint": _PLACE,
    "bizLocation": _PLACE,
    "sensorElementList": _list(
        "sensorElement", _fields(sensorMetadata=_SENSOR_METADATA, sensorReport=_each(_SENSOR_REPORT))
    ),
    "bizTransactionList": _list("", _fields(type=_word(Vocabulary.BIZ_TRANSACTION), bizTransaction=_text)),
    "destinationList": _list("", _fields(type=_word(Vocabulary.SOURCE_DESTINATION), destination=_text)),
    "ilmd": _ilmd,
    "sourceList": _list("", _fields(type=_word(Vocabulary.SOURCE_DESTINATION), source=_text)),
}
"""The canonical order of the fields."""
