"""Makes `outline.txt`, the world's land, of Natural Earth's shapes (public domain): `make map`.

A line is a ring: pairs of longitude and latitude in tenths of a degree, each as the difference to the pair before it.
Land alone and no borders: which are right is not for a map on a bottle to say.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

_SMALLEST: Final = 6
"""Square tenths of a degree: what is smaller is a dot on no screen."""

_SOUTHERNMOST: Final = -600
"""Antarctica is left out: no goods come from there."""

Point = tuple[int, int]


def outline(topology: dict[str, Any]) -> str:
    """The rings of a TopoJSON topology's land."""
    arcs = [_arc(arc, topology["transform"]) for arc in topology["arcs"]]
    rings: list[list[Point]] = []
    for geometry in topology["objects"]["land"]["geometries"]:
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        # Holes are lakes, of which this scale has one; it is left out.
        rings += [_ring(polygon[0], arcs) for polygon in polygons]
    kept = [ring for ring in rings if abs(_area(ring)) >= _SMALLEST and max(y for _, y in ring) > _SOUTHERNMOST]
    return "".join(f"{_line(ring)}\n" for ring in sorted(kept, key=lambda ring: -abs(_area(ring))))


def _arc(deltas: Sequence[Sequence[int]], transform: dict[str, Any]) -> list[Point]:
    (scale_x, scale_y), (move_x, move_y) = transform["scale"], transform["translate"]
    points: list[Point] = []
    x = y = 0
    for dx, dy in deltas:
        x, y = x + dx, y + dy
        points.append((round((x * scale_x + move_x) * 10), round((y * scale_y + move_y) * 10)))
    return points


def _ring(numbers: Sequence[int], arcs: Sequence[list[Point]]) -> list[Point]:
    points: list[Point] = []
    for number in numbers:
        points += arcs[number] if number >= 0 else arcs[~number][::-1]
    # Shapes that the date line cuts are whole here: they go on behind 180 degrees.
    ring = points[:1]
    for x, y in points[1:]:
        point = (x - 3600 * round((x - ring[-1][0]) / 3600), y)
        if point != ring[-1]:
            ring.append(point)
    return ring


def _area(ring: Sequence[Point]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise([*ring, ring[0]])) / 2


def _line(ring: Sequence[Point]) -> str:
    return " ".join(_steps(ring))


def _steps(ring: Sequence[Point]) -> Iterator[str]:
    for (x0, y0), (x1, y1) in pairwise([(0, 0), *ring]):
        yield f"{x1 - x0},{y1 - y0}"


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    target.write_text(outline(json.loads(source.read_text(encoding="utf-8"))), encoding="ascii")
