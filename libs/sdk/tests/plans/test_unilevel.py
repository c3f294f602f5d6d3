from decimal import Decimal

import pytest

from fenxiao.plans import Sale, SaleKind, rate_sale
from libs.sdk.tests.plans.shop import START, chain, day, faults, paid, plan, rate, sale, tree

CLASSIC = "- {id: u, type: unilevel, levels: [10%, 2%, 1%]}"
SILVER = "ranks: [{id: silver, personal_volume: 1}, {id: gold, personal_volume: 1000}]"


def payable(compression: str) -> str:
    return f"""
    - id: u
      type: unilevel
      levels: [0%, 7%, 6%]
      on: {{share: 40%}}
      qualify: {{rank: silver}}
      compression: {compression}
    """


@pytest.mark.parametrize(
    ("seller", "payout"),
    [
        ("angela", {"angela": 10, "betty": 2, "johnny": 1}),
        ("jim", {"jim": 10, "angela": 2, "betty": 1}),  # Johnny 0
    ],
)
def test_10_2_1_seller_first(seller: str, payout: dict[str, int]):
    # Johnny > Betty > Angela > Jim
    people = chain("johnny", "betty", "angela", "jim")
    assert paid(rate(plan(CLASSIC), people, [sale(seller, 100)])) == payout
    upline = people.upline(seller, START, 9)
    lines = rate_sale(plan(CLASSIC), Sale(SaleKind.SALE, START, Decimal(100), "GBP"), upline)
    assert {line.member: line.amount_minor for line in lines} == {name: 100 * due for name, due in payout.items()}


@pytest.mark.parametrize(("compression", "payout"), [("no", "2.40"), ("yes", "2.80")])
def test_compression_passes_over_who_does_not_qualify(compression: str, payout: str):
    # payable base 40 % of volume, root silver: level 1 7 %, level 2 6 %; root > mid (not qualified) > leaf sells 100
    ranks = {"root": "silver"}
    rated = rate(plan(payable(compression), SILVER), chain("root", "mid", "leaf"), [sale("leaf", 100)], ranks=ranks)
    assert paid(rated)["root"] == Decimal(payout)


def test_level_0_is_never_passed_on():
    part = "- {id: u, type: unilevel, levels: [10%, 2%], compression: yes, qualify: {rank: silver}}"
    ranks = {"a": "silver"}
    rated = rate(plan(part, "ranks: [{id: silver, personal_volume: 9}]"), chain("a", "b"), [sale("b", 1)], ranks=ranks)
    assert rated.totals() == {"a": 2}


def test_shares_go_by_the_earners_rank():
    part = "- {id: u, type: unilevel, levels: [1%, 1%], by_rank: [{rank: gold, levels: [5%, 5%, 5%]}]}"
    people = chain("gold", "silver", "none")
    rated = rate(plan(part, SILVER), people, [sale("none", 1)], ranks={"gold": "gold", "silver": "silver"})
    assert rated.totals() == {"none": 1, "silver": 1, "gold": 5}


def test_each_sale_goes_along_the_sponsors_of_its_own_time():
    people = tree({"a": None, "b": None, "c": "a"})
    people.change_sponsor("c", "b", day(10))
    rated = rate(plan(CLASSIC), people, [sale("c", 100, day(10) - (day(1) - day(0)) / 24), sale("c", 100, day(10))])
    assert paid(rated) == {"c": 20, "a": 2, "b": 2}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("levels: [1%], by_rank: [{rank: lead, levels: [1%]}]", [("/by_rank/0/rank", "UNKNOWN_RANK")]),
        (
            "levels: [1%], by_rank: [{rank: gold, levels: [1%]}, {rank: silver, levels: [1%]}]",
            [("/by_rank/1/rank", "RANKS_NOT_ASCENDING")],
        ),
        ("levels: [1%], special: [{products: [a], rate: 1%}]", [
            ("/special/0/levels", "MISSING_FIELD"),
            ("/special/0/rate", "UNKNOWN_FIELD"),
        ]),
        ("levels: [1%], special: [{levels: [1%]}]", [("/special/0", "SELECTS_EVERYTHING")]),
    ],
)  # fmt: skip
def test_faults(part: str, expected: list[tuple[str, str]]):
    found = faults(f"[{{id: u, type: unilevel, {part}}}]", SILVER)
    assert found == [(f"/components/0{place}", reason) for place, reason in expected]


def test_what_posts_with_the_sale():
    for body, depth in {
        "levels: [1%, 1%]": 2,
        "levels: [1%], special: [{products: [a], levels: [1%, 1%, 1%]}]": 3,
        "levels: [1%, 1%], caps: {sale: 3}": 2,
        "levels: [1%], by_rank: [{rank: gold, levels: [1%]}]": 0,
        "levels: [1%], special: [{products: [a], levels: [1%], by_rank: [{rank: gold, levels: [1%]}]}]": 0,
        "levels: [1%], qualify: {rank: gold}": 0,
        "levels: [1%], caps: {member: 3}": 0,
    }.items():
        made = plan(f"- {{id: u, type: unilevel, {body}}}", SILVER)
        assert (made.depth, bool(made.with_sale)) == (depth, depth > 0), body
