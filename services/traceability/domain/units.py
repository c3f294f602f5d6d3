"""Units of measure (UN/ECE Recommendation 20) that say the same in other numbers, brought to one.

What is not listed is comparable with itself only.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple


class _Unit(NamedTuple):
    base: str
    factor: Fraction
    offset: Fraction = Fraction(0)
    """base = (value + offset) × factor."""


def _scaled(base: str, **factors: str) -> dict[str, _Unit]:
    return {code: _Unit(base, Fraction(factor)) for code, factor in factors.items()}


_UNITS: Final = {
    "KEL": _Unit("KEL", Fraction(1)),
    "CEL": _Unit("KEL", Fraction(1), Fraction("273.15")),
    "FAH": _Unit("KEL", Fraction(5, 9), Fraction("459.67")),
    **_scaled("KGM", KGM="1", GRM="1/1000", MGM="1/1000000", TNE="1000", LBR="0.45359237", ONZ="0.028349523125"),
    **_scaled("MTR", MTR="1", CMT="1/100", MMT="1/1000", KMT="1000", INH="0.0254", FOT="0.3048", YRD="0.9144"),
    **_scaled("MTQ", MTQ="1", LTR="1/1000", MLT="1/1000000", CLT="1/100000", HLT="1/10", DMQ="1/1000"),
    **_scaled("PAL", PAL="1", KPA="1000", HPA="100", MPA="1000000", BAR="100000", ATM="101325"),
    **_scaled("SEC", SEC="1", MIN="60", HUR="3600", DAY="86400"),
    **_scaled("P1", P1="1", C62="100"),
    **_scaled("MTS", MTS="1", KMH="5/18"),
    **_scaled("WTT", WTT="1", KWT="1000"),
    **_scaled("JOU", JOU="1", KJO="1000", KWH="3600000"),
}  # fmt: skip


def to_base(value: Decimal, unit: str) -> tuple[str, Fraction]:
    """The unit to which a value is brought, and the value in it, exactly."""
    known = _UNITS.get(unit)
    if known is None:
        return unit, Fraction(value)
    return known.base, (Fraction(value) + known.offset) * known.factor
