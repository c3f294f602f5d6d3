import re
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.plans import Plan, Tree
from fenxiao.plans.components.base import Caps
from fenxiao.plans.periods.caps import cap_sale
from fenxiao.plans.periods.inputs import Sold
from fenxiao.plans.periods.lines import PeriodLine
from libs.sdk.tests.plans.reference.caps import Uncapped, by_volume, capped
from libs.sdk.tests.plans.reference.ground import kept, net
from libs.sdk.tests.plans.shop import chain, day, own, paid, plan, rankings, rate, sale, shops, tree

LEVELS = "- {id: u, type: unilevel, levels: [50%, 30%, 20%]"


def capped_plan(caps: str, more: str = "") -> Plan:
    return plan(LEVELS + f", caps: {caps}}}", more)


def due(one: Plan, members: Tree, sales: list[Sold]) -> list[tuple[str, int]]:
    return [(line.member, line.amount_minor) for line in rate(one, members, sales).written()]


def test_on_a_sale_later_lines_are_cut_first():
    assert due(capped_plan("{sale: 70}"), chain("a", "b", "c"), [sale("c", 100)]) == [
        ("c", 5000),
        ("b", 2000),
        ("a", 0),
    ]
    assert cap_sale([50, 30, 20], 70) == [50, 20, 0]
    assert cap_sale([-50, -30, -20], 70) == [-50, -20, 0]  # a return that names no sale mirrors one
    assert cap_sale([50, 30], 0) == [0, 0]


def test_a_return_takes_back_its_share_of_what_was_paid_on_a_sale():
    one = capped_plan("{sale: 70}")
    assert due(one, chain("a", "b", "c"), [sale("c", 100, returned="50")]) == [("c", 2500), ("b", 1000), ("a", 0)]
    assert due(one, chain("a", "b", "c"), [sale("c", 100, returned="100")]) == []


def test_a_member_is_paid_until_the_cap_is_reached():
    one = capped_plan("{member: 60}")
    sales = [sale("b", 100, day(n)) for n in (1, 2)]
    assert due(one, chain("a", "b"), sales) == [("b", 5000), ("a", 3000), ("b", 1000), ("a", 3000)]


def test_a_return_after_the_cap_is_reached():
    # Lines of 50, 50 and −25: of 75 in all, 60 are due.
    one = capped_plan("{member: 60}")
    sales = [sale("a", 100, day(1)), sale("a", 100, day(2)), sale("a", -50, day(3)), sale("a", -50, day(4))]
    assert due(one, chain("a"), sales) == [("a", 5000), ("a", 1000), ("a", 0), ("a", -1000)]


def test_all_together_are_paid_until_the_cap_is_reached():
    one = capped_plan("{period: 90.009}")  # 90.00 in whole minor units
    sales = [sale("b", 100, day(n)) for n in (1, 2)]
    assert due(one, chain("a", "b"), sales) == [("b", 5000), ("a", 3000), ("b", 1000), ("a", 0)]


def test_a_share_of_the_volume_pro_rata_sums_exactly():
    one = capped_plan("{volume: {share: 10.01%, by: pro_rata}}")
    lines = due(one, chain("a", "b"), [sale("b", 1, day(1)), sale("b", 9, day(2))])
    # Of 8.00 in all, 1.00 (1.001, rounded down): 6.25, 3.75, 56.25 and 33.75 pence.
    assert lines == [("b", 6), ("a", 4), ("b", 56), ("a", 34)]


def test_a_share_of_the_volume_by_priority():
    one = capped_plan("{volume: {share: 60%, by: priority}}")
    assert due(one, chain("a", "b"), [sale("b", 100)]) == [("b", 5000), ("a", 1000)]


def test_of_no_volume_nothing_is_paid():
    one = capped_plan("{volume: {share: 60%, of: {channels: [app]}, by: pro_rata}}")
    assert paid(rate(one, chain("a", "b"), [sale("b", 100)])) == {}


def test_caps_apply_one_after_the_other():
    one = capped_plan("{sale: 90, member: 60, period: 100, volume: {share: 40%, by: priority}}")
    # By sale 50, 30, 10 each; by member 50, 30, 10 and 10, 30, 10; by period 90 and 10; by volume 80.
    sales = [sale("c", 100, day(1)), sale("c", 100, day(2))]
    assert due(one, chain("a", "b", "c"), sales) == [("c", 5000), ("b", 3000), ("a", 0), ("c", 0), ("b", 0), ("a", 0)]


TWO = "- {id: d, type: unilevel, levels: [50%]}\n- {id: e, type: unilevel, levels: [0%, 50%]}"


def test_the_plans_cap_is_over_all_components():
    priority = plan(TWO, "cap: {share: 60%, by: priority}")
    sales = [sale("b", 100, day(1)), sale("b", 100, day(2))]
    assert due(priority, chain("a", "b"), sales) == [("b", 5000), ("b", 5000), ("a", 2000), ("a", 0)]
    pro_rata = plan(TWO, "cap: {share: 60%, by: pro_rata}")
    assert due(pro_rata, chain("a", "b"), sales) == [("b", 3000), ("b", 3000), ("a", 3000), ("a", 3000)]


def test_points_are_no_money():
    points = "- {id: p, type: points, kind: stars, rate: 1}\n"
    rated = rate(plan(points + TWO, "cap: {share: 0%, by: priority}"), chain("a", "b"), [sale("b", 100)])
    assert (rated.totals(), rated.totals("stars")) == ({}, {"b": 100})


def test_a_budget_and_a_cap_on_the_sale():
    one = plan(
        "- {id: b, type: bounty, action: sale, start: 2010-12-01T00:00:00Z, end: 2011-01-01T00:00:00Z, reward: 50,"
        " budget: 90, caps: {sale: 45}}"
    )
    assert due(one, chain("a"), [sale("a", 1, day(1)), sale("a", 1, day(2))]) == [("a", 4500), ("a", 4000)]


MEASURES = ["{}", "{measure: points}", "{channels: [app]}"]


@st.composite
def caps(draw: st.DrawFn) -> str:
    money = st.sampled_from(["0", "0.5", "12.345", "40", "150"])
    parts = [f"{name}: {draw(money)}" for name in ("sale", "member", "period") if draw(st.booleans())]
    if draw(st.booleans()):
        parts.append(f"volume: {draw(volume_caps())}")
    return "{" + ", ".join(parts) + "}"


@st.composite
def volume_caps(draw: st.DrawFn) -> str:
    share = draw(st.sampled_from(["0%", "3.3%", "7.5%", "15%"]))
    by = draw(st.sampled_from(["pro_rata", "priority"]))
    return f"{{share: {share}, of: {draw(st.sampled_from(MEASURES))}, by: {by}}}"


def uncapped(one: Plan, members: Tree, sales: list[Sold]) -> list[Uncapped]:
    """Every line as sold, and what returns leave of it."""
    named = {each.id: each for each in sales}
    as_sold = rate(one, members, [each._replace(returned=Decimal(0)) for each in sales]).written()
    return [
        Uncapped(
            line.member,
            named[line.sale],
            line.uncapped_minor,
            kept(line.uncapped_minor, named[line.sale], one.rounding),
        )
        for line in as_sold
    ]


@given(shop=shops(), caps=caps(), mode=st.sampled_from(["half_up", "half_even", "up"]))
@settings(max_examples=100, deadline=None)
def test_a_components_caps_equal_the_reference(shop: tuple[Tree, list[Sold]], caps: str, mode: str):
    members, sales = shop
    one = capped_plan(caps, f"rounding: {mode}")
    lines = list(rate(one, members, sales).written())
    wanted = one.components[0].caps
    assert isinstance(wanted, Caps)
    before = uncapped(plan(LEVELS + "}", f"rounding: {mode}"), members, sales)
    assert [(line.member, line.sale, line.uncapped_minor, line.amount_minor) for line in lines] == [
        (line.earner, line.sale.id if line.sale else "", line.amount, amount)
        for line, amount in zip(before, capped(one, wanted, before, sales), strict=True)
        if line.amount
    ]
    assert_within(wanted, lines, sales)


def assert_within(wanted: Caps, lines: list[PeriodLine], sales: list[Sold]) -> None:
    """No payout is above its cap: of no sale, nor after any line of a member or of all."""

    def sums(of: list[PeriodLine]) -> list[int]:
        return list(accumulate((line.amount_minor for line in of), initial=0))

    if wanted.sale is not None:
        for each in sales:
            assert abs(sums([line for line in lines if line.sale == each.id])[-1]) <= wanted.sale * 100
    if wanted.member is not None and wanted.volume is None:
        for member in {line.member for line in lines}:
            assert max(sums([line for line in lines if line.member == member])) <= wanted.member * 100
    if wanted.period is not None and wanted.volume is None:
        assert max(sums(lines)) <= wanted.period * 100
    if wanted.volume is not None:
        volume = sum(net(wanted.volume.of, each) for each in sales)
        assert sums(lines)[-1] <= max(0, volume * Fraction(wanted.volume.share) * 100)
        if wanted.volume.by == "priority":
            assert max(sums(lines)) <= max(0, volume * Fraction(wanted.volume.share) * 100)


RANKS = "ranks: [{id: silver}, {id: gold}]"
MANY = """
- {id: u, type: unilevel, levels: [20%, 10%], caps: CAPS}
- {id: g, type: generation, rank: silver, generations: [10%, 5%], caps: CAPS}
- {id: p, type: pool, share: 10%, by: equal, caps: FREE}
- {id: m, type: matching, of: [u, p], levels: [50%, 20%], caps: FREE}
- {id: b, type: bounty, action: sale, start: 2010-12-05T00:00:00Z, end: 2010-12-20T00:00:00Z, reward: 9, budget: 20,
   caps: CAPS}
- {id: c, type: campaign, start: 2010-12-05T00:00:00Z, end: 2010-12-20T00:00:00Z, places: [30, 20], caps: FREE}
"""


def many(caps: str) -> str:
    """Components with these caps; without that of a sale where nothing is earned on one."""
    return MANY.replace("CAPS", caps).replace("FREE", re.sub(r"sale: [0-9.]+(, )?", "", caps))


@given(shop=shops(), caps=caps(), cap=volume_caps(), ranks=rankings("silver", "gold"))
@settings(max_examples=100, deadline=None)
def test_payouts_never_exceed_the_caps(shop: tuple[Tree, list[Sold]], caps: str, cap: str, ranks: dict[str, str]):
    members, sales = shop
    components = many(caps)
    own_caps = rate(plan(components, RANKS), members, sales, ranks=own(members, ranks))
    before = list(own_caps.written())
    for part in own_caps.context.plan.components:
        assert part.caps is not None
        assert_within(part.caps, [line for line in before if line.component == part.id], sales)
    with_cap = plan(components, f"{RANKS}\ncap: {cap}")
    after = list(rate(with_cap, members, sales, ranks=own(members, ranks)).written())
    assert with_cap.cap is not None
    assert [line.key for line in after] == [line.key for line in before]
    amounts = [line.amount_minor for line in before]
    assert [line.amount_minor for line in after] == by_volume(with_cap.cap, amounts, sales)
    assert_within(Caps(volume=with_cap.cap), after, sales)


@given(shop=shops(), caps=caps(), cap=volume_caps(), ranks=rankings("silver", "gold"))
@settings(max_examples=50, deadline=None)
def test_a_full_return_equals_the_sale_never_having_happened(
    shop: tuple[Tree, list[Sold]], caps: str, cap: str, ranks: dict[str, str]
):
    members, sales = shop
    one = plan(many(caps), f"{RANKS}\ncap: {cap}")
    given_ranks = own(members, ranks)
    left = [each for each in sales if each.amount != each.returned]
    whole = rate(one, members, list(reversed(sales)), ranks=given_ranks)
    assert list(whole.written()) == list(rate(one, members, left, ranks=given_ranks).written())


@given(amounts=st.lists(st.integers(-50, 100)), cap=st.integers(0, 120))
def test_of_the_lines_of_a_sale_no_first_ones_are_above_the_cap(amounts: list[int], cap: int):
    result = cap_sale(amounts, cap)
    assert all(-cap <= total <= cap for total in accumulate(result, initial=0))
    assert all(abs(one) <= abs(amount) and one * amount >= 0 for one, amount in zip(result, amounts, strict=True))


def test_arrays_give_the_same():
    pytest.importorskip("numba")
    from fenxiao.plans.periods.columns import Arrays

    members = tree({str(i): str(i // 3) if i else None for i in range(40)})
    sales = [sale(str(i % 40), i * 7 + 1, day(i % 28), id=f"{i:03}", returned=str(i % 5)) for i in range(200)]
    sales += [sale("7", -300, day(20)), sale("8", -10, day(3))]
    ranks = {str(i): "silver" for i in range(0, 40, 3)}
    caps = "{sale: 100, member: 900, period: 5000, volume: {share: 50%, by: pro_rata}}"
    one = plan(many(caps), f"{RANKS}\ncap: {{share: 30%, by: priority}}")
    assert list(rate(one, members, sales, ranks=ranks, frame=Arrays()).written()) == list(
        rate(one, members, sales, ranks=ranks).written()
    )
