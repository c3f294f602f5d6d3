"""The map of a journey."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.traceability.pages.outline import outline
from services.traceability.pages.world import WIDTH, draw

MILAN, FLORENCE, SHANGHAI, SEATTLE = (9.19, 45.46), (11.25, 43.77), (121.5, 31.2), (-122.3, 47.6)


def numbers(path: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?[0-9.]+", path)]


def test_places_of_a_journey() -> None:
    drawn = draw([(1, FLORENCE), (2, FLORENCE), (3, MILAN), (5, FLORENCE)])
    assert drawn is not None
    assert [stop.label for stop in drawn.stops] == ["1,2,5", "3"]
    florence, milan = drawn.stops
    assert milan.x < florence.x
    assert milan.y < florence.y, "north is up"
    assert drawn.way.count("L") == 2
    assert drawn.land.startswith("M")


def test_one_place_and_none() -> None:
    assert draw([]) is None
    drawn = draw([(1, MILAN), (2, MILAN), (3, MILAN)])
    assert drawn is not None
    assert (drawn.way, [stop.label for stop in drawn.stops]) == ("", ["1-3"])


def test_the_short_way_over_the_pacific() -> None:
    drawn = draw([(1, SHANGHAI), (2, SEATTLE)])
    assert drawn is not None
    shanghai, seattle = drawn.stops
    assert shanghai.x < seattle.x
    assert drawn.land


def test_land_and_sea_lie_where_they_are() -> None:
    """Around Florence there is land to the north, and the sea to the west of it."""
    drawn = draw([(1, FLORENCE)])
    assert drawn is not None
    (stop,) = drawn.stops

    def on_land(x: float, y: float) -> bool:
        inside = False
        for ring in drawn.land.split("Z"):
            values = numbers(ring)
            points = list(zip(values[::2], values[1::2], strict=True))
            for (ax, ay), (bx, by) in zip(points, [*points[1:], *points[:1]], strict=True):
                if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                    inside = not inside
        return inside

    degree = drawn.height / 24
    assert on_land(stop.x, stop.y - 4 * degree), "the Alps"
    assert not on_land(stop.x - 1.9 * degree, stop.y + 0.3 * degree), "the Ligurian Sea"


_point = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


@settings(max_examples=60, deadline=None)
@given(st.lists(_point, min_size=1, max_size=30))
def test_wherever_places_are_they_are_on_the_map(points: list[tuple[float, float]]) -> None:
    drawn = draw([*enumerate(points, 1)])
    assert drawn is not None
    assert 0 < drawn.height < 20 * WIDTH
    for stop in drawn.stops:
        assert 0 <= stop.x <= drawn.width
        assert 0 <= stop.y <= drawn.height
    assert all(-1 <= number <= max(drawn.width, drawn.height) + 1 for number in numbers(drawn.land + drawn.way))
    assert len(drawn.land) < 120_000


def test_the_outline_is_made_of_shapes() -> None:
    antarctica = [[0, 0], [360, 0], [0, 5], [-360, 0]]
    topology = {
        "transform": {"scale": [1, 1], "translate": [-180, -90]},
        "arcs": [[[170, 90], [20, 0], [0, 10]], [[190, 100], [-20, 0], [0, -10]], antarctica],
        "objects": {"land": {"geometries": [
            {"type": "MultiPolygon", "arcs": [[[0, 1]], [[2]]]},
        ]}},
    }  # fmt: skip
    assert outline(topology) == "-100,0 200,0 0,100 -200,0 0,-100\n", "Antarctica is left out"


@pytest.mark.parametrize("places", [[(1, (0.0, 89.9))], [(1, (0.0, -89.9)), (2, (179.9, 89.9))]])
def test_the_poles(places: list[tuple[int, tuple[float, float]]]) -> None:
    assert draw(places) is not None
