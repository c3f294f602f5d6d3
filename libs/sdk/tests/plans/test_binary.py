from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Binary
from fenxiao.plans.components.binary import CarryRest, Unqualified
from fenxiao.plans.components.legs import NANO
from fenxiao.plans.periods.columns import Arrays, Lists
from fenxiao.plans.periods.inputs import Period, Sold
from fenxiao.plans.periods.rating import RatedPeriod
from fenxiao.plans.trees.placement import Place, PlacementTree
from libs.sdk.tests.plans.reference.binary import Two, binary
from libs.sdk.tests.plans.shop import (
    NEXT,
    PERIOD,
    day,
    faults,
    paid,
    placed,
    placements,
    plan,
    rate,
    sale,
    shops,
    tree,
)

TREE = "placement: {width: 2, spill: balanced}"
PLAN = "- {id: b, type: binary, unit: 200, rate: 10%}"
THIRD = Period(NEXT.end, datetime(2011, 3, 1, tzinfo=UTC))

MEMBERS = tree({"you": None, "left": "you", "right": "you"})
PLACES = placed(2, {"you": None, "left": ("you", 0), "right": ("you", 1)})
YOU = 2
"""The member's number: who joined at one moment stand in the order of their names."""


def legs_of(left: str | int, right: str | int, *more: Sold) -> list[Sold]:
    """Sales that bring so much to the legs of `you`."""
    amounts = {"left": Decimal(left), "right": Decimal(right)}
    return [*(sale(member, str(amount)) for member, amount in amounts.items() if amount), *more]


def close(
    fields: str,
    sales: Sequence[Sold],
    *,
    carried: Mapping[int, tuple[int, int]] | None = None,
    members: Tree = MEMBERS,
    places: PlacementTree | None = PLACES,
    frame: Any = None,
) -> RatedPeriod:
    """Close a period of `PLAN` with other fields."""
    one = plan(PLAN.replace("}", f", {fields}}}") if fields else PLAN, TREE)
    return rate(one, members, sales, placement=places, carried={"b": carried} if carried else None, frame=frame)


def left_over(rated: RatedPeriod, member: str = "you") -> tuple[Decimal, ...]:
    """What a member carries, left and right."""
    number = rated.context.inputs.members.index(member)
    return tuple(Decimal(volume) / NANO for volume in rated.carry_out["b"].get(number, (0, 0)))


def test_binary_in_units_of_200_at_a_tenth_of_a_unit_volume():
    # left 500, right 400: 2 units = 40; left over 100 / 0
    rated = close("", legs_of(500, 400))
    assert paid(rated) == {"you": 40}
    assert left_over(rated) == (100, 0)
    [line] = rated.written()
    assert (line.base, line.rate, line.rule, line.sale) == (400, Decimal("0.1"), "/components/0/rate", "")


def test_with_a_cap_of_30_what_lies_above_it_is_used_up_too():
    rated = close("caps: {member: 30}", legs_of(500, 400))
    assert paid(rated) == {"you": 30}
    assert left_over(rated) == (100, 0)


def test_pay_for_each_pair():
    [line] = rate(
        plan("- {id: b, type: binary, unit: 200, pay: 25.5}", TREE), MEMBERS, legs_of(500, 400), placement=PLACES
    ).written()
    assert (line.amount_minor, line.base, line.rate, line.rule) == (5100, 2, Decimal("25.5"), "/components/0/pay")


def test_without_a_unit_the_whole_weaker_leg_is_paid():
    one = plan("- {id: b, type: binary, rate: 10%}", TREE)
    rated = rate(one, MEMBERS, legs_of("500.50", "399.99"), placement=PLACES)
    assert paid(rated) == {"you": Decimal("40.00")}
    assert left_over(rated) == (Decimal("100.51"), 0)


@pytest.mark.parametrize(
    ("left", "right", "pays", "rest"),
    [
        (1000, 500, 40, (200, 100)),  # two pairs of 400 and 200
        (500, 1000, 40, (100, 200)),  # the other way round
        (600, 600, 40, (0, 0)),  # 400 and 200, then 200 and 400
        (500, 400, 20, (100, 200)),
        (400, 500, 20, (200, 100)),
        (399, 399, 0, (399, 399)),
        (4000, 199, 0, (4000, 199)),
    ],
)
def test_two_units_of_the_leg_that_holds_more_for_one_of_the_other(
    left: int, right: int, pays: int, rest: tuple[int, int]
):
    rated = close('ratio: "2:1"', legs_of(left, right))
    assert (paid(rated).get("you", 0), left_over(rated)) == (pays, rest)


def test_the_next_period_begins_with_what_is_left():
    first = close("", legs_of(500, 100))
    assert (paid(first), left_over(first)) == ({}, (500, 100))
    one = plan(PLAN, TREE)
    sales = [sale("right", 150, NEXT.start)]
    second = rate(one, MEMBERS, sales, placement=PLACES, carried=first.carry_out, period=NEXT)
    assert (paid(second), left_over(second)) == ({"you": 20}, (300, 50))


@pytest.mark.parametrize(
    ("fields", "rest"),
    [
        ("carry: forward", (350, 50)),
        ("carry: weaker", (0, 50)),
        ("carry: flush", (0, 0)),
        ("carry_limit: 300", (300, 50)),
        ("carry_limit: 20", (20, 20)),
        ("carry: weaker, carry_limit: 20", (0, 20)),
    ],
)
def test_what_is_carried_of_the_rest(fields: str, rest: tuple[int, int]):
    rated = close(fields, legs_of(550, 250))
    assert (paid(rated), left_over(rated)) == ({"you": 20}, rest)


def test_equal_rests_are_both_carried_where_the_weaker_is():
    assert left_over(close("carry: weaker", legs_of(250, 250))) == (50, 50)


@pytest.mark.parametrize(
    ("own", "rest"),
    [("none", (100, 0)), ("left", (250, 0)), ("right", (100, 150)), ("weaker", (100, 150))],
)
def test_own_volume_counts_where_the_plan_says(own: str, rest: tuple[int, int]):
    sales = legs_of(500, 400, sale("you", 150))
    assert left_over(close(f"own: {own}", sales)) == rest


def test_of_equal_legs_own_volume_counts_on_the_left():
    assert left_over(close("own: weaker", [sale("you", 5)])) == (5, 0)


def test_volume_counts_from_however_deep():
    members = tree({"0": None, "a": "0", "b": "a", "c": "b", "d": "0"})
    places = placed(2, {"0": None, "a": ("0", 0), "b": ("a", 1), "c": ("b", 1), "d": ("0", 1)})
    rated = close("", [sale("c", 200), sale("d", 400)], members=members, places=places)
    assert paid(rated) == {"0": 20}
    assert rated.carry_out["b"] == {0: (0, 200 * NANO), 1: (0, 200 * NANO), 2: (0, 200 * NANO)}


def test_a_sale_counts_from_its_members_placing_on():
    places = placed(2, {"you": None, "left": ("you", 0)})
    places.put("right", Place("you", 1), day(10))
    sales = [sale("left", 400), sale("right", 100, day(9)), sale("right", 300, day(10))]
    rated = close("own: left", sales, places=places)
    assert (paid(rated), left_over(rated)) == ({"you": 20}, (200, 100))
    assert left_over(rated, "right") == (300, 0)


def test_what_has_no_place_counts_nowhere():
    places = placed(2, {"you": None, "left": ("you", 0)})
    rated = close("own: left", legs_of(500, 400), places=places)
    assert (paid(rated), rated.carry_out["b"]) == ({}, {0: (500 * NANO, 0), YOU: (500 * NANO, 0)})
    assert close("", legs_of(500, 400), places=None).carry_out["b"] == {}


def test_who_does_not_qualify_carries_or_loses_his_legs_and_counts_for_others():
    members = tree({"0": None, "you": "0", "other": "0", "left": "you", "right": "you"})
    places = placed(2, {"0": None, "you": ("0", 0), "other": ("0", 1), "left": ("you", 0), "right": ("you", 1)})
    sales = [*legs_of(500, 400), sale("other", 1000), sale("0", 1)]
    for field, rest in [("carry", (500, 400)), ("lose", (0, 0))]:
        fields = f"qualify: {{active: {{sales: 1}}}}, unqualified: {field}"
        rated = close(fields, sales, members=members, places=places)
        assert paid(rated) == {"0": 80}
        assert left_over(rated) == rest


def test_one_qualified_member_personally_sponsored_on_each_leg():
    members = tree({"you": None, "a": "you", "b": "you", "c": "a", "d": "you"})
    places = placed(2, {"you": None, "a": ("you", 0), "b": ("a", 0), "c": ("you", 1), "d": ("c", 1)})
    fields = "legs_active: true, qualify: {active: {sales: 1}}"
    sales = [sale("you", 1), sale("b", 200), sale("c", 200)]  # c is sponsored by a
    assert paid(close(fields, sales, members=members, places=places)) == {}
    assert paid(close(fields, [*sales, sale("d", 1)], members=members, places=places)) == {"you": 20}
    assert paid(close(fields, [*sales[1:], sale("d", 1)], members=members, places=places)) == {}  # not active himself
    members.change_sponsor("d", "a", day(20))  # the sponsor at the period's end counts
    assert paid(close(fields, [*sales, sale("d", 1)], members=members, places=places)) == {}


def test_a_leg_below_0_is_a_debt_that_is_never_lost_and_pays_nothing():
    for fields in ("", "carry: flush", "carry: weaker", "carry_limit: 0", "unqualified: lose, qualify: {rank: gold}"):
        one = plan(PLAN.replace("}", f", {fields}}}") if fields else PLAN, TREE + "\nranks: [{id: gold}]")
        rated = rate(one, MEMBERS, legs_of(-300, 400), placement=PLACES)
        assert paid(rated) == {}
        assert left_over(rated)[0] == -300
    after = rate(
        plan(PLAN, TREE),
        MEMBERS,
        [sale("left", 600, NEXT.start)],
        placement=PLACES,
        carried={"b": {YOU: (-300 * NANO, 400 * NANO)}},
        period=NEXT,
    )
    assert (paid(after), left_over(after)) == ({"you": 20}, (100, 200))


def test_a_return_takes_its_share_off_the_legs():
    came_back = [sale("left", 500, returned="200"), sale("right", 400, returned="400")]
    assert left_over(close("", came_back)) == (300, 0)


def test_volumes_finer_than_nine_decimals_are_rounded_leg_by_leg():
    one = plan("- {id: b, type: binary, rate: 100%, on: {share: 33.333333333%}}", TREE)
    rated = rate(one, MEMBERS, legs_of("0.00000001", "0.07"), placement=PLACES)
    assert rated.carry_out["b"] == {YOU: (0, 23_333_330)}  # 3 of 0.000000003333… matched with 23,333,333


def test_a_tree_that_is_not_binary_is_refused():
    with pytest.raises(Refusal, match="TREE_NOT_BINARY"):
        close("", [], places=placed(3, {"you": None}))


@pytest.mark.parametrize(
    ("component", "found"),
    [
        ("{unit: 200}", [("", "NOT_EXACTLY_ONE")]),
        ("{unit: 200, rate: 1%, pay: 1}", [("", "NOT_EXACTLY_ONE")]),
        ("{pay: 1}", [("/unit", "MISSING_FIELD")]),
        ('{rate: 1%, ratio: "2:1"}', [("/unit", "MISSING_FIELD")]),
        ("{rate: 1%, unit: 0}", [("/unit", "EMPTY_UNIT")]),
        ("{rate: 1%, unit: -1}", [("/unit", "INVALID_NUMBER")]),
        ('{rate: 1%, unit: 1, ratio: "3:1"}', [("/ratio", "INVALID_VALUE")]),
        ("{rate: 1%, carry: back}", [("/carry", "INVALID_VALUE")]),
        ("{rate: 1%, own: both}", [("/own", "INVALID_VALUE")]),
        ("{rate: 1%, unqualified: keep}", [("/unqualified", "INVALID_VALUE")]),
        ("{rate: 1%, legs_active: maybe}", [("/legs_active", "INVALID_YES_NO")]),
        ("{rate: 1%, carry: flush, carry_limit: 1}", [("/carry_limit", "UNUSED_FIELD")]),
        ("{rate: 1%, caps: {sale: 1}}", [("/caps/sale", "UNUSED_FIELD")]),
        ("{rate: 1%, qualify: {rank: gold}}", [("/qualify/rank", "UNKNOWN_RANK")]),
    ],
)
def test_faults(component: str, found: list[tuple[str, str]]):
    document = "- " + component.replace("{", "{id: b, type: binary, ", 1)
    assert faults(document, TREE) == [(f"/components/0{place}", reason) for place, reason in found]


def test_nothing_bounds_it_but_a_cap_by_volume():
    assert plan(PLAN, TREE).worst_case is None
    cap = "caps: {volume: {share: 40%, by: pro_rata}}"
    assert plan(PLAN.replace("}", f", {cap}}}"), TREE).worst_case == Decimal("0.4")


PLANS = [
    plan(f"- {{id: b, type: binary, {fields}}}", TREE + more)
    for fields, more in [
        ("unit: 20, rate: 10%", ""),
        ("rate: 12.5%, own: weaker, carry: weaker", "\nrounding: half_even"),
        ("unit: 7.77, pay: 1.005, own: left, ratio: '2:1', carry_limit: 50", "\nrounding: up"),
        ("unit: 3, rate: 33.3%, ratio: '2:1', own: weaker, qualify: {active: {sales: 1}}", "\nrounding: down"),
        ("unit: 10, rate: 7%, carry: flush, own: right, on: {share: 33.333333333%, channels: [app]}", ""),
        ("unit: 9, rate: 7%, legs_active: true, unqualified: lose, on: {measure: points}", ""),
        ("rate: 9%, carry: weaker, legs_active: true, qualify: {active: {volume: 9}}, carry_limit: 99.999999999", ""),
    ]
]


def by_name(carry: Mapping[int, tuple[int, ...]], members: Sequence[str]) -> Two:
    return {members[i]: (Fraction(left, NANO), Fraction(right, NANO)) for i, (left, right) in carry.items()}


@pytest.mark.parametrize("one", PLANS)
@given(data=st.data(), shop=shops(days=90))
@settings(max_examples=60)
def test_it_equals_the_reference_over_several_periods(one: Plan, data: st.DataObject, shop: tuple[Tree, list[Sold]]):
    members, sales = shop
    places = data.draw(placements(members, 2, 90))
    [part] = one.components
    assert isinstance(part, Binary)
    carried: dict[str, Mapping[int, tuple[int, ...]]] = {}
    expected: Two = {}
    for period in (PERIOD, NEXT, THIRD):
        own = [sale for sale in sales if period.start <= sale.occurred_at < period.end]
        arrived = data.draw(st.permutations(own))
        rated = rate(one, members, arrived, placement=places, carried=carried, period=period)
        right = binary(one, part, members, places, own, expected, period)
        rows = [
            (line.member, line.sale, line.level, line.other, line.rule, line.amount_minor) for line in rated.written()
        ]
        assert rows == right.rows
        names = rated.context.inputs.members
        assert by_name(rated.carry_out["b"], names) == right.carry
        # Carried in and counted is what was paired, is carried out, and is lost: on each leg, and nothing else is lost.
        legs = part.legs(rated.context)
        for i, name in enumerate(names):
            for before, used, after, was, paired in zip(
                (legs.left[i], legs.right[i]),
                (legs.left_used[i], legs.right_used[i]),
                (legs.left_next[i], legs.right_next[i]),
                right.before[name],
                right.used[name],
                strict=True,
            ):
                assert (Fraction(before, legs.scale), Fraction(used, legs.scale)) == (was, paired)
                lost = before - used - after
                assert 0 <= used <= max(before, 0)
                assert lost >= 0
                if part.carry is CarryRest.FORWARD and part.carry_limit is None:
                    assert not lost or part.unqualified is Unqualified.LOSE
        carried, expected = {"b": rated.carry_out["b"]}, right.carry


@given(data=st.data(), shop=shops(moves=False))
@settings(max_examples=60)
def test_a_full_return_is_as_if_the_sale_had_never_happened(data: st.DataObject, shop: tuple[Tree, list[Sold]]):
    members, sales = shop
    places = data.draw(placements(members, 2))
    one = PLANS[2]
    kept = [sale for sale in sales if sale.returned != sale.amount]
    rated, without = (rate(one, members, some, placement=places) for some in (sales, kept))
    assert list(rated.written()) == list(without.written())
    assert rated.carry_out == without.carry_out


def test_what_was_carried_may_be_finer_than_what_is_sold():
    rated = close("", legs_of(500, 400), carried={YOU: (1, 199_999_999_999)})
    assert (paid(rated), left_over(rated)) == ({"you": 40}, (Decimal("100.000000001"), Decimal("199.999999999")))


@pytest.mark.parametrize("one", PLANS)
@given(data=st.data(), shop=shops(most=9))
@settings(max_examples=25, deadline=None)
def test_arrays_give_the_same_as_lists(one: Plan, data: st.DataObject, shop: tuple[Tree, list[Sold]]):
    pytest.importorskip("numba")
    members, sales = shop
    places = data.draw(placements(members, 2))
    huge = data.draw(st.sampled_from([0, 0, 10**24]))  # more than an array holds: that component falls back to lists
    volumes = st.integers(-(10**12), 10**12)
    carried = {"b": data.draw(st.dictionaries(st.integers(0, len(members) - 1), st.tuples(volumes, volumes.map(abs))))}
    carried["b"][0] = (huge, huge + 1)
    lists, arrays = (
        rate(one, members, sales, placement=places, carried=carried, frame=frame) for frame in (Lists(), Arrays())
    )
    assert list(lists.written()) == list(arrays.written())
    assert lists.carry_out == arrays.carry_out
    assert all(type(volume) is int for legs in arrays.carry_out["b"].values() for volume in legs)
