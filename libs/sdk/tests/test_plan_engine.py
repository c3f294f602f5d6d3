from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.money import CURRENCIES, Rounding, round_ratio
from fenxiao.plans import Plan, Sale, SaleKind, in_force, rate_return, rate_sale, read_plan

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
