"""What an item's events say to somebody who has scanned it: steps, places, times, certificates, temperatures, recalls.

They come as he sees them (`visibility.py`): what he is not to see does not stand in them.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final, NamedTuple

from fenxiao.epcis import Json
from services.traceability.domain.facts import Facts, Space
from services.traceability.domain.links import is_target
from services.traceability.domain.units import to_base

_MASTER_DATA: Final = ("{urn:epcglobal:cbv:mda:}", "{https://ref.gs1.org/cbv/mda/}", "{https://gs1.org/voc/}")
"""Vocabularies of GS1, whose names mean the same with everybody."""
_COUNTRY: Final = "countryOfOrigin"
_DATES: Final = ("bestBeforeDate", "sellByDate", "itemExpirationDate")
_RECALLED: Final = "recalled"
_MOST_CERTIFICATES: Final = 20
_USUAL: Final = {
    ("TransformationEvent", ""): "creating_class_instance",
    ("AggregationEvent", "ADD"): "packing",
    ("AggregationEvent", "DELETE"): "unpacking",
    ("AssociationEvent", "ADD"): "installing",
    ("AssociationEvent", "DELETE"): "removing",
}
"""The step that is meant by an event that names none."""


class Relation(StrEnum):
    """What the thing that a step is about is to the item that was scanned."""

    ITEM = "item"
    LOT = "lot"
    CONTAINER = "container"
    SOURCE = "source"
    """Something that it was made of, or that is in it."""


class Step(NamedTuple):
    """What an event says."""

    time: int
    zone: str
    biz_step: str
    relation: Relation
    place: str
    """As the event names it: shown only by the name that is set for it."""
    event_hash: str
    certificates: tuple[str, ...]
    recalled: bool | None
    """True: it says so; False: it says that it is over; None: it says nothing of it."""
    temperatures: tuple[Fraction, ...]
    """Kelvin."""
    alarms: int
    trace_event: str
    """UUID."""


class MasterData(NamedTuple):
    """What the item's events say of the item itself."""

    countries: tuple[str, ...]
    """Of origin, ISO 3166-1."""
    dates: Mapping[str, str]


def step_of(facts: Facts, fields: Mapping[str, Json], event_hash: str, relation: Relation, trace_event: str) -> Step:
    """What an event says."""
    return Step(
        facts.time,
        facts.zone,
        facts.biz_step or _USUAL.get((facts.kind, facts.action), ""),
        relation,
        facts.read_point or facts.biz_location,
        event_hash,
        certificates_in(fields.get("certificationInfo")),
        _recalled(facts),
        tuple(_temperatures(facts.sensors)),
        sum(1 for report in facts.sensors if report.get("exception") == "ALARM_CONDITION"),
        trace_event,
    )


def certificates_in(value: Json) -> tuple[str, ...]:
    """The certificates that can be looked at."""
    texts = value if isinstance(value, list) else [value]
    links = (text for text in texts if isinstance(text, str) and is_target(text))
    return tuple(dict.fromkeys(links))[:_MOST_CERTIFICATES]


def master_data(events: Iterable[Facts]) -> MasterData:
    """What is said of where it comes from and how long it is good."""
    countries: dict[str, None] = {}
    dates: dict[str, str] = {}
    for facts in events:
        for attribute in facts.attributes:
            if attribute.space is not Space.ILMD or attribute.depth or not isinstance(attribute.value, str):
                continue
            name = next((attribute.name.removeprefix(v) for v in _MASTER_DATA if attribute.name.startswith(v)), "")
            if name == _COUNTRY and len(attribute.value) == 2:
                countries.setdefault(attribute.value.upper())
            elif name in _DATES and len(attribute.value) <= 10:
                dates.setdefault(name, attribute.value)
    return MasterData(tuple(countries), dates)


def is_recalled(steps: Iterable[Step], since: int) -> bool:
    """Whether the newest step behind a moment that says something of it says that it is recalled."""
    said = [step for step in steps if step.recalled is not None and step.time > since]
    return bool(said) and max(said, key=lambda step: step.time).recalled is True


def _recalled(facts: Facts) -> bool | None:
    if facts.disposition == _RECALLED or _RECALLED in facts.set:
        return True
    return False if _RECALLED in facts.unset else None


def _temperatures(reports: Iterable[Mapping[str, str | Decimal]]) -> Iterable[Fraction]:
    for report in reports:
        if report.get("type") != "Temperature":
            continue
        for name in ("value", "minValue", "maxValue"):
            value = report.get(name)
            if isinstance(value, Decimal):
                unit, kelvin = to_base(value, str(report.get("uom", "")))
                if unit == "KEL" and 0 <= kelvin < 10_000:
                    yield kelvin
