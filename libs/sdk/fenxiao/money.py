"""Money: exact decimals come in, whole minor units go out, and nothing is a float.

The global decimal context is never used: exact arithmetic runs in `EXACT`, which raises rather than rounds, and
rounding happens in one place only, by a declared mode.
"""

import decimal
import re
from decimal import Decimal
from enum import StrEnum
from typing import Final

from fenxiao.errors import Refusal

# ISO 4217 list one, published 2026-01-01, by number of minor-unit digits. Codes without a minor unit (metals, funds
# of account, XTS, XXX) are left out: nobody can be paid in them.
_CODES_BY_EXPONENT: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY
        COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS
        INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR
        MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
        STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
CURRENCIES: Final[dict[str, int]] = {
    code: exponent for exponent, codes in _CODES_BY_EXPONENT.items() for code in codes.split()
}
"""Minor-unit digits of every active currency: `{"GBP": 2, "JPY": 0, "KWD": 3, …}`."""

# What Chinese readers call the currencies they meet most; the others go by their code.
_CHINESE_NAMES: Final = {
    "AUD": "澳元",
    "CAD": "加元",
    "CHF": "瑞士法郎",
    "CNY": "元",
    "EUR": "欧元",
    "GBP": "英镑",
    "HKD": "港元",
    "JPY": "日元",
    "KRW": "韩元",
    "MOP": "澳门元",
    "SGD": "新加坡元",
    "TWD": "新台币",
    "USD": "美元",
    "VND": "越南盾",
}

EXACT: Final = decimal.Context(
    prec=200,
    traps=[
        decimal.Inexact,
        decimal.Rounded,
        decimal.InvalidOperation,
        decimal.DivisionByZero,
        decimal.Overflow,
        decimal.FloatOperation,
    ],
)
"""Arithmetic that is exact or raises. 200 digits are far more than any product of bounded inputs needs."""

MAX_MINOR: Final = 2**63 - 1
"""Amounts in minor units are carried as int64."""

_AMOUNT = re.compile(r"(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,9})?")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,59})(?:\.[0-9]{1,60})?")


class Rounding(StrEnum):
    """How an exact amount becomes whole minor units.

    Only modes that treat a negative amount as the mirror of the positive one are offered, so that a return takes back
    what its sale gave.
    """

    HALF_UP = "half_up"
    """To the nearest; a half goes away from zero."""
    HALF_DOWN = "half_down"
    """To the nearest; a half goes towards zero."""
    HALF_EVEN = "half_even"
    """To the nearest; a half goes to the even neighbour."""
    DOWN = "down"
    """Towards zero."""
    UP = "up"
    """Away from zero."""


_DECIMAL_MODES: Final = {
    Rounding.HALF_UP: decimal.ROUND_HALF_UP,
    Rounding.HALF_DOWN: decimal.ROUND_HALF_DOWN,
    Rounding.HALF_EVEN: decimal.ROUND_HALF_EVEN,
    Rounding.DOWN: decimal.ROUND_DOWN,
    Rounding.UP: decimal.ROUND_UP,
}


def minor_digits(currency: str) -> int:
    """How many digits the currency has after the point; an unknown currency is refused."""
    try:
        return CURRENCIES[currency]
    except KeyError:
        raise Refusal(
            "UNKNOWN_CURRENCY",
            f"{currency[:12]!r} is not an active ISO 4217 currency; use a code such as GBP.",
            field="currency",
        ) from None


def parse_amount(text: str, *, field: str = "amount") -> Decimal:
    """Read a reported amount: a plain decimal above 0, at most 18 digits before and 9 after the point.

    Signs, exponents, spaces, group separators and leading zeros are refused: an amount has one spelling of its digits.
    """
    if not _AMOUNT.fullmatch(text):
        raise Refusal(
            "INVALID_AMOUNT",
            f"{text[:40]!r} is not an amount; write a plain decimal above 0 such as 1234.50, "
            "with at most 18 digits before and 9 after the point.",
            field=field,
        )
    amount = Decimal(text)
    if not amount:
        raise Refusal("INVALID_AMOUNT", "An amount must be above 0.", field=field)
    return amount


def parse_decimal(text: str, *, field: str = "") -> Decimal:
    """Read an exact decimal of either sign, as lines carry it (base, rate, exact amount)."""
    if not _DECIMAL.fullmatch(text):
        raise Refusal("INVALID_DECIMAL", f"{text[:40]!r} is not a plain decimal such as -12.5.", field=field)
    return Decimal(text)


def plain(value: Decimal) -> str:
    """Give the one text of an exact decimal: no exponent, no trailing zeros after the point, no negative zero."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def round_minor(exact: Decimal, currency: str, mode: Rounding) -> int:
    """Round an exact amount in units of the currency to whole minor units."""
    return round_units(exact, minor_digits(currency), mode, currency)


def round_units(exact: Decimal, digits: int, mode: Rounding, unit: str) -> int:
    """Round an exact amount to a whole number of its last of so many digits after the point."""
    # The size is looked at first: 1E+999999 is a short decimal and a very long integer.
    if exact.is_finite() and exact.adjusted() < 19:
        minor = int(exact.scaleb(digits, EXACT).to_integral_value(_DECIMAL_MODES[mode], EXACT))
        if -MAX_MINOR <= minor <= MAX_MINOR:
            return minor
    raise Refusal("AMOUNT_TOO_LARGE", f"{exact} {unit} is more than can be booked.", field="amount")


def round_ratio(numerator: int, denominator: int, mode: Rounding) -> int:
    """Round an exact fraction (already in minor units; the denominator above 0) to a whole number."""
    whole, rest = divmod(abs(numerator), denominator)
    half = 2 * rest - denominator  # below, at or above the half
    match mode:
        case Rounding.HALF_UP:
            away = half >= 0
        case Rounding.HALF_DOWN:
            away = half > 0
        case Rounding.HALF_EVEN:
            away = half > 0 or (half == 0 and whole % 2 == 1)
        case Rounding.DOWN:
            away = False
        case Rounding.UP:
            away = rest > 0
    magnitude = whole + away
    return -magnitude if numerator < 0 else magnitude


def from_minor(minor: int, currency: str) -> Decimal:
    """Give the exact decimal of an amount in minor units: `from_minor(1250, "GBP")` is `Decimal("12.50")`."""
    return Decimal(minor).scaleb(-minor_digits(currency), EXACT)


def format_minor(minor: int, currency: str, language: str = "en") -> str:
    """Write an amount in minor units for people: `-1,234.50 GBP`, or `-1,234.50 英镑` in Chinese (`zh`)."""
    number = f"{from_minor(minor, currency):,f}"
    name = _CHINESE_NAMES.get(currency, currency) if language.startswith("zh") else currency
    return f"{number} {name}"
