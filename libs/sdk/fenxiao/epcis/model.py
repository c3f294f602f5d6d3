"""EPCIS 2.0 events as pydantic models, strict: nothing is converted, and what the standard does not know is refused.

Fields of others stand under names with a prefix or as URIs (`example:size`), where the standard allows them.
The names of the fields are the standard's own.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from fenxiao.epcis.moments import lacks_offset, to_utc
from fenxiao.epcis.vocabulary import Vocabulary

MOST_URI = 2000
"""Characters of a URI at most."""

# RFC 3986: a scheme, then nothing that would have to be escaped.
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")
# The schema wants standard words bare, and no older spelling of them.
_OLD_CBV = re.compile(r"urn:epcglobal:cbv|https?://ns\.gs1\.org/cbv/")
_OLD_GS1 = re.compile(r"https?://(?:www\.)?gs1\.org/voc/")


def is_uri(text: str) -> bool:
    """Whether a text is an absolute URI (or a compact one), of a length that is taken."""
    return len(text) <= MOST_URI and _URI.fullmatch(text) is not None


def _uri(text: str) -> str:
    if not is_uri(text):
        raise PydanticCustomError(
            "INVALID_URI", "{shown} is not a URI; write one such as urn:epc:id:sgtin:…", _shown(text)
        )
    return text


def _time(text: str) -> str:
    try:
        to_utc(text)
    except ValueError:
        if lacks_offset(text):
            raise PydanticCustomError(
                "MISSING_OFFSET", "{shown} does not say its offset from UTC; add Z or one such as +02:00", _shown(text)
            ) from None
        raise PydanticCustomError(
            "INVALID_TIME", "{shown} is not a time; write one such as 2025-11-03T07:30:00+01:00", _shown(text)
        ) from None
    return text


def _shown(text: str) -> dict[str, Any]:
    return {"shown": repr(text[:80])}


def _word(vocabulary: Vocabulary) -> AfterValidator:
    old = _OLD_GS1 if vocabulary in (Vocabulary.MEASUREMENT, Vocabulary.SENSOR_ALERT) else _OLD_CBV

    def check(text: str) -> str:
        if text in vocabulary.words or (is_uri(text) and not old.match(text)):
            return text
        raise PydanticCustomError(
            "UNKNOWN_WORD",
            "{shown} is not a {label} of CBV 2.0; write the bare word of the standard, or the URI of your own",
            {**_shown(text), "label": vocabulary.label},
        )

    return AfterValidator(check)


def _one_or_many(value: object) -> object:
    return value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType] # checked next


def _once(items: list[str]) -> list[str]:
    if len(set(items)) < len(items):
        raise PydanticCustomError("REPEATED_ITEM", "an item stands twice in the list; keep one of them")
    return items


Uri = Annotated[str, AfterValidator(_uri)]
Time = Annotated[str, AfterValidator(_time)]
Offset = Annotated[str, Field(pattern=r"^[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)$")]
Unit = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3}$")]
Hex = Annotated[str, Field(pattern=r"^[A-Fa-f0-9]+$")]
Disposition = Annotated[str, _word(Vocabulary.DISPOSITION)]
Dispositions = Annotated[list[Disposition], Field(min_length=1), AfterValidator(_once)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class _Open(BaseModel):
    """A part in which others may put fields of their own."""

    model_config = ConfigDict(strict=True, frozen=True, extra="allow")
    closed: ClassVar[bool] = True
    """Whether the names of such fields must be URIs."""

    @model_validator(mode="after")
    def _names_are_uris(self) -> Self:
        if self.closed:
            refuse_names(self.model_extra or ())
        return self


def refuse_names(names: Iterable[str]) -> None:
    """Refuse names of fields that are neither the standard's nor URIs."""
    for name in names:
        if not is_uri(name):
            raise PydanticCustomError(
                "UNKNOWN_FIELD",
                "the standard knows no field {shown} here; look at the spelling, or give your own field a prefix",
                _shown(name),
            )


class Place(_Open):
    """A read point or business location."""

    closed = False

    id: Uri


class QuantityElement(_Part):
    """An amount of a class of goods: of a lot, or of a product."""

    epcClass: Uri
    quantity: Decimal | None = None
    uom: Unit | None = None


class BizTransaction(_Part):
    """A business transaction that the event belongs to: an order, a despatch advice, an invoice."""

    type: Annotated[str, _word(Vocabulary.BIZ_TRANSACTION)] | None = None
    bizTransaction: Uri


class Source(_Part):
    """Where goods come from."""

    type: Annotated[str, _word(Vocabulary.SOURCE_DESTINATION)]
    source: Uri


class Destination(_Part):
    """Where goods go."""

    type: Annotated[str, _word(Vocabulary.SOURCE_DESTINATION)]
    destination: Uri


class PersistentDisposition(_Part):
    """States that hold until they are unset."""

    set: Dispositions | None = None
    unset: Dispositions | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.set is None and self.unset is None:
            raise PydanticCustomError("MISSING_FIELD", "a persistent disposition says what is set or unset")
        return self


class ErrorDeclaration(_Open):
    """That an earlier event, equal to this one but for this declaration, is wrong."""

    declarationTime: Time
    reason: Annotated[str, _word(Vocabulary.ERROR_REASON)] | None = None
    correctiveEventIDs: list[Uri] | None = None


class SensorMetadata(_Open):
    """What all reports of a sensor element have in common."""

    time: Time | None = None
    startTime: Time | None = None
    endTime: Time | None = None
    deviceID: Uri | None = None
    deviceMetadata: Uri | None = None
    rawData: Uri | None = None
    dataProcessingMethod: Uri | None = None
    bizRules: Uri | None = None


class SensorReport(_Open):
    """One measurement."""

    type: Annotated[str, _word(Vocabulary.MEASUREMENT)]
    exception: Annotated[str, _word(Vocabulary.SENSOR_ALERT)] | None = None
    deviceID: Uri | None = None
    deviceMetadata: Uri | None = None
    rawData: Uri | None = None
    dataProcessingMethod: Uri | None = None
    bizRules: Uri | None = None
    time: Time | None = None
    microorganism: Uri | None = None
    chemicalSubstance: Uri | None = None
    coordinateReferenceSystem: Uri | None = None
    value: Decimal | None = None
    component: Annotated[str, _word(Vocabulary.COMPONENT)] | None = None
    stringValue: str | None = None
    booleanValue: bool | None = None
    hexBinaryValue: Hex | None = None
    uriValue: Uri | None = None
    minValue: Decimal | None = None
    maxValue: Decimal | None = None
    meanValue: Decimal | None = None
    sDev: Decimal | None = None
    percRank: Decimal | None = None
    percValue: Decimal | None = None
    uom: str | None = None


class SensorElement(_Open):
    """Measurements."""

    sensorMetadata: SensorMetadata | None = None
    sensorReport: Annotated[list[SensorReport], Field(min_length=1)]


class Ilmd(_Open):
    """Master data of an instance or lot: best-before date, origin, …."""


class EpcisEvent(_Open):
    """What all kinds of event have in common."""

    context: Annotated[Any, Field(alias="@context")] = None
    eventTime: Time
    eventTimeZoneOffset: Offset
    recordTime: Time | None = None
    eventID: Uri | None = None
    certificationInfo: Annotated[list[Uri], BeforeValidator(_one_or_many)] | None = None
    errorDeclaration: ErrorDeclaration | None = None

    @property
    def event_time(self) -> datetime:
        """When it happened, in UTC, to the microsecond."""
        return to_utc(self.eventTime)


class ObjectEvent(EpcisEvent):
    """Something happened to objects, as such: made, seen, shipped, received, destroyed."""

    type: Literal["ObjectEvent"]
    action: Literal["ADD", "OBSERVE", "DELETE"]
    epcList: Annotated[list[Uri], AfterValidator(_once)] | None = None
    quantityList: list[QuantityElement] | None = None
    bizStep: Annotated[str, _word(Vocabulary.BIZ_STEP)] | None = None
    disposition: Disposition | None = None
    persistentDisposition: PersistentDisposition | None = None
    readPoint: Place | None = None
    bizLocation: Place | None = None
    bizTransactionList: list[BizTransaction] | None = None
    sourceList: list[Source] | None = None
    destinationList: list[Destination] | None = None
    sensorElementList: list[SensorElement] | None = None
    ilmd: Ilmd | None = None

    @model_validator(mode="after")
    def _about_something(self) -> Self:
        sensed = bool(self.sensorElementList) and self.readPoint is not None
        if self.epcList is None and not self.quantityList and not sensed:
            raise PydanticCustomError(
                "NO_OBJECTS",
                "the event names no objects; give epcList, quantityList, or sensorElementList with a readPoint",
            )
        if self.ilmd is not None and self.action != "ADD":
            raise PydanticCustomError(
                "ILMD_NOT_ALLOWED",
                "master data (ilmd) come with the action ADD only; leave them out or mend the action",
            )
        return self

    @property
    def objects(self) -> list[str]:
        """EPCs and EPC classes that it is about, as they are written."""
        classes = (element.epcClass for element in self.quantityList or ())
        return list(dict.fromkeys([*(self.epcList or ()), *classes]))


EVENT_MODELS: dict[str, type[ObjectEvent]] = {"ObjectEvent": ObjectEvent}
"""Kinds of event that are taken."""

OTHER_EVENTS = frozenset({"AggregationEvent", "AssociationEvent", "TransactionEvent", "TransformationEvent"})
"""Kinds of event of the standard that are not taken yet."""


class EpcisHeader(_Open):
    """Master data that a document brings along; kept with nobody."""

    epcisMasterData: dict[str, Any] | None = None


class EpcisDocument(_Open):
    """What stands around the events."""

    context: Annotated[Any, Field(alias="@context")]
    type: Literal["EPCISDocument"]
    id: Uri | None = None
    schemaVersion: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)*$")]
    creationDate: Time
    instanceIdentifier: str | None = None
    sender: str | None = None
    receiver: str | None = None
    epcisHeader: EpcisHeader | None = None
    epcisBody: dict[str, Any]
