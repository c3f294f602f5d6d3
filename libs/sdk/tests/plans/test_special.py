from typing import Any

import pytest

from fenxiao.plans import Plan, read_plan
from fenxiao.plans.components.base import SaleClass
from fenxiao.plans.components.special import SpecialRate, most_specific_first
from libs.sdk.tests.plans.shop import chain, faults, plan, rate, sale

PRODUCTS = "products: [{id: tea, category: drink}, {id: oil, category: food}]"
SPECIAL = """
- id: d
  type: direct
  rate: 1%
  special:
    - {classes: [personal], rate: 2%}
    - {channels: [app], rate: 3%}
    - {channels: [app], classes: [personal], rate: 4%}
    - {categories: [drink], rate: 5%}
    - {categories: [drink], channels: [app], classes: [personal], rate: 6%}
    - {products: [tea], rate: 7%}
    - {products: [tea], classes: [personal], rate: 8%}
    - {products: [tea], channels: [app], rate: 9%}
"""


def won(plan: Plan, **goods: Any) -> tuple[int, str]:
    (line,) = rate(plan, chain("a"), [sale("a", 1, **goods)]).written()
    return line.amount_minor, line.rule.removeprefix("/components/0")


@pytest.mark.parametrize(
    ("goods", "percent", "rule"),
    [
        ({}, 1, "/rate"),
        ({"product": "oil"}, 1, "/rate"),
        ({"sale_class": "personal"}, 2, "/special/0/rate"),
        ({"channel": "app"}, 3, "/special/1/rate"),
        ({"channel": "app", "sale_class": "personal"}, 4, "/special/2/rate"),
        ({"category": "drink", "sale_class": "personal"}, 5, "/special/3/rate"),
        ({"category": "drink", "channel": "app"}, 5, "/special/3/rate"),
        ({"category": "drink", "channel": "app", "sale_class": "personal"}, 6, "/special/4/rate"),
        ({"product": "tea"}, 7, "/special/5/rate"),
        ({"product": "tea", "sale_class": "personal"}, 8, "/special/6/rate"),
        ({"product": "tea", "channel": "app", "sale_class": "personal"}, 9, "/special/7/rate"),
        ({"product": "tea", "category": "food"}, 7, "/special/5/rate"),
    ],
)
def test_the_most_specific_wins_and_the_line_says_which(goods: dict[str, str], percent: int, rule: str):
    assert won(plan(SPECIAL, PRODUCTS), **goods) == (percent, rule)


def test_the_reported_category_goes_before_the_one_that_the_plan_lists():
    part = "- {id: d, type: direct, rate: 1%, special: [{categories: [drink], rate: 5%}]}"
    assert won(plan(part, PRODUCTS), product="tea") == (5, "/special/0/rate")
    assert won(plan(part, PRODUCTS), product="tea", category="food") == (1, "/rate")
    assert won(plan(part, PRODUCTS), product="oil", category="drink") == (5, "/special/0/rate")


def test_any_two_sets_of_criteria_have_an_order():
    names = ("products", "categories", "channels", "classes")
    entries = [
        SpecialRate.model_validate({name: (SaleClass.RETAIL,) for i, name in enumerate(names) if bits >> i & 1})
        for bits in range(1, 16)
    ]
    order = [number for number, _ in most_specific_first(entries)]
    # From product, the most specific, as the highest digit of a binary number to class as the lowest.
    assert [f"{number + 1:04b}"[::-1] for number in order] == [f"{value:04b}" for value in range(15, 0, -1)]


def test_levels_and_ranks_of_some_sales():
    part = """
    - id: u
      type: unilevel
      levels: [10%, 5%]
      by_rank: [{rank: gold, levels: [20%, 10%]}]
      special:
        - {products: [tea], levels: [1%, 2%, 3%]}
        - {products: [oil], levels: [4%], by_rank: [{rank: gold, levels: [0%, 6%]}]}
    """
    made = plan(part, f"{{{PRODUCTS}, ranks: [{{id: gold}}]}}")
    people = chain("a", "b", "c")
    tea = rate(made, people, [sale("c", 1, product="tea")], ranks={"a": "gold"})
    assert tea.totals() == {"c": 1, "b": 2, "a": 3}  # nobody's rank matters here
    oil = rate(made, people, [sale("b", 1, product="oil")], ranks={"a": "gold"})
    assert oil.totals() == {"b": 4, "a": 6}
    assert [line.rule for line in oil.written()] == [
        "/components/0/special/1/levels/0",
        "/components/0/special/1/by_rank/0/levels/1",
    ]
    assert rate(made, people, [sale("b", 1)], ranks={"a": "gold"}).totals() == {"b": 10, "a": 10}


def test_money_beside_rates():
    part = """
    - id: d
      type: direct
      rate: 10%
      on: {measure: points, share: 50%}
      special: [{products: [tea], flat: 3}, {products: [oil], per_unit: 0.5}]
    """
    made = plan(part, PRODUCTS)
    sales = [sale("a", 1, points=7), sale("b", 1, points=7, product="tea")]
    sales += [sale("c", 1, points=7, product="oil", quantity="2.5")]
    rated = rate(made, chain("a", "b", "c"), sales)
    assert rated.totals() == {"a": 35, "b": 300, "c": 125}


@pytest.mark.parametrize(
    ("special", "on", "expected"),
    [
        ("[{rate: 2%}]", "{}", [("/special/0", "SELECTS_EVERYTHING")]),
        (
            "[{products: [a, b], rate: 2%}, {products: [b, c], rate: 3%}]",
            "{}",
            [("/special/1", "AMBIGUOUS_SPECIAL")],
        ),
        (
            "[{channels: [x], classes: [retail], rate: 2%}, {channels: [x], classes: [retail, personal], rate: 3%}]",
            "{}",
            [("/special/1", "AMBIGUOUS_SPECIAL")],
        ),
        ("[{products: [a], rate: 2%}]", "{products: [b]}", [("/special/0/products", "SELECTS_NOTHING")]),
        ("[{channels: [a], flat: 2}]", "{channels: [b]}", [("/special/0/channels", "SELECTS_NOTHING")]),
        ("[]", "{}", [("/special", "WRONG_COUNT")]),
        ("[{producers: [b], rate: 2%}]", "{}", [("/special/0/producers", "UNKNOWN_FIELD")]),
    ],
)
def test_faults(special: str, on: str, expected: list[tuple[str, str]]):
    found = faults(f"[{{id: d, type: direct, rate: 1%, on: {on}, special: {special}}}]")
    assert found == [(f"/components/0{place}", reason) for place, reason in expected]


def test_entries_that_share_no_sale_may_be_as_specific():
    part = """
    - id: d
      type: direct
      rate: 1%
      special:
        - {products: [tea], rate: 2%}
        - {products: [oil], rate: 3%}
        - {products: [tea], classes: [retail], rate: 4%}
        - {products: [tea, oil], classes: [personal], rate: 5%}
    """
    assert won(plan(part, PRODUCTS), product="tea", sale_class="personal") == (5, "/special/3/rate")


def test_products_and_ranks_of_entries_must_be_the_plans():
    part = """
    - id: u
      type: unilevel
      levels: [1%]
      special: [{products: [salt], levels: [1%], by_rank: [{rank: gold, levels: [1%]}, {rank: none, levels: [1%]}]}]
    """
    assert faults(part, f"{{{PRODUCTS}, ranks: [{{id: gold}}]}}") == [
        ("/components/0/special/0/by_rank/1/rank", "UNKNOWN_RANK"),
        ("/components/0/special/0/products/0", "UNKNOWN_PRODUCT"),
    ]
    twice = part.replace("none", "gold").replace("salt", "tea")
    assert faults(twice, f"{{{PRODUCTS}, ranks: [{{id: gold}}]}}") == [
        ("/components/0/special/0/by_rank/1/rank", "RANKS_NOT_ASCENDING")
    ]


def test_many_entries_are_checked_quickly_enough_to_be_read():
    entries = ", ".join(f"{{products: [p{i}], rate: 1%}}" for i in range(1000))
    made = read_plan(
        f"""
        plan: Many
        version: 1
        currency: GBP
        effective_from: 2010-01-01T00:00:00Z
        rounding: half_up
        jurisdictions: []
        return_window: 14
        components: [{{id: d, type: direct, rate: 1%, special: [{entries}]}}]
        """.encode()
    )
    assert len(made.components[0].offers) == 1001
