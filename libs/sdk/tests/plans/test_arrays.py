"""Over arrays and compiled, a period comes to the same as over lists and interpreted, line by line."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from random import Random
from typing import Any, cast
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.money import Rounding, round_ratio
from fenxiao.plans import Tree
from fenxiao.plans.components.base import Measure
from fenxiao.plans.components.sale_lines import SaleLines
from fenxiao.plans.periods import columns
from fenxiao.plans.periods.arrays import SoldArrays, inputs_from_arrays
from fenxiao.plans.periods.columns import MODES, Arrays, Frame, Lists, children_first, kernel, reciprocal, round_by
from fenxiao.plans.periods.inputs import Scaled, Sold, Words, build_inputs, micros
from fenxiao.plans.periods.peak import fitted
from fenxiao.plans.periods.rating import RatedPeriod, rate_period
from libs.sdk.tests.plans.shop import NEXT, PERIOD, busy_shops, chain, placements, plan, rate, sale, shops, tree
from libs.sdk.tests.plans.singles import PRODUCTS, components, goods, plan_of

EVERYTHING = """
- {id: d, type: direct, rate: 2.9%, special: [{products: [tea], flat: 1}, {channels: [app], per_unit: 0.5}]}
- {id: t, type: direct, tiers: {mode: marginal, steps: [{start: 0.5, rate: 5%}, {start: 300, rate: 8.333%}]}}
- {id: u, type: unilevel, levels: [10%, 0%, 5%, 2%], compression: true, qualify: {active: {volume: 50}}}
- {id: r, type: unilevel, levels: [1%, 1%], by_rank: [{rank: silver, levels: [2%, 2%, 2%]}, {rank: gold, levels: [3%]}]}
- {id: c, type: unilevel, levels: [5%, 5%, 5%], caps: {sale: 30, member: 60, period: 200}}
- {id: v, type: unilevel, levels: [5%, 5%], caps: {volume: {share: 3%, by: pro_rata}}}
- {id: g, type: generation, rank: silver, generations: [10%, 6%, 4%], own: true}
- {id: f, type: differential, by: volume, steps: [{start: 100, rate: 6%}, {start: 500, rate: 9%}], minimum: 1%}
- {id: s, type: stairstep, by: rank, override: [4%, 2%], steps: [{rank: silver, rate: 3%}, {rank: gold, rate: 5%}]}
- {id: b, type: binary, unit: 50, rate: 10%, own: weaker, carry: forward}
- {id: x, type: matrix, levels: [1%, 2%, 3%]}
- {id: m, type: matching, of: [u, f, b], levels: [10%, 5%], by_rank: [{rank: gold, levels: [20%]}], compression: true}
- {id: p, type: pool, share: 2%, by: volume, volume: {whose: group}}
- {id: o, type: points, kind: star, rate: 1.5, levels: [100%, 50%]}
- id: n
  type: bounty
  action: first_sale
  reward: 5
  budget: 20
  start: "2010-12-05T00:00:00Z"
  end: "2011-01-20T00:00:00Z"
- {id: a, type: campaign, places: [50, 20], start: "2010-12-05T00:00:00Z", end: "2010-12-20T00:00:00Z"}
"""
MORE = f"""
{PRODUCTS}
placement: {{width: 2, spill: balanced}}
ranks:
- {{id: silver, personal_volume: 20, grace: 1}}
- id: gold
  group_volume: 300
  leg_limit: 60%
  below: [{{count: 1, rank: silver}}, {{count: 1, active: {{sales: 1}}}}]
"""
LARGE = "1" + 17 * "0"

in_two_parts = st.booleans()
"""Whether arrays are rated in as many parts as there are processors; in one as a rule where they are this small."""


def figures(rated: RatedPeriod) -> list[Any]:
    """Everything that a period comes to."""
    carry = {name: dict(carried) for name, carried in rated.carry_out.items()}
    found = [list(rated.written()), list(rated.rows()), carry, rated.totals(), rated.totals("star")]
    assert set(kinds(found)) <= {int, str, Decimal}
    return found


def kinds(part: Any) -> Iterator[type]:
    """The types of all values: numbers of arrays look like others, and databases refuse them."""
    if isinstance(part, Mapping):
        part = [*part, *part.values()]
    if isinstance(part, (list, tuple)):
        for item in cast("list[Any]", part):
            yield from kinds(item)
    else:
        yield type(part)


@settings(max_examples=50, deadline=None)
@given(busy_shops, st.sampled_from(Rounding), in_two_parts, st.data())
def test_a_plan_with_everything(
    shop: tuple[Tree, list[Sold], dict[str, str]], rounding: Rounding, parts: bool, data: st.DataObject
):
    tree, sales, named = shop
    made, places = plan(EVERYTHING, f"{MORE}\nrounding: {rounding}"), data.draw(placements(tree, 2))
    ranks = {member: rank for member, rank in named.items() if rank in {"silver", "gold"} and int(member) % 3 == 0}
    shifted = [one._replace(occurred_at=one.occurred_at + (NEXT.start - PERIOD.start)) for one in sales]

    def two_periods(frame: Frame) -> list[Any]:
        first = rate(made, tree, sales, placement=places, frame=frame, ranks=ranks)
        second = rate(made, tree, shifted, placement=places, frame=frame, carried=first.carry_out, period=NEXT)
        sealed = dict(first.carry_out[""])
        again = rate(made, tree, sales, placement=places, frame=frame, sealed_ranks=sealed)
        return [figures(one) for one in (first, second, again)]

    expected = two_periods(Lists())
    with patch.object(columns, "SMALL", 0 if parts else columns.SMALL):
        assert two_periods(Arrays()) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(components(), min_size=1, max_size=3), shops(), st.sampled_from(Rounding), in_two_parts, st.data())
def test_random_plans(
    parts: list[dict[str, Any]],
    shop: tuple[Tree, list[Sold]],
    rounding: Rounding,
    split: bool,
    data: st.DataObject,
):
    tree, sales = shop[0], [data.draw(goods(one)) for one in shop[1]]
    made = plan_of(*({**part, "id": f"c{i}"} for i, part in enumerate(parts)), rounding=rounding)
    with patch.object(columns, "SMALL", 0 if split else columns.SMALL):
        assert figures(rate(made, tree, sales, frame=Arrays())) == figures(rate(made, tree, sales))


@settings(max_examples=50, deadline=None)
@given(components(with_sale=True), shops(), st.sampled_from([Lists(), Arrays()]))
def test_a_line_is_found_again_by_its_place_and_by_its_sale(
    part: dict[str, Any], shop: tuple[Tree, list[Sold]], frame: Frame
):
    tree, sales = shop
    part.pop("caps", None)
    rated = rate(plan_of(part), tree, [one._replace(margin=one.amount) for one in sales], frame=frame)
    inputs, lines = rated.context.inputs, rated.lines["c"]
    assert isinstance(lines, SaleLines)
    written = list(lines.columns().written(inputs.members, inputs.sales.ids))
    assert len(lines) == len(written)
    assert list(rated.written()) == written
    assert [lines.line(i, inputs.members, inputs.sales.ids) for i in range(len(lines))] == written
    by_sale = [lines.of_sales(i, i + 1).written(inputs.members, inputs.sales.ids) for i in range(len(sales))]
    assert [line for some in by_sale for line in some] == written


def test_amounts_take_four_bytes_and_eight_where_they_must():
    unilevel = plan("- {id: u, type: unilevel, levels: [10%, 5%]}")

    def width(amount: str) -> int:
        lines: Any = rate(unilevel, chain(*"ab"), [sale("b", amount)], frame=Arrays()).lines["u"]
        return lines.amount.itemsize

    assert (width("1000"), width("1000000000")) == (4, 8)


def test_what_does_not_fit_into_64_bits_is_rated_over_lists():
    made = plan(
        "[{id: u, type: unilevel, levels: [10%, 2.345678%]}, {id: b, type: binary, rate: 9.999999%}]",
        "placement: {width: 2, spill: left}",
    )
    members = chain(*"abc")
    sales = [sale("c", LARGE, id="1"), sale("c", LARGE, id="2", returned="7.5"), sale("b", "-3.25")]
    expected = figures(rate(made, members, sales, frame=Lists()))
    assert figures(rate(made, members, sales, frame=Arrays())) == expected
    fits = [sale("c", LARGE[:-3], id="1", returned="7.5"), sale("b", "-3.25")]
    inputs = build_inputs(PERIOD, members, fits, frame=Arrays())
    assert isinstance(inputs.frame, Arrays)
    assert isinstance(fitted(made, inputs).frame, Lists)
    assert figures(rate_period(made, inputs)) == figures(rate(made, members, fits, frame=Lists()))
    small = build_inputs(PERIOD, members, [sale("c", 5)], frame=Arrays())
    assert fitted(made, small) is small


def test_a_large_threshold_and_a_large_flat_rate_do_not_fit_either():
    sales = [sale("a", "5.005")]
    for component in (
        "{id: c, type: direct, flat: 900000000000000000}",
        "{id: c, type: points, kind: star, rate: 900000000000000000.123456789}",
        "{id: c, type: direct, rate: 1%, qualify: {active: {volume: 900000000000000000.5}}}",
    ):
        made = plan(f"[{component}]")
        assert isinstance(fitted(made, build_inputs(PERIOD, chain("a"), sales, frame=Arrays())).frame, Lists)
        assert figures(rate(made, chain("a"), sales, frame=Arrays())) == figures(rate(made, chain("a"), sales))


# --- inputs


@settings(max_examples=50, deadline=None)
@given(shops(moves=False))
def test_inputs_from_arrays_are_those_from_objects(shop: tuple[Tree, list[Sold]]):
    members, sales = shop
    made = plan(
        """
        - {id: u, type: unilevel, levels: [10%, 5%], on: {measure: points, classes: [retail]}}
        - {id: p, type: direct, per_unit: 2}
        - {id: f, type: differential, by: volume, steps: [{start: 100, rate: 6%}]}
        """
    )
    inputs = build_inputs(PERIOD, members, sales)
    places = inputs.sales
    array = Arrays().of
    classes = ["retail", "personal"]
    again = inputs_from_arrays(
        PERIOD,
        inputs.members,
        array(inputs.joined),
        array(inputs.tree.parent),
        SoldArrays(
            ids=places.ids,
            member=array(places.member),
            at=array(places.at),
            amount=places.measures[Measure.AMOUNT],
            returned=array(places.returned),
            others={Measure.POINTS: places.measures[Measure.POINTS]},
            sale_class=Words(
                array(classes.index(places.sale_class.texts[i]) for i in places.sale_class.column), classes
            ),
        ),
    )
    assert figures(rate_period(made, again)) == figures(rate_period(made, inputs))
    large = inputs_from_arrays(
        PERIOD,
        inputs.members,
        array(inputs.joined),
        array(inputs.tree.parent),
        SoldArrays(
            ids=places.ids,
            member=array(places.member),
            at=array(places.at),
            amount=Scaled(array(10**11 * int(i) for i in places.measures[Measure.AMOUNT].column), 100),
        ),
    )
    flat = plan("- {id: u, type: direct, per_unit: 1.005}\n- {id: d, type: direct, rate: 3.1415%}")
    assert isinstance(fitted(flat, large).frame, Lists) or sum(abs(one.amount) for one in sales) < 1000
    thousand = [one._replace(amount=one.amount * 10**11, returned=Decimal(0), quantity=None) for one in sales]
    assert list(rate_period(flat, large).written()) == list(rate(flat, members, thousand).written())


def _two_sales(**changed: Any) -> Any:
    start = micros(PERIOD.start)
    given: dict[str, Any] = {
        "member": [0, 1],
        "at": [start, start + 1],
        "amount": [500, 600],
        "joined": [start - 1, start],
        "sponsor": [-1, 0],
    } | changed
    of = Arrays().of
    sold = SoldArrays(
        ids=["1", "2"], member=of(given["member"]), at=of(given["at"]), amount=Scaled(of(given["amount"]), 100)
    )
    return inputs_from_arrays(PERIOD, ["a", "b"], of(given["joined"]), of(given["sponsor"]), sold)


def test_arrays_that_cannot_be_are_refused():
    assert len(_two_sales().sales) == 2
    start, end = micros(PERIOD.start), micros(PERIOD.end)
    for changed, reason in (
        ({"member": [0, 2]}, "UNKNOWN_MEMBER"),
        ({"sponsor": [-2, 0]}, "UNKNOWN_MEMBER"),
        ({"sponsor": [1, 0]}, "CYCLE"),
        ({"at": [start, end]}, "SALE_OUTSIDE_PERIOD"),
        ({"joined": [start, start + 2]}, "SALE_BEFORE_MEMBER"),
    ):
        with pytest.raises(Refusal) as refusal:
            _two_sales(**changed)
        assert refusal.value.reason == reason
    for changed in (
        {"at": [start + 1, start]},
        {"joined": [start, start - 1]},
        {"member": [0]},
        {"sponsor": [-1]},
        {"amount": [1, 2**62]},
    ):
        with pytest.raises(ValueError, match=r".+"):
            _two_sales(**changed)


# --- loops


@given(st.integers(-(2**40), 2**40), st.integers(1, 2**20), st.sampled_from(Rounding), st.booleans())
def test_rounding_with_and_without_a_reciprocal(number: int, divisor: int, mode: Rounding, half: bool):
    if half:
        number = number * divisor // 2
    expected = round_ratio(number, divisor, mode)
    fast = reciprocal(abs(number) + divisor, divisor)
    assert round_by(number, divisor, *fast, MODES[mode]) == expected
    assert round_by(number, divisor, 0, 0, MODES[mode]) == expected
    assert int(round_by.compiled(number, divisor, *fast, MODES[mode])) == expected


@given(st.integers(0, 2**45), st.integers(1, 2**30), st.data())
def test_a_reciprocal_divides_exactly_or_is_none(most: int, divisor: int, data: st.DataObject):
    multiplier, shift = reciprocal(most, divisor)
    if not multiplier:
        return
    number = data.draw(st.integers(0, most))
    for one in (number, most, number - number % divisor, max(number - number % divisor - 1, 0)):
        assert one * multiplier >> shift == one // divisor
        assert one * multiplier < columns.LIMIT


@pytest.mark.parametrize("frame", [Lists(), Arrays()])
@given(st.integers(0, 2**32))
def test_everybody_comes_before_the_one_above(frame: Frame, seed: int):
    chance = Random(seed)
    size = chance.randint(0, 30)
    names = list(range(size))
    chance.shuffle(names) if chance.random() < 0.7 else None
    parent = [-1] * size
    for i in range(size):
        if i and chance.random() < 0.9:
            parent[names[i]] = names[chance.randrange(i)]
    order = frame.zeros(size)
    children_first(frame.of(parent), order)
    place = {int(member): k for k, member in enumerate(order)}
    assert len(place) == size
    assert all(place[i] < place[above] for i, above in enumerate(parent) if above >= 0)


def test_what_is_kept_of_a_compiled_loop_is_named_by_all_that_it_calls():
    def build(constant: int) -> str:
        space: dict[str, Any] = {"kernel": kernel, "K": constant}
        exec("@kernel\ndef inner(x):\n    return x + K\n@kernel\ndef outer(x):\n    return inner(x)\n", space)
        return space["outer"].digest

    assert build(1) == build(1)
    assert build(1) != build(2)


def test_a_small_period_is_rated_without_numpy():
    code = (
        "import sys\n"
        "from libs.sdk.tests.plans.shop import *\n"
        "rate(plan('[{id: u, type: unilevel, levels: [10%, 5%]}]'), chain(*'abc'), [sale('c', 5)]).totals()\n"
        "assert not {'numba', 'numpy'} & set(sys.modules), 'imported'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_large_period_is_rated_over_arrays_by_itself():
    members = tree({str(i): str((i - 1) // 3) if i else None for i in range(300)})
    sales = [sale(str(i % 300), i + 1, id=f"{i:06}") for i in range(2000)]
    made = plan("- {id: u, type: unilevel, levels: [10%, 5%, 2%]}")
    with patch.object(columns, "SMALL", 1000):
        inputs = build_inputs(PERIOD, members, sales)
        assert isinstance(inputs.sales.member, np.ndarray)
        rated = rate_period(made, inputs)
    assert figures(rated) == figures(rate(made, members, sales, frame=Lists()))
