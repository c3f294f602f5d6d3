"""What a line waits for, as data on it: settlement reads it and does not question it.

**A line waits for the delivery of its sale**, by the business transactions that the sale names. A sale of which a
component of its version waits for the delivery is refused if it names none (`sales.decide_sale`). It may have been
recorded under a version that asks for no delivery, and be rated at the close under one that does, where a version has
come into force within a period: then nothing of it waits.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from fenxiao.plans.language.waits import Waits
from services.commission.domain.events import Condition, Delivered, Identity, PostedLine, ReturnWindow, Threshold


@lru_cache(maxsize=256)  # the lines of a sale mostly have the same
def conditions_of(
    hold_until: datetime | None, waits: Waits, transactions: tuple[str, ...] = ()
) -> tuple[Condition, ...]:
    """The conditions of a line that waits for a time and for more; `transactions` are those of its sale."""
    found: list[Condition] = [] if hold_until is None else [ReturnWindow(until=hold_until)]
    if waits.identity:
        found.append(Identity())
    if waits.delivered and transactions:
        found.append(Delivered(biz_transactions=transactions))
    if waits.threshold_minor:
        found.append(Threshold(least_minor=waits.threshold_minor))
    return tuple(found)


def hold_until(line: PostedLine) -> datetime | None:
    """When the window of a line ends; None where it has none."""
    return max((one.until for one in line.conditions if isinstance(one, ReturnWindow)), default=None)


def waits_of(line: PostedLine) -> Waits:
    """What else it waits for."""
    identity = any(isinstance(one, Identity) for one in line.conditions)
    least = (one.least_minor for one in line.conditions if isinstance(one, Threshold))
    return Waits(identity, max(least, default=0), delivered=bool(awaited_by(line)))


def awaited_by(line: PostedLine) -> Sequence[str]:
    """The business transactions whose delivery it waits for."""
    return [name for one in line.conditions if isinstance(one, Delivered) for name in one.biz_transactions]
