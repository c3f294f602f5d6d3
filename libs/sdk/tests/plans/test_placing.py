"""Where somebody goes who may ask for a place, what is taken back, and the tree as it was known."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.plans.trees.placement import Place, Placed, PlacementRules, PlacementTree, Spill, place
from fenxiao.plans.trees.placing import Told, Wish, choose, earliest, tree_as_known
from libs.sdk.tests.plans.shop import START, day, placed

TREE = {"0": None, "a": ("0", 0), "b": ("0", 1), "c": ("a", 1)}


@pytest.mark.parametrize(
    ("sponsor", "wish", "expected"),
    [
        (None, Wish(), None),
        ("0", Wish(), Place("a", 0)),
        ("0", Wish(leg=0), Place("a", 0)),
        ("0", Wish(leg=1), Place("b", 1)),
        ("b", Wish("a", 0), Place("a", 0)),
        ("b", Wish("a", 1), Place("a", 1)),  # taken: `check` says so
        ("b", Wish("a"), Place("a", 0)),
        (None, Wish("c"), Place("c", 0)),
        ("stranger", Wish("c", 1), Place("c", 1)),
    ],
)
def test_wishes(sponsor: str | None, wish: Wish, expected: Place | None) -> None:
    assert choose(placed(2, TREE), Spill.BALANCED, sponsor, wish) == expected


@pytest.mark.parametrize(
    ("sponsor", "wish", "reason"),
    [
        (None, Wish(leg=0), "LEG_WITHOUT_SPONSOR"),
        ("x", Wish(), "SPONSOR_NOT_PLACED"),
        ("x", Wish(leg=1), "SPONSOR_NOT_PLACED"),
        ("0", Wish("x"), "PARENT_NOT_PLACED"),
        ("0", Wish(leg=2), "LEG_BEYOND_WIDTH"),
    ],
)
def test_wishes_that_cannot_be(sponsor: str | None, wish: Wish, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        choose(placed(2, TREE), Spill.WEAKER, sponsor, wish)


def test_nobody_has_a_place_before_the_parent() -> None:
    tree = placed(2, {"0": None})
    tree.put("a", Place("0", 0), day(5))
    assert earliest(tree, Place("a", 0), day(3)) == day(5)
    assert earliest(tree, Place("a", 0), day(7)) == day(7)
    assert earliest(tree, None, day(3)) == day(3)


@pytest.mark.parametrize(
    ("width", "spill", "reason"),
    [(1, "left", "INVALID_WIDTH"), (33, "left", "INVALID_WIDTH"), (2, "", "INVALID_SPILL")],
)
def test_rules_that_are_none(width: int, spill: str, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        PlacementRules.of(width, spill)


def test_rules_are_those_of_a_document() -> None:
    read = PlacementRules.model_validate_json('{"width": "3", "spill": "weaker"}')
    assert PlacementRules.of(3, "weaker") == read


@settings(max_examples=60)
@given(st.data(), st.integers(2, 4), st.sampled_from(Spill))
def test_what_is_taken_back_was_never_there(data: st.DataObject, width: int, spill: Spill) -> None:
    """After any puts and takings back, everybody finds the same places as in a tree that was only put to."""
    tree = PlacementTree(width)
    kept: list[tuple[str, Place | None]] = []
    for number in range(data.draw(st.integers(1, 40))):
        if kept and data.draw(st.integers(0, 2)) == 0:
            assert tree.take_back() == kept.pop()[0]
            continue
        spot = None
        if kept and data.draw(st.integers(0, 9)):
            sponsor = data.draw(st.sampled_from([member for member, _ in kept]))
            leg = data.draw(st.none() | st.integers(0, width - 1))
            spot = place(tree, sponsor, spill, leg)
        tree.put(str(number), spot, START)
        kept.append((str(number), spot))
    fresh = PlacementTree(width)
    for member, spot in kept:
        fresh.put(member, spot, START)
    assert list(tree) == list(fresh)
    for member, _ in kept:
        for how in Spill:
            assert place(tree, member, how) == place(fresh, member, how)
        for leg in range(width):
            assert place(tree, member, spill, leg) == place(fresh, member, spill, leg)


def told(member: str, parent: str | None, leg: int, position: int, enrolled: int, at: datetime = START) -> Told:
    return Told(Placed(member, parent, leg, at), position, enrolled)


def test_the_tree_as_it_was_known() -> None:
    places = [
        told("0", None, -1, 2, 1),
        told("a", "0", 0, 4, 3),
        told("b", "0", 1, 8, 5),  # enrolled early, placed after the cut
        told("c", "a", 0, 10, 9),  # enrolled after the cut
        told("d", "b", 0, 12, 11),  # the same, below somebody who had no place then
        told("e", "c", 1, 14, 13),
        told("f", "a", 1, 16, 15),
    ]
    assert [one.member for one in tree_as_known(2, places, 6, 14)] == ["0", "a", "c", "e"]
    assert [one.member for one in tree_as_known(2, places, 6, 6)] == ["0", "a"]
    assert [one.member for one in tree_as_known(2, places, 16, 16)] == list("0abcdef")
