"""Pairing: what the two legs of a member give together, and what the next period has of the rest."""

from typing import Final

from fenxiao.plans.components.legs import Legs
from fenxiao.plans.periods.columns import Column, Lists, integers, kernel

KEEP_BOTH: Final = 0
"""What is carried of the rest that pairing leaves: that of both legs,"""
KEEP_WEAKER: Final = 1
"""that of the leg which then holds less, of equals both,"""
KEEP_NONE: Final = 2
"""or nothing."""


def pair_legs(legs: Legs, able: Column, unit: int, two: bool, keep: int, lose: bool, limit: int | None) -> None:
    """Pair the legs of who is `able` to, and say what is carried.

    `unit` 0 pairs volume by volume. With `two`, the leg that is stronger at the moment gives two units of a pair.
    `lose`: who is not able loses what he has. `limit` bounds what is carried on each leg.
    """
    # No leg holds more than the bound, so a larger unit or limit need not be told apart from it.
    most = legs.bound + 1
    if isinstance(legs.frame, Lists):
        able = integers(able)
    _pair(
        legs.left,
        legs.right,
        able,
        min(unit, most),
        int(two),
        keep,
        int(lose),
        most if limit is None else min(limit, most),
        legs.matched,
        legs.left_used,
        legs.right_used,
        legs.left_next,
        legs.right_next,
    )


@kernel
def _pair(
    left: Column,
    right: Column,
    able: Column,
    unit: int,
    two: int,
    keep: int,
    lose: int,
    limit: int,
    matched: Column,
    left_used: Column,
    right_used: Column,
    left_next: Column,
    right_next: Column,
) -> None:
    for i in range(len(left)):
        at_left, at_right = left[i], right[i]
        if able[i] and at_left > 0 and at_right > 0:
            if unit == 0:
                matched[i] = left_used[i] = right_used[i] = min(at_left, at_right)
            else:
                units = _units(at_left // unit, at_right // unit, two)
                twice = _left_twice(at_left - at_right, unit, units) if two else 0
                matched[i] = units * unit
                left_used[i] = (units + twice) * unit
                right_used[i] = (2 * units - twice if two else units) * unit
            at_left -= left_used[i]
            at_right -= right_used[i]
        # A volume below 0 is a debt: it is neither lost nor limited.
        lost = keep == KEEP_NONE or (lose != 0 and able[i] == 0)
        if lost or (keep == KEEP_WEAKER and at_left > at_right):
            left_next[i] = min(at_left, 0)
        else:
            left_next[i] = min(at_left, limit)
        if lost or (keep == KEEP_WEAKER and at_right > at_left):
            right_next[i] = min(at_right, 0)
        else:
            right_next[i] = min(at_right, limit)


@kernel
def _units(at_left: int, at_right: int, two: int) -> int:
    """How many pairs there are in whole units of both legs."""
    fewer = min(at_left, at_right)
    return min(fewer, (at_left + at_right) // 3) if two else fewer


@kernel
def _left_twice(ahead: int, unit: int, pairs: int) -> int:
    """In how many pairs the left leg gives two units: it does whenever it holds no less than the right one.

    `ahead` is how much more it holds. Each pair in which it gives two brings it a unit back, each other one a unit
    forward; once that has changed which leg is the stronger, they take turns.
    """
    if ahead >= 0:
        first = min(pairs, ahead // unit + 1)
        return first + (pairs - first) // 2
    first = min(pairs, -(ahead // unit))
    return (pairs - first + 1) // 2
