from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.plans import Plan, Tree
from fenxiao.plans.periods.columns import Arrays
from fenxiao.plans.periods.inputs import Sold
from fenxiao.plans.periods.leaderboard import check_measure, leaderboard, measure_names, measures_of, targets
from fenxiao.plans.periods.ranking import RANKS, renumber
from fenxiao.plans.periods.rating import RatedPeriod
from fenxiao.plans.periods.rows import earned_rank
from libs.sdk.tests.plans.reference.ranks import ranks as reference
from libs.sdk.tests.plans.shop import PERIOD, busy_shops, chain, day, faults, plan, rate, sale, tree

NETWORK = "[{id: network, type: unilevel, levels: [10%]}]"


def ranked(*ranks: str, volume: str = "{}") -> Plan:
    return plan(NETWORK, f"ranks: [{', '.join(ranks)}]\nvolume: {volume}")


def ranks_of(rated: RatedPeriod) -> dict[str, str]:
    """What everybody is paid as; who has no rank is left out."""
    return {row.member: row.rank for row in rated.rows() if row.rank}


FAMILY = tree({"top": None, "a": "top", "b": "top", "c": "top", "a1": "a", "a2": "a", "b1": "b"})


def test_everything_that_a_rank_names_must_hold():
    terms = ranked("{id: silver, personal_volume: 100, sales: 2, group_volume: 300}")
    assert ranks_of(rate(terms, FAMILY, [sale("a", 100), sale("a", 1), sale("a1", 199)])) == {"a": "silver"}
    assert ranks_of(rate(terms, FAMILY, [sale("a", 99), sale("a", 1), sale("a1", 200)])) == {"a": "silver"}
    assert ranks_of(rate(terms, FAMILY, [sale("a", 98), sale("a", 1), sale("a1", 201)])) == {}  # personal volume
    assert ranks_of(rate(terms, FAMILY, [sale("a", 300)])) == {}  # sales
    assert ranks_of(rate(terms, FAMILY, [sale("a", 100), sale("a", 1), sale("a1", 198)])) == {}  # group volume


def test_the_highest_rank_that_holds_is_earned_and_needs_no_other_rank():
    terms = ranked("{id: seller, sales: 1}", "{id: leader, legs: [{count: 1, volume: 50}]}")
    rated = rate(terms, FAMILY, [sale("a1", 50)])
    assert ranks_of(rated) == {"a1": "seller", "a": "leader", "top": "leader"}


def test_a_return_takes_its_volume_and_a_whole_one_the_sale():
    terms = ranked("{id: one, sales: 1}", "{id: two, personal_volume: 50}")
    assert ranks_of(rate(terms, FAMILY, [sale("a", 100, returned=50)])) == {"a": "two"}
    assert ranks_of(rate(terms, FAMILY, [sale("a", 100, returned=51)])) == {"a": "one"}
    assert ranks_of(rate(terms, FAMILY, [sale("a", 100, returned=100)])) == {}
    # A rule that is left out asks for nothing, also where more came back than was sold.
    assert ranks_of(rate(terms, FAMILY, [sale("a", 10), sale("a", -20)])) == {"a": "one"}


def test_volumes_and_sales_are_those_of_the_plans_volume():
    terms = ranked("{id: one, sales: 1}", "{id: two, personal_volume: 50}", volume="{measure: points, products: [tea]}")
    sales = [sale("a", 1, points=50, product="tea"), sale("b", 1, points=49, product="tea"), sale("c", 99, points=99)]
    assert ranks_of(rate(terms, FAMILY, sales)) == {"a": "two", "b": "one"}


def test_legs_of_so_much_volume():
    terms = ranked("{id: two_legs, legs: [{count: 2, volume: 100}, {count: 1, volume: 150}]}")
    assert ranks_of(rate(terms, FAMILY, [sale("a1", 90), sale("a2", 60), sale("b", 100)])) == {"top": "two_legs"}
    assert ranks_of(rate(terms, FAMILY, [sale("a1", 90), sale("a2", 60), sale("b", 99)])) == {}
    assert ranks_of(rate(terms, FAMILY, [sale("a1", 90), sale("a2", 59), sale("b", 100)])) == {}


def test_of_one_leg_no_more_than_a_share_counts():
    def is_wide(terms: Plan, sales: list[Sold]) -> bool:
        return ranks_of(rate(terms, FAMILY, sales)).get("top") == "wide"

    terms = ranked("{id: wide, group_volume: 1000, leg_limit: 60%}")
    assert is_wide(terms, [sale("a1", 5000), sale("b", 300), sale("top", 100)])
    assert not is_wide(terms, [sale("a1", 5000), sale("b", 300), sale("top", "99.99")])
    # 60.6 % of 0.5 is 0.303, finer than the cents in which volumes are reported.
    terms = ranked("{id: wide, group_volume: 0.5, leg_limit: 60.6%}")
    assert is_wide(terms, [sale("a", 5), sale("b", "0.20")])
    assert not is_wide(terms, [sale("a", 5), sale("b", "0.19")])


@pytest.mark.parametrize(("where", "least"), [("direct", 1), ("legs", 2), ("anywhere", 3)])
def test_members_of_a_rank_are_counted_directly_below_in_legs_or_anywhere(where: str, least: int):
    # Silver are a1, a2 and b: one directly below `top`, in two legs, three anywhere.
    sales = [sale("a1", 50), sale("a2", 50), sale("b", 50), sale("top", 1)]
    silver = "{id: silver, personal_volume: 50}"
    for count in range(1, 5):
        gold = f"{{id: gold, sales: 1, below: [{{count: {count}, rank: silver, where: {where}}}]}}"
        assert (ranks_of(rate(ranked(silver, gold), FAMILY, sales)).get("top") == "gold") == (count <= least)


def test_legs_are_counted_unless_another_place_is_named():
    terms = ranked("{id: silver, personal_volume: 50}", "{id: gold, below: [{count: 2, rank: silver}]}")
    assert ranks_of(rate(terms, FAMILY, [sale("a1", 50), sale("a2", 50)])) == {
        "a1": "silver",
        "a2": "silver",
        "a": "gold",
    }


def test_active_legs():
    terms = ranked("{id: gold, below: [{count: 2, active: {volume: 10, sales: 2}}]}")
    busy = [sale("a1", 5), sale("a1", 6), sale("b", 5), sale("b", 5, id="again")]
    assert ranks_of(rate(terms, FAMILY, busy)) == {"top": "gold"}
    assert ranks_of(rate(terms, FAMILY, busy[:3])) == {}


def test_a_rank_may_count_itself_and_ranks_build_on_each_other():
    terms = ranked(
        "{id: one, personal_volume: 1}",
        "{id: two, below: [{count: 1, rank: one}]}",
        "{id: three, below: [{count: 1, rank: two}]}",
        "{id: four, below: [{count: 1, rank: four}]}",
    )
    line = chain("e", "d", "c", "b", "a")
    assert ranks_of(rate(terms, line, [sale("a", 1)])) == {
        "a": "one",
        "b": "two",
        "c": "three",
        "d": "three",
        "e": "three",
    }
    given = rate(terms, line, [sale("a", 1)], ranks={"b": "four"})
    assert ranks_of(given) == {"a": "one", "b": "four", "c": "four", "d": "four", "e": "four"}


def test_a_rank_that_asks_for_nothing_is_only_given():
    terms = ranked("{id: seller, sales: 1}", "{id: founder, personal_volume: 0}")
    assert ranks_of(rate(terms, FAMILY, [sale("a", 1)], ranks={"b": "founder"})) == {"a": "seller", "b": "founder"}


def test_a_rank_that_is_given_counts_whatever_the_rules_say():
    terms = ranked("{id: one, sales: 1}", "{id: two, sales: 2}")
    sales = [sale("a", 1), sale("a", 2), sale("b", 1)]
    assert ranks_of(rate(terms, FAMILY, sales, ranks={"a": "one", "b": "two", "c": "one"})) == {
        "a": "one",
        "b": "two",
        "c": "one",
    }
    with pytest.raises(Refusal) as refusal:
        rate(terms, FAMILY, sales, ranks={"a": "three"})
    assert (refusal.value.reason, refusal.value.field) == ("UNKNOWN_RANK", "rank")
    assert rate(plan(NETWORK), FAMILY, sales, ranks={"a": "three"}).totals()  # nothing to override


def test_structure_is_read_at_the_end_of_the_period_and_volume_at_the_time_of_the_sale():
    terms = ranked("{id: group, group_volume: 100}", "{id: legs, legs: [{count: 1, volume: 100}]}")
    shop = tree({"old": None, "new": None, "seller": "old"})
    shop.change_sponsor("seller", "new", day(10))
    rated = rate(terms, shop, [sale("seller", 100, day(5))])
    assert ranks_of(rated) == {"old": "group", "new": "legs", "seller": "group"}


# --- from period to period

GRACE = (
    "{id: one, personal_volume: 10}",
    "{id: two, personal_volume: 20, grace: 2}",
    "{id: three, personal_volume: 30}",
)


def history(terms: Plan, volumes: list[int]) -> list[tuple[str, str, int]]:
    """Paid-as rank, highest and grace used, period by period."""
    carried: Mapping[str, Mapping[int, tuple[int, ...]]] = {}
    found: list[tuple[str, str, int]] = []
    for volume in volumes:
        rated = rate(terms, chain("a"), [sale("a", volume)] if volume else [], carried=carried)
        carried = {key: dict(value) for key, value in rated.carry_out.items()}
        found += [(row.rank, row.highest, row.grace_used) for row in rated.rows()] or [("", "", 0)]
    return found


def test_a_rank_is_kept_for_its_grace_and_then_falls_to_what_is_earned():
    assert history(ranked(*GRACE), [0, 20, 10, 10, 10, 0, 20]) == [
        ("", "", 0),
        ("two", "two", 0),
        ("two", "two", 1),
        ("two", "two", 2),
        ("one", "two", 0),
        ("", "two", 0),
        ("two", "two", 0),
    ]


def test_earning_the_rank_again_gives_the_whole_grace_again():
    grace = [used for _, _, used in history(ranked(*GRACE), [20, 0, 20, 0, 0, 0])]
    assert grace == [0, 1, 0, 1, 2, 0]


def test_a_rank_without_grace_falls_at_once_and_the_highest_stays():
    assert history(ranked(*GRACE), [30, 10, 0]) == [("three", "three", 0), ("one", "three", 0), ("", "three", 0)]


def test_a_rank_kept_by_grace_counts_for_those_above():
    terms = ranked("{id: silver, personal_volume: 10, grace: 1}", "{id: gold, below: [{count: 1, rank: silver}]}")
    first = rate(terms, chain("top", "low"), [sale("low", 10)])
    second = rate(terms, chain("top", "low"), [], carried=first.carry_out)
    third = rate(terms, chain("top", "low"), [], carried=second.carry_out)
    assert [ranks_of(one).get("top") for one in (first, second, third)] == ["gold", "gold", None]


def test_no_component_can_have_the_id_under_which_ranks_are_carried():
    assert ("/components/0/id", "INVALID_ID") in faults(f"[{{id: '{RANKS}', type: unilevel, levels: [1%]}}]")


def test_only_who_has_had_a_rank_carries_one_and_a_plan_without_ranks_carries_none():
    rated = rate(ranked("{id: one, sales: 1}"), FAMILY, [sale("a", 1)])
    number = list(rated.context.inputs.members).index("a")
    assert dict(rated.carry_out[RANKS]) == {number: (1, 1, 0)}
    assert number in rated.carry_out[RANKS]
    assert 99 not in rated.carry_out[RANKS]
    assert len(rated.carry_out[RANKS]) == 1
    assert RANKS not in rate(plan(NETWORK), FAMILY, []).carry_out


def test_ranks_are_carried_over_to_another_version_by_their_ids():
    before = ranked("{id: one, sales: 1}", "{id: two, sales: 2}", "{id: three, sales: 3}")
    after = ranked("{id: zero, sales: 1}", "{id: one, sales: 2}", "{id: three, sales: 4}")
    assert renumber({0: (1, 1, 0), 1: (2, 3, 1), 2: (3, 3, 0), 3: (0, 2, 0)}, before, after) == {
        0: (2, 2, 0),
        1: (2, 3, 1),  # no `two`: the next lower one is `one`
        2: (3, 3, 0),
        3: (0, 2, 0),
    }
    assert renumber({0: (1, 1, 0)}, before, ranked("{id: two, sales: 1}")) == {}


def test_sealed_ranks_stay_whatever_is_known_later():
    terms = ranked("{id: one, personal_volume: 10, grace: 1}", "{id: two, personal_volume: 20}")
    carried = rate(terms, FAMILY, [sale("c", 10)]).carry_out
    sales = [sale("a", 20), sale("b", 10)]
    closed = rate(terms, FAMILY, sales, carried=carried)
    later = [sale("a", 20, returned=20), sale("b", 100), sale("b1", 50)]
    again = rate(terms, FAMILY, later, carried=carried, sealed_ranks=closed.carry_out[RANKS])
    assert ranks_of(again) == ranks_of(closed) == {"a": "two", "b": "one", "c": "one"}
    assert again.carry_out[RANKS] == closed.carry_out[RANKS]
    # What is counted follows, and what would have been earned.
    assert {row.member: (row.pv, row.earned_rank) for row in again.rows()}["b"] == (Decimal(100), "two")


# --- rows, leaderboards, targets


def test_a_row_holds_what_a_member_needs_to_check_his_rank():
    terms = ranked(
        "{id: silver, personal_volume: 50}",
        "{id: gold, group_volume: 150, leg_limit: 50%, legs: [{count: 1, volume: 60}], "
        "below: [{count: 2, rank: silver}]}",
    )
    rated = rate(terms, FAMILY, [sale("a1", "60.5"), sale("b", 50), sale("top", 100)])
    rows = {row.member: row for row in rated.rows()}
    top = rows["top"]
    assert (top.pv, top.gv, top.sales, top.rank, top.earned_minor) == (Decimal(100), Decimal("210.5"), 1, "gold", 1000)
    assert top.reached == {
        "/ranks/1/leg_limit": Decimal("210.5"),
        "/ranks/1/legs/0": Decimal(1),
        "/ranks/1/below/0": Decimal(2),
    }
    assert list(rows) == ["a", "a1", "b", "top"]  # who has nothing has no row
    assert earned_rank(terms, top) == "gold"
    assert (
        earned_rank(terms, top._replace(pv=Decimal(10), reached={**top.reached, "/ranks/1/below/0": Decimal(1)})) == ""
    )


def test_leaderboards_and_targets():
    terms = ranked("{id: silver, personal_volume: 50}", "{id: gold, below: [{count: 1, rank: silver}]}")
    rated = rate(terms, FAMILY, [sale("a1", 60), sale("b", 50), sale("c", "59.99"), sale("c", "0.01"), sale("a2", 1)])
    measures = measures_of(rated)

    def board(by: str, top: int = 3) -> list[tuple[int, str, Decimal]]:
        return [(one.place, one.member, one.value) for one in leaderboard(measures, by, top)]

    assert board("pv") == [(1, "a1", Decimal(60)), (2, "c", Decimal(60)), (3, "b", Decimal(50))]
    assert board("gv", 2) == [(1, "top", 171), (2, "a", 61)]
    assert board("sales", 2) == [(1, "c", 2), (2, "a1", 1)]
    assert board("rank", 9) == [(1, "a", 2), (2, "top", 2), (3, "a1", 1), (4, "b", 1), (5, "c", 1)]
    assert board("highest", 1) == [(1, "a", 2)]
    assert board("earned", 1) == [(1, "a1", 6)]
    assert board("/ranks/1/below/0", 9) == [(1, "top", 3), (2, "a", 1)]
    assert [one.member for one in targets(measures, "pv", Decimal("59.995"))] == ["a1", "c"]
    assert [one.member for one in targets(measures, "pv", Decimal(0))] == ["a1", "c", "b", "a2"]
    with pytest.raises(Refusal, match="pv, gv") as refusal:
        check_measure(terms, "size")
    assert refusal.value.reason == "UNKNOWN_MEASURE"


def test_what_a_plan_can_be_measured_by_is_known_before_it_is_rated():
    terms = ranked(
        "{id: silver, personal_volume: 50}",
        "{id: gold, group_volume: 150, leg_limit: 50%, legs: [{count: 0, volume: 9}, {count: 1, volume: 60}], "
        "below: [{count: 2, rank: silver}, {count: 0, rank: silver}]}",
    )
    assert measure_names(terms) == list(measures_of(rate(terms, FAMILY, [sale("b", 1)])).columns)


# --- faults


@pytest.mark.parametrize(
    ("ranks", "expected"),
    [
        ("[{id: one}, {id: one}]", ("/ranks/1/id", "REPEATED_ID")),
        ("[{id: one, below: [{count: 1, rank: two}]}, {id: two}]", ("/ranks/0/below/0/rank", "UNKNOWN_RANK")),
        ("[{id: one, below: [{count: 1}]}]", ("/ranks/0/below/0", "RANK_OR_ACTIVE")),
        ("[{id: one, below: [{count: 1, rank: one, active: {sales: 1}}]}]", ("/ranks/0/below/0", "RANK_OR_ACTIVE")),
        ("[{id: one, leg_limit: 50%}]", ("/ranks/0/leg_limit", "LIMIT_OF_NOTHING")),
        ("[{id: one, group_volume: 9, leg_limit: 0%}]", ("/ranks/0/leg_limit", "EMPTY_LIMIT")),
        ("[{id: one, personal_volume: -1}]", ("/ranks/0/personal_volume", "INVALID_NUMBER")),
    ],
)
def test_faults_of_the_document(ranks: str, expected: tuple[str, str]):
    assert faults(NETWORK, f"ranks: {ranks}") == [expected]


# --- properties


NUMBERS = st.sampled_from(["0", "0", "0.01", "50", "200", "400"])


@st.composite
def legs(draw: st.DrawFn) -> str:
    return f"[{{volume: {draw(NUMBERS)}, count: {draw(st.integers(0, 2))}}}]"


@st.composite
def below(draw: st.DrawFn, rank: int) -> str:
    """One rule or two; ranks up to this one."""
    rules: list[str] = []
    for _ in range(draw(st.integers(1, 2))):
        where, count = draw(st.sampled_from(["direct", "anywhere", "legs"])), draw(st.integers(0, 3))
        if draw(st.booleans()):
            what = f"rank: r{draw(st.integers(0, rank))}"
        else:
            what = f"active: {{volume: {draw(NUMBERS)}, sales: {draw(st.integers(0, 2))}}}"
        rules.append(f"{{{what}, where: {where}, count: {count}}}")
    return f"[{', '.join(rules)}]"


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    ranks: list[str] = []
    for i in range(draw(st.sampled_from([4, 3, 2, 1]))):
        rules: dict[str, str] = draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "personal_volume": NUMBERS,
                    "sales": st.integers(0, 2).map(str),
                    "group_volume": NUMBERS,
                    "legs": legs(),
                    "below": below(i),
                    "grace": st.integers(0, 2).map(str),
                },
            )
        )
        if rules.get("group_volume", "0") != "0" and draw(st.booleans()):
            rules["leg_limit"] = draw(st.sampled_from(["0.5%", "33.333%", "60%"]))
        ranks.append(", ".join([f"{{id: r{i}", *(f"{key}: {value}" for key, value in rules.items())]) + "}")
    return ranked(*ranks, volume=draw(st.sampled_from(["{}", "{measure: points}", "{products: [tea], share: 40%}"])))


@settings(max_examples=150, deadline=None)
@given(plans(), busy_shops, st.data())
def test_it_equals_a_slow_fixpoint(terms: Plan, shop: tuple[Tree, list[Sold], dict[str, str]], data: st.DataObject):
    members, sales, _ = shop
    ids = [rank.id for rank in terms.ranks]
    given_ranks = data.draw(st.dictionaries(st.sampled_from(sorted(members)), st.sampled_from(ids), max_size=2))
    rank = st.integers(0, len(ids))
    history = st.tuples(rank, rank, st.integers(0, 2)).map(lambda one: (one[0], max(one[:2]), one[2]))
    drawn = data.draw(st.lists(history, min_size=len(members), max_size=len(members)))
    known = {member: one for member, one in zip(sorted(members), drawn, strict=True) if one[1]}
    numbers = {member: i for i, member in enumerate(sorted(members))}  # all joined at one time
    carried = {RANKS: {numbers[member]: one for member, one in known.items()}}
    rated = rate(terms, members, sales, ranks=given_ranks, carried=carried)
    expected = reference(terms, members, sales, PERIOD, given_ranks, known)
    assert dict(rated.carry_out[RANKS]) == {numbers[member]: one for member, one in expected.items()}
    # A member's own row proves what he has earned.
    for row in rated.rows():
        if row.member not in given_ranks and not row.grace_used:
            assert row.rank == row.earned_rank
    another = rate(terms, members, data.draw(st.permutations(sales)), ranks=given_ranks, carried=carried)
    assert list(another.rows()) == list(rated.rows())


@settings(max_examples=50, deadline=None)
@given(plans(), busy_shops)
def test_arrays_give_the_same(terms: Plan, shop: tuple[Tree, list[Sold], dict[str, str]]):
    pytest.importorskip("numba")
    members, sales, _ = shop
    carried = rate(terms, members, []).carry_out
    lists = rate(terms, members, sales, carried=carried)
    arrays = rate(terms, members, sales, carried=carried, frame=Arrays())
    assert list(arrays.rows()) == list(lists.rows())
    assert arrays.carry_out == lists.carry_out
