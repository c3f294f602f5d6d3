"""Check digits: of GS1 keys (General Specifications, 7.9.1), of containers (ISO 6346) and of ships (IMO A.1117(30))."""

from typing import Final

_ZERO: Final = ord("0")
# Digits count as themselves, letters from 10 on without the multiples of 11.
_CONTAINER_VALUES: Final = dict(
    zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", (value for value in range(39) if value % 11 or not value), strict=True)
)


def check_digit(digits: str) -> str:
    """Compute the GS1 check digit."""
    codes = digits.encode()
    heavy, light = codes[::-1][::2], codes[::-1][1::2]
    total = 3 * (sum(heavy) - _ZERO * len(heavy)) + sum(light) - _ZERO * len(light)
    return str(-total % 10)


def container_check_digit(code: str) -> str:
    """Compute the check digit of the ten characters of a container number (BIC code)."""
    total = sum(_CONTAINER_VALUES[character] << place for place, character in enumerate(code))
    return str(total % 11 % 10)


def ship_check_digit(digits: str) -> str:
    """Compute the check digit of the six digits of an IMO vessel number."""
    return str(sum(int(digit) * weight for digit, weight in zip(digits, range(7, 1, -1), strict=True)) % 10)
