"""EPCIS 2.0 events (ISO/IEC 19987, 7.4) as typed values. `typed.make_event` makes them from what
is valid; nothing is checked here.

The names of the fields are the standard's own. Fields of others, under any namespace and nested as they like, stand in
`extensions` of the part that they were in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from fenxiao.epcis.moments import to_utc
from fenxiao.epcis.strict_json import Json

NOTHING: Final[Mapping[str, Json]] = MappingProxyType({})


def _nothing() -> Mapping[str, Json]:
    return NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part in which others may put fields of their own."""

    extensions: Mapping[str, Json] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place(Part):
    """A read point or business location."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityElement(Part):
    """An amount of a class of goods: of a lot, or of a product."""

    epcClass: str
    quantity: Decimal | None = None
    uom: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BizTransaction(Part):
    """A business transaction that the event belongs to: an order, a despatch advice, an invoice."""

    bizTransaction: str
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Part):
    """Where goods come from."""

    type: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination(Part):
    """Where goods go."""

    type: str
    destination: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersistentDisposition(Part):
    """States that hold until they are unset."""

    set: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDeclaration(Part):
    """That an earlier event, equal to this one but for this declaration, is wrong."""

    declarationTime: str
    reason: str | None = None
    correctiveEventIDs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorMetadata(Part):
    """What all reports of a sensor element have in common."""

    time: str | None = None
    startTime: str | None = None
    endTime: str | None = None
    deviceID: str | None = None
    deviceMetadata: str | None = None
    rawData: str | None = None
    dataProcessingMethod: str | None = None
    bizRules: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorReport(Part):
    """One measurement."""

    type: str
    exception: str | None = None
    deviceID: str | None = None
    deviceMetadata: str | None = None
    rawData: str | None = None
    dataProcessingMethod: str | None = None
    bizRules: str | None = None
    time: str | None = None
    microorganism: str | None = None
    chemicalSubstance: str | None = None
    coordinateReferenceSystem: str | None = None
    value: Decimal | None = None
    component: str | None = None
    stringValue: str | None = None
    booleanValue: bool | None = None
    hexBinaryValue: str | None = None
    uriValue: str | None = None
    minValue: Decimal | None = None
    maxValue: Decimal | None = None
    meanValue: Decimal | None = None
    sDev: Decimal | None = None
    percRank: Decimal | None = None
    percValue: Decimal | None = None
    uom: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorElement(Part):
    """Measurements, and what they have in common."""

    sensorReport: tuple[SensorReport, ...]
    sensorMetadata: SensorMetadata | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EpcisEvent(Part):
    """What all kinds of event have in common; events of somebody's own type have this only."""

    type: str
    eventTime: str
    eventTimeZoneOffset: str
    recordTime: str | None = None
    eventID: str | None = None
    certificationInfo: tuple[str, ...] = ()
    errorDeclaration: ErrorDeclaration | None = None

    @property
    def event_time(self) -> datetime:
        """When it happened, in UTC, to the microsecond."""
        return to_utc(self.eventTime)

    @property
    def objects(self) -> list[str]:
        """EPCs and EPC classes that it is about, as they are written, each once."""
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class _StandardEvent(EpcisEvent):
    bizStep: str | None = None
    disposition: str | None = None
    persistentDisposition: PersistentDisposition | None = None
    readPoint: Place | None = None
    bizLocation: Place | None = None
    bizTransactionList: tuple[BizTransaction, ...] = ()
    sourceList: tuple[Source, ...] = ()
    destinationList: tuple[Destination, ...] = ()
    sensorElementList: tuple[SensorElement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectEvent(_StandardEvent):
    """Something happened to objects, as such: made, seen, shipped, received, destroyed."""

    action: str
    epcList: tuple[str, ...] = ()
    quantityList: tuple[QuantityElement, ...] = ()
    ilmd: Mapping[str, Json] = field(default_factory=_nothing)
    """Master data of an instance or lot: best-before date, origin, …."""

    @property
    def objects(self) -> list[str]:
        """EPCs and EPC classes that it is about, as they are written, each once."""
        return _each_once(self.epcList, self.quantityList)


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregationEvent(_StandardEvent):
    """Objects were packed into another or taken out; without children, all of them were."""

    action: str
    parentID: str | None = None
    childEPCs: tuple[str, ...] = ()
    childQuantityList: tuple[QuantityElement, ...] = ()

    @property
    def objects(self) -> list[str]:
        """EPCs and EPC classes that it is about, as they are written, each once: the parent, then the children."""
        return _each_once([self.parentID] if self.parentID else [], self.childEPCs, self.childQuantityList)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationEvent(AggregationEvent):
    """Objects were mounted on another, or on a place, for good or for long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionEvent(_StandardEvent):
    """Objects became part of business transactions, or no longer are."""

    action: str
    parentID: str | None = None
    epcList: tuple[str, ...] = ()
    quantityList: tuple[QuantityElement, ...] = ()

    @property
    def objects(self) -> list[str]:
        """EPCs and EPC classes that it is about, as they are written, each once."""
        return _each_once([self.parentID] if self.parentID else [], self.epcList, self.quantityList)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformationEvent(_StandardEvent):
    """Objects were used up, and others came of them."""

    inputEPCList: tuple[str, ...] = ()
    inputQuantityList: tuple[QuantityElement, ...] = ()
    outputEPCList: tuple[str, ...] = ()
    outputQuantityList: tuple[QuantityElement, ...] = ()
    transformationID: str | None = None
    ilmd: Mapping[str, Json] = field(default_factory=_nothing)

    @property
    def objects(self) -> list[str]:
        """EPCs and EPC classes that it is about, as they are written, each once: what went in, then what came out."""
        return _each_once(self.inputEPCList, self.inputQuantityList, self.outputEPCList, self.outputQuantityList)


EVENT_MODELS: Final[dict[str, type[EpcisEvent]]] = {
    model.__name__: model
    for model in (ObjectEvent, AggregationEvent, AssociationEvent, TransactionEvent, TransformationEvent)
}
"""The types of event of the standard."""


def _each_once(*lists: Iterable[str | QuantityElement]) -> list[str]:
    return list(dict.fromkeys(item if isinstance(item, str) else item.epcClass for items in lists for item in items))
