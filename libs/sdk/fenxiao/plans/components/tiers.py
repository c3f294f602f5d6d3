"""Tiers: rates that depend on how much there is."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from fenxiao.plans.components.base import ComponentBase, Strict
from fenxiao.plans.language.fields import Number, Rate, count
from fenxiao.plans.periods.columns import integers

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.lines import Lines


class TierMode(StrEnum):
    """What a rate that is reached applies to. There is no default: plans differ and must say it."""

    MARGINAL = "marginal"
    """Each slice has its own rate."""
    RETROACTIVE = "retroactive"
    """All of the volume has the rate that is reached."""


class Tier(Strict):
    """A slice of volume and its rate."""

    start: Number
    """From this volume on, in units of the measure."""
    end: Number | None = None
    """To below this volume; the next tier must start there. Left out: until the next tier; for the last, no end."""
    rate: Rate


class Tiers(Strict):
    """Slices in ascending order, without gaps; the volume below the first earns nothing.

    The tier that is reached is the last whose start is not above the volume: a start belongs to its tier, an end no
    longer. If the last tier names an end, what lies above it earns nothing, and what lies below is paid as before.
    """

    mode: TierMode
    steps: Annotated[tuple[Tier, ...], *count(1, 64)]

    def faults(self) -> list[tuple[str, str, str]]:
        """Tiers that overlap or leave gaps."""
        found: list[tuple[str, str, str]] = []
        for i, tier in enumerate(self.steps):
            place = f"/steps/{i}"
            if tier.end is not None and tier.end <= tier.start:
                found.append((f"{place}/end", "EMPTY_TIER", "A tier must end above its start."))
            if i == 0:
                continue
            before = self.steps[i - 1]
            if tier.start <= before.start or (before.end is not None and tier.start < before.end):
                message = "This tier overlaps the one before it; start it where that one ends."
                found.append((f"{place}/start", "TIERS_OVERLAP", message))
            elif before.end is not None and tier.start > before.end:
                message = "There is a gap between this tier and the one before it; start it where that one ends."
                found.append((f"{place}/start", "TIERS_GAP", message))
        return found

    @property
    def worst_case(self) -> Decimal:
        """The highest rate."""
        return max(tier.rate for tier in self.steps)


def rate_tiers(context: "Context", component: ComponentBase, tiers: Tiers) -> "Lines":
    """Rate every member's own net volume of the period, member by member, a line a slice.

    A volume below 0 (returns that name no sale) is the mirror of one above: it takes back what that would be paid.
    """
    own, qualified = context.own(component.on), context.qualified(component)
    # So fine that every bound is whole.
    bounds = [bound for tier in tiers.steps for bound in (tier.start, tier.end) if bound is not None]
    scale = max(own.scale, 10 ** max(0, *(-int(bound.as_tuple().exponent) for bound in bounds)))
    factor = scale // own.scale
    starts = [context.threshold(tier.start, scale) for tier in tiers.steps]
    end = None if tiers.steps[-1].end is None else context.threshold(tiers.steps[-1].end, scale)
    rates = [context.rate(tier.rate) for tier in tiers.steps]
    rules = [context.place(component, f"/tiers/steps/{i}/rate") for i in range(len(rates))]
    slices = _marginal if tiers.mode is TierMode.MARGINAL else _retroactive
    units = context.units(component)
    writer = context.writer(component, scale)
    for member, volume in enumerate(integers(own.column)):
        if volume and qualified[member]:
            sign = 1 if volume > 0 else -1
            counted = abs(volume) * factor if end is None else min(abs(volume) * factor, end)
            for i, part in slices(starts, counted):
                amount = context.to_minor(sign * part, rates[i], scale, units)
                writer.add(member, amount, rule=rules[i], base=sign * part, rate=rates[i])
    return writer.lines(context.inputs.frame)


def _marginal(starts: list[int], volume: int) -> Iterator[tuple[int, int]]:
    """Each tier that is reached, with the slice of the volume that lies in it."""
    for i, start in enumerate(starts):
        upper = volume if i + 1 == len(starts) else min(volume, starts[i + 1])
        if upper > start:
            yield i, upper - start


def _retroactive(starts: list[int], volume: int) -> Iterator[tuple[int, int]]:
    """The tier that is reached, with all of the volume."""
    reached = sum(start <= volume for start in starts)
    if reached:
        yield reached - 1, volume
