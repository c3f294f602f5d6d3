from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Pool
from fenxiao.plans.periods.inputs import Sold
from fenxiao.plans.periods.parts import divide
from libs.sdk.tests.plans.reference.ground import shared
from libs.sdk.tests.plans.reference.pool import pool
from libs.sdk.tests.plans.shop import PERIOD, chain, faults, own, paid, plan, rankings, rate, sale, shops, tree

RANKS = "ranks: [{id: silver}, {id: gold}]"
POINTS = "- {id: p, type: pool, share: 10%, by: volume, volume: {measure: points}}"
EQUAL = "- {id: p, type: pool, share: 10%, by: equal}"
RANK = "- {id: p, type: pool, share: 10%, by: rank, by_rank: [{rank: silver, shares: 1}, {rank: gold, shares: 2.5}]}"


def test_the_parts_sum_to_the_pool_exactly():
    # pool 10 % of 133,200; shares 1050, 750, 3150, 1050, 750 → sums to 13,320.00 exactly
    shares = dict(zip("abcde", (1050, 750, 3150, 1050, 750), strict=True))
    sales = [sale(member, 26_640, points=points) for member, points in shares.items()]
    rated = rate(plan(POINTS), tree(dict.fromkeys("abcde")), sales)
    assert paid(rated) == {"a": 2072, "b": 1480, "c": 6216, "d": 2072, "e": 1480}
    assert sum(paid(rated).values()) == Decimal("13320.00")
    line = next(iter(rated.written()))
    assert (line.base, line.rate, line.rule) == (13_320, Decimal("0.155555555555"), "/components/0/share")


def test_what_is_left_over_goes_to_who_lost_most_and_of_equals_to_who_joined_first():
    assert paid(rate(plan(EQUAL), tree(dict.fromkeys("abc")), [sale("c", 1)])) == {
        "a": Decimal("0.04"),
        "b": Decimal("0.03"),
        "c": Decimal("0.03"),
    }
    assert divide(10, [1, 1, 4]) == [2, 2, 6]  # 1.67, 1.67, 6.67
    assert divide(1, [1, 2]) == [0, 1]


def test_the_pool_is_rounded_by_the_plans_mode_first():
    for mode, cents in (("up", 2), ("down", 1), ("half_up", 2), ("half_down", 1)):
        rated = rate(plan(EQUAL, f"rounding: {mode}"), chain("a"), [sale("a", "0.15")])
        assert paid(rated) == {"a": Decimal(cents).scaleb(-2)}


def test_shares_by_rank():
    ranks = {"a": "gold", "b": "silver"}
    rated = rate(plan(RANK, RANKS), tree(dict.fromkeys("abc")), [sale("c", 70)], ranks=ranks)
    assert paid(rated) == {"a": 5, "b": 2}
    assert [line.rule for line in rated.written()] == [
        "/components/0/by_rank/1/shares",
        "/components/0/by_rank/0/shares",
    ]


def test_shares_by_group_volume():
    group = POINTS.replace("points}", "amount, whose: group}")
    assert paid(rate(plan(group), chain("a", "b"), [sale("b", 100), sale("a", 100)])) == {
        "a": Decimal("13.33"),
        "b": Decimal("6.67"),
    }


def test_only_who_qualifies_has_a_share():
    active = EQUAL.replace("}", ", qualify: {active: {sales: 1}}}")
    assert paid(rate(plan(active), tree(dict.fromkeys("abc")), [sale("a", 10), sale("b", 10)])) == {"a": 1, "b": 1}


def test_nothing_is_paid_where_nobody_qualifies_or_nothing_was_sold():
    nobody = EQUAL.replace("}", ", qualify: {active: {sales: 5}}}")
    assert paid(rate(plan(nobody), chain("a"), [sale("a", 10)])) == {}
    assert paid(rate(plan(EQUAL), chain("a"), [sale("a", 10), sale("a", -20)])) == {}
    assert paid(rate(plan(EQUAL), chain("a"), [])) == {}
    assert paid(rate(plan(RANK, RANKS), chain("a"), [sale("a", 10)])) == {}


def test_a_volume_below_nothing_is_no_share():
    own_volume = POINTS.replace("points", "amount")
    assert paid(rate(plan(own_volume), tree(dict.fromkeys("ab")), [sale("a", 100), sale("b", -10)])) == {"a": 9}


def test_faults():
    assert faults(EQUAL.replace("}", ", caps: {sale: 1}}")) == [("/components/0/caps/sale", "UNUSED_FIELD")]
    assert faults(EQUAL.replace("equal", "volume")) == [("/components/0/volume", "MISSING_FIELD")]
    assert faults(EQUAL.replace("equal", "rank")) == [("/components/0/by_rank", "MISSING_FIELD")]
    assert faults(POINTS.replace("by: volume", "by: equal")) == [("/components/0/volume", "UNUSED_FIELD")]
    assert faults(RANK.replace("by: rank", "by: equal"), RANKS) == [("/components/0/by_rank", "UNUSED_FIELD")]
    assert faults(RANK, "ranks: [{id: gold}]") == [("/components/0/by_rank/0/rank", "UNKNOWN_RANK")]
    assert faults(RANK, "ranks: [{id: gold}, {id: silver}]") == [
        ("/components/0/by_rank/1/rank", "RANKS_NOT_ASCENDING")
    ]
    assert faults(RANK.replace("gold", "silver"), RANKS) == [("/components/0/by_rank/1/rank", "RANKS_NOT_ASCENDING")]


PLANS = [
    plan(EQUAL, RANKS),
    plan(RANK, RANKS),
    plan(POINTS.replace("}}", "}, qualify: {rank: silver}}"), RANKS + "\nrounding: down"),
    plan(POINTS.replace("points}", "amount, share: 12.5%, whose: group, channels: [app]}"), RANKS),
    plan(
        EQUAL.replace("}", ", on: {measure: points, share: 7%}, qualify: {active: {volume: 50}}}"),
        RANKS + "\nrounding: half_even",
    ),
]


@pytest.mark.parametrize("one", PLANS)
@given(shop=shops(), ranks=rankings("silver", "gold"))
@settings(max_examples=50, deadline=None)
def test_it_equals_the_reference(one: Plan, shop: tuple[Tree, list[Sold]], ranks: dict[str, str]):
    tree, sales = shop
    [part] = one.components
    assert isinstance(part, Pool)
    rated = rate(one, tree, sales, ranks=own(tree, ranks))
    rows = [(line.member, line.sale, line.level, line.other, line.rule, line.amount_minor) for line in rated.written()]
    assert rows == pool(one, part, tree, sales, own(tree, ranks), PERIOD)


@given(whole=st.integers(-1000, 1000), weights=st.lists(st.integers(-50, 100), min_size=1).filter(lambda w: sum(w) > 0))
def test_parts_sum_to_the_whole(whole: int, weights: list[int]):
    parts = divide(whole, weights)
    assert sum(parts) == whole
    assert parts == shared(whole, [Fraction(weight) for weight in weights])
    assert all(
        abs(part - Fraction(whole * weight, sum(weights))) < 1 for part, weight in zip(parts, weights, strict=True)
    )
