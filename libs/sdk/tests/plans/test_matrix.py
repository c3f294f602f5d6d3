from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Matrix
from fenxiao.plans.periods.inputs import Sold
from fenxiao.plans.trees.placement import Place
from libs.sdk.tests.plans.reference.matrix import matrix
from libs.sdk.tests.plans.shop import chain, day, faults, paid, placed, placements, plan, rate, sale, shops, tree

TREE = "placement: {width: 3, spill: balanced}"
PLAN = "- {id: m, type: matrix, levels: [0%, 10%, 5%]}"
MEMBERS = tree({"0": None, "a": "0", "b": "0", "c": "0", "d": "0", "e": "0"})
PLACES = placed(3, {"0": None, "a": ("0", 0), "b": ("0", 1), "c": ("0", 2), "d": ("a", 0), "e": ("d", 2)})


def test_levels_go_along_the_placement_not_the_sponsors():
    rated = rate(plan(PLAN, TREE), MEMBERS, [sale("e", 100)], placement=PLACES)
    assert paid(rated) == {"d": 10, "a": 5}
    assert [(line.member, line.level, line.rule) for line in rated.written()] == [
        ("d", 1, "/components/0/levels/1"),
        ("a", 2, "/components/0/levels/2"),
    ]


def test_the_matrix_is_as_deep_as_it_has_levels_and_level_0_is_the_seller():
    rated = rate(plan(PLAN.replace("0%, 10%, 5%", "1%, 2%, 3%, 4%"), TREE), MEMBERS, [sale("e", 100)], placement=PLACES)
    assert paid(rated) == {"e": 1, "d": 2, "a": 3, "0": 4}


def test_who_does_not_qualify_is_passed_over_with_compression_only():
    sales = [sale("e", 100), sale("a", 1), sale("0", 1)]
    for compression, pays in [("false", {"a": 5}), ("true", {"a": 10, "0": 5})]:
        one = plan(PLAN.replace("}", f", compression: {compression}, qualify: {{active: {{sales: 1}}}}}}"), TREE)
        of_e = [line for line in rate(one, MEMBERS, sales, placement=PLACES).written() if line.sale == sales[0].id]
        assert {line.member: line.amount_minor // 100 for line in of_e} == pays


def test_a_sale_counts_from_its_members_placing_on():
    places = placed(3, {"0": None})
    places.put("a", Place("0", 0), day(10))
    one = plan(PLAN.replace("0%, 10%", "1%, 10%"), TREE)
    rated = rate(one, MEMBERS, [sale("a", 100, day(9)), sale("a", 200, day(10)), sale("b", 100)], placement=places)
    assert paid(rated) == {"a": 2, "0": 20}
    assert paid(rate(one, MEMBERS, [sale("a", 100)])) == {}


def test_a_return_takes_back_its_share():
    rated = rate(plan(PLAN, TREE), MEMBERS, [sale("e", 100, returned="25")], placement=PLACES)
    assert paid(rated) == {"d": Decimal("7.5"), "a": Decimal("3.75")}


def test_it_posts_at_the_close_and_its_worst_case_is_all_levels():
    [part] = plan(PLAN, TREE).components
    assert (part.per_sale, part.depth, part.worst_case) == (False, 0, Decimal("0.15"))


def test_faults():
    assert faults(PLAN.replace("[0%, 10%, 5%]", "[]"), TREE) == [("/components/0/levels", "WRONG_COUNT")]
    assert faults(PLAN.replace("5%", "91%"), TREE) == [("/components", "PAYS_MORE_THAN_COMES_IN")]
    assert faults(PLAN.replace("}", ", width: 3}"), TREE) == [("/components/0/width", "UNKNOWN_FIELD")]


PLANS = [
    plan(PLAN, TREE),
    plan(PLAN.replace("}", ", on: {share: 33.3%, channels: [app]}}"), TREE + "\nrounding: half_even"),
    plan(PLAN.replace("}", ", qualify: {active: {sales: 1}}}"), TREE + "\nrounding: up"),
    plan(PLAN.replace("}", ", compression: true, qualify: {active: {sales: 1}}}").replace("0%", "7.77%", 1), TREE),
]


@pytest.mark.parametrize("one", PLANS)
@given(data=st.data(), shop=shops())
@settings(max_examples=50)
def test_it_equals_the_reference(one: Plan, data: st.DataObject, shop: tuple[Tree, list[Sold]]):
    members, sales = shop
    places = data.draw(placements(members, 3))
    [part] = one.components
    assert isinstance(part, Matrix)
    rated = rate(one, members, data.draw(st.permutations(sales)), placement=places)
    rows = [(line.member, line.sale, line.level, line.other, line.rule, line.amount_minor) for line in rated.written()]
    assert rows == matrix(one, part, places, sales)


def test_a_line_of_sponsors_without_places_pays_nobody():
    assert paid(rate(plan(PLAN, TREE), chain(*"012"), [sale("2", 100)], placement=placed(3, {"0": None}))) == {}
