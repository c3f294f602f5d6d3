"""The lenient profile: what partners' real documents get wrong, put right, each time with a word on what was done.

Only what can be meant in one way is mended: older spellings of standard words, `+0100` for `+01:00`, a number in
quotes, one thing where a list of them belongs. Names that the standard doesn't know and words without a meaning stay
wrong. The event hash is that of the mended event; what is mended is spelling, so it is the hash of what was meant.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from fenxiao.epcis.checks import shown, word
from fenxiao.epcis.mending_times import mend_offset, mend_time, offset_of
from fenxiao.epcis.names import STANDARD_CONTEXT
from fenxiao.epcis.schema import EVENT_TYPES
from fenxiao.epcis.strict_json import MOST_DIGITS, MOST_EXPONENT, Json, Path
from fenxiao.epcis.vocabulary import Vocabulary

Note = tuple[Path, str, str]
"""Where in the event, the rule, and what was done."""
Notes = list[Note]
Mender = Callable[[Json, Path, Notes], Json]

_COMMENTS: Final = frozenset({"comment", "comments", "_comment", "$comment", "//", "#", "note", "notes"})
_NUMERIC: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_UNITS: Final = {
    "kg": "KGM", "g": "GRM", "mg": "MGM", "t": "TNE", "l": "LTR", "L": "LTR", "ml": "MLT",
    "m": "MTR", "cm": "CMT", "mm": "MMT",
}  # fmt: skip
"""Units of UN/CEFACT Recommendation 20 by their symbols."""
_OTHER_NAMES: Final = {
    "isA": "type", "@type": "type", "eventType": "type",
    "@id": "eventID", "id": "eventID", "eventId": "eventID",
}  # fmt: skip
_EVENT_HOMES: Final = ("epcis:", "https://ref.gs1.org/epcis/", "http://ref.gs1.org/epcis/", "https://ns.gs1.org/epcis/")


def mend_event(event: Json, notes: Notes, *, bare: bool = False) -> Json:
    """Give the event as it was meant, and note what was done."""
    if not isinstance(event, dict):
        return event
    fields = _named(event, notes)
    kind = fields.get("type")
    if isinstance(kind, str) and kind not in EVENT_TYPES:
        fields["type"] = _event_type(kind, notes)
    if bare and "@context" not in fields:
        notes.append((("@context",), "MISSING_CONTEXT", "the standard's context is taken"))
        fields = {"@context": STANDARD_CONTEXT, **fields}
    _mend_times(fields, notes)
    return mend_fields(fields, _TRANSACTION if fields.get("type") == "TransactionEvent" else _EVENT, (), notes)


def _named(event: Mapping[str, Json], notes: Notes) -> dict[str, Json]:
    """Give fields their names, and leave out what says nothing."""
    fields: dict[str, Json] = {}
    for name, value in event.items():
        right = _OTHER_NAMES.get(name, name)
        if right != name and right not in event:
            notes.append(((name,), "OTHER_NAME", f"the field is called {right}"))
            fields[right] = value
        else:
            fields[name] = value
    return fields


def _event_type(kind: str, notes: Notes) -> str:
    local = kind.strip()
    for home in _EVENT_HOMES:
        local = local.removeprefix(home)
    lower = {name.lower(): name for name in EVENT_TYPES}
    right = lower.get(local.lower())
    if right is None:
        return kind
    notes.append((("type",), "OTHER_SPELLING", f"{shown(kind)} is read as {right!r}"))
    return right


def _mend_times(fields: dict[str, Json], notes: Notes) -> None:
    """A time may lack the offset that stands beside it, and the other way round."""
    offset = fields.get("eventTimeZoneOffset")
    if isinstance(offset, str) and (right := mend_offset(offset)) is not None and right != offset:
        notes.append((("eventTimeZoneOffset",), "OTHER_SPELLING", f"{shown(offset)} is read as {right!r}"))
        fields["eventTimeZoneOffset"] = offset = right
    time = fields.get("eventTime")
    if isinstance(time, str):
        right = mend_time(time, offset if isinstance(offset, str) else "")
        if right is not None and right != time:
            notes.append((("eventTime",), "OTHER_SPELLING", f"{shown(time)} is read as {right!r}"))
            fields["eventTime"] = time = right
        if offset is None and (own := offset_of(time)):
            notes.append((("eventTimeZoneOffset",), "OFFSET_TAKEN", f"{own!r} is taken from eventTime"))
            fields["eventTimeZoneOffset"] = own


def mend_fields(fields: Mapping[str, Json], menders: Mapping[str, Mender], path: Path, notes: Notes) -> dict[str, Json]:
    """Mend each field that has a mender, and leave comments out."""
    mended: dict[str, Json] = {}
    for name, value in fields.items():
        below = (*path, name)
        mender = menders.get(name)
        if mender is not None and (value is None or value == ""):
            notes.append((below, "EMPTY_FIELD", "it says nothing and is left out"))
        elif mender is not None:
            mended[name] = mender(value, below, notes)
        elif name.lower() in _COMMENTS:
            notes.append((below, "COMMENT", "the comment is left out"))
        else:
            mended[name] = value
    return mended


def _text(value: Json, path: Path, notes: Notes) -> Json:
    """A text, perhaps with white space around it."""
    if isinstance(value, str) and value.strip() != value:
        notes.append((path, "OTHER_SPELLING", "white space around it is left out"))
        return value.strip()
    return value


def _words(value: Json, path: Path, notes: Notes) -> Json:
    """A text that may have been written as a number."""
    if isinstance(value, Decimal):
        notes.append((path, "NOT_A_TEXT", f"{value} is read as a text"))
        return str(value)
    return value


def _upper(value: Json, path: Path, notes: Notes) -> Json:
    if isinstance(value, str) and value.strip().upper() != value:
        right = value.strip().upper()
        notes.append((path, "OTHER_SPELLING", f"{shown(value)} is read as {right!r}"))
        return right
    return value


def _unit(value: Json, path: Path, notes: Notes) -> Json:
    """A unit, perhaps by its symbol."""
    if isinstance(value, str) and (right := _UNITS.get(value.strip())):
        notes.append((path, "OTHER_SPELLING", f"{shown(value)} is read as {right!r}"))
        return right
    return _upper(value, path, notes) if isinstance(value, str) and len(value.strip()) == 3 else value


def _number(value: Json, path: Path, notes: Notes) -> Json:
    """A number that may stand in quotes."""
    if isinstance(value, str) and len(value) <= MOST_DIGITS and _NUMERIC.fullmatch(value.strip()):
        number = Decimal(value.strip())
        if abs(number.adjusted()) <= MOST_EXPONENT:
            notes.append((path, "NOT_A_NUMBER", f"{shown(value)} is read as a number"))
            return number
    return value


def _boolean(value: Json, path: Path, notes: Notes) -> Json:
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        notes.append((path, "NOT_A_BOOLEAN", f"{shown(value)} is read as true or false"))
        return value.strip().lower() == "true"
    return value


def _time(value: Json, path: Path, notes: Notes) -> Json:
    right = mend_time(value, "") if isinstance(value, str) else None
    if right is None or right == value:
        return value
    notes.append((path, "OTHER_SPELLING", f"{shown(str(value))} is read as {right!r}"))
    return right


def _word(vocabulary: Vocabulary) -> Mender:
    check = word(vocabulary)

    def mend(value: Json, path: Path, notes: Notes) -> Json:
        right = vocabulary.guess(value) if isinstance(value, str) and check(value) else None
        if right is None:
            return value
        if ":" in str(value):
            notes.append((path, "OLD_VOCABULARY", f"{shown(str(value))} is read as {right!r}"))
        else:
            notes.append((path, "OTHER_SPELLING", f"{shown(str(value))} is read as {right!r}"))
        return right

    return mend


def _fields(**menders: Mender) -> Mender:
    def mend(value: Json, path: Path, notes: Notes) -> Json:
        return mend_fields(value, menders, path, notes) if isinstance(value, dict) else value

    return mend


def _listed(item: Mender, *, inside: str = "", unique: bool = False) -> Mender:
    """A list; one thing alone is a list of one, and what XML puts between list and items goes."""

    def mend(value: Json, path: Path, notes: Notes) -> Json:
        if inside and isinstance(value, dict) and list(value) == [inside]:
            notes.append((path, "NOT_A_LIST", f"what stands in {inside!r} is read as the list"))
            value = value[inside]
        if not isinstance(value, list):
            notes.append((path, "NOT_A_LIST", "it is read as a list of one"))
            value = [value]
        mended = [item(one, (*path, place), notes) for place, one in enumerate(value)]
        if not unique:
            return mended
        seen: set[str] = set()
        once = [one for one in mended if not isinstance(one, str) or not (one in seen or seen.add(one))]
        if len(once) < len(mended):
            notes.append((path, "ITEM_TWICE", "what stands twice is taken once"))
        return once

    return mend


def _one_or_more(item: Mender) -> Mender:
    def mend(value: Json, path: Path, notes: Notes) -> Json:
        if isinstance(value, list):
            return [item(one, (*path, place), notes) for place, one in enumerate(value)]
        return item(value, path, notes)

    return mend


def _place(value: Json, path: Path, notes: Notes) -> Json:
    if isinstance(value, str):
        notes.append((path, "NOT_AN_OBJECT", "it is read as the id of the place"))
        return {"id": value.strip()}
    return _fields(id=_text)(value, path, notes)


_EPCS: Final = _listed(_text, inside="epc")
_EPCS_ONCE: Final = _listed(_text, inside="epc", unique=True)
_QUANTITIES: Final = _listed(_fields(epcClass=_text, quantity=_number, uom=_unit), inside="quantityElement")
_DISPOSITION: Final = _word(Vocabulary.DISPOSITION)
_PARTY: Final = _word(Vocabulary.SOURCE_DESTINATION)
_DEVICE: Final[dict[str, Mender]] = {
    "time": _time,
    "deviceID": _text,
    "deviceMetadata": _text,
    "rawData": _text,
    "dataProcessingMethod": _text,
    "bizRules": _text,
}
_REPORT: Final = _fields(
    **_DEVICE,
    type=_word(Vocabulary.MEASUREMENT),
    exception=_word(Vocabulary.SENSOR_ALERT),
    component=_word(Vocabulary.COMPONENT),
    microorganism=_text,
    chemicalSubstance=_text,
    coordinateReferenceSystem=_text,
    uriValue=_text,
    stringValue=_words,
    booleanValue=_boolean,
    uom=_words,
    **dict.fromkeys(["value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"], _number),
)
_SENSOR_ELEMENT: Final = _fields(
    sensorMetadata=_fields(**_DEVICE, startTime=_time, endTime=_time), sensorReport=_listed(_REPORT)
)


def _sensor_element(value: Json, path: Path, notes: Notes) -> Json:
    """Drafts of the standard gave it a type, which says no more than the list it stands in."""
    kind = value.get("type") if isinstance(value, dict) else None
    if isinstance(value, dict) and isinstance(kind, str) and kind.lower().endswith("sensorelement"):
        notes.append(((*path, "type"), "EMPTY_FIELD", "it says nothing and is left out"))
        value = {name: one for name, one in value.items() if name != "type"}
    return _SENSOR_ELEMENT(value, path, notes)


_EVENT: Final[dict[str, Mender]] = {
    "recordTime": _time,
    "eventTimeZoneOffset": _text,
    "eventTime": _text,
    "eventID": _text,
    "certificationInfo": _one_or_more(_text),
    "errorDeclaration": _fields(
        declarationTime=_time,
        reason=_word(Vocabulary.ERROR_REASON),
        correctiveEventIDs=_listed(_text, inside="correctiveEventID"),
    ),
    "action": _upper,
    "parentID": _text,
    "transformationID": _text,
    "epcList": _EPCS_ONCE,
    "childEPCs": _EPCS,
    "inputEPCList": _EPCS_ONCE,
    "outputEPCList": _EPCS_ONCE,
    "quantityList": _QUANTITIES,
    "childQuantityList": _QUANTITIES,
    "inputQuantityList": _QUANTITIES,
    "outputQuantityList": _QUANTITIES,
    "bizStep": _word(Vocabulary.BIZ_STEP),
    "disposition": _DISPOSITION,
    "persistentDisposition": _fields(set=_listed(_DISPOSITION, unique=True), unset=_listed(_DISPOSITION, unique=True)),
    "readPoint": _place,
    "bizLocation": _place,
    "bizTransactionList": _listed(
        _fields(type=_word(Vocabulary.BIZ_TRANSACTION), bizTransaction=_text), inside="bizTransaction"
    ),
    "sourceList": _listed(_fields(type=_PARTY, source=_text)),
    "destinationList": _listed(_fields(type=_PARTY, destination=_text)),
    "sensorElementList": _listed(_sensor_element, inside="sensorElement"),
}
_TRANSACTION: Final = {**_EVENT, "epcList": _EPCS}
