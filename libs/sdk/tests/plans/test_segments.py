"""The sponsors over a period: each segment's tree, made of that at the end, is the one that stood then."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.plans import Tree
from fenxiao.plans.periods.columns import Arrays, Frame, Lists
from fenxiao.plans.periods.inputs import Sold, build_inputs
from libs.sdk.tests.plans.shop import PERIOD, busy_shops, chain, day, sale


def moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros // 10**6, UTC)


@settings(max_examples=100, deadline=None)
@given(busy_shops, st.sampled_from([Lists(), Arrays()]))
def test_each_segment_has_the_tree_of_its_time(shop: tuple[Tree, list[Sold], dict[str, str]], frame: Frame):
    tree, sales, _ = shop
    inputs = build_inputs(PERIOD, tree, sales, frame=frame)
    number = {None: -1, **{member: i for i, member in enumerate(inputs.members)}}
    seen: list[int] = []
    for segment in inputs.segments:
        then, above = moment(segment.at), segment.tree
        assert [number[sponsor] for sponsor in tree.sponsors(inputs.members, then)] == list(above.parent)
        assert list(segment.parent) == list(above.parent)
        place = {int(i): k for k, i in enumerate(above.order)}
        assert sorted(place) == list(range(len(inputs.members)))
        assert all(parent < 0 or place[i] < place[int(parent)] for i, parent in enumerate(above.parent))
        ends = {i for i, parent in enumerate(inputs.tree.parent) if parent != above.parent[i]}
        assert segment.elsewhere == {i: above.parent[i] for i in ends}
        for k in range(segment.first, segment.last):
            at, seller = moment(int(inputs.sales.at[k])), inputs.members[inputs.sales.member[k]]
            assert number[tree.sponsor(seller, at)] == above.parent[inputs.sales.member[k]]
        seen += range(segment.first, segment.last)
    assert seen == list(range(len(sales)))
    assert list(inputs.segments[-1].parent) == list(inputs.tree.parent)


@pytest.mark.parametrize("frame", [Lists(), Arrays()])
def test_however_many_move_one_tree_is_kept(frame: Frame):
    tree = chain("a", "b", "c")
    for n in range(1, 30):
        tree.change_sponsor("c", "ab"[n % 2], day(n))
    inputs = build_inputs(PERIOD, tree, [sale("c", 10, day(n, 1)) for n in range(30)], frame=frame)
    assert len(inputs.segments) == 30
    assert all(segment.end is inputs.tree for segment in inputs.segments)
    assert [segment.parent[2] for segment in inputs.segments] == [1, *(n % 2 for n in range(1, 30))]


def test_who_moves_is_told_with_the_sponsor_before():
    tree = chain("a", "b", "c")
    tree.change_sponsor("c", "a", day(5))
    tree.change_sponsor("c", None, day(40))
    assert tree.moves(PERIOD.start, PERIOD.end) == {"c": [(PERIOD.start, "b"), (day(5), "a")]}
    assert tree.moves(day(5), PERIOD.end) == {}
    assert tree.moves(day(6), day(50)) == {"c": [(day(6), "a"), (day(40), None)]}
