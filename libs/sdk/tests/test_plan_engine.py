from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.money import CURRENCIES, Rounding, round_ratio
from fenxiao.plans import Plan, Sale, SaleKind, in_force, rate_return, rate_sale, read_plan
from fenxiao.plans.language.waits import Waits

START = datetime(2010, 12, 1, tzinfo=UTC)
NOON = START + timedelta(hours=12)

amounts = st.decimals(min_value=Decimal("0.000000001"), max_value=Decimal("1e9"), places=9)
rates = st.lists(st.decimals(min_value=0, max_value=10, places=4), min_size=1, max_size=6)


def plan_of(*levels: str, currency: str = "GBP", rounding: str = "half_up", start: datetime = START) -> Plan:
    return read_plan(
        f"""
        plan: Test
        version: 1
        currency: {currency}
        effective_from: {start.isoformat()}
        rounding: {rounding}
        jurisdictions: []
        return_window: 14
        components:
          - id: network
            type: unilevel
            levels: [{", ".join(levels)}]
        """.encode()
    )


def components_plan(components: str, more: str = "") -> Plan:
    return read_plan(
        f"""
        plan: Test
        version: 1
        currency: GBP
        effective_from: {START.isoformat()}
        rounding: half_up
        jurisdictions: []
        return_window: 14
        {more}
        components: {components}
        """.encode()
    )


def sale(amount: str | Decimal, kind: SaleKind = SaleKind.SALE, currency: str = "GBP", at: datetime = NOON) -> Sale:
    return Sale(kind, at, Decimal(amount), currency)


def rounded(value: Fraction, rounding: Rounding) -> int:
    return round_ratio(*value.as_integer_ratio(), rounding)


def totals(plan: Plan, upline: list[str], amount: str) -> dict[str, int]:
    return {line.member: line.amount_minor for line in rate_sale(plan, sale(amount), upline)}


def test_a_line_says_everything():
    first, second = rate_sale(plan_of("8%", "4%", "2%"), sale("139.12"), ["ann", "bob"])
    assert first._asdict() == {
        "member": "ann",
        "component": "network",
        "level": 0,
        "rate": Decimal("0.08"),
        "base": Decimal("139.12"),
        "exact_amount": Decimal("11.1296"),
        "amount_minor": 1113,
        "rule": "/components/0/levels/0",
        "path": ("ann",),
        "hold_until": NOON + timedelta(days=14),
        "uncapped_minor": None,
        "asset": "",
        "expires_at": None,
        "waits": Waits(),
    }
    assert (second.member, second.level, second.path) == ("bob", 1, ("ann", "bob"))
    assert (second.exact_amount, second.amount_minor) == (Decimal("5.5648"), 556)


def test_the_classic_example():
    # Johnny > Betty > Angela > Jim
    plan = plan_of("10%", "2%", "1%")
    assert totals(plan, ["angela", "betty", "johnny"], "100") == {"angela": 1000, "betty": 200, "johnny": 100}
    assert totals(plan, ["jim", "angela", "betty", "johnny"], "100") == {"jim": 1000, "angela": 200, "betty": 100}


def test_half_a_penny_goes_up():
    assert totals(plan_of("2.9%"), ["a"], "5.00") == {"a": 15}  # floats give 14


def test_what_rounds_to_nothing_is_not_posted():
    assert totals(plan_of("0%", "8%", "4%"), ["a", "b", "c"], "0.10") == {"b": 1}


def test_a_return_of_no_named_sale_mirrors_the_sale():
    plan = plan_of("8%", "4%")
    given_lines = rate_sale(plan, sale("139.12"), ["a", "b"])
    taken = rate_sale(plan, sale("139.12", SaleKind.RETURN), ["a", "b"])
    assert [line.amount_minor for line in taken] == [-line.amount_minor for line in given_lines]
    assert [line.base for line in taken] == [Decimal("-139.12")] * 2
    assert [line.hold_until for line in taken] == [None, None]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (sale("1", currency="EUR"), "WRONG_CURRENCY"),
        (sale("1", at=START - timedelta(microseconds=1)), "PLAN_NOT_IN_FORCE"),
        (sale("0"), "INVALID_AMOUNT"),
        (sale("-1"), "INVALID_AMOUNT"),
        (sale("-1", SaleKind.RETURN), "INVALID_AMOUNT"),
        (sale("9" * 18), "AMOUNT_TOO_LARGE"),
        (sale("1", at=datetime(9999, 12, 31, tzinfo=UTC)), "INVALID_TIME"),
    ],
)
def test_refused_sales(wrong: Sale, reason: str):
    with pytest.raises(Refusal) as refused:
        rate_sale(plan_of("100%"), wrong, ["a"])
    assert refused.value.reason == reason


@given(amounts, rates, st.sampled_from(["JPY", "GBP", "KWD", "CLF"]), st.sampled_from(Rounding), st.integers(1, 8))
def test_rating_equals_a_reference_in_fractions(
    amount: Decimal, levels: list[Decimal], currency: str, rounding: Rounding, height: int
):
    plan = plan_of(*(f"{rate}%" for rate in levels), currency=currency, rounding=rounding)
    upline = [str(i) for i in range(height)]
    lines = rate_sale(plan, sale(amount, currency=currency), upline)
    expected = {
        member: rounded(Fraction(amount) * Fraction(rate) / 100 * 10 ** CURRENCIES[currency], rounding)
        for member, rate in zip(upline, levels, strict=False)
    }
    assert {line.member: line.amount_minor for line in lines} == {m: minor for m, minor in expected.items() if minor}
    assert all(Fraction(line.exact_amount) == Fraction(line.base) * Fraction(line.rate) for line in lines)
    assert all(line.path == tuple(upline[: line.level + 1]) for line in lines)


@given(
    st.lists(st.integers(1, 10**7), min_size=1, max_size=12),
    st.integers(0, 10**7),
    st.sampled_from(Rounding),
    st.integers(0, 9),
)
def test_any_partial_returns_take_back_their_share_and_the_whole_takes_back_all(
    parts: list[int], kept: int, rounding: Rounding, places: int
):
    pieces = [Decimal(part).scaleb(-places) for part in parts]
    whole = sum(pieces, start=Decimal(kept).scaleb(-places))
    plan = plan_of("8%", "4.5%", "2%", rounding=rounding)
    lines = dict(enumerate(rate_sale(plan, sale(whole), ["a", "b", "c"])))
    back, returned = dict.fromkeys(lines, 0), Decimal(0)

    def give_back(amount: Decimal) -> None:
        nonlocal returned
        taken = rate_return(
            plan, lines, sale_amount=whole, returned_before=returned, returned_now=amount, clawed_back=back
        )
        returned += amount
        for key, line in taken.items():
            assert line.amount_minor < 0
            assert line.exact_amount == -amount * line.rate
            back[key] -= line.amount_minor
        share = Fraction(returned) / Fraction(whole)
        assert back == {key: rounded(line.amount_minor * share, rounding) for key, line in lines.items()}

    for piece in pieces:
        give_back(piece)
    if kept:
        give_back(Decimal(kept).scaleb(-places))
    assert returned == whole
    assert back == {key: line.amount_minor for key, line in lines.items()}


@pytest.mark.parametrize(
    ("before", "now", "reason"),
    [("0", "100.01", "RETURN_EXCEEDS_SALE"), ("60", "40.01", "RETURN_EXCEEDS_SALE"), ("0", "0", "INVALID_AMOUNT")],
)
def test_refused_returns(before: str, now: str, reason: str):
    plan = plan_of("8%")
    lines = dict(enumerate(rate_sale(plan, sale("100"), ["a"])))
    with pytest.raises(Refusal) as refused:
        rate_return(
            plan,
            lines,
            sale_amount=Decimal(100),
            returned_before=Decimal(before),
            returned_now=Decimal(now),
            clawed_back={},
        )
    assert refused.value.reason == reason


def test_the_version_in_force_is_the_one_that_came_last():
    old, new = plan_of("8%"), plan_of("9%", start=NOON)
    versions = [new, old]
    assert in_force(versions, START - timedelta(seconds=1)) is None
    assert in_force(versions, NOON - timedelta(microseconds=1)) is old
    assert in_force(versions, NOON) is new


MARGIN = "[{id: m, type: direct, rate: 10%, on: {measure: margin, share: 50%, products: [tea]}}]"


def test_a_line_is_based_on_the_measure_and_its_share():
    (line,) = rate_sale(components_plan(MARGIN), sale("100")._replace(margin=Decimal(40), product="tea"), ["a"])
    assert (line.base, line.rate, line.exact_amount, line.amount_minor) == (20, Decimal("0.1"), 2, 200)
    assert rate_sale(components_plan(MARGIN), sale("100")._replace(margin=Decimal(40)), ["a"]) == []


@pytest.mark.parametrize(
    ("components", "field"),
    [
        (MARGIN, "margin"),
        ("[{id: p, type: direct, rate: 1%, on: {measure: points}}]", "points"),
        ("[{id: q, type: direct, rate: 1%, on: {measure: points}, qualify: {active: {sales: 1}}}]", "points"),
        (
            "[{id: c, type: direct, rate: 1%, caps: {volume: {share: 1%, by: priority, of: {measure: margin}}}}]",
            "margin",
        ),
    ],
)
def test_a_sale_must_have_the_measures_that_the_plan_is_based_on(components: str, field: str):
    plan, lacking = components_plan(components), sale("100")._replace(product="tea")
    with pytest.raises(Refusal) as refused:
        rate_sale(plan, lacking, ["a"])
    assert (refused.value.reason, refused.value.field) == ("MISSING_MEASURE", field)
    rate_sale(plan, lacking._replace(points=Decimal(0), margin=Decimal(0)), ["a"])


def test_what_does_not_concern_a_sale_need_not_be_reported():
    assert rate_sale(components_plan(MARGIN), sale("100")._replace(product="oil"), ["a"]) == []


@pytest.mark.parametrize(
    ("wrong", "reason", "field"),
    [
        (sale("1")._replace(margin=Decimal("1.01")), "MARGIN_ABOVE_AMOUNT", "margin"),
        (sale("1")._replace(points=Decimal(-1)), "INVALID_AMOUNT", "points"),
        (sale("1")._replace(quantity=Decimal(-1)), "INVALID_AMOUNT", "quantity"),
    ],
)
def test_refused_measures(wrong: Sale, reason: str, field: str):
    with pytest.raises(Refusal) as refused:
        rate_sale(plan_of("1%"), wrong, ["a"])
    assert (refused.value.reason, refused.value.field) == (reason, field)


def test_the_cap_of_a_sale_cuts_the_higher_levels_first_and_a_return_takes_back_of_what_was_paid():
    plan = components_plan("[{id: u, type: unilevel, levels: [10%, 10%, 10%], caps: {sale: 15.005}}]")
    lines = dict(enumerate(rate_sale(plan, sale("100"), ["a", "b", "c"])))
    assert [(line.amount_minor, line.uncapped_minor) for line in lines.values()] == [(1000, None), (500, 1000)]
    back = rate_return(
        plan,
        lines,
        sale_amount=Decimal(100),
        returned_before=Decimal(0),
        returned_now=Decimal(50),
        clawed_back={},
    )
    assert [line.amount_minor for line in back.values()] == [-500, -250]
    mirrored = rate_sale(plan, sale("100", SaleKind.RETURN), ["a", "b", "c"])
    assert [line.amount_minor for line in mirrored] == [-1000, -500]


def test_each_component_is_held_for_its_own_days():
    plan = components_plan(
        "[{id: a, type: direct, rate: 1%, release: {days: 3}}, {id: b, type: direct, rate: 1%}, "
        "{id: c, type: direct, rate: 1%, release: {days: 0}}]"
    )
    held = {line.component: line.hold_until for line in rate_sale(plan, sale("100"), ["a"])}
    assert held == {"a": NOON + timedelta(days=3), "b": NOON + timedelta(days=14), "c": NOON}


def test_what_closes_with_the_period_is_not_posted_with_the_sale():
    plan = components_plan(
        "[{id: a, type: unilevel, levels: [1%, 1%, 1%], qualify: {active: {sales: 1}}}, {id: b, type: direct, flat: 2}]"
    )
    assert plan.depth == 1
    (line,) = rate_sale(plan, sale("100"), ["a", "b", "c"])
    assert (line.component, line.amount_minor, line.rule, line.base) == ("b", 200, "/components/1/flat", 1)


@pytest.mark.parametrize(
    ("body", "now", "base"),
    [
        ("rate: 10%, on: {measure: margin}", "25", "-10"),  # a quarter of 40
        ("rate: 10%, on: {measure: margin}", "33.333333333", "-13.3333333332"),
        ("rate: 10%, on: {share: 33.3%}", "0.01", "-0.00333"),
        ("flat: 7", "50", "-0.5"),
        ("per_unit: 7", "50", "-1.5"),
    ],
)
def test_a_return_names_the_part_of_the_base_that_came_back(body: str, now: str, base: str):
    plan = components_plan(f"[{{id: d, type: direct, {body}}}]")
    sold = sale("100")._replace(margin=Decimal(40), quantity=Decimal(3))
    lines = dict(enumerate(rate_sale(plan, sold, ["a"])))

    def give_back(amount: str, before: str, taken: int) -> Decimal | None:
        found = rate_return(
            plan,
            lines,
            sale_amount=sold.amount,
            returned_before=Decimal(before),
            returned_now=Decimal(amount),
            clawed_back={0: taken},
        )
        return found[0].base if found else None

    assert give_back(now, "0", -1) == Decimal(base)  # one minor unit short, so that there is always something to take


def test_a_part_without_an_end_is_shown_to_six_decimals():
    plan = components_plan("[{id: d, type: direct, flat: 7}]")
    lines = dict(enumerate(rate_sale(plan, sale("3"), ["a"])))
    back = rate_return(
        plan, lines, sale_amount=Decimal(3), returned_before=Decimal(0), returned_now=Decimal(1), clawed_back={}
    )
    assert (back[0].base, back[0].amount_minor) == (Decimal("-0.333333"), -233)
