"""Caps: every sum is added up anew for every line."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from typing import NamedTuple

from fenxiao.plans import Plan
from fenxiao.plans.components.base import Caps, Sharing, VolumeCap
from fenxiao.plans.periods.inputs import Sold
from libs.sdk.tests.plans.reference.ground import kept, net, shared


class Uncapped(NamedTuple):
    """A line before caps."""

    earner: str
    sale: Sold | None
    gross: int
    """As sold, in minor units."""
    amount: int
    """After returns."""


def capped(plan: Plan, caps: Caps, lines: Sequence[Uncapped], sales: Sequence[Sold]) -> list[int]:
    amounts = [line.amount for line in lines]
    if caps.sale is not None:
        most = floor(caps.sale * 100)
        for i, line in enumerate(lines):
            if line.sale is not None:
                before = sum(one.gross for one in lines[:i] if one.sale == line.sale)
                due = max(-most, min(most, before + line.gross)) - max(-most, min(most, before))
                amounts[i] = kept(due, line.sale, plan.rounding)
    if caps.member is not None:
        most, given = floor(caps.member * 100), list(amounts)
        for i, line in enumerate(lines):
            before = sum(amount for one, amount in zip(lines[:i], given[:i], strict=True) if one.earner == line.earner)
            amounts[i] = min(most, before + given[i]) - min(most, before)
    if caps.period is not None:
        amounts = _in_turn(amounts, floor(caps.period * 100))
    return amounts if caps.volume is None else by_volume(caps.volume, amounts, sales)


def by_volume(cap: VolumeCap, amounts: Sequence[int], sales: Sequence[Sold]) -> list[int]:
    total = sum((net(cap.of, sale) for sale in sales), Fraction(0))
    most = max(0, floor(total * Fraction(cap.share) * 100))
    if cap.by is Sharing.PRIORITY:
        return _in_turn(amounts, most)
    if sum(amounts) <= most:
        return list(amounts)
    return shared(most, [Fraction(amount) for amount in amounts])


def _in_turn(amounts: Sequence[int], most: int) -> list[int]:
    return [min(most, sum(amounts[: i + 1])) - min(most, sum(amounts[:i])) for i in range(len(amounts))]
