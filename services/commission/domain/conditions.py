"""What a line waits for, as data on it: settlement reads it and does not question it."""

from datetime import datetime
from functools import lru_cache

from fenxiao.plans.language.waits import Waits
from services.commission.domain.events import Condition, Identity, PostedLine, ReturnWindow, Threshold


@lru_cache(maxsize=256)  # the lines of a sale mostly have the same
def conditions_of(hold_until: datetime | None, waits: Waits) -> tuple[Condition, ...]:
    """The conditions of a line that waits for a time and for more."""
    windows: tuple[Condition, ...] = () if hold_until is None else (ReturnWindow(until=hold_until),)
    identity: tuple[Condition, ...] = (Identity(),) if waits.identity else ()
    if not waits.threshold_minor:
        return (*windows, *identity)
    return (*windows, *identity, Threshold(least_minor=waits.threshold_minor))


def hold_until(line: PostedLine) -> datetime | None:
    """When the window of a line ends; None where it has none."""
    return max((one.until for one in line.conditions if isinstance(one, ReturnWindow)), default=None)


def waits_of(line: PostedLine) -> Waits:
    """What else it waits for."""
    identity = any(isinstance(one, Identity) for one in line.conditions)
    least = (one.least_minor for one in line.conditions if isinstance(one, Threshold))
    return Waits(identity, max(least, default=0))
