"""Valid events made typed: from the JSON of `schema` to the classes of `model`."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final, TypeVar, cast

from fenxiao.epcis.model import (
    EVENT_MODELS,
    NOTHING,
    BizTransaction,
    Destination,
    EpcisEvent,
    ErrorDeclaration,
    Part,
    PersistentDisposition,
    Place,
    QuantityElement,
    SensorElement,
    SensorMetadata,
    SensorReport,
    Source,
)
from fenxiao.epcis.strict_json import Json

P = TypeVar("P", bound=Part)


def make_event(event: Mapping[str, Json]) -> EpcisEvent:
    """Make a valid event typed; of a type that is not the standard's, what all have in common."""
    return _make(EVENT_MODELS.get(str(event["type"]), EpcisEvent), event)


def _make(model: type[P], value: Json | Mapping[str, Json]) -> P:
    members = cast("dict[str, Any]", value)
    known, makers = _FIELDS[model], _MAKERS
    own: dict[str, Json] = {}
    made: dict[str, Any] = {}
    for name, item in members.items():
        if name not in known:
            if name != "@context":
                own[name] = item
        elif (maker := makers.get(name)) is not None:
            made[name] = maker(item)
        else:
            made[name] = item
    return model(extensions=own or NOTHING, **made)


def _one(model: type[P]) -> Callable[[Json], P]:
    return lambda value: _make(model, value)


def _many(model: type[P]) -> Callable[[Json], tuple[P, ...]]:
    return lambda value: tuple([_make(model, item) for item in cast("list[Json]", value)])


def _texts(value: Json) -> tuple[Json, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def _persistent(value: Json) -> PersistentDisposition | None:
    # The schema looks at it in some types of event only.
    return _make(PersistentDisposition, value) if isinstance(value, dict) else None


_MAKERS: Final[dict[str, Callable[[Json], Any]]] = {
    "certificationInfo": _texts,
    "epcList": _texts,
    "childEPCs": _texts,
    "inputEPCList": _texts,
    "outputEPCList": _texts,
    "correctiveEventIDs": _texts,
    "set": _texts,
    "unset": _texts,
    "readPoint": _one(Place),
    "bizLocation": _one(Place),
    "errorDeclaration": _one(ErrorDeclaration),
    "persistentDisposition": _persistent,
    "sensorMetadata": _one(SensorMetadata),
    "quantityList": _many(QuantityElement),
    "childQuantityList": _many(QuantityElement),
    "inputQuantityList": _many(QuantityElement),
    "outputQuantityList": _many(QuantityElement),
    "bizTransactionList": _many(BizTransaction),
    "sourceList": _many(Source),
    "destinationList": _many(Destination),
    "sensorElementList": _many(SensorElement),
    "sensorReport": _many(SensorReport),
}
"""Fields that are more than one text or number, by their names, which mean the same wherever they stand."""

_FIELDS: Final[dict[type[Part], frozenset[str]]] = {
    model: frozenset(each.name for each in fields(model)) - {"extensions"}
    for model in (
        *EVENT_MODELS.values(),
        EpcisEvent,
        Place,
        QuantityElement,
        BizTransaction,
        Source,
        Destination,
        PersistentDisposition,
        ErrorDeclaration,
        SensorMetadata,
        SensorReport,
        SensorElement,
    )
}
