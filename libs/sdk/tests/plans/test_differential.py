from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Differential
from fenxiao.plans.periods.columns import Arrays
from fenxiao.plans.periods.inputs import Sold
from fenxiao.plans.periods.lines import PeriodLine
from fenxiao.plans.periods.ranking import RANKS
from fenxiao.plans.periods.rating import RatedPeriod
from libs.sdk.tests.plans.reference.differential import differential
from libs.sdk.tests.plans.shop import busy_shops, chain, day, faults, paid, plan, rate, sale, tree

RANK_LIST = "ranks: [{id: silver}, {id: gold}]"
BY_VOLUME = "{id: diff, type: differential, by: volume, steps: [{start: 18000, rate: 6%}, {start: 90000, rate: 9%}]"
BY_RANK = "{id: diff, type: differential, by: rank, steps: [{rank: silver, rate: 6%}, {rank: gold, rate: 9%}]"


def by_volume(more: str = "") -> Plan:
    return plan(f"[{BY_VOLUME}{more}}}]", RANK_LIST)


def by_rank(more: str = "") -> Plan:
    return plan(f"[{BY_RANK}{more}}}]", RANK_LIST)


def shown(rated: RatedPeriod) -> list[tuple[str, int, str, str, Decimal, Decimal, int]]:
    return [
        (
            line.member,
            line.level,
            line.other,
            line.rule.removeprefix("/components/0"),
            line.base,
            line.rate,
            line.amount_minor,
        )
        for line in rated.written()
    ]


def test_six_percent_from_18000_and_nine_from_90000_with_four_members_directly_below():
    five = tree({"you": None, "a": "you", "b": "you", "c": "you", "d": "you"})
    rated = rate(by_volume(), five, [sale(member, 18_000) for member in five])
    # You: 9 % of 90,000 less the 6 % of 72,000 that the four have.
    four = dict.fromkeys("abcd", Decimal("1080"))
    assert paid(rated) == {"you": Decimal("3780"), **four}
    six, nine, three = Decimal("0.06"), Decimal("0.09"), Decimal("0.03")
    assert shown(rated) == [
        *((member, 0, "", "/steps/0", 18_000, six, 108_000) for member in "abcd"),
        ("you", 0, "", "/steps/1", 18_000, nine, 162_000),
        *(("you", 1, leg, "/steps/1", 18_000, three, 54_000) for leg in "abcd"),
    ]


def test_a_leg_is_paid_once_for_each_rate_below_and_not_for_each_sale():
    shop = tree({"top": None, "leg": "top", "one": "leg", "two": "leg", "three": "leg"})
    sales = [sale(member, 100, day(n)) for n in range(5) for member in ("leg", "one", "two", "three")]
    rated = rate(by_rank(), shop, sales, ranks={"top": "gold", "one": "silver"})
    # What comes through the leg: 1,500 on which nobody has earned yet, 500 on which the one has 6 %.
    assert [line for line in shown(rated) if line[0] == "top"] == [
        ("top", 0, "leg", "/steps/1", Decimal(1500), Decimal("0.09"), 13_500),
        ("top", 1, "leg", "/steps/1", Decimal(500), Decimal("0.03"), 1_500),
    ]


def test_a_volume_just_below_a_step_does_not_reach_it():
    assert paid(rate(by_volume(), chain("a"), [sale("a", "17999.99")])) == {}
    assert paid(rate(by_volume(), chain("a"), [sale("a", "18000.00")])) == {"a": Decimal("1080")}


def test_the_net_volume_of_the_period_decides_the_rate():
    rated = rate(by_volume(), chain("a"), [sale("a", 90_000, returned=1)])
    assert paid(rated) == {"a": Decimal("5399.94")}  # 6 % of 89,999
    rated = rate(by_volume(), chain("a"), [sale("a", 90_000), sale("a", -1)])
    assert paid(rated) == {"a": Decimal("5399.94")}


def test_who_has_no_more_than_those_below_gets_nothing():
    line = chain("top", "mid", "low")
    rated = rate(by_rank(), line, [sale("low", 1000)], ranks={"top": "gold", "mid": "silver", "low": "gold"})
    assert paid(rated) == {"low": Decimal(90)}


def test_who_does_not_qualify_is_passed_over():
    line = chain("top", "mid", "low")
    ranks = {"top": "gold", "mid": "gold", "low": "silver"}
    assert paid(rate(by_rank(), line, [sale("low", 1000)], ranks=ranks)) == {"low": Decimal(60), "mid": Decimal(30)}
    active = by_rank(", qualify: {active: {sales: 1}}")
    sales = [sale("low", 1000), sale("top", 100)]
    assert paid(rate(active, line, sales, ranks=ranks)) == {"low": Decimal(60), "top": Decimal(30 + 9)}


def test_the_share_of_the_base_counts_for_the_steps_too_unless_they_count_another_volume():
    on = ", on: {share: 50%}"
    assert paid(rate(by_volume(on), chain("a"), [sale("a", 18_000)])) == {}
    other = on + ", volume: {measure: amount}"
    assert paid(rate(by_volume(other), chain("a"), [sale("a", 18_000)])) == {"a": Decimal(540)}
    points = ", volume: {measure: points}"
    assert paid(rate(by_volume(points), chain("a"), [sale("a", 100, points=90_000)])) == {"a": Decimal(9)}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", {"a": 60, "d": 30}),
        # The peers b and c of a, and the peer e of d, have no more than those below.
        (", minimum: 1%", {"a": 60, "b": 10, "d": 30}),
        (", minimum: 1%, minimum_for: all, depth_limit: 9", {"a": 60, "b": 10, "c": 10, "d": 30, "e": 10, "f": 10}),
        (
            ", minimum: 1%, minimum_to: equal, minimum_for: all, depth_limit: 9",
            {"a": 60, "b": 10, "c": 10, "d": 30, "e": 10},
        ),
        # At least this share: also of a difference above 0.
        (", minimum: 4%", {"a": 60, "b": 40, "d": 30}),
        (", minimum: 4%, minimum_to: equal", {"a": 60, "b": 40, "d": 30}),
        (", minimum: 4%, minimum_for: all, depth_limit: 3", {"a": 60, "b": 40, "c": 40, "d": 40}),
    ],
)
def test_the_minimum_for_those_whose_rate_is_not_above_what_is_below(more: str, expected: dict[str, int]):
    line = chain("f", "e", "d", "c", "b", "a")
    ranks = {"a": "silver", "b": "silver", "c": "silver", "d": "gold", "e": "gold", "f": "silver"}
    rated = rate(by_rank(more), line, [sale("a", 1000)], ranks=ranks)
    assert paid(rated) == {member: Decimal(money) for member, money in expected.items()}


def test_a_line_says_that_it_is_the_minimum():
    rated = rate(by_rank(", minimum: 1%"), chain("b", "a"), [sale("a", 1000)], ranks={"a": "gold", "b": "gold"})
    assert shown(rated)[-1] == ("b", 2, "a", "/minimum", Decimal(1000), Decimal("0.01"), 1000)


def test_nobody_earns_above_the_depth_limit():
    line = chain("c", "b", "a", "seller")
    ranks = {"a": "silver", "b": "gold", "c": "gold"}
    sales = [sale("seller", 1000)]
    assert paid(rate(by_rank(", depth_limit: 1"), line, sales, ranks=ranks)) == {"a": Decimal(60)}
    assert paid(rate(by_rank(", depth_limit: 2"), line, sales, ranks=ranks)) == {"a": Decimal(60), "b": Decimal(30)}


def test_after_a_move_each_sale_is_paid_to_the_sponsors_of_its_time():
    shop = tree({"left": None, "right": None, "seller": "left"})
    shop.change_sponsor("seller", "right", day(10))
    shop.change_sponsor("seller", "left", day(20))
    ranks = {"left": "silver", "right": "gold"}
    rated = rate(by_rank(), shop, [sale("seller", 100, day(n)) for n in (1, 15, 25)], ranks=ranks)
    # What came through the seller before and after the move is one line.
    assert shown(rated) == [
        ("left", 0, "seller", "/steps/0", Decimal(200), Decimal("0.06"), 1200),
        ("right", 0, "seller", "/steps/1", Decimal(100), Decimal("0.09"), 900),
    ]


def test_the_worst_case_is_the_highest_rate_and_the_minimum_as_often_as_it_is_paid():
    def worst(more: str) -> Decimal | None:
        return by_rank(more).components[0].worst_case

    assert worst("") == Decimal("0.09")
    assert worst(", minimum: 1%") == Decimal("0.10")
    assert worst(", minimum: 1%, minimum_for: all, depth_limit: 5") == Decimal("0.14")
    assert worst(", minimum: 1%, minimum_for: all") is None
    assert worst(", on: {share: 50%}") == Decimal("0.045")


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("by: volume, steps: [{start: 5, rate: 2%}, {start: 5, rate: 3%}]", ("steps/1/start", "STEPS_NOT_ASCENDING")),
        ("by: volume, steps: [{start: 1, rate: 2%}, {start: 5, rate: 2%}]", ("steps/1/rate", "STEPS_NOT_ASCENDING")),
        ("by: volume, steps: [{rate: 2%}]", ("steps/0/start", "MISSING_FIELD")),
        ("by: volume, steps: [{start: 1, rank: gold, rate: 2%}]", ("steps/0/rank", "UNKNOWN_FIELD")),
        ("by: rank, steps: [{rate: 2%}]", ("steps/0/rank", "MISSING_FIELD")),
        ("by: rank, steps: [{rank: gold, start: 0, rate: 2%}]", ("steps/0/start", "UNKNOWN_FIELD")),
        ("by: rank, steps: [{rank: gold, rate: 2%}], volume: {}", ("volume", "UNKNOWN_FIELD")),
        ("by: rank, steps: [{rank: lead, rate: 2%}]", ("steps/0/rank", "UNKNOWN_RANK")),
        (
            "by: rank, steps: [{rank: gold, rate: 2%}, {rank: silver, rate: 3%}]",
            ("steps/1/rank", "RANKS_NOT_ASCENDING"),
        ),
        ("by: rank, steps: []", ("steps", "WRONG_COUNT")),
        ("by: size, steps: [{start: 1, rate: 2%}]", ("by", "INVALID_VALUE")),
    ],
)
def test_faults_of_the_document(part: str, expected: tuple[str, str]):
    place, reason = expected
    assert faults(f"[{{id: diff, type: differential, {part}}}]", RANK_LIST) == [(f"/components/0/{place}", reason)]


# --- properties

VARIANTS = st.fixed_dictionaries(
    {},
    optional={
        "minimum": st.sampled_from(["0.5%", "2%", "10%"]),
        "minimum_to": st.sampled_from(["reached", "equal"]),
        "minimum_for": st.sampled_from(["first", "all"]),
        "depth_limit": st.integers(0, 4),
        "on": st.sampled_from(["{share: 40%}", "{measure: points}", "{products: [tea]}", "{classes: [retail]}"]),
        "qualify": st.sampled_from(["{active: {volume: 100}}", "{active: {sales: 1}}", "{rank: silver}"]),
    },
)
VOLUME_STEPS = "by: volume, steps: [{start: 0.01, rate: 3%}, {start: 200, rate: 5.5%}, {start: 500, rate: 12%}]"
RANK_STEPS = "by: rank, steps: [{rank: silver, rate: 3%}, {rank: gold, rate: 7.25%}, {rank: ruby, rate: 12%}]"
RANKS_OF_ALL = "ranks: [{id: silver}, {id: gold}, {id: jade}, {id: ruby}]\nrounding: "


Busy = tuple[Tree, list[Sold], dict[str, str]]


@st.composite
def plans(draw: st.DrawFn, variants: st.SearchStrategy[dict[str, Any]] = VARIANTS) -> Plan:
    fields = dict(draw(variants))
    if "minimum" in fields and fields.get("minimum_for") == "all":
        fields["depth_limit"] = 4
    steps = draw(st.sampled_from([VOLUME_STEPS, RANK_STEPS]))
    if steps == VOLUME_STEPS and draw(st.booleans()):
        fields["volume"] = "{measure: amount}"
    more = "".join(f", {key}: {value}" for key, value in fields.items())
    rounding = draw(st.sampled_from(["half_up", "half_even", "half_down", "down", "up"]))
    return plan(f"[{{id: diff, type: differential, {steps}{more}}}]", RANKS_OF_ALL + rounding)


def rows(lines: list[PeriodLine]) -> list[tuple[str, str, int, str, str, int]]:
    return sorted((line.member, line.sale, line.level, line.other, line.rule, line.amount_minor) for line in lines)


@settings(max_examples=100, deadline=None)
@given(plans(), busy_shops, st.data())
def test_it_equals_the_reference(plan: Plan, shop: Busy, data: st.DataObject):
    members, sales, ranks = shop
    part = plan.components[0]
    assert isinstance(part, Differential)
    lines = list(rate(plan, members, sales, ranks=ranks).written())
    assert rows(lines) == differential(plan, part, members, sales, ranks)
    assert len({line.key for line in lines}) == len(lines)
    order = list(rate(plan, members, sales, ranks=ranks).context.inputs.members)
    assert [order.index(line.member) for line in lines] == sorted(order.index(line.member) for line in lines)


@settings(max_examples=50, deadline=None)
@given(plans(), busy_shops, st.data())
def test_arrays_give_the_same(plan: Plan, shop: Busy, data: st.DataObject):
    pytest.importorskip("numba")
    members, sales, ranks = shop
    assert list(rate(plan, members, sales, ranks=ranks, frame=Arrays()).written()) == list(
        rate(plan, members, sales, ranks=ranks).written()
    )


@settings(max_examples=50, deadline=None)
@given(plans(), busy_shops, st.data())
def test_the_order_of_arrival_changes_nothing(plan: Plan, shop: Busy, data: st.DataObject):
    members, sales, ranks = shop
    other = data.draw(st.permutations(sales))
    assert list(rate(plan, members, other, ranks=ranks).written()) == list(
        rate(plan, members, sales, ranks=ranks).written()
    )


@settings(max_examples=50, deadline=None)
@given(plans(st.just({})), busy_shops, st.data())
def test_what_a_sale_pays_along_any_line_is_its_highest_rate(plan: Plan, shop: Busy, data: st.DataObject):
    members, _, ranks = shop
    seller = data.draw(st.sampled_from(sorted(members)))
    only = sale(seller, data.draw(st.integers(1, 900)))
    part = plan.components[0]
    assert isinstance(part, Differential)
    lines = list(rate(plan, members, [only], ranks=ranks).written())
    line = members.upline(seller, day(0), 99)
    order = ["silver", "gold", "jade", "ruby"]
    rates = [
        step.rate
        for step in part.steps
        for member in line
        if (
            (only.amount >= (step.start or 0))
            if part.by == "volume"
            else member in ranks and order.index(ranks[member]) >= order.index(step.rank or "")
        )
    ]
    assert sum(Fraction(one.exact_amount) for one in lines) == Fraction(max(rates, default=0)) * Fraction(only.amount)


@settings(max_examples=50, deadline=None)
@given(plans(), busy_shops, st.data())
def test_a_full_return_is_as_if_the_sale_had_never_happened_given_sealed_ranks(
    plan: Plan, shop: Busy, data: st.DataObject
):
    members, sales, ranks = shop
    sealed = rate(plan, members, sales, ranks=ranks).carry_out[RANKS]
    gone = data.draw(st.sets(st.sampled_from([one.id for one in sales]))) if sales else set[str]()
    returned = [one._replace(returned=one.amount) if one.id in gone else one for one in sales]
    without = [one for one in sales if one.id not in gone]
    assert list(rate(plan, members, returned, sealed_ranks=sealed).written()) == list(
        rate(plan, members, without, sealed_ranks=sealed).written()
    )
