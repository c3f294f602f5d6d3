from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.money import Rounding
from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Direct, Points, Unilevel
from fenxiao.plans.periods.columns import Arrays, Frame, Lists
from fenxiao.plans.periods.inputs import Sold
from fenxiao.plans.periods.rating import RatedPeriod
from libs.sdk.tests.plans.reference.singles import singles
from libs.sdk.tests.plans.shop import PERIOD, chain, day, faults, own, paid, plan, rankings, rate, sale, shops
from libs.sdk.tests.plans.singles import components, goods, plan_of

SLICES = "[{start: 0, end: 100000, rate: 5%}, {start: 100000, end: 250000, rate: 7%}]"


def tiered(mode: str, steps: str = SLICES) -> Plan:
    return plan(f"- {{id: d, type: direct, tiers: {{mode: {mode}, steps: {steps}}}}}")


def earned(plan: Plan, amount: str | int) -> dict[str, Decimal]:
    return paid(rate(plan, chain("a"), [sale("a", amount)]))


def lines(rated: RatedPeriod) -> list[tuple[str, str, int, str, str, int]]:
    return [
        (line.member, line.sale, line.level, line.other, line.rule, line.amount_minor)
        for line in rated.written()
        if line.amount_minor
    ]


@pytest.mark.parametrize(("mode", "payout"), [("marginal", 10_600), ("retroactive", 12_600)])
def test_tiers_of_the_table(mode: str, payout: int):
    # tiers 0–100k 5 %, 100–250k 7 %; 180,000 → marginal 10,600; retroactive 12,600
    assert earned(tiered(mode), 180_000) == {"a": payout}


def test_floats_give_14():
    # 2.9 % of 500 minor units, half up → 15
    assert rate(plan("- {id: d, type: direct, rate: 2.9%}"), chain("a"), [sale("a", 5)]).totals() == {"a": 15}


def test_a_slice_is_a_line():
    first, second = rate(tiered("marginal"), chain("a"), [sale("a", 180_000)]).written()
    assert (first.rule, first.base, first.rate, first.amount_minor) == (
        "/components/0/tiers/steps/0/rate",
        100_000,
        Decimal("0.05"),
        500_000,
    )
    assert (second.rule, second.base, second.sale) == ("/components/0/tiers/steps/1/rate", 80_000, "")


@pytest.mark.parametrize(
    ("amount", "marginal", "retroactive"),
    [
        ("99999.99", "5000.00", "5000.00"),
        ("100000", "5000", "7000"),  # a start belongs to its tier
        ("249999.99", "15500.00", "17500.00"),
        ("250000", "15500", "17500"),
        ("400000", "15500", "17500"),  # above the last end nothing more is earned
    ],
)
def test_bounds(amount: str, marginal: str, retroactive: str):
    assert earned(tiered("marginal"), amount) == {"a": Decimal(marginal)}
    assert earned(tiered("retroactive"), amount) == {"a": Decimal(retroactive)}


def test_bounds_finer_than_any_sale_are_exact():
    steps = "[{start: 0.3333, rate: 50%}]"
    assert rate(tiered("marginal", steps), chain("a"), [sale("a", "1")]).totals() == {"a": 33}
    assert rate(tiered("retroactive", steps), chain("a"), [sale("a", "0.3")]).totals() == {}


def test_below_the_first_tier_nothing_is_earned_and_an_open_end_has_none():
    steps = "[{start: 100, rate: 10%}, {start: 200, rate: 20%}]"
    assert earned(tiered("retroactive", steps), "99.99") == {}
    assert earned(tiered("marginal", steps), 1_000_100) == {"a": 10 + 199_980}
    assert earned(tiered("retroactive", steps), 100) == {"a": 10}


def test_tiers_are_about_own_net_volume_of_the_period():
    sales = [sale("a", 60_000), sale("a", 60_000, day(3), returned=20_000), sale("b", 90_000)]
    assert paid(rate(tiered("retroactive"), chain("a", "b"), sales)) == {"a": 7_000, "b": 4_500}


def test_returns_of_no_sale_beyond_all_sales_take_back_what_tiers_would_pay():
    assert earned(tiered("marginal"), -180_000) == {"a": -10_600}


def test_a_flat_amount_is_paid_for_each_sale_and_a_return_takes_back_its_share():
    flat = plan("- {id: d, type: direct, flat: 5}")
    assert earned(flat, "0.01") == {"a": 5}
    assert paid(rate(flat, chain("a"), [sale("a", 100, returned=25), sale("a", 9, day(2))])) == {"a": Decimal("8.75")}
    assert earned(flat, -100) == {"a": -5}
    (line,) = rate(flat, chain("a"), [sale("a", 100, returned=25)]).written()
    assert (line.base, line.rate, line.exact_amount, line.rule) == (1, 5, 5, "/components/0/flat")


def test_money_for_each_unit():
    unit = plan("- {id: d, type: direct, per_unit: 0.125}")
    (line,) = rate(unit, chain("a"), [sale("a", 100, quantity=3, returned=50)]).written()
    assert (line.base, line.rate, line.amount_minor) == (3, Decimal("0.125"), 38 - 19)
    assert rate(unit, chain("a"), [sale("a", 100)]).totals() == {"a": 13}
    assert rate(unit, chain("a"), [sale("a", -100)]).totals() == {"a": -13}


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        ("{}", [("", "NOT_EXACTLY_ONE")]),
        ("{rate: 5%, flat: 1}", [("", "NOT_EXACTLY_ONE")]),
        (f"{{per_unit: 1, tiers: {{mode: marginal, steps: {SLICES}}}}}", [("", "NOT_EXACTLY_ONE")]),
        ("{rate: 5%, special: [{products: [a]}]}", [("/special/0", "NOT_EXACTLY_ONE")]),
        ("{rate: 5%, special: [{products: [a], rate: 1%, flat: 1}]}", [("/special/0", "NOT_EXACTLY_ONE")]),
        (
            f"{{tiers: {{mode: marginal, steps: {SLICES}}}, special: [{{products: [a], rate: 1%}}]}}",
            [("/special", "SPECIAL_WITH_TIERS")],
        ),
        ("{flat: 1, on: {share: 40%}}", [("/on/share", "UNUSED_FIELD")]),
        ("{per_unit: 1, on: {measure: points}}", [("/on/measure", "UNUSED_FIELD")]),
        ("{tiers: {mode: marginal, steps: []}}", [("/tiers/steps", "WRONG_COUNT")]),
        ("{tiers: {steps: [{start: 0, rate: 1%}]}}", [("/tiers/mode", "MISSING_FIELD")]),
        ("{tiers: {mode: marginal, steps: [{start: 5, end: 5, rate: 1%}]}}", [("/tiers/steps/0/end", "EMPTY_TIER")]),
        (
            "{tiers: {mode: marginal, steps: [{start: 0, end: 5, rate: 1%}, {start: 4, rate: 2%}]}}",
            [("/tiers/steps/1/start", "TIERS_OVERLAP")],
        ),
        (
            "{tiers: {mode: marginal, steps: [{start: 5, rate: 1%}, {start: 5, rate: 2%}]}}",
            [("/tiers/steps/1/start", "TIERS_OVERLAP")],
        ),
        (
            "{tiers: {mode: marginal, steps: [{start: 0, end: 5, rate: 1%}, {start: 6, rate: 2%}]}}",
            [("/tiers/steps/1/start", "TIERS_GAP")],
        ),
        ("{rate: 101%}", [("/rate", "INVALID_RATE")]),
        ("{flat: -1}", [("/flat", "INVALID_NUMBER")]),
        ("{levels: [5%]}", [("/levels", "UNKNOWN_FIELD")]),
    ],
)
def test_faults(component: str, expected: list[tuple[str, str]]):
    head = "{id: d, type: direct, " if component != "{}" else "{id: d, type: direct"
    assert faults(f"[{head}{component[1:]}]") == [(f"/components/0{place}", reason) for place, reason in expected]


def test_what_posts_with_the_sale():
    for body, at_once in {
        "rate: 5%": True,
        "flat: 1, caps: {sale: 3}": True,
        "rate: 5%, special: [{products: [a], per_unit: 1}]": True,
        "rate: 5%, release: {days: 3, delivered: yes}": True,
        "rate: 5%, caps: {member: 3}": False,
        "rate: 5%, caps: {period: 3}": False,
        "rate: 5%, caps: {volume: {share: 1%, by: priority}}": False,
        "rate: 5%, qualify: {active: {sales: 1}}": False,
        f"tiers: {{mode: marginal, steps: {SLICES}}}": False,
    }.items():
        part = plan(f"- {{id: d, type: direct, {body}}}")
        assert (part.components[0].per_sale, part.depth) == (at_once, int(at_once)), body


def test_a_cap_of_the_whole_plan_lets_money_wait_for_the_close():
    parts = "[{id: d, type: direct, rate: 5%}, {id: p, type: points, kind: star, flat: 1}]"
    assert plan(parts).with_sale == {"d", "p"}
    assert plan(parts, "cap: {share: 1%, by: pro_rata}").with_sale == {"p"}


def test_a_sale_must_have_the_measure_that_a_component_is_based_on():
    made = plan("- {id: d, type: direct, rate: 10%, on: {measure: margin, channels: [app]}}")
    sales = [sale("a", 100), sale("a", 50, channel="app", margin=5)]
    assert earned(made, 100) == {}  # it does not concern that sale
    assert paid(rate(made, chain("a"), sales)) == {"a": Decimal("0.5")}
    with pytest.raises(Refusal) as refused:
        rate(made, chain("a"), [*sales, sale("a", 20, channel="app")])
    assert (refused.value.reason, refused.value.field) == ("MISSING_MEASURE", "margin")


@settings(max_examples=100, deadline=None)
@given(
    st.data(),
    components(),
    shops(),
    rankings("silver", "gold"),
    st.sampled_from(Rounding),
    st.sampled_from([Lists(), Arrays()]),
)
def test_equals_the_reference(
    data: st.DataObject,
    part: dict[str, Any],
    shop: tuple[Tree, Sequence[Sold]],
    given_ranks: Mapping[str, str],
    rounding: Rounding,
    frame: Frame,
):
    tree, sales = shop
    sales = [data.draw(goods(one)) for one in sales]
    made = plan_of(part, rounding=rounding)
    (component,) = made.components
    assert isinstance(component, Direct | Unilevel | Points)
    ranks = own(tree, given_ranks)
    rated = rate(made, tree, sales, ranks=ranks, frame=frame)
    assert lines(rated) == singles(made, component, tree, sales, ranks, PERIOD)
