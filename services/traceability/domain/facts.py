"""What an EPCIS event says, in one form: what is searched, traced and watched, however a partner wrote it.

Identifiers are canonical Digital Links, vocabulary is bare words, compact URIs stand in full, times are microseconds
since 1970. Everything follows from the event's JSON and its prefixes.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple, cast

from fenxiao.epcis import Json, Names, Vocabulary, canonical_text
from fenxiao.epcis.moments import to_utc
from fenxiao.epcis.names import TEXT

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Role(StrEnum):
    """How an event is about an identifier."""

    EPC = "epc"
    PARENT = "parent"
    CHILD = "child"
    INPUT = "input"
    OUTPUT = "output"


class Item(NamedTuple):
    """An object, or a quantity of a class of objects, that an event is about."""

    role: Role
    id: str
    is_class: bool = False
    quantity: Decimal | None = None
    """None: one object, or an amount of the class that is not said."""
    uom: str = ""
    """UN/ECE Recommendation 20; empty: pieces."""


class Typed(NamedTuple):
    """A business transaction, source or destination, with its type, which may be empty."""

    type: str
    id: str


class Space(StrEnum):
    """Where a field of a partner's own stands."""

    EVENT = ""
    ILMD = "ILMD"
    ERROR_DECLARATION = "ERROR_DECLARATION"
    SENSOR_ELEMENT = "SENSORELEMENT"
    SENSOR_METADATA = "SENSORMETADATA"
    SENSOR_REPORT = "SENSORREPORT"
    READ_POINT = "readPoint"
    BIZ_LOCATION = "bizLocation"


class Attribute(NamedTuple):
    """A field of a partner's own, or one of another vocabulary."""

    space: Space
    name: str
    """`{namespace}local`."""
    value: str | Decimal | None
    """None for an object, whose fields follow as inner ones."""
    depth: int = 0
    """0 at the top of its space; more: inside another field."""
    within: str = ""
    """The field in which it stands."""


class Declaration(NamedTuple):
    """Somebody has declared an event erroneous."""

    time: int
    reason: str
    correctives: tuple[str, ...]


class Facts(NamedTuple):
    """An event."""

    kind: str
    time: int
    zone: str
    action: str
    biz_step: str
    disposition: str
    set: tuple[str, ...]
    unset: tuple[str, ...]
    """Persistent dispositions."""
    read_point: str
    biz_location: str
    items: tuple[Item, ...]
    transformation: str
    transactions: tuple[Typed, ...]
    sources: tuple[Typed, ...]
    destinations: tuple[Typed, ...]
    declaration: Declaration | None
    attributes: tuple[Attribute, ...]
    sensors: tuple[Mapping[str, str | Decimal], ...]
    """A report each, with the metadata of its element; times are decimals of microseconds."""
    sensor_metadata: tuple[Mapping[str, str | Decimal], ...] = ()
    """The metadata of each element alone: a report may say otherwise for itself."""


_EPC_LISTS: Final = {
    "epcList": Role.EPC,
    "childEPCs": Role.CHILD,
    "inputEPCList": Role.INPUT,
    "outputEPCList": Role.OUTPUT,
}
_QUANTITY_LISTS: Final = {
    "quantityList": Role.EPC,
    "childQuantityList": Role.CHILD,
    "inputQuantityList": Role.INPUT,
    "outputQuantityList": Role.OUTPUT,
}
MEMBERS: Final = frozenset(
    {
        *_EPC_LISTS, *_QUANTITY_LISTS, "@context", "type", "eventID", "eventTime", "recordTime",
        "eventTimeZoneOffset", "action", "bizStep", "disposition", "persistentDisposition", "readPoint",
        "bizLocation", "parentID", "transformationID", "bizTransactionList", "sourceList", "destinationList",
        "ilmd", "errorDeclaration", "sensorElementList", "certificationInfo",
    }
)  # fmt: skip
"""Of an event, by the standard; others are partners' own."""
_OWN_OF_DECLARATION: Final = frozenset({"declarationTime", "reason", "correctiveEventIDs"})
_SENSOR_WORDS: Final = {
    "type": Vocabulary.MEASUREMENT,
    "exception": Vocabulary.SENSOR_ALERT,
    "component": Vocabulary.COMPONENT,
}
_METADATA: Final = frozenset(
    {"time", "startTime", "endTime", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"}
)
_REPORT: Final = frozenset(
    {
        "type", "exception", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "time", "microorganism",
        "chemicalSubstance", "value", "component", "stringValue", "booleanValue", "hexBinaryValue", "uriValue",
        "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue", "uom", "coordinateReferenceSystem",
    }
)  # fmt: skip
_TIMES: Final = frozenset({"time", "startTime", "endTime"})
_AS_WRITTEN: Final = frozenset({"uom", "stringValue", "hexBinaryValue"})

_Object = Mapping[str, Json]


def facts_of(event: _Object, names: Names) -> Facts:
    """Say what a valid event says."""
    persistent = _object(event.get("persistentDisposition"))
    return Facts(
        kind=names.expand(str(event["type"])),
        time=micros(str(event["eventTime"])),
        zone=str(event.get("eventTimeZoneOffset", "")),
        action=str(event.get("action", "")),
        biz_step=_word(Vocabulary.BIZ_STEP, event.get("bizStep"), names),
        disposition=_word(Vocabulary.DISPOSITION, event.get("disposition"), names),
        set=_words(Vocabulary.DISPOSITION, persistent.get("set"), names),
        unset=_words(Vocabulary.DISPOSITION, persistent.get("unset"), names),
        read_point=_text(_object(event.get("readPoint")).get("id"), names),
        biz_location=_text(_object(event.get("bizLocation")).get("id"), names),
        items=tuple(_items(event, names)),
        transformation=_text(event.get("transformationID"), names),
        transactions=_typed(event, "bizTransactionList", "bizTransaction", Vocabulary.BIZ_TRANSACTION, names),
        sources=_typed(event, "sourceList", "source", Vocabulary.SOURCE_DESTINATION, names),
        destinations=_typed(event, "destinationList", "destination", Vocabulary.SOURCE_DESTINATION, names),
        declaration=_declaration(event, names),
        attributes=tuple(_all_attributes(event, names)),
        sensors=tuple(_sensors(event, names)),
        sensor_metadata=tuple(_sensor_metadata(event, names)),
    )


def micros(text: str) -> int:
    """Microseconds since 1970 of a time with its offset. Raises ValueError."""
    return (to_utc(text) - _EPOCH) // _MICROSECOND


def _items(event: _Object, names: Names) -> Iterator[Item]:
    parent = event.get("parentID")
    if parent:
        yield Item(Role.PARENT, canonical_text(str(parent), names))
    for key, role in _EPC_LISTS.items():
        for epc in _list(event.get(key)):
            yield Item(role, canonical_text(str(epc), names))
    for key, role in _QUANTITY_LISTS.items():
        for element in _list(event.get(key)):
            fields = _object(element)
            quantity = fields.get("quantity")
            yield Item(
                role,
                canonical_text(str(fields["epcClass"]), names),
                is_class=True,
                quantity=quantity if isinstance(quantity, Decimal) else None,
                uom=str(fields.get("uom") or ""),
            )


def _typed(event: _Object, key: str, field: str, vocabulary: Vocabulary, names: Names) -> tuple[Typed, ...]:
    return tuple(
        Typed(_word(vocabulary, entry.get("type"), names), _text(entry.get(field), names))
        for entry in map(_object, _list(event.get(key)))
    )


def _declaration(event: _Object, names: Names) -> Declaration | None:
    if event.get("errorDeclaration") is None:
        return None
    fields = _object(event["errorDeclaration"])
    return Declaration(
        micros(str(fields["declarationTime"])),
        _word(Vocabulary.ERROR_REASON, fields.get("reason"), names),
        tuple(str(one) for one in _list(fields.get("correctiveEventIDs"))),
    )


def _all_attributes(event: _Object, names: Names) -> Iterator[Attribute]:
    if len(event.keys() - MEMBERS) > 0:
        yield from _attributes(Space.EVENT, {key: event[key] for key in event.keys() - MEMBERS}, names)
    if "ilmd" in event:
        yield from _attributes(Space.ILMD, _object(event["ilmd"]), names)
    if "errorDeclaration" in event:
        fields = _object(event["errorDeclaration"])
        own = {key: value for key, value in fields.items() if key not in _OWN_OF_DECLARATION}
        yield from _attributes(Space.ERROR_DECLARATION, own, names)
    for space in (Space.READ_POINT, Space.BIZ_LOCATION):
        place = _object(event.get(space.value))
        if len(place) > 1:
            yield from _attributes(space, {key: place[key] for key in place.keys() - {"id"}}, names)
    for element in map(_object, _list(event.get("sensorElementList"))):
        own = {key: value for key, value in element.items() if key not in ("sensorMetadata", "sensorReport", "type")}
        yield from _attributes(Space.SENSOR_ELEMENT, own, names)
        metadata = _object(element.get("sensorMetadata"))
        yield from _attributes(
            Space.SENSOR_METADATA, {key: metadata[key] for key in metadata.keys() - _METADATA}, names
        )
        for report in map(_object, _list(element.get("sensorReport"))):
            yield from _attributes(Space.SENSOR_REPORT, {key: report[key] for key in report.keys() - _REPORT}, names)


def _attributes(space: Space, fields: _Object, names: Names, depth: int = 0, within: str = "") -> Iterator[Attribute]:
    for key, value in sorted(fields.items()):
        yield from _attribute(space, names.key(key), value, names, depth, within)


def _attribute(space: Space, name: str, value: Json, names: Names, depth: int, within: str) -> Iterator[Attribute]:
    match value:
        case list():
            for one in value:
                yield from _attribute(space, name, one, names, depth, within)
        case dict():
            text = value.get(TEXT)
            own = canonical_text(text, names) if isinstance(text, str) else None
            yield Attribute(space, name, own, depth, within)
            inner = {key: item for key, item in value.items() if key != TEXT} if own is not None else value
            yield from _attributes(space, inner, names, depth + 1, name)
        case None:
            return
        case bool():
            yield Attribute(space, name, "true" if value else "false", depth, within)
        case Decimal():
            yield Attribute(space, name, value, depth, within)
        case _:
            yield Attribute(space, name, canonical_text(value, names), depth, within)


def _sensors(event: _Object, names: Names) -> Iterator[Mapping[str, str | Decimal]]:
    for element in map(_object, _list(event.get("sensorElementList"))):
        metadata = dict(_measured(_object(element.get("sensorMetadata")), _METADATA, names))
        reports = _list(element.get("sensorReport"))
        for report in map(_object, reports):
            yield {**metadata, **dict(_measured(report, _REPORT, names))}
        if not reports:
            yield metadata


def _sensor_metadata(event: _Object, names: Names) -> Iterator[Mapping[str, str | Decimal]]:
    for element in map(_object, _list(event.get("sensorElementList"))):
        if metadata := _object(element.get("sensorMetadata")):
            yield dict(_measured(metadata, _METADATA, names))


def _measured(fields: _Object, known: frozenset[str], names: Names) -> Iterator[tuple[str, str | Decimal]]:
    for key, value in fields.items():
        if key not in known or value is None:
            continue
        if key in _TIMES:
            yield key, Decimal(micros(str(value)))
        elif key in _SENSOR_WORDS:
            yield key, _word(_SENSOR_WORDS[key], value, names)
        elif isinstance(value, bool):
            yield key, "true" if value else "false"
        elif isinstance(value, Decimal):
            yield key, value
        else:
            yield key, str(value) if key in _AS_WRITTEN else canonical_text(str(value), names)


def _word(vocabulary: Vocabulary, value: Json, names: Names) -> str:
    return vocabulary.word(canonical_text(str(value), names)) if value else ""


def _words(vocabulary: Vocabulary, value: Json, names: Names) -> tuple[str, ...]:
    return tuple(_word(vocabulary, one, names) for one in _list(value))


def _text(value: Json, names: Names) -> str:
    return canonical_text(str(value), names) if value else ""


def _list(value: Json) -> list[Json]:
    """A field that may have several values."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else cast("dict[str, Json]", {})
