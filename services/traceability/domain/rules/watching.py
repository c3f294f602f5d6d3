"""What each kind of rule notes of an event."""

from collections.abc import Iterator
from decimal import Decimal
from enum import IntEnum
from typing import Final

from fenxiao.money import plain
from services.traceability.domain.facts import Facts, Item, Role
from services.traceability.domain.rules.documents import (
    Applies,
    Area,
    Bound,
    Circle,
    DwellRule,
    GeofenceRule,
    Rule,
    SensorRule,
    SerialsRule,
    TravelRule,
)
from services.traceability.domain.rules.observations import Coordinates, Observation, merged
from services.traceability.domain.rules.places import coordinates_of, distance_km, inside, place_of
from services.traceability.domain.terms import places_above, wider_classes
from services.traceability.domain.units import to_base

Noted = list[tuple[str, Observation]]
"""Subjects, and what is noted of them."""


class Life(IntEnum):
    """What an event says of an object's life."""

    SEEN = 0
    COMMISSIONED = 1
    SOLD = 2
    """To a consumer."""
    DESTROYED = 3
    RETURNED = 4


_DESTROYING: Final = frozenset({"destroying", "decommissioning", "killing"})
_HERE: Final = frozenset({Role.EPC, Role.PARENT, Role.CHILD, Role.OUTPUT})


def observe(rule: Rule, event_hash: str, facts: Facts) -> Noted:
    """What a rule notes of an event that is not declared erroneous; empty where it does not apply."""
    if facts.declaration is not None or not _applies(rule, facts):
        return []
    match rule:
        case SensorRule():
            return merged(list(_sensed(rule, event_hash, facts)))
        case GeofenceRule():
            return list(_fenced(rule, event_hash, facts))
        case DwellRule():
            return merged(list(_dwelt(rule, event_hash, facts)))
        case TravelRule():
            return merged(list(_travelled(rule, event_hash, facts)))
        case SerialsRule():
            return merged(list(_lived(rule, event_hash, facts)))


def items_of(rule: Rule, facts: Facts) -> list[Item]:
    """The items of an event to which a rule applies."""
    products = frozenset(rule.applies.products)
    items = (item for item in facts.items if item.role in _HERE)
    return [item for item in items if not products or item.id in products or products & {*wider_classes(item.id)}]


def _applies(rule: Rule, facts: Facts) -> bool:
    """Whether an event is one that the rule looks at, by its place and step.

    What a rule over a stay or an object's life needs to know happens elsewhere too: it looks at everything.
    """
    if isinstance(rule, DwellRule):
        return True
    applies: Applies = rule.applies
    if applies.steps and facts.biz_step not in applies.steps:
        return False
    here = {wider for place in (facts.read_point, facts.biz_location) for wider in places_above(place)}
    return not applies.places or bool(here & set(applies.places))


# --- sensors


def _sensed(rule: SensorRule, event_hash: str, facts: Facts) -> Iterator[tuple[str, Observation]]:
    place = place_of(facts)
    subjects = dict.fromkeys(item.id for item in items_of(rule, facts))
    if not subjects and not rule.applies.products and place:
        subjects = {place: None}
    for report in facts.sensors:
        if not subjects or report.get("type") != rule.measured:
            continue
        outside = _outside(rule, report)
        if outside is None:
            continue
        start = _time(report, "startTime", _time(report, "time", facts.time))
        end = max(start, _time(report, "endTime", start))
        value = f"{outside[1]} {report.get('uom', '')}".strip()
        for subject in subjects:
            yield subject, Observation(start, event_hash, int(outside[0]), end, place, None, value)


def _outside(rule: SensorRule, report: object) -> tuple[bool, str] | None:
    """Whether a report is outside the limits, and the value that tells; None if it says nothing of them."""
    assert isinstance(report, dict)
    fields: dict[str, str | Decimal] = report  # pyright: ignore[reportUnknownVariableType] # a report of Facts
    unit, told = str(fields.get("uom", "")), ""
    for name in ("value", "meanValue", "minValue", "maxValue"):
        value = fields.get(name)
        if not isinstance(value, Decimal):
            continue
        for bound, sign in ((rule.min, 1), (rule.max, -1)):
            if bound is not None and (distance := _above(value, unit, bound)) is not None:
                if distance * sign < 0:
                    return True, plain(value)
                told = told or plain(value)
    return (False, told) if told else None


def _above(value: Decimal, unit: str, bound: Bound) -> int | None:
    """Below 0, 0 or above 0, as the value is to the bound; None if they cannot be compared."""
    (one, number), (other, limit) = to_base(value, unit), to_base(bound.value, bound.uom)
    return None if one != other else (number > limit) - (number < limit)


def _time(report: object, name: str, otherwise: int) -> int:
    assert isinstance(report, dict)
    fields: dict[str, str | Decimal] = report  # pyright: ignore[reportUnknownVariableType] # as above
    value = fields.get(name)
    return int(value) if isinstance(value, Decimal) else otherwise


# --- geofences


def _fenced(rule: GeofenceRule, event_hash: str, facts: Facts) -> Iterator[tuple[str, Observation]]:
    place, at = place_of(facts), coordinates_of(facts)
    here = {wider for one in (facts.read_point, facts.biz_location) for wider in places_above(one)}
    if (rule.applies.products and not items_of(rule, facts)) or not (here or at):
        return
    forbidden = bool(here & set(rule.forbidden_places)) or any(_within(at, area) for area in rule.forbidden_areas)
    # Only what could have shown that it is allowed tells against it: a place where places are listed, coordinates
    # where areas are.
    telling = bool((rule.allowed_places and here) or (rule.allowed_areas and at))
    allowed = bool(here & set(rule.allowed_places)) or any(_within(at, area) for area in rule.allowed_areas)
    if forbidden or (telling and not allowed):
        value = place or (f"{at[0]:g}, {at[1]:g}" if at else "")
        yield event_hash, Observation(facts.time, event_hash, 1, facts.time, place, at, value)


def _within(at: Coordinates | None, area: Area) -> bool:
    if at is None:
        return False
    if isinstance(area, Circle):
        return distance_km(at, area.centre) <= area.radius_km
    return inside(at, list(area.corners))


# --- stays, journeys, lives


def _dwelt(rule: DwellRule, event_hash: str, facts: Facts) -> Iterator[tuple[str, Observation]]:
    # After the event, things are at the business location, where there is one.
    place = facts.biz_location or facts.read_point
    if rule.at:
        if not place:
            return
        state = bool({*places_above(place)} & set(rule.at))
    else:
        if not facts.biz_step:
            return
        state = facts.biz_step in rule.in_steps
    value = place if rule.at else facts.biz_step
    for item in items_of(rule, facts):
        yield item.id, Observation(facts.time, event_hash, int(state), facts.time, place, None, value)


def _travelled(rule: TravelRule, event_hash: str, facts: Facts) -> Iterator[tuple[str, Observation]]:
    place = place_of(facts)
    at = coordinates_of(facts) or next(
        (rule.coordinates[one] for one in places_above(place) if one in rule.coordinates), None
    )
    if not place and at is None:
        return
    value = place or (f"{at[0]:g}, {at[1]:g}" if at else "")
    for item in items_of(rule, facts):
        if not item.is_class:
            yield item.id, Observation(facts.time, event_hash, 0, facts.time, place, at, value)


def _lived(rule: SerialsRule, event_hash: str, facts: Facts) -> Iterator[tuple[str, Observation]]:
    place = place_of(facts)
    for item in items_of(rule, facts):
        if not item.is_class:
            state = _life(facts, item)
            yield item.id, Observation(facts.time, event_hash, int(state), facts.time, place, None, facts.biz_step)


def _life(facts: Facts, item: Item) -> Life:
    if facts.disposition == "returned":
        return Life.RETURNED
    if item.role is Role.OUTPUT or (facts.kind == "ObjectEvent" and facts.action == "ADD"):
        return Life.COMMISSIONED
    if facts.biz_step == "retail_selling" or facts.disposition == "retail_sold":
        return Life.SOLD
    if facts.biz_step in _DESTROYING or (facts.kind == "ObjectEvent" and facts.action == "DELETE"):
        return Life.DESTROYED
    return Life.SEEN
