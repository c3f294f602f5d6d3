from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Stairstep
from fenxiao.plans.periods.columns import Arrays
from fenxiao.plans.periods.inputs import Sold
from fenxiao.plans.periods.lines import PeriodLine
from fenxiao.plans.periods.ranking import RANKS
from libs.sdk.tests.plans.reference.stairstep import stairstep
from libs.sdk.tests.plans.shop import PERIOD, busy_shops, chain, day, faults, paid, plan, rate, sale, tree

STEPS = "steps: [{start: 100, rate: 5%}, {start: 1000, rate: 10%}]"
RANK_LIST = "ranks: [{id: silver}, {id: gold}]"
RANK_STEPS = "steps: [{rank: silver, rate: 5%}, {rank: gold, rate: 10%}]"


def by_volume(more: str = "") -> Plan:
    return plan(f"[{{id: stairs, type: stairstep, by: volume, {STEPS}, override: [5%, 4%, 3%]{more}}}]", RANK_LIST)


def by_rank(more: str = "") -> Plan:
    return plan(f"[{{id: stairs, type: stairstep, by: rank, {RANK_STEPS}, override: [5%, 4%, 3%]{more}}}]", RANK_LIST)


def test_a_group_that_breaks_away_counts_for_nobody_above():
    # `low` breaks away with 1,000. `top` has 100 of his own: 5 % of these, and nothing of what broke away,
    # since he has not broken away himself.
    rated = rate(by_volume(), chain("top", "low"), [sale("low", 1000), sale("top", 100)])
    assert paid(rated) == {"low": Decimal(100), "top": Decimal(5)}


def test_below_the_breakaway_step_it_is_a_differential():
    rated = rate(by_volume(), chain("top", "low"), [sale("low", 900), sale("top", 100)])
    # `low` 5 % of 900; `top` reaches 1,000: 10 % of 100 and 5 % of 900.
    assert paid(rated) == {"low": Decimal(45), "top": Decimal(55)}


def test_overrides_by_generation_of_groups_that_broke_away():
    # a to e break away with 1,000 each; x between them has not.
    line = chain("e", "d", "x", "c", "b", "a")
    rated = rate(by_volume(), line, [sale(member, 1000) for member in "abcde"])
    assert paid(rated) == {
        "a": Decimal(100),
        "b": Decimal(100 + 50),
        "c": Decimal(100 + 50 + 40),
        "d": Decimal(100 + 50 + 40 + 30),
        "e": Decimal(100 + 50 + 40 + 30),  # a's group is the fourth generation: nothing
    }
    lines = [(line.level, line.other, line.rule, line.base) for line in rated.written() if line.member == "d"]
    assert lines == [
        (0, "", "/components/0/steps/1", Decimal(1000)),
        (1, "x", "/components/0/override/0", Decimal(1000)),
        (2, "x", "/components/0/override/1", Decimal(1000)),
        (3, "x", "/components/0/override/2", Decimal(1000)),
    ]


def test_an_override_is_on_the_whole_group_that_broke_away():
    shop = tree({"top": None, "head": "top", "one": "head", "two": "one"})
    rated = rate(by_volume(), shop, [sale("top", 1000), sale("head", 600), sale("one", 300), sale("two", 200)])
    # The head's group: 600 of his own and 500 of the one's, who has 5 % of 300 and, of the two's 200, 0.
    assert paid(rated) == {
        "two": Decimal(10),
        "one": Decimal(15),
        "head": Decimal(60 + 25),
        "top": Decimal(100 + 55),
    }


@pytest.mark.parametrize(
    ("compression", "expected"),
    [("no", {"a": 100, "c": 40}), ("yes", {"a": 100, "c": 50})],
)
def test_who_has_broken_away_and_does_not_qualify(compression: str, expected: dict[str, int]):
    terms = by_rank(f", qualify: {{active: {{sales: 1}}}}, compression: {compression}")
    gold = dict.fromkeys("abc", "gold")
    rated = rate(terms, chain("c", "b", "a"), [sale("a", 1000), sale("c", "0.01")], ranks=gold)
    assert paid(rated) == {member: Decimal(money) for member, money in expected.items()}


def test_not_to_qualify_does_not_undo_a_breakaway():
    terms = by_rank(", qualify: {active: {sales: 1}}")
    rated = rate(
        terms, chain("top", "mid", "low"), [sale("low", 1000), sale("top", 10)], ranks={"mid": "gold", "top": "silver"}
    )
    # What comes through `mid` has broken away with him, though he earns nothing.
    assert paid(rated) == {"top": Decimal("0.5")}


def test_groups_are_read_at_the_end_of_the_period_and_sales_are_paid_along_the_sponsors_of_their_time():
    shop = chain("a", "b")
    shop.change_sponsor("b", None, day(5))
    shop.change_sponsor("a", "b", day(10))  # they have changed places
    rated = rate(by_volume(), shop, [sale("b", 600, day(1)), sale("a", 700, day(20))])
    # At the end a (700) stands below b, whose group is all 1,300: b has broken away, a has not.
    # On day 1, a stood above b, who took the 10 % and broke away with them; on day 20, b above a.
    assert paid(rated) == {"b": Decimal(60 + 35), "a": Decimal(35)}


def test_the_worst_case_is_the_last_step_and_every_generation():
    assert by_volume().components[0].worst_case == Decimal("0.22")


def test_faults_of_the_document():
    part = "{id: s, type: stairstep, by: volume, steps: [{start: 2, rate: 2%}, {start: 1, rate: 3%}], override: [1%]}"
    assert faults(f"[{part}]") == [("/components/0/steps/1/start", "STEPS_NOT_ASCENDING")]
    part = "{id: s, type: stairstep, by: volume, steps: [{start: 2, rate: 2%}], override: []}"
    assert faults(f"[{part}]") == [("/components/0/override", "WRONG_COUNT")]
    part = "{id: s, type: stairstep, by: volume, steps: [{start: 2, rate: 2%}]}"
    assert faults(f"[{part}]") == [("/components/0/override", "MISSING_FIELD")]


# --- properties


Busy = tuple[Tree, list[Sold], dict[str, str]]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    volumes = ["{start: 0.01, rate: 3%}", "{start: 100, rate: 5.5%}", "{start: 300, rate: 12%}"]
    ranks = ["{rank: silver, rate: 3%}", "{rank: gold, rate: 7.25%}", "{rank: ruby, rate: 12%}"]
    by, steps = draw(st.sampled_from([("volume", volumes), ("rank", ranks)]))
    steps = steps[draw(st.integers(0, 2)) :]
    override = draw(st.sampled_from(["[5%]", "[5%, 4.5%]", "[1%, 0%, 2%]"]))
    more = draw(
        st.sampled_from(
            [
                "",
                "on: {share: 40%}",
                "on: {products: [tea]}",
                "qualify: {active: {volume: 100}}",
                "qualify: {rank: gold}",
            ]
        )
    )
    more = f", {more}" if more else ""
    more += draw(st.sampled_from(["", ", compression: yes"]))
    text = f"[{{id: stairs, type: stairstep, by: {by}, steps: [{', '.join(steps)}], override: {override}{more}}}]"
    return plan(text, "ranks: [{id: silver}, {id: gold}, {id: jade}, {id: ruby}]")


def rows(lines: list[PeriodLine]) -> list[tuple[str, str, int, str, str, int]]:
    return sorted((line.member, line.sale, line.level, line.other, line.rule, line.amount_minor) for line in lines)


@settings(max_examples=100, deadline=None)
@given(plans(), busy_shops, st.data())
def test_it_equals_the_reference(plan: Plan, shop: Busy, data: st.DataObject):
    members, sales, ranks = shop
    part = plan.components[0]
    assert isinstance(part, Stairstep)
    lines = list(rate(plan, members, sales, ranks=ranks).written())
    assert rows(lines) == stairstep(plan, part, members, sales, ranks, PERIOD)
    assert len({line.key for line in lines}) == len(lines)


@settings(max_examples=50, deadline=None)
@given(plans(), busy_shops, st.data())
def test_arrays_and_another_order_of_arrival_give_the_same(plan: Plan, shop: Busy, data: st.DataObject):
    members, sales, ranks = shop
    lines = list(rate(plan, members, sales, ranks=ranks).written())
    assert list(rate(plan, members, data.draw(st.permutations(sales)), ranks=ranks).written()) == lines
    pytest.importorskip("numba")
    assert list(rate(plan, members, sales, ranks=ranks, frame=Arrays()).written()) == lines


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
