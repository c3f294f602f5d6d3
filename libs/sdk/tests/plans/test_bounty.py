from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings

from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Bounty
from fenxiao.plans.components.base import Trigger
from fenxiao.plans.periods.inputs import Sold
from fenxiao.plans.periods.rating import RatedPeriod
from libs.sdk.tests.plans.reference.bounty import bounty
from libs.sdk.tests.plans.shop import (
    NEXT,
    PERIOD,
    START,
    chain,
    day,
    faults,
    own,
    paid,
    plan,
    rankings,
    rate,
    sale,
    shops,
    tree,
)

RANKS = "ranks: [{id: silver}, {id: gold}]"
WINDOW = "start: 2010-12-06T00:00:00Z, end: 2011-01-16T00:00:00Z"


def bounty_of(action: str, more: str = "budget: 1000") -> str:
    return f"- {{id: b, type: bounty, {WINDOW}, action: {action}, reward: 50, {more}}}"


def two_periods(one: Plan, tree: Tree, sales: list[Sold], *ranks: dict[str, str]) -> tuple[RatedPeriod, RatedPeriod]:
    """December and January, with what is carried from one to the other."""
    then, now = [*ranks, {}, {}][:2]
    first = rate(one, tree, [sale for sale in sales if sale.occurred_at < PERIOD.end], ranks=own(tree, then))
    later = [sale for sale in sales if sale.occurred_at >= PERIOD.end]
    return first, rate(one, tree, later, ranks=own(tree, now), period=NEXT, carried=first.carry_out)


def test_a_first_sale_in_the_window():
    sales = [
        sale("a", 1, day(4)),
        sale("a", 1, day(5)),
        sale("a", 1, day(6)),
        sale("b", 1, day(31)),
        sale("a", 1, day(32)),
    ]
    first, second = two_periods(plan(bounty_of("first_sale")), chain("a", "b"), sales)
    assert [(line.member, line.sale) for line in first.written()] == [
        ("a", "a 1 06 00:00")
    ]  # the one before is outside
    assert (paid(first), paid(second)) == ({"a": 50}, {"b": 50})
    line = next(iter(first.written()))
    assert (line.base, line.rate, line.exact_amount, line.rule) == (50, 1, 50, "/components/0/reward")


def test_every_third_sale_counted_over_periods():
    sales = [sale("a", 1, day(n)) for n in (6, 7, 8, 9, 31, 32, 45, 46)]  # the last is outside
    first, second = two_periods(plan(bounty_of("sale", "every: 3, budget: 1000")), chain("a"), sales)
    assert [line.sale[-8:-6] for line in (*first.written(), *second.written())] == ["09", "02"]


def test_the_sponsor_of_the_time_is_rewarded_for_a_first_sale():
    members = chain("a", "b", "c")
    members.change_sponsor("c", "a", day(10))
    sales = [sale("c", 1, day(11)), sale("b", 1, day(12)), sale("a", 1, day(13)), sale("c", 1, day(14))]
    rated = rate(plan(bounty_of("referred_first_sale")), members, sales)
    assert [(line.member, line.sale[0], line.level) for line in rated.written()] == [("a", "c", 1), ("a", "b", 1)]


def test_enrolling_alone_earns_nothing():
    members = chain("a", "b", "c")
    members.enrol("d", "c", day(10))
    assert paid(rate(plan(bounty_of("referred_first_sale")), members, [])) == {}


def test_a_rank_is_reached_once():
    one = plan(bounty_of("rank", "rank: silver, budget: 1000"), RANKS)
    first, second = two_periods(one, chain("a", "b", "c"), [], {"a": "gold"}, {"a": "gold", "b": "silver"})
    # January does not end within the window.
    assert (paid(first), paid(second)) == ({"a": 50}, {})
    whole = plan(bounty_of("rank", "rank: silver, budget: 1000").replace("2011-01-16", "2011-02-01"), RANKS)
    first, second = two_periods(whole, chain("a", "b", "c"), [], {"a": "gold"}, {"a": "gold", "b": "silver"})
    assert (paid(first), paid(second)) == ({"a": 50}, {"b": 50})
    back = rate(whole, chain("a"), [], ranks={"a": "silver"}, period=NEXT, carried={"": {0: (0, 1, 0)}})
    assert paid(back) == {}  # demoted in between, and reached before


def test_the_budget_is_paid_out_the_earliest_first():
    sales = [sale(member, 1, day(n)) for member, n in (("c", 6), ("b", 7), ("a", 31))]
    first, second = two_periods(plan(bounty_of("first_sale", "budget: 120")), tree(dict.fromkeys("abc")), sales)
    assert (paid(first), paid(second)) == ({"b": 50, "c": 50}, {"a": 20})
    assert [line.uncapped_minor for line in second.written()] == [50_00]


def test_a_member_is_rewarded_up_to_the_limit():
    sales = [sale("a", 1, day(n)) for n in (6, 7, 31, 32)]
    first, second = two_periods(plan(bounty_of("sale", "limit: 3, budget: 1000")), chain("a"), sales)
    assert (paid(first), paid(second)) == ({"a": 100}, {"a": 50})


def test_a_first_sale_that_came_back_whole_is_none():
    sales = [sale("a", 10, day(6), returned="10"), sale("a", 10, day(7), returned="4"), sale("a", 10, day(8))]
    rated = rate(plan(bounty_of("first_sale")), chain("a"), sales)
    assert [(line.sale[:7], line.amount_minor) for line in rated.written()] == [("a 10 08", 30_00)]
    # A return that names no sale is no action either, and takes none back.
    assert paid(rate(plan(bounty_of("first_sale")), chain("a"), [sale("a", 10, day(6)), sale("a", -10, day(7))])) == {
        "a": 50
    }


def test_newcomers_joined_in_the_window():
    members = tree({"old": None, "early": "old", "new": "old"}, {"early": day(2), "new": day(8)})
    sales = [sale(member, 1, day(9)) for member in ("old", "early", "new")]
    new = plan(bounty_of("first_sale", "budget: 1000, newcomers: true"))
    assert paid(rate(new, members, sales)) == {"new": 50}
    referred = plan(bounty_of("referred_first_sale", "budget: 1000, newcomers: true"))
    assert paid(rate(referred, members, sales)) == {"old": 50}


def test_who_does_not_qualify_uses_nothing_up():
    one = plan(bounty_of("sale", "limit: 1, budget: 50, qualify: {rank: silver}"), RANKS)
    sales = [sale("a", 1, day(6)), sale("b", 1, day(7)), sale("b", 1, day(8))]
    assert paid(rate(one, chain("a", "b"), sales, ranks={"b": "gold"})) == {"b": 50}


def test_nothing_is_carried_out_of_the_window():
    one = plan(bounty_of("first_sale"))
    first, second = two_periods(one, chain("a", "b"), [sale("a", 1, day(6)), sale("b", 1, day(31))])
    assert first.carry_out == {"b": {0: (1, 1, 50_00)}}
    assert second.carry_out == {}
    long_ago = rate(one, chain("a"), [sale("a", 1, day(-60))], period=PERIOD._replace(start=day(-90), end=day(-30)))
    assert (paid(long_ago), long_ago.carry_out) == ({}, {})


def test_what_rule_packs_ask():
    parts = [
        plan(bounty_of(action, more), RANKS).components[0]
        for action, more in (
            ("first_sale", "budget: 1"),
            ("referred_first_sale", "budget: 1"),
            ("rank", "rank: gold, budget: 1"),
        )
    ]
    assert [part.trigger for part in parts] == [Trigger.SALE, Trigger.SALE, Trigger.ACTION]
    assert [(part.pays_below, part.depth_paid) for part in parts] == [(False, 1), (True, 2), (True, None)]
    assert [part.worst_case for part in parts] == [None, None, None]


def test_faults():
    assert faults(bounty_of("sale", "every: 0, budget: 1")) == [("/components/0/every", "INVALID_COUNT")]
    assert faults(bounty_of("sale", "limit: 0, budget: 1")) == [("/components/0/limit", "INVALID_COUNT")]
    assert faults(bounty_of("sale", "limit: 1")) == [("/components/0/budget", "MISSING_FIELD")]
    assert faults(bounty_of("enrolment")) == [("/components/0/action", "PAYS_FOR_ENROLMENT")]
    assert faults(bounty_of("dance")) == [("/components/0/action", "INVALID_VALUE")]
    assert faults(bounty_of("rank")) == [("/components/0/rank", "MISSING_FIELD")]
    assert faults(bounty_of("rank", "rank: bronze, budget: 1"), RANKS) == [("/components/0/rank", "UNKNOWN_RANK")]
    assert faults(bounty_of("sale", "rank: gold, budget: 1"), RANKS) == [("/components/0/rank", "UNUSED_FIELD")]
    assert faults(bounty_of("first_sale", "every: 2, budget: 1")) == [("/components/0/every", "UNUSED_FIELD")]
    assert faults(bounty_of("sale", "budget: 1, on: {measure: points, share: 5%}")) == [
        ("/components/0/on/measure", "UNUSED_FIELD"),
        ("/components/0/on/share", "UNUSED_FIELD"),
    ]
    assert faults(bounty_of("rank", "rank: gold, budget: 1, on: {channels: [app]}, caps: {sale: 1}"), RANKS) == [
        ("/components/0/caps/sale", "UNUSED_FIELD"),
        ("/components/0/on", "UNUSED_FIELD"),
    ]
    backwards = bounty_of("sale").replace("end: 2011-01-16", "end: 2010-12-06")
    assert faults(backwards) == [("/components/0/end", "EMPTY_WINDOW")]


PLANS = [
    plan(bounty_of("first_sale", "budget: 130, qualify: {active: {volume: 20}}"), RANKS),
    plan(bounty_of("sale", "every: 2, limit: 2, budget: 260, on: {classes: [retail]}"), RANKS + "\nrounding: down"),
    plan(bounty_of("referred_first_sale", "budget: 10000, qualify: {rank: silver}"), RANKS),
    plan(bounty_of("rank", "rank: silver, budget: 222.22"), RANKS + "\nrounding: half_even"),
    plan(bounty_of("sale", "budget: 10000").replace("reward: 50", "reward: 0.125"), RANKS + "\nrounding: half_even"),
]


@pytest.mark.parametrize("one", PLANS)
@given(shop=shops(days=62), then=rankings("silver", "gold"), now=rankings("silver", "gold"))
@settings(max_examples=50, deadline=None)
def test_two_periods_equal_the_reference_of_the_window(
    one: Plan, shop: tuple[Tree, list[Sold]], then: dict[str, str], now: dict[str, str]
):
    members, sales = shop
    [part] = one.components
    assert isinstance(part, Bounty)
    rated = two_periods(one, members, sales, then, now)
    rows = [
        (line.member, line.sale, line.uncapped_minor, line.amount_minor) for each in rated for line in each.written()
    ]
    assert rows == bounty(one, part, members, [PERIOD, NEXT], sales, [own(members, then), own(members, now)])
    assert sum(row[3] for row in rows) <= part.budget * 100


def test_the_window_of_the_tests_spans_both_periods():
    [part] = PLANS[0].components
    assert isinstance(part, Bounty)
    assert (part.start, part.end) == (START + timedelta(days=5), day(46))
    assert Decimal(50) == part.reward
