"""What settlement waits for before it releases a line, beside a time."""

from decimal import ROUND_CEILING
from typing import Final, NamedTuple

from fenxiao.money import EXACT, MAX_MINOR
from fenxiao.plans.components.base import Release


class Waits(NamedTuple):
    """What must hold beside the end of a return window."""

    identity: bool = False
    """The earner's identity is checked."""
    threshold_minor: int = 0
    """What must be payable, in minor units; 0 for nothing."""
    delivered: bool = False
    """The goods of its sale have been delivered."""


NO_WAITS: Final = Waits()


def waits_of(release: Release, digits: int) -> Waits:
    """Give what a component's lines wait for; `digits` are the decimals of what it pays.

    A threshold between two minor units is reached by the upper one. No account can hold more than `MAX_MINOR`.
    """
    threshold = 0
    if release.threshold is not None:
        exact = release.threshold.scaleb(digits, EXACT)
        threshold = min(int(exact.to_integral_value(ROUND_CEILING, EXACT)), MAX_MINOR)
    return Waits(release.identity, threshold, release.delivered)
