"""Where an event happened: by the identifier of a place, and by coordinates."""

import math
import re
from decimal import Decimal
from typing import Final

from services.traceability.domain.facts import Facts
from services.traceability.domain.rules.observations import Coordinates

_GEO: Final = re.compile(r"geo:([+-]?[0-9]{1,2}(?:\.[0-9]{1,15})?),([+-]?[0-9]{1,3}(?:\.[0-9]{1,15})?)(?:[,;].*)?")
_EARTH_KM: Final = 6371.0088


def place_of(facts: Facts) -> str:
    """Where an event happened; empty if it does not say."""
    return facts.read_point or facts.biz_location


def coordinates_of(facts: Facts) -> Coordinates | None:
    """Latitude and longitude: from sensors, else of a place given as `geo:` URI (RFC 5870)."""
    found: dict[str, Decimal] = {}
    for report in facts.sensors:
        component, value = report.get("component"), report.get("value")
        if component in ("latitude", "longitude") and isinstance(value, Decimal):
            found.setdefault(str(component), value)
    if len(found) == 2:
        return _valid(float(found["latitude"]), float(found["longitude"]))
    for place in (facts.read_point, facts.biz_location):
        if match := _GEO.fullmatch(place):
            return _valid(float(match[1]), float(match[2]))
    return None


def _valid(latitude: float, longitude: float) -> Coordinates | None:
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def distance_km(one: Coordinates, other: Coordinates) -> float:
    """The distance along a great circle, over a sphere: 0.5 % wrong at most."""
    (a, b), (c, d) = (map(math.radians, point) for point in (one, other))
    half = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def inside(point: Coordinates, corners: list[Coordinates]) -> bool:
    """Whether a point lies in a polygon on the map of latitude and longitude, which does not cross the date line."""
    y, x = point
    result = False
    for (y1, x1), (y2, x2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            result = not result
    return result
