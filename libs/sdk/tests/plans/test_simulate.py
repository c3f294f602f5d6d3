"""Simulations: periods closed one behind the other, late returns, versions, cuts, and what it all comes to."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.plans import Plan
from fenxiao.plans.language.model import PeriodLength
from fenxiao.plans.periods.timetable import timetable
from fenxiao.plans.sales.sale import Sale, SaleKind
from fenxiao.plans.trials.facts import Facts, Joined, net_amount
from fenxiao.plans.trials.simulate import Close, Posting, Simulation
from fenxiao.plans.trials.totals import Totals, add_all, share_of
from libs.sdk.tests.plans.shop import START, day, plan

ZONE = ZoneInfo("UTC")

UNILEVEL = "[{id: network, type: unilevel, levels: [10%, 2%, 1%]}]"
TIERS = """
- id: own
  type: direct
  tiers: {mode: retroactive, steps: [{start: 0, rate: 5%}, {start: 1000, rate: 10%}]}
"""
BINARY = """
- {id: pairs, type: binary, unit: 100, rate: 10%}
"""
PLACED = "placement: {width: 2, spill: balanced}"


def members(*names: str) -> Facts:
    """Facts with members, each below the one before, who joined a year ago."""
    facts = Facts()
    for member, sponsor in zip(names, ["", *names], strict=False):
        facts.join(Joined(member, sponsor, START - timedelta(days=365)))
    return facts


def sold(facts: Facts, member: str, amount: str | int | Decimal, at: datetime = START, name: str = "") -> str:
    name = name or f"s{len(facts.sales)}"
    facts.report(Sale(SaleKind.SALE, at, Decimal(amount), "GBP", name, member))
    return name


def came_back(facts: Facts, sale: str, amount: str | int | Decimal, at: datetime, name: str = "") -> None:
    member = facts.sales[sale].member
    name = name or f"r{len(facts.returns)}"
    facts.report(Sale(SaleKind.RETURN, at, Decimal(amount), "GBP", name, member, sale))


def run(plans: Plan | Sequence[Plan], facts: Facts, as_of: datetime | None = None) -> list[Close]:
    versions = [plans] if isinstance(plans, Plan) else plans
    return list(Simulation(versions, facts, ZONE, as_of).closes())


def money(closes: Sequence[Close]) -> Totals:
    return add_all(closes).money


def nets(closes: Sequence[Close]) -> dict[str, int]:
    return {member: sums.net for member, sums in money(closes).members.items()}


def due(closes: Sequence[Close]) -> Counter[tuple[object, ...]]:
    """Everything that was posted, by period and line."""
    total: Counter[tuple[object, ...]] = Counter()
    for close in closes:
        for one in close.postings():
            total[one.period, *one.line.key] += one.amount_minor
    return +total


# --- periods


def test_periods_are_closed_in_order_and_post_what_is_their_own() -> None:
    facts = members("ann", "bob")
    sold(facts, "bob", 100, day(3))
    sold(facts, "bob", 200, day(35))
    closes = run(plan(UNILEVEL), facts)
    assert [close.term.period.start.month for close in closes] == [12, 1]
    assert [[(p.line.member, p.amount_minor) for p in close.postings()] for close in closes] == [
        [("bob", 1000), ("ann", 200)],
        [("bob", 2000), ("ann", 400)],
    ]


def test_a_period_without_sales_is_closed_too() -> None:
    facts = members("ann")
    sold(facts, "ann", 100, day(3))
    sold(facts, "ann", 100, day(70))
    assert [close.term.period.start.month for close in run(plan(UNILEVEL), facts)] == [12, 1, 2]


def test_without_sales_there_is_nothing_to_close() -> None:
    assert run(plan(UNILEVEL), members("ann")) == []


def test_periods_begin_in_the_time_zone() -> None:
    facts = members("ann")
    sold(facts, "ann", 100, datetime(2010, 12, 31, 20, tzinfo=UTC))
    [close] = Simulation([plan(UNILEVEL)], facts, ZoneInfo("Asia/Shanghai")).closes()
    assert close.term.period.start == datetime(2010, 12, 31, 16, tzinfo=UTC)


# --- what is carried


def test_what_a_component_carries_goes_into_the_next_period() -> None:
    facts = members("top", "left")
    facts.join(Joined("right", "top", START - timedelta(days=300)))
    sold(facts, "left", 250, day(1))
    sold(facts, "right", 100, day(2))
    sold(facts, "right", 100, day(40))
    closes = run(plan(BINARY, PLACED), facts)
    # 250/100: one unit, 150/0 carried. Then 150/100: another one.
    assert [sum(p.amount_minor for p in close.postings()) for close in closes] == [1000, 1000]


def test_places_can_be_given() -> None:
    facts = members("top")
    early = START - timedelta(days=300)
    facts.join(Joined("a", "top", early, leg=1))
    facts.join(Joined("b", "top", early, placement="a", leg=0))
    facts.join(Joined("c", "top", early))
    for member in ("a", "b"):
        sold(facts, member, 100, day(1))
    sold(facts, "c", 200, day(2))
    [close] = run(plan(BINARY, PLACED), facts)
    assert {p.line.member: p.amount_minor for p in close.postings()} == {"top": 2000}


# --- returns


def test_a_return_in_the_same_period_makes_the_line_smaller() -> None:
    facts = members("ann", "bob")
    came_back(facts, sold(facts, "bob", 100, day(1)), 25, day(2))
    closes = run(plan(UNILEVEL), facts)
    assert nets(closes) == {"bob": 750, "ann": 150}
    assert (money(closes).all.accrued, money(closes).all.clawed_back) == (1200, -300)


def test_a_later_return_posts_the_difference_in_its_own_period() -> None:
    facts = members("ann", "bob")
    came_back(facts, sold(facts, "bob", 100, day(1)), 25, day(40))
    first, second = run(plan(UNILEVEL), facts)
    assert nets([first]) == {"bob": 1000, "ann": 200}
    assert [(one.line.member, one.amount_minor, one.posted_before) for one in second.adjusted] == [
        ("bob", -250, 1000),
        ("ann", -50, 200),
    ]
    assert {one.period for one in second.adjusted} == {first.term.period}
    assert {one.posted_in for one in second.adjusted} == {second.term.period}
    assert money([first, second]).all.clawed_back == -300


def test_a_later_return_takes_a_retroactive_tier_back() -> None:
    facts = members("ann")
    sale = sold(facts, "ann", 600, day(1))
    sold(facts, "ann", 500, day(2))
    came_back(facts, sale, 200, day(40))
    first, second = run(plan(TIERS), facts)
    assert nets([first]) == {"ann": 110_00}
    assert nets([first, second]) == {"ann": 45_00}  # 5 % of 900


def test_what_is_carried_changes_with_the_period_that_comes_back() -> None:
    facts = members("top", "left")
    facts.join(Joined("right", "top", START - timedelta(days=300)))
    sale = sold(facts, "left", 200, day(1))
    sold(facts, "right", 200, day(40))
    came_back(facts, sale, 200, day(75))
    december, january, february = run(plan(BINARY, PLACED), facts)
    assert nets([december]) == {}
    assert nets([december, january]) == {"top": 2000}
    # December is rated again, and what it hands on to January is less.
    assert [(one.period, one.amount_minor) for one in february.adjusted] == [(january.term.period, -2000)]


def test_ranks_stay_as_they_were_sealed() -> None:
    ranked = plan(
        "[{id: bonus, type: unilevel, levels: [10%], qualify: {rank: gold}}]",
        "ranks: [{id: gold, personal_volume: 500}]",
    )
    facts = members("ann")
    sale = sold(facts, "ann", 400, day(1))
    sold(facts, "ann", 100, day(2))
    came_back(facts, sale, 400, day(40))
    closes = run(ranked, facts)
    # Ann would not be gold without the sale; she stays so, and loses the part that came back.
    assert nets(closes) == {"ann": 10_00}


def test_a_return_that_names_no_sale_is_negative_in_its_own_period() -> None:
    facts = members("ann")
    sold(facts, "ann", 100, day(1))
    facts.report(Sale(SaleKind.RETURN, day(40), Decimal(30), "GBP", "r", "ann"))
    first, second = run(plan(UNILEVEL), facts)
    assert (nets([first]), nets([second])) == ({"ann": 1000}, {"ann": -300})
    assert second.adjusted == []


def test_parts_of_a_sale_that_come_back_over_time_take_back_the_whole() -> None:
    facts = members("ann", "bob")
    sale = sold(facts, "bob", "99.99", day(1))
    for month, amount in enumerate(("33.33", "33.33", "33.33"), 1):
        came_back(facts, sale, amount, day(31 * month + 3))
    assert due(run(plan(UNILEVEL), facts)) == Counter()


COMPONENTS = """
- {id: network, type: unilevel, levels: [7%, 3%], compression: yes, qualify: {active: {volume: 50}}}
- id: own
  type: direct
  tiers: {mode: marginal, steps: [{start: 0, rate: 1%}, {start: 300, rate: 2.5%}]}
- {id: steps, type: differential, by: volume, steps: [{start: 100, rate: 3%}, {start: 500, rate: 6%}]}
- {id: pairs, type: binary, unit: 50, rate: 5%}
- {id: pot, type: pool, share: 2%, by: equal}
- {id: match, type: matching, of: [network, own], levels: [10%]}
"""


@st.composite
def histories(draw: st.DrawFn) -> Facts:
    """A few members, and sales and named returns over four months."""
    facts = members("m0")
    for n in range(1, draw(st.integers(2, 6))):
        facts.join(Joined(f"m{n}", f"m{draw(st.integers(0, n - 1))}", START - timedelta(days=100 - n)))
    for n in range(draw(st.integers(1, 8))):
        member = f"m{draw(st.integers(0, len(facts.tree) - 1))}"
        sold(facts, member, Decimal(draw(st.integers(1, 60_000))).scaleb(-2), day(draw(st.integers(0, 100))), f"s{n}")
    for name, sale in list(facts.sales.items()):
        left = int(sale.amount.scaleb(2))
        for k in range(draw(st.integers(0, 2))):
            if left:
                part = draw(st.sampled_from([left, draw(st.integers(1, left))]))
                at = sale.occurred_at + timedelta(days=draw(st.integers(0, 60)))
                came_back(facts, name, Decimal(part).scaleb(-2), at, f"r {name} {k}")
                left -= part
    return facts


@given(histories())
@settings(max_examples=40, deadline=None)
def test_what_is_posted_adds_up_to_what_everything_known_gives(facts: Facts) -> None:
    """However late returns come: as if they had come at once."""
    rated, at_once = plan(COMPONENTS, PLACED), Facts()
    for member in facts.joined:
        at_once.join(member)
    at_once.sales = facts.sales
    at_once.returns = {
        key: back._replace(occurred_at=facts.sales[back.sale].occurred_at) for key, back in facts.returns.items()
    }
    at_once.currency = facts.currency
    assert due(run(rated, facts)) == due(run(rated, at_once))


@given(histories())
@settings(max_examples=20, deadline=None)
def test_the_totals_are_those_of_the_lines(facts: Facts) -> None:
    closes = run(plan(COMPONENTS, PLACED), facts)
    totals, lines = money(closes), [one for close in closes for one in close.postings()]
    by_member: Counter[str] = Counter()
    for one in lines:
        by_member[one.line.member] += one.amount_minor
    assert {member: sums.net for member, sums in totals.members.items()} == by_member
    assert totals.all.lines == len(lines)
    for parts in (totals.components, totals.levels, totals.members, totals.periods):
        assert sum(one.net for one in parts.values()) == totals.all.net
        assert sum(one.accrued for one in parts.values()) == totals.all.accrued
    assert sum(totals.members_by_component.values()) == totals.all.net


# --- the cut


def test_a_period_that_is_not_over_gives_estimates_at_its_close() -> None:
    both = plan("[{id: network, type: unilevel, levels: [10%]}, {id: pot, type: pool, share: 1%, by: equal}]")
    facts = members("ann")
    sold(facts, "ann", 100, day(1))
    sold(facts, "ann", 100, day(20))
    [close] = run(both, facts, day(10))
    assert not close.over
    assert [(one.line.component, one.amount_minor, one.estimate) for one in close.postings()] == [
        ("network", 1000, False),
        ("pot", 100, True),
    ]
    assert money([close]).all.estimate == 100
    [close] = run(both, facts, datetime(2011, 1, 1, tzinfo=UTC))
    assert close.over
    assert money([close]).all.estimate == 0


def test_periods_are_closed_up_to_the_cut_also_without_sales() -> None:
    race = plan(
        "[{id: race, type: campaign, start: 2010-12-01T00:00:00Z, end: 2011-02-01T00:00:00Z, places: [100]}]",
    )
    facts = members("ann")
    sold(facts, "ann", 100, day(1))
    assert nets(run(race, facts)) == {}
    closes = run(race, facts, datetime(2011, 2, 1, tzinfo=UTC))
    assert [close.over for close in closes] == [True, True]
    assert nets(closes) == {"ann": 100_00}


def test_what_lies_behind_the_cut_is_not_known() -> None:
    facts = members("ann")
    sale = sold(facts, "ann", 100, day(1))
    came_back(facts, sale, 100, day(5))
    facts.join(Joined("late", "ann", day(20)))
    simulation = Simulation([plan(UNILEVEL)], facts, ZONE, day(5))
    assert nets(list(simulation.closes())) == {"ann": 1000}
    assert len(simulation.facts.tree) == 1
    assert net_amount(simulation.facts) == 100


# --- versions


def test_a_sale_is_rated_under_the_version_of_its_time() -> None:
    old = plan(UNILEVEL)
    new = plan(UNILEVEL.replace("10%", "5%"), "{version: '2', effective_from: 2010-12-16T00:00:00Z}")
    facts = members("ann")
    for n in (1, 20, 35):
        sold(facts, "ann", 100, day(n))
    closes = run([new, old], facts)
    assert [[(p.plan.version, p.amount_minor) for p in close.postings()] for close in closes] == [
        [("1", 1000), ("2", 500)],
        [("2", 500)],
    ]


def test_what_posts_at_the_close_changes_at_a_boundary() -> None:
    old = plan("[{id: pot, type: pool, share: 10%, by: equal}]")
    new = plan("[{id: pot, type: pool, share: 1%, by: equal}]", "{version: '2', effective_from: 2010-12-16T00:00:00Z}")
    facts = members("ann")
    for n in (1, 20, 35):
        sold(facts, "ann", 100, day(n))
    closes = run([old, new], facts)
    assert [[p.amount_minor for p in close.postings()] for close in closes] == [[2000], [100]]


def test_a_late_return_is_rated_under_the_version_of_its_sale() -> None:
    old = plan(UNILEVEL)
    new = plan(UNILEVEL.replace("10%", "5%"), "{version: '2', effective_from: 2011-01-01T00:00:00Z}")
    facts = members("ann")
    came_back(facts, sold(facts, "ann", 100, day(1)), 50, day(40))
    _, second = run([old, new], facts)
    assert [(p.plan.version, p.amount_minor) for p in second.postings()] == [("1", -500)]


def test_sales_before_the_first_version_earn_nothing() -> None:
    late = plan(UNILEVEL, "effective_from: 2010-12-16T00:00:00Z")
    facts = members("ann")
    early = sold(facts, "ann", 100, day(1))
    sold(facts, "ann", 100, day(20))
    came_back(facts, early, 100, day(40))
    simulation = Simulation([late], facts, ZONE)
    assert nets(list(simulation.closes())) == {"ann": 1000}
    assert simulation.unrated == 1
    assert simulation.terms[0].period.start == late.effective_from


def test_ranks_are_carried_over_by_name_to_a_version_that_numbers_them_otherwise() -> None:
    old = plan(
        "[{id: bonus, type: unilevel, levels: [10%], qualify: {rank: gold}}]",
        "ranks: [{id: gold, personal_volume: 100, grace: 1}]",
    )
    new = plan(
        "[{id: bonus, type: unilevel, levels: [10%], qualify: {rank: gold}}]",
        "{version: '2', effective_from: 2011-01-01T00:00:00Z,"
        " ranks: [{id: silver, personal_volume: 40}, {id: gold, personal_volume: 100, grace: 1}]}",
    )
    facts = members("ann")
    sold(facts, "ann", 100, day(1))
    sold(facts, "ann", 50, day(40))
    assert nets(run([old, new], facts)) == {"ann": 1500}


def test_what_another_type_of_component_left_under_the_same_id_means_nothing() -> None:
    old = plan("[{id: one, type: binary, unit: 100, rate: 10%, carry: forward}]", PLACED)
    window = "start: 2011-01-01T00:00:00Z, end: 2011-02-01T00:00:00Z"
    new = plan(
        f"[{{id: one, type: bounty, action: first_sale, reward: 5, budget: 50, {window}}}]",
        "{version: '2', effective_from: 2011-01-01T00:00:00Z}",
    )
    facts = members("ann", "bob")
    sold(facts, "bob", 100, day(1))
    sold(facts, "bob", 100, day(40))
    assert nets(run([old, new], facts)) == {"bob": 500}


# --- timetable


def at(text: str) -> datetime:
    return datetime.fromisoformat(text + "T00:00+00:00")


def version(name: str, since: str, length: PeriodLength) -> Plan:
    return plan(UNILEVEL, f"{{version: '{name}', effective_from: {since}T00:00:00Z, period: {length}}}")


def starts(*versions: Plan, start: str, end: str) -> list[tuple[str, str]]:
    return [(f"{term.period.start:%m-%d}", term.plan.version) for term in timetable(versions, at(start), at(end), ZONE)]


def test_a_new_length_waits_for_the_end_of_the_period_under_way() -> None:
    months, weeks = version("a", "2011-01-01", PeriodLength.MONTH), version("b", "2011-01-10", PeriodLength.WEEK)
    # The first of February is a Tuesday: the first week is cut short at its start.
    assert starts(months, weeks, start="2011-01-05", end="2011-02-14") == [
        ("01-01", "a"),
        ("02-01", "b"),
        ("02-07", "b"),
    ]


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.sampled_from(PeriodLength)), min_size=1, max_size=4, unique_by=lambda v: v[0]
    ),
    st.integers(0, 700),
)
@settings(max_examples=60, deadline=None)
def test_a_period_is_the_same_wherever_one_begins_to_look(given: list[tuple[int, PeriodLength]], days: int) -> None:
    versions = [version(str(n), f"{START + timedelta(days=n):%Y-%m-%d}", length) for n, length in given]
    end, start = START + timedelta(days=800), START + timedelta(days=days, hours=5)
    everything = list(timetable(versions, START, end, ZONE))
    assert all(one.period.end == other.period.start for one, other in pairwise(everything))
    assert list(timetable(versions, start, end, ZONE)) == [term for term in everything if term.period.end > start]


def test_a_period_knows_the_versions_within_it() -> None:
    first, second = version("a", "2011-01-01", PeriodLength.MONTH), version("b", "2011-01-10", PeriodLength.MONTH)
    [term] = timetable([second, first], at("2011-01-20"), at("2011-01-21"), ZONE)
    assert [(span.plan.version, span.start.day, span.end.day) for span in term.spans] == [("a", 1, 10), ("b", 10, 1)]


def test_two_versions_of_one_moment_are_refused() -> None:
    two = [version("a", "2011-01-01", PeriodLength.MONTH), version("b", "2011-01-01", PeriodLength.MONTH)]
    with pytest.raises(Refusal) as refused:
        list(timetable(two, at("2011-01-01"), at("2011-02-01"), ZONE))
    assert refused.value.reason == "VERSIONS_OVERLAP"


def test_time_has_an_end() -> None:
    years = version("a", "2011-01-01", PeriodLength.YEAR)
    with pytest.raises(Refusal) as refused:
        list(timetable([years], at("9999-05-01"), at("9999-06-01"), ZONE))
    assert refused.value.reason == "INVALID_TIME"


# --- totals


def test_who_comes_off_worst() -> None:
    facts = members("ann", "bob", "cid", "dan")
    for member in ("ann", "bob", "cid"):
        sold(facts, member, 1000, day(1), member)
    came_back(facts, "bob", 500, day(2))
    facts.report(Sale(SaleKind.RETURN, day(40), Decimal(30), "GBP", "r", "dan"))
    capped = plan("[{id: own, type: direct, rate: 10%, caps: {member: 70}}]")
    worst = money(run(capped, facts)).worst(10)
    assert [(member, sums.net, sums.clawed_back, sums.cut) for member, sums in worst] == [
        ("dan", -300, -300, 0),  # below zero
        ("bob", 5000, -5000, 0),  # half of it came back
        ("ann", 7000, 0, 3000),  # the cap has taken 30
        ("cid", 7000, 0, 3000),
    ]
    assert [member for member, _ in money(run(capped, facts)).worst(1)] == ["dan"]


def test_points_are_not_money() -> None:
    facts = members("ann")
    sold(facts, "ann", 100, day(1))
    both = plan("[{id: own, type: direct, rate: 10%}, {id: stars, type: points, kind: star, rate: 2}]")
    report = add_all(run(both, facts))
    assert {asset: totals.all.net for asset, totals in report.assets.items()} == {"": 1000, "star": 200}


def test_shares_are_of_what_was_sold_and_did_not_come_back() -> None:
    assert share_of(1000, "GBP", Decimal(100)) == Decimal("0.1")
    assert share_of(1, "GBP", Decimal(3)) == Decimal("0.003333")
    assert share_of(-5, "JPY", Decimal(10_000_000)) == Decimal("-0.000001")
    assert share_of(1000, "GBP", Decimal(0)) is None


# --- facts


def refusal(facts: Facts, fact: Joined | Sale) -> str:
    with pytest.raises(Refusal) as refused:
        facts.join(fact) if isinstance(fact, Joined) else facts.report(fact)
    return refused.value.reason


def test_what_cannot_be_is_refused_as_the_services_do() -> None:
    facts = members("ann", "bob")
    sale = sold(facts, "ann", 100, day(1))
    back = Sale(SaleKind.RETURN, day(2), Decimal(60), "GBP", "r", "ann", sale)
    assert facts.report(back)
    assert not facts.report(back)  # the same again
    assert not facts.join(Joined("ann", "", START - timedelta(days=365)))
    for reason, fact in {
        "MEMBER_DIFFERS": Joined("ann", "", START),
        "UNKNOWN_SPONSOR": Joined("cid", "eve", START),
        "SPONSOR_JOINED_LATER": Joined("cid", "ann", START - timedelta(days=400)),
        "UNKNOWN_MEMBER": back._replace(id="x", member="eve"),
        "WRONG_CURRENCY": back._replace(id="x", currency="EUR"),
        "SALE_BEFORE_MEMBER": back._replace(id="x", original="", occurred_at=START - timedelta(days=366)),
        "SALE_DIFFERS": back._replace(amount=Decimal(50)),
        "UNKNOWN_SALE": back._replace(id="x", original="s99"),
        "ORIGINAL_IS_RETURN": back._replace(id="x", original="r"),
        "ORIGINAL_OF_SALE": back._replace(id="x", kind=SaleKind.SALE),
        "RETURN_OF_OTHER_MEMBER": back._replace(id="x", member="bob"),
        "RETURN_BEFORE_SALE": back._replace(id="x", occurred_at=day(0)),
        "RETURN_EXCEEDS_SALE": back._replace(id="x"),  # 40 are left
        "MARGIN_ABOVE_AMOUNT": back._replace(id="x", original="", margin=Decimal(61)),
        "INVALID_AMOUNT": back._replace(id="x", original="", points=Decimal(-1)),
        "AMOUNT_TOO_LARGE": back._replace(id="x", original="", amount=Decimal(10**18)),
    }.items():
        assert refusal(facts, fact) == reason
    assert len(facts.sales) == len(facts.returns) == 1


def test_a_plan_in_another_currency_cannot_rate() -> None:
    facts = members("ann")
    sold(facts, "ann", 100)
    with pytest.raises(Refusal) as refused:
        Simulation([plan(UNILEVEL, "currency: EUR")], facts, ZONE)
    assert refused.value.reason == "WRONG_CURRENCY"


def test_a_measure_that_sales_lack_is_refused() -> None:
    facts = members("ann")
    sold(facts, "ann", 100)
    with pytest.raises(Refusal) as refused:
        run(plan("[{id: own, type: direct, rate: 10%, on: {measure: margin}}]"), facts)
    assert refused.value.reason == "MISSING_MEASURE"


def posted(close: Close) -> list[Posting]:
    return list(close.postings())


def test_what_no_later_return_touches_is_forgotten() -> None:
    facts = members("ann")
    first = sold(facts, "ann", 100, day(1))
    for month in range(1, 6):
        sold(facts, "ann", 100, day(30 * month + 5))
    came_back(facts, first, 40, day(65))
    closes = run(plan(UNILEVEL), facts)
    assert [sum(p.amount_minor for p in posted(close)) for close in closes] == [1000, 1000, 600, 1000, 1000, 1000]
