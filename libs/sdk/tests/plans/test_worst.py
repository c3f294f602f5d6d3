"""The most that a plan can pay."""

import itertools
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.plans import Tree
from fenxiao.plans.language.worst import Bound, worst_case
from fenxiao.plans.periods.inputs import Sold
from libs.sdk.tests.plans import shop


def share(components: str, more: str = "") -> Decimal | None:
    return worst_case(shop.plan(components, more)).share


UNILEVEL = "- {id: network, type: unilevel, levels: [8%, 4%, 2.5%]}\n"


def test_levels_add_up():
    worst = worst_case(shop.plan(UNILEVEL))
    assert (worst.share, worst.known, worst.capped) == (Decimal("0.145"), Decimal("0.145"), False)
    assert [(part.component, part.place, part.share, part.bound) for part in worst.parts] == [
        ("network", "/components/0", Decimal("0.145"), Bound.RATES)
    ]


def test_the_payable_part_and_the_margin_bound_it_from_above():
    assert share("- {id: a, type: unilevel, levels: [10%], on: {share: 40%}}") == Decimal("0.04")
    assert share("- {id: a, type: unilevel, levels: [10%], on: {measure: margin}}") == Decimal("0.1")


@pytest.mark.parametrize(
    "component",
    [
        "{id: a, type: unilevel, levels: [10%], on: {measure: points}}",
        "{id: a, type: unilevel, levels: [10%], on: {measure: quantity}}",
        "{id: a, type: direct, flat: 5}",
        "{id: a, type: direct, per_unit: 5}",
        "{id: a, type: direct, rate: 5%, special: [{products: [tea], flat: 1}]}",
    ],
)
def test_what_is_no_share_of_money_has_no_bound(component: str):
    worst = worst_case(shop.plan(f"- {component}\n{UNILEVEL}"))
    assert worst.share is None
    assert worst.known == Decimal("0.145")
    assert [part.bound for part in worst.parts] == [Bound.NOTHING, Bound.RATES]


def test_a_cap_in_money_bounds_it():
    flat = "- {id: a, type: direct, flat: 5, caps: {volume: {share: 10%, of: {share: 50%}, by: priority}}}\n"
    worst = worst_case(shop.plan(flat + UNILEVEL))
    assert worst.share == Decimal("0.195")
    assert worst.parts[0].bound is Bound.CAP
    assert worst_case(shop.plan(flat + UNILEVEL), caps=False).share is None
    assert share("- {id: a, type: direct, flat: 5}", "cap: {share: 30%, by: pro_rata}") == Decimal("0.3")
    assert share(UNILEVEL, "cap: {share: 10%, by: pro_rata}") == Decimal("0.1")
    assert share(UNILEVEL, "cap: {share: 30%, by: pro_rata}") == Decimal("0.145")


def test_a_cap_in_points_does_not():
    assert share("- {id: a, type: direct, flat: 5}", "cap: {share: 30%, of: {measure: points}, by: pro_rata}") is None


def test_points_are_no_money():
    worst = worst_case(shop.plan(UNILEVEL + "- {id: stars, type: points, kind: star, rate: 10}"))
    assert worst.share == Decimal("0.145")
    assert worst.parts[1].bound is Bound.POINTS


STARS = "- {id: stars, type: points, kind: star, rate: 1, levels: [80%, 20%], worth: 0.01"


def test_points_count_at_what_they_can_be_redeemed_for():
    worst = worst_case(shop.plan(f"{UNILEVEL}{STARS}}}"))
    assert (worst.share, worst.points, worst.capped) == (Decimal("0.155"), Decimal("0.01"), False)
    assert (worst.parts[1].share, worst.parts[1].bound) == (Decimal("0.01"), Bound.RATES)
    special = f"{STARS}, special: [{{products: [tea], rate: 5}}]}}"
    assert share(UNILEVEL + special) == Decimal("0.195")
    assert share(f"{STARS}, on: {{share: 50%}}}}") == Decimal("0.005")
    tea = "- {id: a, type: direct, rate: 10%, on: {products: [tea]}}\n"
    assert share(f"{tea}{STARS}, on: {{products: [oil]}}}}") == Decimal("0.1")


def test_points_that_are_worth_money_and_no_share_of_the_amount_have_no_bound():
    for flat in ("flat: 5", "rate: 1, on: {measure: points}", "rate: 1, special: [{products: [tea], flat: 1}]"):
        stars = f"- {{id: stars, type: points, kind: star, {flat}, worth: 0.01"
        assert share(f"{stars}}}") is None
        assert share(f"{stars}}}", "cap: {share: 30%, by: pro_rata}") is None
        capped = f"{stars}, caps: {{volume: {{share: 50%, by: priority}}}}}}"
        assert share(capped) == Decimal("0.005")


def test_points_come_on_top_of_the_plans_cap():
    cap = "cap: {share: 10%, by: pro_rata}"
    worst = worst_case(shop.plan(f"{UNILEVEL}{STARS}}}", cap))
    assert (worst.share, worst.points, worst.capped) == (Decimal("0.11"), Decimal("0.01"), True)
    assert share(f"- {{id: a, type: direct, flat: 5}}\n{STARS}}}", cap) == Decimal("0.11")
    # What no sale bears is no worst case: tea pays money, oil points.
    tea, oil = "- {id: a, type: direct, rate: 12%, on: {products: [tea]}}\n", f"{STARS}, on: {{products: [oil]}}}}"
    assert share(tea + oil.replace("0.01", "0.09"), cap) == Decimal("0.12")
    much = "- {id: a, type: direct, rate: 95%}\n" + STARS.replace("0.01", "0.06") + "}"
    assert shop.faults(much) == [("/components", "PAYS_MORE_THAN_COMES_IN")]
    assert shop.faults(much, "cap: {share: 94.5%, by: pro_rata}") == [("/components", "PAYS_MORE_THAN_COMES_IN")]
    assert share(much, "cap: {share: 94%, by: pro_rata}") == 1


def test_matching_pays_a_share_of_what_others_pay():
    assert share(UNILEVEL + "- {id: match, type: matching, of: [network], levels: [10%, 10%]}") == Decimal("0.174")
    assert share("- {id: a, type: direct, flat: 5}\n- {id: m, type: matching, of: [a], levels: [10%]}") is None


def test_components_add_up_on_the_sales_that_they_share():
    tea = "- {id: a, type: direct, rate: 60%, on: {products: [tea]}}\n"
    oil = "- {id: b, type: direct, rate: 70%, on: {products: [oil]}}\n"
    assert share(tea + oil) == Decimal("0.7")
    assert share(tea + oil + "- {id: c, type: direct, rate: 20%}") == Decimal("0.9")
    app = "- {id: c, type: direct, rate: 25%, on: {channels: [app]}}"
    assert share(tea + oil + app) == Decimal("0.95")
    assert shop.faults(tea + "- {id: b, type: direct, rate: 41%, on: {products: [tea, oil]}}") == [
        ("/components", "PAYS_MORE_THAN_COMES_IN")
    ]


def test_special_rates_count_on_their_own_sales():
    one = "- {id: a, type: direct, rate: 10%, special: [{products: [tea], rate: 60%}]}\n"
    two = "- {id: b, type: direct, rate: 10%, special: [{products: [oil], rate: 60%}]}\n"
    assert share(one + two) == Decimal("0.7")


def test_pays_more_than_comes_in_is_refused_unless_a_cap_in_money_bounds_it():
    much = "- {id: a, type: unilevel, levels: [60%, 50%]}"
    assert shop.faults(much) == [("/components", "PAYS_MORE_THAN_COMES_IN")]
    assert share(much, "cap: {share: 90%, by: pro_rata}") == Decimal("0.9")
    by_points = "cap: {share: 90%, of: {measure: points}, by: pro_rata}"
    assert shop.faults(much, by_points) == [("/components", "PAYS_MORE_THAN_COMES_IN")]


CHOICES = {"products": ["tea", "oil"], "channels": ["app", "shop"], "classes": ["retail", "personal"]}


@st.composite
def directs(draw: st.DrawFn) -> list[tuple[dict[str, list[str]], int]]:
    return [
        (
            {
                name: draw(st.lists(st.sampled_from(values), min_size=1, unique=True))
                for name, values in CHOICES.items()
                if draw(st.booleans())
            },
            draw(st.integers(0, 20)),
        )
        for _ in range(draw(st.integers(1, 5)))
    ]


@settings(max_examples=80, deadline=None)
@given(directs())
def test_it_is_the_most_that_any_sale_bears(components: list[tuple[dict[str, list[str]], int]]):
    listed: list[dict[str, Any]] = [
        {"id": f"c{i}", "type": "direct", "rate": f"{rate}%", "on": on} for i, (on, rate) in enumerate(components)
    ]
    kinds = itertools.product(["tea", "oil", "-"], ["app", "shop", "-"], ["retail", "personal"])
    most = max(
        sum(rate for on, rate in components if all(value in on.get(name, [value]) for name, value in kind))
        for kind in (list(zip(CHOICES, one, strict=True)) for one in kinds)
    )
    assert share(shop.json.dumps(listed)) == Decimal(most) / 100


def test_too_many_kinds_of_sales_are_added_up():
    lists = [
        {
            "id": f"c{i}",
            "type": "direct",
            "rate": "1%",
            "on": {name: [f"{name}{i}-{k}" for k in range(2)] for name in ("products", "categories", "channels")},
        }
        for i in range(60)
    ]
    assert share(shop.json.dumps(lists)) == Decimal("0.6")


RANKS = "ranks: [{id: low, group_volume: 10}, {id: top, group_volume: 100}]"
BOUNDED = [
    "- {id: a, type: unilevel, levels: [10%, 5%, 1%], by_rank: [{rank: low, levels: [2%, 9%]}], compression: true,"
    " qualify: {active: {sales: 1}}}",
    "- {id: a, type: unilevel, levels: [10%, 5%], on: {share: 40%}, special: [{products: [tea], levels: [1%, 20%]}]}",
    "- {id: a, type: direct, tiers: {mode: marginal, steps: [{start: 0, rate: 5%}, {start: 50, rate: 7%}]}}",
    "- {id: a, type: direct, tiers: {mode: retroactive, steps: [{start: 0, rate: 5%}, {start: 50, rate: 7%}]}}",
    "- {id: a, type: differential, by: volume, steps: [{start: 10, rate: 6%}, {start: 90, rate: 9%}], minimum: 1%}",
    "- {id: a, type: differential, by: rank, steps: [{rank: low, rate: 6%}, {rank: top, rate: 9%}], minimum: 2%,"
    " minimum_for: all, depth_limit: 3}",
    "- {id: a, type: stairstep, by: volume, steps: [{start: 10, rate: 6%}, {start: 90, rate: 9%}], override: [4%, 2%]}",
    "- {id: a, type: generation, rank: low, generations: [10%, 6%, 4%], own: true}",
    "- {id: a, type: pool, share: 7%, by: equal}",
    "- {id: a, type: unilevel, levels: [10%, 5%]}\n- {id: b, type: matching, of: [a], levels: [50%, 20%]}",
    "- {id: a, type: direct, flat: 5, caps: {volume: {share: 3%, of: {products: [tea]}, by: priority}}}",
    "- {id: a, type: direct, rate: 50%, on: {products: [tea]}}\n"
    "- {id: b, type: direct, rate: 40%, on: {products: [oil]}}\n"
    "- {id: c, type: pool, share: 30%, by: equal, on: {channels: [app]}}",
]


@pytest.mark.parametrize("components", BOUNDED)
@settings(max_examples=40, deadline=None)
@given(shop.shops())
def test_no_period_pays_more(components: str, grown: tuple[Tree, list[Sold]]):
    members, sales = grown
    plan = shop.plan(components, f"{RANKS}\nrounding: down")
    sold = [one for one in sales if one.amount > 0]
    rated = shop.rate(plan, members, sold)
    assert plan.worst_case is not None
    net = sum((one.amount - one.returned for one in sold), Decimal(0))
    # Taking back a share of a line rounds once more.
    assert sum(rated.totals().values()) <= plan.worst_case * net * 100 + sum(1 for _ in rated.written())
