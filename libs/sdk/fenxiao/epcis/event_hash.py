"""The event hash of CBV 2.0 (8.9): one name for one event, whoever holds it and however it is written.

The fields of an event are put into one order and one spelling, and the SHA-256 of that text, the pre-hash, is the
name. Where the text of the rules and the published test vectors differ, the vectors count, for it is they that others
compute: the type stands before the business transaction, and the lists that the reference implementation leaves to
the alphabet (`bizTransactionList`, `destinationList`, `ilmd`, `sourceList`) follow the sensor data in that order.
Where only the reference implementation's own arithmetic speaks against the rules, the rules count: numbers are exact
however long, times are rounded half up, truth values are `true` and `false` as in XML, and a prefix of the standard
need not be declared.

`eventID`, `recordTime`, `errorDeclaration` and comments don't count: a correction has its original's hash. `event_key`
tells them apart.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from fenxiao.epcis.identifiers import canonical_identifier
from fenxiao.epcis.moments import milliseconds_in_utc
from fenxiao.epcis.names import TEXT, Names
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
    return f"ni:///sha-256;{hashlib.sha256(pre_hash(event, names).encode()).hexdigest()}?ver=CBV2.0"


def pre_hash(event: Mapping[str, Json], names: Names) -> str:
    """Write a valid event in the one form of which the hash is taken."""
    parts = [f"eventType={names.expand(str(event['type']))}"]
    parts += [write(name, event[name], names) for name, write in _EVENT if name in event]
    rest = [key for key in event if key not in _IN_ORDER]
    if rest:
        # The reference implementation sorts what has no place of its own among the fields of others.
        last = [text for key in rest if (write := _BY_NAME.get(key)) and (text := write(key, event[key], names))]
        own = {key: event[key] for key in rest if key not in _BY_NAME}
        parts += sorted([*last, *_own_texts(own, names)])
    return "".join(parts)


def declaration_hash(event: Mapping[str, Json], names: Names) -> str:
    """Name the error declaration of a valid event, in hex; empty without one."""
    declaration = event.get("errorDeclaration")
    if declaration is None:
        return ""
    return hashlib.sha256(_DECLARATION("errorDeclaration", declaration, names).encode()).hexdigest()


def event_key(event: Mapping[str, Json], names: Names) -> str:
    """Name a valid event together with its error declaration: what is captured twice has the same."""
    declaration = declaration_hash(event, names)
    return event_hash(event, names) + (f"&errorDeclaration={declaration}" if declaration else "")


def canonical_text(text: str, names: Names) -> str:
    """Write a value in its one form: compact and older URIs in full, numbers without ornament, GS1 keys canonical."""
    found = names.canonical.get(text)
    if found is None:
        found = _canonical(text, names)
        names.remember(text, found)
    return found


def _canonical(text: str, names: Names) -> str:
    text = names.expand(text.strip())
    if text.startswith("urn:"):
        text = web_uri(text)
        return canonical_identifier(text) or text
    if text[:4].lower() == "http":
        return canonical_identifier(text) or text
    if len(text) <= MOST_DIGITS and _NUMBER.fullmatch(text):
        number = Decimal(text)
        return plain(number) if abs(number.adjusted()) <= MOST_EXPONENT else text
    return text


def _members(fields: Mapping[str, Json], order: Mapping[str, _Writer], names: Names) -> str:
    known = [write(name, fields[name], names) for name, write in order.items() if name in fields]
    if len(known) < len(fields):
        known += sorted(_own_texts({key: value for key, value in fields.items() if key not in order}, names))
    return "".join(known)


def _text(name: str, value: Json, names: Names) -> str:
    if isinstance(value, str):
        text = canonical_text(value, names)
        return f"{name}={text}" if text else ""
    if isinstance(value, Decimal):
        return f"{name}={plain(value)}"
    if isinstance(value, bool):
        return f"{name}={'true' if value else 'false'}"
    # Nothing, or what the schema does not look at.
    return "" if value is None else "".join(sorted(_own_field(name, value, names)))


def _time(name: str, value: Json, names: Names) -> str:
    try:
        return f"{name}={milliseconds_in_utc(str(value))}"
    except ValueError:  # in an event of somebody's own type, of which the schema knows little
        return _text(name, value, names)


def _as_is(name: str, value: Json, _: Names) -> str:
    return f"{name}={value}"


def _word(vocabulary: Vocabulary) -> _Writer:
    uris = {word: vocabulary.uri(word) for word in vocabulary.words}

    def write(name: str, value: Json, names: Names) -> str:
        uri = uris.get(value.strip()) if isinstance(value, str) else None
        return f"{name}={uri}" if uri else _text(name, value, names)

    return write


def _fields(**order: _Writer) -> _Writer:
    def write(name: str, value: Json, names: Names) -> str:
        if not isinstance(value, dict):
            return _text(name, value, names)
        inner = _members(value, order, names)
        return name + inner if inner else ""

    return write


def _each(write: _Writer) -> _Writer:
    """Writes a field that may have several values, its name before each."""

    def write_all(name: str, value: Json, names: Names) -> str:
        if not isinstance(value, list):
            return write(name, value, names)
        return "".join(sorted([write(name, item, names) for item in value]))

    return write_all


def _list(item: str, write: _Writer) -> _Writer:
    """Writes a list: its name once, then each item under the item's name."""
    each = _each(write)

    def write_all(name: str, value: Json, names: Names) -> str:
        inner = each(item, value, names)
        return name + inner if inner else ""

    return write_all


def _ilmd(name: str, value: Json, names: Names) -> str:
    inner = "".join(sorted(_own_texts(value, names))) if isinstance(value, dict) else ""
    return name + inner if inner else ""


def _own_texts(fields: Mapping[str, Json], names: Names) -> list[str]:
    """Write each of the fields that the standard does not know."""
    return [
        text
        for key, value in fields.items()
        if key not in _COMMENTS
        for text in _own_field(names.key(key), value, names)
    ]


def _own_field(key: str, value: Json, names: Names) -> list[str]:
    match value:
        case list():
            return [text for item in value for text in _own_item(key, item, names)]
        case dict():
            text = value.get(TEXT)
            if not isinstance(text, str | Decimal | bool):
                return [key + "".join(sorted(_own_texts(value, names)))]
            rest = {inner: item for inner, item in value.items() if inner != TEXT}
            return [(_text(key, text, names) or key) + "".join(sorted(_own_texts(rest, names)))]
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
_EPCS: Final = _list("epc", _text)
_QUANTITIES: Final = _list("quantityElement", _fields(epcClass=_text, quantity=_text, uom=_text))

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

_EVENT: Final[list[tuple[str, _Writer]]] = [
    ("eventTime", _time),
    ("eventTimeZoneOffset", _as_is),
    ("certificationInfo", _each(_text)),
    ("parentID", _text),
    ("epcList", _EPCS),
    ("inputEPCList", _EPCS),
    ("childEPCs", _EPCS),
    ("quantityList", _QUANTITIES),
    ("childQuantityList", _QUANTITIES),
    ("inputQuantityList", _QUANTITIES),
    ("outputEPCList", _EPCS),
    ("outputQuantityList", _QUANTITIES),
    ("action", _as_is),
    ("transformationID", _text),
    ("bizStep", _word(Vocabulary.BIZ_STEP)),
    ("disposition", _DISPOSITION),
    ("persistentDisposition", _fields(set=_each(_DISPOSITION), unset=_each(_DISPOSITION))),
    ("readPoint", _PLACE),
    ("bizLocation", _PLACE),
    (
        "sensorElementList",
        _list("sensorElement", _fields(sensorMetadata=_SENSOR_METADATA, sensorReport=_each(_SENSOR_REPORT))),
    ),
]
"""The canonical order of the fields."""

_BY_NAME: Final[dict[str, _Writer]] = {
    "bizTransactionList": _list("", _fields(type=_word(Vocabulary.BIZ_TRANSACTION), bizTransaction=_text)),
    "destinationList": _list("", _fields(type=_word(Vocabulary.SOURCE_DESTINATION), destination=_text)),
    "ilmd": _ilmd,
    "sourceList": _list("", _fields(type=_word(Vocabulary.SOURCE_DESTINATION), source=_text)),
}
"""The fields whose place is among those of others, by the alphabet."""

_IN_ORDER: Final = _NO_DATA | {name for name, _ in _EVENT}
