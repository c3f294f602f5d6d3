from decimal import Decimal

import pytest
from hypothesis import given, settings

from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Matching
from fenxiao.plans.periods.inputs import Sold
from libs.sdk.tests.plans.reference.matching import matching
from libs.sdk.tests.plans.shop import PERIOD, chain, day, faults, own, paid, plan, rankings, rate, sale, shops

RANKS = "ranks: [{id: silver}, {id: gold}]"
DIRECT = "- {id: d, type: unilevel, levels: [10%, 2%]}\n"
MATCH = DIRECT + "- {id: m, type: matching, of: [d], levels: [10%, 5%]}"


def test_a_share_of_what_others_earned():
    # c sells 1,000: c earns 100, b 20. b is matched 10 % of c's, a 5 % of c's and 10 % of b's.
    rated = rate(plan(MATCH), chain("a", "b", "c"), [sale("c", 1000)])
    assert paid(rated) == {"c": 100, "b": 20 + 10, "a": 5 + 2}
    lines = [line for line in rated.written() if line.component == "m"]
    assert [(x.member, x.level, x.other, x.base, x.rate, x.exact_amount, x.sale) for x in lines] == [
        ("a", 1, "b", 20, Decimal("0.1"), 2, ""),
        ("a", 2, "c", 100, Decimal("0.05"), 5, ""),
        ("b", 1, "c", 100, Decimal("0.1"), 10, ""),
    ]


def test_it_matches_what_is_due_after_the_components_caps_and_before_the_plans():
    capped = MATCH.replace("[10%, 2%]}", "[10%, 2%], caps: {member: 50}}")
    assert paid(rate(plan(capped), chain("a", "b", "c"), [sale("c", 1000)])) == {"c": 50, "b": 25, "a": Decimal("4.50")}
    whole = plan(MATCH, "cap: {share: 0%, by: priority}")
    rated = rate(whole, chain("a", "b", "c"), [sale("c", 1000)])
    assert paid(rated) == {}
    assert sum(line.uncapped_minor for line in rated.written()) == 137_00


def test_who_does_not_qualify_takes_up_a_level_unless_compressed():
    active = MATCH.replace("5%]}", "5%], qualify: {rank: silver}}")
    compressed = active.replace("levels: [10%, 5%]", "levels: [10%, 5%], compression: true")
    for document, due in ((active, "0.70"), (compressed, "1.20")):
        rated = rate(plan(document, RANKS), chain("a", "b", "c"), [sale("c", 100)], ranks={"a": "silver"})
        assert paid(rated)["a"] == Decimal(due)


def test_ranks_have_levels_of_their_own():
    by_rank = MATCH.replace("5%]}", "5%], by_rank: [{rank: gold, levels: [50%]}]}")
    rated = rate(plan(by_rank, RANKS), chain("a", "b", "c"), [sale("c", 1000)], ranks={"b": "gold", "a": "silver"})
    assert paid(rated) == {"c": 100, "b": 20 + 50, "a": 5 + 2}
    assert [line.rule for line in rated.written() if line.member == "b"] == [
        "/components/0/levels/1",
        "/components/1/by_rank/0/levels/0",
    ]


def test_what_was_taken_back_is_matched_negatively():
    assert paid(rate(plan(MATCH), chain("a", "b"), [sale("b", -100)])) == {"b": -10, "a": -3}


def test_sponsors_are_those_at_the_periods_end():
    tree = chain("a", "b", "c")
    tree.change_sponsor("c", "a", day(20))
    rated = rate(plan(MATCH), tree, [sale("c", 1000, day(1))])
    assert paid(rated) == {"c": 100, "b": 20, "a": 10 + 2}


def test_it_may_match_a_matching_component():
    twice = plan(MATCH + "\n- {id: n, type: matching, of: [d, m], levels: [100%]}")
    assert paid(rate(twice, chain("a", "b", "c"), [sale("c", 1000)])) == {"c": 100, "b": 30 + 100, "a": 7 + 30}


def test_the_worst_case_is_a_share_of_what_is_matched():
    rated = plan(
        DIRECT + "- {id: m, type: matching, of: [d], levels: [10%, 5%], by_rank: [{rank: gold, levels: [20%]}]}", RANKS
    )
    part = rated.components[1]
    assert part.worst_case == Decimal("0.25")
    assert part.worst_after({"d": Decimal("0.12")}) == Decimal("0.03")
    assert part.worst_after({"d": None}) is None


def test_faults():
    assert faults(
        "- {id: m, type: matching, of: [m, later], levels: [10%]}\n- {id: later, type: direct, rate: 1%}"
    ) == [
        ("/components/0/of/0", "UNKNOWN_COMPONENT"),  # itself: it could not terminate
        ("/components/0/of/1", "UNKNOWN_COMPONENT"),
    ]
    assert faults(MATCH.replace("of: [d]", "of: [d, d]")) == [("/components/1/of/1", "REPEATED_ID")]
    assert faults(MATCH.replace("of: [d]", "of: []")) == [("/components/1/of", "WRONG_COUNT")]
    assert faults(MATCH.replace("5%]}", "5%], on: {measure: points}, caps: {sale: 1}}")) == [
        ("/components/1/caps/sale", "UNUSED_FIELD"),
        ("/components/1/on", "UNUSED_FIELD"),
    ]
    by_rank = MATCH.replace("5%]}", "5%], by_rank: [{rank: gold, levels: [1%]}, {rank: silver, levels: [1%]}]}")
    assert faults(by_rank, RANKS) == [("/components/1/by_rank/1/rank", "RANKS_NOT_ASCENDING")]
    assert ("/components/1/by_rank/0/rank", "UNKNOWN_RANK") in faults(by_rank)


MORE = DIRECT + "- {id: o, type: unilevel, levels: [0%, 3%]}\n"
PLANS = [
    plan(MATCH, RANKS),
    plan(
        MORE + "- {id: m, type: matching, of: [d, o], levels: [33.3%, 0%, 5%], compression: true,"
        " qualify: {rank: silver}, by_rank: [{rank: gold, levels: [1.5%, 2.5%, 3.5%, 4.5%]}]}",
        RANKS + "\nrounding: up",
    ),
    plan(
        MORE + "- {id: m, type: matching, of: [o], levels: [50%], qualify: {active: {sales: 1}}}",
        RANKS + "\nrounding: half_even",
    ),
]


@pytest.mark.parametrize("one", PLANS)
@given(shop=shops(), ranks=rankings("silver", "gold"))
@settings(max_examples=50, deadline=None)
def test_it_equals_the_reference(one: Plan, shop: tuple[Tree, list[Sold]], ranks: dict[str, str]):
    tree, sales = shop
    part = one.components[-1]
    assert isinstance(part, Matching)
    rated = rate(one, tree, sales, ranks=own(tree, ranks))
    lines = list(rated.written())
    earned: dict[str, int] = {}
    for line in lines:
        if line.component in part.of:
            earned[line.member] = earned.get(line.member, 0) + line.amount_minor
    rows = [
        (line.member, line.sale, line.level, line.other, line.rule, line.amount_minor)
        for line in lines
        if line.component == "m"
    ]
    assert rows == matching(one, part, tree, sales, own(tree, ranks), earned, PERIOD)
