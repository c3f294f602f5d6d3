from collections import deque
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.plans import Tree
from fenxiao.plans.periods.inputs import NEVER, build_inputs, micros
from fenxiao.plans.trees.placement import Place, Placed, PlacementTree, Spill, place
from libs.sdk.tests.plans.shop import PERIOD, START, day, faults, placed, tree

Legs = dict[str, list[str | None]]


def fill(width: int, spill: Spill, count: int) -> PlacementTree:
    """`0` at the top, the others brought by it."""
    result = placed(width, {"0": None})
    for n in range(1, count):
        result.put(str(n), place(result, "0", spill), START)
    return result


def parents(result: PlacementTree) -> list[tuple[str, int]]:
    return [(one.parent, one.leg) for one in result if one.parent is not None]


def test_a_matrix_fills_level_by_level_from_left_to_right():
    assert parents(fill(3, Spill.BALANCED, 8)) == [
        ("0", 0), ("0", 1), ("0", 2), ("1", 0), ("1", 1), ("1", 2), ("2", 0)
    ]  # fmt: skip


def test_the_outer_lines():
    assert parents(fill(2, Spill.LEFT, 4)) == [("0", 0), ("1", 0), ("2", 0)]
    assert parents(fill(3, Spill.RIGHT, 4)) == [("0", 2), ("1", 2), ("2", 2)]


def test_the_weaker_leg_is_the_one_with_fewer_members():
    start = placed(2, {"0": None, "a": ("0", 0), "b": ("0", 1), "c": ("b", 0)})
    assert place(start, "0", Spill.WEAKER) == Place("a", 0)
    start.put("d", Place("a", 1), START)
    assert place(start, "0", Spill.WEAKER) == Place("a", 0)  # of equals the first
    start.put("e", Place("a", 0), START)
    assert place(start, "0", Spill.WEAKER) == Place("b", 1)


def test_a_leg_that_is_chosen_is_followed_outward():
    start = placed(2, {"0": None, "a": ("0", 0), "b": ("0", 1), "c": ("a", 1)})
    for spill in Spill:
        assert place(start, "0", spill, leg=0) == Place("a", 0)
        assert place(start, "a", spill, leg=1) == Place("c", 1)
    assert place(start, "b", Spill.BALANCED, leg=1) == Place("b", 1)


def test_where_members_stand():
    start = placed(2, {"0": None, "a": ("0", 1)})
    assert start.get("a") == Placed("a", "0", 1, START)
    assert start.get("0") == Placed("0", None, -1, START)
    assert start.get("b") is None
    assert ("a" in start, "b" in start, len(start)) == (True, False, 2)


@pytest.mark.parametrize(
    ("member", "where", "at", "reason"),
    [
        ("a", Place("0", 0), START, "ALREADY_PLACED"),
        ("a", None, START, "ALREADY_PLACED"),
        ("x", Place("0", 1), START, "PLACE_TAKEN"),
        ("x", Place("0", 2), START, "LEG_BEYOND_WIDTH"),
        ("x", Place("0", -1), START, "LEG_BEYOND_WIDTH"),
        ("x", Place("y", 0), START, "PARENT_NOT_PLACED"),
        ("x", Place("x", 0), START, "PARENT_NOT_PLACED"),
        ("x", Place("0", 0), day(-1), "PARENT_PLACED_LATER"),
    ],
)
def test_refused_places_change_nothing(member: str, where: Place | None, at: object, reason: str):
    start = placed(2, {"0": None, "a": ("0", 1)})
    before = list(start)
    with pytest.raises(Refusal) as refused:
        start.put(member, where, at)  # pyright: ignore[reportArgumentType] - the table holds datetimes
    assert refused.value.reason == reason
    assert list(start) == before
    assert place(start, "0", Spill.BALANCED) == Place("0", 0)


def test_a_sponsor_without_a_place_and_a_leg_too_many():
    start = placed(2, {"0": None})
    for spill, leg, sponsor, reason in [
        *((spill, None, "x", "SPONSOR_NOT_PLACED") for spill in Spill),
        (Spill.LEFT, 0, "x", "SPONSOR_NOT_PLACED"),
        (Spill.LEFT, 2, "0", "LEG_BEYOND_WIDTH"),
        (Spill.LEFT, -1, "0", "LEG_BEYOND_WIDTH"),
    ]:
        with pytest.raises(Refusal, match=reason):
            place(start, sponsor, spill, leg)


def slow(legs: Legs, sponsor: str, spill: Spill, leg: int | None) -> Place:
    """Where somebody goes, found by looking at the whole tree."""
    width = len(legs[sponsor])
    if leg is None and spill is Spill.BALANCED:
        queue = deque([sponsor])
        while True:
            member = queue.popleft()
            for k, below in enumerate(legs[member]):
                if below is None:
                    return Place(member, k)
                queue.append(below)
    while True:
        if leg is None and spill is Spill.WEAKER:
            sizes = [size(legs, below) for below in legs[sponsor]]
            k = sizes.index(min(sizes))
        else:
            k = leg if leg is not None else 0 if spill is Spill.LEFT else width - 1
        below = legs[sponsor][k]
        if below is None:
            return Place(sponsor, k)
        sponsor = below


def size(legs: Legs, member: str | None) -> int:
    return 0 if member is None else 1 + sum(size(legs, below) for below in legs[member])


@given(st.data(), st.integers(2, 4))
@settings(max_examples=100)
def test_it_finds_the_place_that_a_search_finds(data: st.DataObject, width: int):
    one = PlacementTree(width)
    legs: Legs = {}
    for n in range(data.draw(st.integers(1, 40))):
        member, where = str(n), None
        if legs and data.draw(st.integers(0, 9)):
            sponsor = data.draw(st.sampled_from([*legs]))
            spill = data.draw(st.sampled_from([*Spill]))
            leg = data.draw(st.sampled_from([None, *range(width)]))
            where = place(one, sponsor, spill, leg)
            assert where == slow(legs, sponsor, spill, leg)
            legs[where.parent][where.leg] = member
        one.put(member, where, START)
        legs[member] = [None] * width


def test_the_inputs_of_a_period_hold_who_was_placed_before_its_end():
    members = tree({"0": None, "a": "0", "b": "0", "c": "0"})
    places = placed(2, {"0": None, "b": ("0", 1)}, day(3))
    places.put("c", Place("b", 0), PERIOD.end)
    found = build_inputs(PERIOD, members, [], placement=places).placement
    assert found is not None
    assert list(found.tree.parent) == [-1, -1, 0, -1]
    assert list(found.leg) == [-1, -1, 1, -1]
    assert list(found.since) == [micros(day(3)), NEVER, micros(day(3)), NEVER]
    assert found.width == 2


def test_a_place_for_nobody_is_refused():
    for members, reason in [
        (Tree(), "UNKNOWN_MEMBER"),
        (tree({"0": None}, {"0": START + timedelta(microseconds=1)}), "PLACED_BEFORE_JOINING"),
    ]:
        with pytest.raises(Refusal, match=reason):
            build_inputs(PERIOD, members, [], placement=placed(2, {"0": None}))


BINARY = "- {id: b, type: binary, rate: 10%}"
MATRIX = "- {id: m, type: matrix, levels: [0%, 5%]}"


@pytest.mark.parametrize(
    ("components", "more", "found"),
    [
        (BINARY, "", [("/placement", "MISSING_FIELD")]),
        (MATRIX, "", [("/placement", "MISSING_FIELD")]),
        (BINARY, "placement: {width: 3, spill: weaker}", [("/placement/width", "WRONG_WIDTH")]),
        (MATRIX, "placement: {width: 1, spill: left}", [("/placement/width", "INVALID_WIDTH")]),
        (MATRIX, "placement: {width: 33, spill: left}", [("/placement/width", "INVALID_WIDTH")]),
        (MATRIX, "placement: {width: 3, spill: random}", [("/placement/spill", "INVALID_VALUE")]),
        (MATRIX, "placement: {width: 3}", [("/placement/spill", "MISSING_FIELD")]),
        (MATRIX, "placement: {spill: left}", [("/placement/width", "MISSING_FIELD")]),
    ],
)
def test_what_a_plan_must_say_of_the_tree(components: str, more: str, found: list[tuple[str, str]]):
    assert faults(components, more) == found
