from decimal import Decimal

import pytest
from hypothesis import given, settings

from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Campaign
from fenxiao.plans.periods.inputs import Sold
from libs.sdk.tests.plans.reference.campaign import campaign
from libs.sdk.tests.plans.shop import (
    NEXT,
    PERIOD,
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
from libs.sdk.tests.plans.test_bounty import RANKS, WINDOW, two_periods


def campaign_of(more: str) -> str:
    return f"- {{id: c, type: campaign, {WINDOW}, {more}}}"


def test_everybody_who_reaches_the_target_over_the_whole_window():
    one = plan(campaign_of("target: 100, reward: 30, budget: 1000"))
    sales = [
        sale("a", 60, day(6)),
        sale("a", 40, day(40)),  # 100 in all
        sale("b", 99, day(5)),
        sale("b", 99, day(4)),  # outside
        sale("c", 150, day(45)),
        sale("d", 150, day(46)),  # outside
    ]
    first, second = two_periods(one, tree(dict.fromkeys("abcd")), sales)
    assert (paid(first), paid(second)) == ({}, {"a": 30, "c": 30})
    assert first.carry_out == {"c": {0: (60 * 10**9,), 1: (99 * 10**9,)}}
    assert second.carry_out == {}
    assert [(x.base, x.rate, x.level, x.rule) for x in second.written()] == [(30, 1, 0, "/components/0/reward")] * 2


def test_the_first_of_a_ranking():
    one = plan(campaign_of("places: [100, 50.5, 20]"))
    sales = [sale(member, amount, day(6)) for member, amount in (("a", 10), ("b", 30), ("c", 20), ("d", 20))]
    _, second = two_periods(one, tree(dict.fromkeys("abcd")), sales)
    assert [(line.member, line.level, line.amount_minor, line.rule) for line in second.written()] == [
        ("b", 1, 100_00, "/components/0/places/0"),
        ("c", 2, 50_50, "/components/0/places/1"),  # before d, who joined later
        ("d", 3, 20_00, "/components/0/places/2"),
    ]


def test_a_place_may_need_a_target():
    one = plan(campaign_of("places: [100, 50], target: 20"))
    _, second = two_periods(one, tree(dict.fromkeys("ab")), [sale("a", 19, day(6)), sale("b", 20, day(6))])
    assert paid(second) == {"b": 100}


def test_the_budget_goes_to_the_highest_volume_first():
    one = plan(campaign_of("target: 10, reward: 30, budget: 50"))
    sales = [sale(member, amount, day(6)) for member, amount in (("a", 10), ("b", 30), ("c", 20))]
    _, second = two_periods(one, tree(dict.fromkeys("abc")), sales)
    assert paid(second) == {"b": 30, "c": 20}
    assert [(line.member, line.uncapped_minor) for line in second.written()] == [("b", 3000), ("c", 3000), ("a", 3000)]


def test_group_volume_goes_along_the_sponsors_of_each_time():
    members = chain("a", "b", "c")
    members.change_sponsor("c", "a", day(10))
    one = plan(campaign_of("target: 100, reward: 1, whose: group, budget: 100"))
    _, second = two_periods(one, members, [sale("c", 60, day(9)), sale("c", 60, day(11))])
    assert paid(second) == {"a": 1, "c": 1}


def test_what_came_back_does_not_count():
    one = plan(campaign_of("target: 100, reward: 1, budget: 100"))
    _, second = two_periods(one, chain("a"), [sale("a", 120, day(6)), sale("a", -21, day(40))])
    assert paid(second) == {}
    _, second = two_periods(one, chain("a"), [sale("a", 120, day(6), returned="20"), sale("a", 1, day(40))])
    assert paid(second) == {"a": 1}


def test_nobody_is_rewarded_for_nothing():
    one = plan(campaign_of("places: [100]"))
    _, second = two_periods(one, chain("a"), [sale("a", 1, day(6)), sale("a", -1, day(7))])
    assert paid(second) == {}


def test_a_window_that_ends_with_the_period_is_paid_then():
    one = plan(campaign_of("places: [100]").replace("2011-01-16", "2011-01-01"))
    first, second = two_periods(one, chain("a"), [sale("a", 1, day(6)), sale("a", 1, day(31))])
    assert (paid(first), paid(second)) == ({"a": 100}, {})


def test_what_rule_packs_ask():
    parts = [plan(campaign_of(more)).components[0] for more in ("places: [1]", "places: [1], whose: group")]
    assert [(part.pays_below, part.depth_paid, part.worst_case) for part in parts] == [
        (False, 1, None),
        (True, None, None),
    ]


def test_faults():
    assert faults(campaign_of("places: [1], caps: {sale: 1}")) == [("/components/0/caps/sale", "UNUSED_FIELD")]
    assert faults(campaign_of("target: 1")) == [("/components/0", "NOT_EXACTLY_ONE")]
    assert faults(campaign_of("target: 1, reward: 1, places: [1], budget: 1")) == [("/components/0", "NOT_EXACTLY_ONE")]
    assert faults(campaign_of("reward: 1, budget: 1")) == [("/components/0/target", "MISSING_FIELD")]
    assert faults(campaign_of("reward: 1, target: 1")) == [("/components/0/budget", "MISSING_FIELD")]
    assert faults(campaign_of("places: []")) == [("/components/0/places", "WRONG_COUNT")]
    backwards = campaign_of("places: [1]").replace("end: 2011-01-16", "end: 2010-12-01")
    assert faults(backwards) == [("/components/0/end", "EMPTY_WINDOW")]
    assert faults(campaign_of("places: [1]").replace("-06T00:00:00Z", "-06")) == [
        ("/components/0/start", "INVALID_TIME")
    ]


PLANS = [
    plan(campaign_of("target: 99.99, reward: 10, budget: 25"), RANKS),
    plan(campaign_of("places: [100, 0, 12.345], whose: group, on: {channels: [app]}"), RANKS + "\nrounding: half_even"),
    plan(campaign_of("places: [7, 6, 5, 4, 3], budget: 20, on: {measure: points, share: 3.3%}, target: 1.5"), RANKS),
    plan(campaign_of("target: 50, reward: 10, budget: 1000, whose: group, qualify: {rank: silver}"), RANKS),
    plan(campaign_of("target: 1, reward: 10, budget: 1000, qualify: {active: {sales: 1}}"), RANKS),
]


@pytest.mark.parametrize("one", PLANS)
@given(shop=shops(days=62), now=rankings("silver", "gold"))
@settings(max_examples=50, deadline=None)
def test_two_periods_equal_the_reference_of_the_window(one: Plan, shop: tuple[Tree, list[Sold]], now: dict[str, str]):
    members, sales = shop
    [part] = one.components
    assert isinstance(part, Campaign)
    first, second = two_periods(one, members, sales, {}, now)
    rows = [(line.member, line.level, line.uncapped_minor, line.amount_minor) for line in second.written()]
    assert rows == campaign(one, part, members, NEXT, sales, own(members, now))
    assert list(first.written()) == []


def test_a_campaign_within_one_period():
    one = plan(campaign_of("places: [5]").replace("2011-01-16", "2010-12-16"))
    rated = rate(one, chain("a"), [sale("a", 1, day(6)), sale("a", 1, day(20))], period=PERIOD)
    assert (paid(rated), rated.carry_out) == ({"a": Decimal(5)}, {})
