"""What follows from the observations of one subject: the slow, plain meaning of each kind of rule.

Given all observations of a subject, it gives all its findings. Given only those around one of them
(`views/watched.py`), it gives the findings around it: so late events cost no more than early ones.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise

from services.traceability.domain.rules.documents import (
    DwellRule,
    GeofenceRule,
    Rule,
    SensorRule,
    SerialsRule,
    TravelRule,
)
from services.traceability.domain.rules.observations import Finding, Observation
from services.traceability.domain.rules.places import distance_km
from services.traceability.domain.rules.watching import Life

_ENDS = frozenset({Life.SOLD, Life.DESTROYED})


def findings(rule: Rule, observations: Sequence[Observation], as_of: int | None) -> list[Finding]:
    """Every breach of a rule by one subject. Observations stand in their order; time has come to `as_of`."""
    match rule:
        case SensorRule():
            return list(_excursions(rule, observations))
        case GeofenceRule():
            return [_outside(one) for one in observations]
        case DwellRule():
            return list(_stays(rule, observations, as_of))
        case TravelRule():
            return [found for one, other in pairwise(observations) if (found := _journey(rule, one, other))]
        case SerialsRule():
            return [*_twice(rule, observations), *_after_end(rule, observations)]


def _runs(observations: Sequence[Observation]) -> Iterator[tuple[list[Observation], Observation | None]]:
    """What was so without a break, and the observation that ended it."""
    run: list[Observation] = []
    for one in observations:
        if one.state:
            run.append(one)
        elif run:
            yield run, one
            run = []
    if run:
        yield run, None


def _excursions(rule: SensorRule, observations: Sequence[Observation]) -> Iterator[Finding]:
    for run, _ in _runs(observations):
        first = run[0]
        for one in run:
            lasted = one.end - first.start
            if lasted > rule.tolerated or not rule.tolerated:
                yield Finding(
                    first,
                    (one,),
                    f"{rule.measured} {one.value}: outside its limits for {duration(lasted)}"
                    f" ({duration(rule.tolerated)} is tolerated)",
                    f"{rule.measured} {one.value}：超出限值 {duration(lasted)}（允许 {duration(rule.tolerated)}）",
                )
                break


def _outside(one: Observation) -> Finding:
    return Finding(one, (), f"{one.value} is outside the geofence", f"{one.value} 不在地理围栏内")


def _stays(rule: DwellRule, observations: Sequence[Observation], as_of: int | None) -> Iterator[Finding]:
    longest = duration(rule.longest)
    for run, left in _runs(observations):
        first = run[0]
        shown = next((one for one in (*run, left) if one and one.start - first.start > rule.longest), None)
        if shown is None and (left is not None or as_of is None or as_of - first.start <= rule.longest):
            continue
        yield Finding(
            first,
            (shown,) if shown else (),
            f"{first.value}: stayed longer than {longest}",
            f"{first.value}：停留超过 {longest}",
        )


def _journey(rule: TravelRule, one: Observation, other: Observation) -> Finding | None:
    away = distance_km(one.coordinates, other.coordinates) if one.coordinates and other.coordinates else None
    if one.place == other.place and (away is None or away <= rule.slack_km):
        return None
    if away is not None and away <= rule.slack_km:
        return None
    took = other.start - one.start
    fast = away is not None and rule.fastest_kmh is not None and away * 3_600e6 > rule.fastest_kmh * took
    # Readings on the way have coordinates and may have no place.
    named = bool(one.place and other.place and one.place != other.place)
    soon = rule.within is not None and named and took <= rule.within
    if not fast and not soon:
        return None
    far = f" ({away:.0f} km)" if away is not None else ""
    return Finding(
        one,
        (other,),
        f"Seen at {one.value} and {duration(took)} later at {other.value}{far}",
        f"先出现在 {one.value}，{duration(took)} 后出现在 {other.value}{far}",
    )


def _twice(rule: SerialsRule, observations: Sequence[Observation]) -> Iterator[Finding]:
    if rule.commissioned_twice:
        made = [one for one in observations if one.state == Life.COMMISSIONED]
        for one, other in pairwise(made):
            yield Finding(one, (other,), "Commissioned a second time", "重复赋码")


def _after_end(rule: SerialsRule, observations: Sequence[Observation]) -> Iterator[Finding]:
    if not rule.seen_after_end:
        return
    for number, end in enumerate(observations):
        if end.state not in _ENDS:
            continue
        after = next((one for one in observations[number + 1 :] if one.start > end.start), None)
        if after is None:
            continue
        if end.state == Life.SOLD and after.state not in {Life.RETURNED, Life.DESTROYED}:
            yield Finding(end, (after,), "Seen after it was sold to a consumer", "售出后再次出现")
        if end.state == Life.DESTROYED and after.state != Life.DESTROYED:
            yield Finding(end, (after,), "Seen after it was destroyed", "销毁后再次出现")


def duration(micros: int) -> str:
    """A duration as people read it."""
    return str(timedelta(seconds=abs(micros) // 1_000_000))
