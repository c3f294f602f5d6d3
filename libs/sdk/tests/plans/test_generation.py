from decimal import Decimal

import pytest
from hypothesis import given, settings

from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Generation
from fenxiao.plans.periods.inputs import Sold
from libs.sdk.tests.plans.reference.generation import generation
from libs.sdk.tests.plans.shop import chain, day, faults, own, paid, plan, rankings, rate, sale, shops

RANKS = "ranks: [{id: silver}, {id: director}]"
PLAN = "- {id: g, type: generation, rank: director, generations: [10%, 6%, 4%]}"
DIRECTORS = dict.fromkeys("024", "director")


def test_generations_of_directors():
    # generation 10/6/4 %, chain of 0 to 6, Directors at 0, 2, 4; 6 sells 200: 4: 20, 2: 12, 0: 8
    rated = rate(plan(PLAN, RANKS), chain(*"0123456"), [sale("6", 200)], ranks=DIRECTORS)
    assert paid(rated) == {"4": Decimal(20), "2": Decimal(12), "0": Decimal(8)}
    assert [(line.member, line.level, line.rule) for line in rated.written()] == [
        ("4", 1, "/components/0/generations/0"),
        ("2", 2, "/components/0/generations/1"),
        ("0", 3, "/components/0/generations/2"),
    ]


def test_an_own_sale_is_a_generation_only_where_the_plan_says_so():
    sales = [sale("4", 200)]
    assert paid(rate(plan(PLAN, RANKS), chain(*"01234"), sales, ranks=DIRECTORS)) == {"2": 20, "0": 12}
    with_own = plan(PLAN.replace("}", ", own: true}"), RANKS)
    assert paid(rate(with_own, chain(*"01234"), sales, ranks=DIRECTORS)) == {"4": 20, "2": 12, "0": 8}
    assert paid(rate(with_own, chain(*"0123"), [sale("3", 200)], ranks=DIRECTORS | {"3": "silver"})) == {
        "2": 20,
        "0": 12,
    }


def test_who_does_not_qualify_is_no_generation():
    active = plan(PLAN.replace("}", ", qualify: {active: {sales: 1}}}"), RANKS)
    assert paid(rate(active, chain(*"0123456"), [sale("6", 200), sale("0", 1), sale("2", 1)], ranks=DIRECTORS)) == {
        "2": Decimal("20"),
        "0": Decimal("12.10"),  # and a tenth of what 2 sold
    }


def test_each_sale_goes_along_the_sponsors_of_its_time():
    tree = chain(*"0123456")
    tree.enrol("9", None, day(-1))
    tree.change_sponsor("6", "9", day(10))
    rated = rate(
        plan(PLAN, RANKS), tree, [sale("6", 100, day(9)), sale("6", 200, day(10))], ranks=DIRECTORS | {"9": "director"}
    )
    assert paid(rated) == {"4": 10, "2": 6, "0": 4, "9": 20}


def test_a_return_takes_back_its_share():
    rated = rate(plan(PLAN, RANKS), chain(*"0123456"), [sale("6", 200, returned="50")], ranks=DIRECTORS)
    assert paid(rated) == {"4": 15, "2": 9, "0": 6}


def test_the_worst_case_is_every_generation():
    assert plan(PLAN.replace("}", ", on: {share: 40%}}"), RANKS).components[0].worst_case == Decimal("0.08")


def test_faults():
    assert faults(PLAN) == [("/components/0/rank", "UNKNOWN_RANK")]
    assert faults(PLAN.replace("[10%, 6%, 4%]", "[]"), RANKS) == [("/components/0/generations", "WRONG_COUNT")]


PLANS = [
    plan(PLAN, RANKS),
    plan(PLAN.replace("}", ", own: true, on: {share: 33.3%, channels: [app]}}"), RANKS + "\nrounding: half_even"),
    plan(PLAN.replace("10%, 6%", "0%, 7.77%").replace("}", ", qualify: {active: {sales: 1}}}"), RANKS),
    plan(PLAN.replace("director", "silver").replace("}", ", on: {measure: points}}"), RANKS + "\nrounding: up"),
]


@pytest.mark.parametrize("one", PLANS)
@given(shop=shops(), ranks=rankings("silver", "director"))
@settings(max_examples=50, deadline=None)
def test_it_equals_the_reference(one: Plan, shop: tuple[Tree, list[Sold]], ranks: dict[str, str]):
    tree, sales = shop
    [part] = one.components
    assert isinstance(part, Generation)
    rated = rate(one, tree, sales, ranks=own(tree, ranks))
    rows = [(line.member, line.sale, line.level, line.other, line.rule, line.amount_minor) for line in rated.written()]
    assert rows == generation(one, part, tree, sales, own(tree, ranks))
