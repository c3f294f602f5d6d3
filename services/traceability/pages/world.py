"""The map of a journey: the land around it and the stops, as shapes of an SVG."""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from math import cos, radians
from pathlib import Path
from typing import Final, NamedTuple

WIDTH: Final = 640
"""Of every map, in its own units."""

_LEAST: Final = 24.0
"""Degrees of latitude that are shown at least: the outline is too coarse for less."""
_MARGIN: Final = 0.25
"""Around the stops, as a part of how far they are apart."""
_SOUTH, _NORTH = -58.0, 84.0
_OUTLINE: Final = Path(__file__).with_name("outline.txt")

Point = tuple[float, float]
"""East and north."""


class Box(NamedTuple):
    """A part of the world, in degrees."""

    west: float
    south: float
    east: float
    north: float


class Stop(NamedTuple):
    """A place on the map, in the map's units; places at one point are one stop."""

    x: float
    y: float
    numbers: tuple[int, ...]

    @property
    def label(self) -> str:
        """The numbers of its steps, as few characters as they can be."""
        first, last = self.numbers[0], self.numbers[-1]
        if len(self.numbers) > 1 and last - first == len(self.numbers) - 1:
            return f"{first}-{last}"
        return ",".join(map(str, self.numbers)) if len(self.numbers) <= 3 else f"{first}…{last}"


class Map(NamedTuple):
    """What is drawn."""

    width: int
    height: int
    land: str
    """The `d` of a path."""
    way: str
    """The same of the line from stop to stop."""
    stops: tuple[Stop, ...]


def draw(places: Sequence[tuple[int, Point]]) -> Map | None:
    """The map of numbered places in the order in which they were come to; None if there are none."""
    if not places:
        return None
    places = _unrolled(places)
    box = _box([point for _, point in places])
    middle = (box.south + box.north) / 2
    scale = WIDTH / ((box.east - box.west) * cos(radians(middle)))
    height = round((box.north - box.south) * scale)

    def place(point: Point) -> Point:
        # Equal distances around the middle look equal (equirectangular, standard parallel in the middle).
        return (point[0] - box.west) * cos(radians(middle)) * scale, (box.north - point[1]) * scale

    land = "".join(_path([place(point) for point in cut]) + "Z" for ring in _shifted(box) if (cut := _clip(ring, box)))
    stops: dict[Point, list[int]] = {}
    for number, point in places:
        x, y = place(point)
        stops.setdefault((round(x), round(y)), []).append(number)
    steps = [place(point) for _, point in places]
    way = [steps[0], *(b for a, b in pairwise(steps) if b != a)]
    return Map(
        WIDTH,
        height,
        land,
        _path(way) if len(way) > 1 else "",
        tuple(Stop(x, y, tuple(dict.fromkeys(numbers))) for (x, y), numbers in stops.items()),
    )


def _unrolled(places: Sequence[tuple[int, Point]]) -> list[tuple[int, Point]]:
    """The same with the date line where no way crosses it: every place at most half the world from the one before."""
    found: list[tuple[int, Point]] = []
    for number, (east, north) in places:
        turns = round((found[-1][1][0] - east) / 360) if found else 0
        found.append((number, (east + 360 * turns, north)))
    easts = [east for _, (east, _) in found]
    # Who goes around the world is drawn on one of it.
    return found if max(easts) - min(easts) <= 300 else [*places]


def _box(points: Sequence[Point]) -> Box:
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    tall = max(_LEAST, (north - south) * (1 + 2 * _MARGIN))
    wide = max(1.5 * tall, (east - west) * (1 + 2 * _MARGIN))
    tall = max(tall, wide / 2.2)
    middle = (south + north) / 2
    low = max(_SOUTH, min(middle - tall / 2, _NORTH - tall))
    high = min(_NORTH, low + tall)
    low, high = min(low, south - 2), max(high, north + 2)
    centre = (west + east) / 2
    return Box(centre - wide / 2, low, centre + wide / 2, high)


@cache
def _rings() -> tuple[tuple[Point, ...], ...]:
    rings: list[tuple[Point, ...]] = []
    for line in _OUTLINE.read_text(encoding="ascii").splitlines():
        x = y = 0
        ring: list[Point] = []
        for step in line.split():
            dx, dy = step.split(",")
            x, y = x + int(dx), y + int(dy)
            ring.append((x / 10, y / 10))
        rings.append(tuple(ring))
    return tuple(rings)


def _shifted(box: Box) -> Iterable[Sequence[Point]]:
    """Every ring, as often around the world as the box reaches."""
    turns = range(int(box.west // 360) - 1, int(box.east // 360) + 2)
    for ring in _rings():
        for turn in turns:
            yield [(x + 360 * turn, y) for x, y in ring]


def _clip(ring: Sequence[Point], box: Box) -> list[Point]:
    """The part of a ring that lies in a box (Sutherland and Hodgman)."""
    found = list(ring)
    for axis, bound, sign in ((0, box.west, 1), (0, box.east, -1), (1, box.south, 1), (1, box.north, -1)):
        if not found:
            break
        found = _cut(found, axis, bound, sign)
    return found


def _cut(ring: Sequence[Point], axis: int, bound: float, sign: int) -> list[Point]:
    kept: list[Point] = []
    for a, b in pairwise([ring[-1], *ring]):
        inside_a, inside_b = sign * (a[axis] - bound) >= 0, sign * (b[axis] - bound) >= 0
        if inside_a != inside_b:
            part = (bound - a[axis]) / (b[axis] - a[axis])
            kept.append((a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])))
        if inside_b:
            kept.append(b)
    return kept


def _path(points: Sequence[Point]) -> str:
    rounded = [(round(x), round(y)) for x, y in points]
    kept = [*rounded[:1], *(b for a, b in pairwise(rounded) if b != a)]
    return "M" + "L".join(f"{x} {y}" for x, y in kept)
