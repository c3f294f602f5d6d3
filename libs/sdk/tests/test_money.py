from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, getcontext, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.money import (
    CURRENCIES,
    EXACT,
    MAX_MINOR,
    Rounding,
    format_minor,
    from_minor,
    minor_digits,
    parse_amount,
    parse_decimal,
    plain,
    round_minor,
    round_ratio,
)

amounts = st.decimals(
    min_value=Decimal("-1e12"), max_value=Decimal("1e12"), allow_nan=False, allow_infinity=False, places=9
)


def reference(value: Fraction, mode: Rounding) -> int:
    """Say it by distance to the two whole neighbours."""
    if value < 0:
        return -reference(-value, mode)
    low = value.numerator // value.denominator
    if value == low:
        return low
    below, above = value - low, low + 1 - value
    nearest = low if below < above else low + 1
    tie = {Rounding.HALF_UP: low + 1, Rounding.HALF_DOWN: low, Rounding.HALF_EVEN: low + low % 2}
    if mode in tie:
        return tie[mode] if below == above else nearest
    return low if mode == Rounding.DOWN else low + 1


def test_the_active_currencies_of_iso_4217():
    assert len(CURRENCIES) == 139 + 17 + 7 + 2
    assert (CURRENCIES["GBP"], CURRENCIES["JPY"], CURRENCIES["KWD"], CURRENCIES["CLF"]) == (2, 0, 3, 4)


@pytest.mark.parametrize("code", ["", "gbp", "XXX", "XAU", "BGN", "DEM", "GBP ", "人民币"])
def test_other_currencies_are_refused(code: str):
    with pytest.raises(Refusal) as refused:
        minor_digits(code)
    assert (refused.value.reason, refused.value.field) == ("UNKNOWN_CURRENCY", "currency")


@pytest.mark.parametrize("text", ["1", "0.01", "139.12", "0.000000001", "9" * 18 + "." + "9" * 9])
def test_amounts_are_read_exactly(text: str):
    assert plain(parse_amount(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "0", "0.00", "-1", "+1", "1e3", "1E-2", "NaN", "Infinity", " 1", "1 ", "1\n", "1,000", ".5", "5.", "007",
     "1_0", "１２", "٣", "0x10", "9" * 19, "0." + "1" * 10, "--1", "£5"],
)  # fmt: skip
def test_what_is_no_plain_amount_above_zero_is_refused(text: str):
    with pytest.raises(Refusal) as refused:
        parse_amount(text)
    assert refused.value.reason == "INVALID_AMOUNT"


def test_decimals_of_lines_may_be_negative():
    assert parse_decimal("-11.1296") == Decimal("-11.1296")
    for text in ["1e3", "NaN", "", "- 1", "1" * 61]:
        with pytest.raises(Refusal):
            parse_decimal(text)


@given(amounts)
def test_plain_text_of_a_decimal_is_unique_and_exact(amount: Decimal):
    text = plain(amount)
    assert Decimal(text) == amount
    assert plain(EXACT.multiply(amount, Decimal("1.000"))) == text
    assert text != "-0"


@pytest.mark.parametrize(
    ("exact", "mode", "minor"),
    [
        ("0.145", Rounding.HALF_UP, 15),  # floats give 14
        ("-0.145", Rounding.HALF_UP, -15),
        ("0.145", Rounding.HALF_DOWN, 14),
        ("0.145", Rounding.HALF_EVEN, 14),
        ("0.155", Rounding.HALF_EVEN, 16),
        ("-0.149", Rounding.DOWN, -14),
        ("-0.141", Rounding.UP, -15),
        ("-0.001", Rounding.HALF_UP, 0),
    ],
)
def test_rounding(exact: str, mode: Rounding, minor: int):
    assert round_minor(Decimal(exact), "GBP", mode) == minor


def test_rounding_goes_by_the_currency():
    exact = Decimal("1234.5678")
    assert [round_minor(exact, code, Rounding.HALF_UP) for code in ("JPY", "GBP", "KWD", "CLF")] == [
        1235,
        123457,
        1234568,
        12345678,
    ]


@given(amounts, st.sampled_from(sorted(CURRENCIES)), st.sampled_from(Rounding))
def test_rounding_equals_the_reference_and_mirrors(amount: Decimal, currency: str, mode: Rounding):
    minor = round_minor(amount, currency, mode)
    assert minor == reference(Fraction(amount) * 10 ** CURRENCIES[currency], mode)
    assert round_minor(amount.copy_negate(), currency, mode) == -minor


@given(st.fractions(), st.sampled_from(Rounding))
def test_rounding_of_fractions_equals_the_reference(value: Fraction, mode: Rounding):
    assert round_ratio(*value.as_integer_ratio(), mode) == reference(value, mode)


@given(amounts)
def test_the_global_context_does_not_matter(amount: Decimal):
    expected = round_minor(EXACT.multiply(amount, Decimal("0.08")), "GBP", Rounding.HALF_UP)
    with localcontext() as context:
        context.prec, context.rounding = 3, ROUND_DOWN
        assert round_minor(EXACT.multiply(amount, Decimal("0.08")), "GBP", Rounding.HALF_UP) == expected
        assert context.flags == getcontext().flags


@pytest.mark.parametrize("exact", ["NaN", "Infinity", "-Infinity", "1E+999999", "92233720368547758.08"])
def test_what_cannot_be_booked_is_refused(exact: str):
    with pytest.raises(Refusal) as refused:
        round_minor(Decimal(exact), "GBP", Rounding.HALF_UP)
    assert refused.value.reason == "AMOUNT_TOO_LARGE"
    assert round_minor(Decimal("92233720368547758.07"), "GBP", Rounding.HALF_UP) == MAX_MINOR


def test_decimal_agrees():
    for text in ("0.125", "0.135", "-0.125", "2.5"):
        for mode, name in ((Rounding.HALF_UP, ROUND_HALF_UP), (Rounding.HALF_EVEN, ROUND_HALF_EVEN)):
            by_library = int(Decimal(text).scaleb(2).to_integral_value(name))
            assert round_minor(Decimal(text), "GBP", mode) == by_library


def test_amounts_for_people():
    assert format_minor(7748587, "GBP") == "77,485.87 GBP"
    assert format_minor(-5, "GBP", "zh") == "-0.05 英镑"
    assert format_minor(1234567, "JPY", "zh-CN") == "1,234,567 日元"
    assert format_minor(1000, "KWD", "zh") == "1.000 KWD"
    assert from_minor(1250, "GBP") == Decimal("12.50")
