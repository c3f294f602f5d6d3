"""Binary: pairs what is sold below on the left with what is sold below on the right."""

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

from fenxiao.errors import Kind, Refusal
from fenxiao.money import EXACT
from fenxiao.plans.components.base import ComponentBase
from fenxiao.plans.components.legs import (
    LEFT_LEG,
    NO_LEG,
    RIGHT_LEG,
    WEAKER_LEG,
    Legs,
    count_legs,
    sponsors_in_both,
)
from fenxiao.plans.components.pairing import KEEP_BOTH, KEEP_NONE, KEEP_WEAKER, pair_legs
from fenxiao.plans.language.fields import Number, Rate, YesNo
from fenxiao.plans.periods.columns import LIMIT, Column, Lists, integers, kernel, round_div
from fenxiao.plans.periods.lines import LineColumns

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.lines import Lines


class Ratio(StrEnum):
    """How many units of the one leg a unit of the other is paired with."""

    ONE_TO_ONE = "1:1"
    TWO_TO_ONE = "2:1"
    """Pair after pair, the leg that holds more at that moment gives two units, the left one of equals."""


class OwnVolume(StrEnum):
    """On which leg a member's own volume counts. It counts for everybody above in any case."""

    NONE = "none"
    WEAKER = "weaker"
    """The leg that holds less without it, the left one of equals."""
    LEFT = "left"
    RIGHT = "right"


class CarryRest(StrEnum):
    """What the next period begins with of what was not paired. A leg below 0 is carried in any case."""

    FORWARD = "forward"
    """The rest of both legs."""
    WEAKER = "weaker"
    """The rest of the leg that holds less after pairing; what the other holds is lost. Of equals, both."""
    FLUSH = "flush"
    """Nothing: what was not paired is lost."""


class Unqualified(StrEnum):
    """What becomes of the legs of who does not qualify. Nothing is paired."""

    CARRY = "carry"
    """They are a rest like any other: `carry` says."""
    LOSE = "lose"
    """They are lost."""


_OWN: Final = {
    OwnVolume.NONE: NO_LEG,
    OwnVolume.WEAKER: WEAKER_LEG,
    OwnVolume.LEFT: LEFT_LEG,
    OwnVolume.RIGHT: RIGHT_LEG,
}
_KEEP: Final = {CarryRest.FORWARD: KEEP_BOTH, CarryRest.WEAKER: KEEP_WEAKER, CarryRest.FLUSH: KEEP_NONE}


class Binary(ComponentBase):
    """Pays for volume on the weaker of the two legs that is matched by volume on the other.

    A leg holds the net volume (`on`) of everybody placed below on that side, however deep, and what was carried in.
    A sale counts if its member had a place when it happened. What is paired is used up on both legs, also where a cap
    leaves nothing of what it earns. A leg may fall below 0 by what comes back; it then pays nothing until that is made
    up for. The plan's `placement` must have a width of 2.
    """

    type: Literal["binary"]
    """Told apart from other components by this."""
    unit: Number | None = None
    """Legs are paired in whole units of so much volume. Left out: to the last bit of the weaker leg."""
    ratio: Ratio = Ratio.ONE_TO_ONE
    rate: Rate | None = None
    """Share of the matched volume: pairs times the unit; without a unit, what the weaker leg holds."""
    pay: Number | None = None
    """For each pair of units, in units of the currency. Exactly one of `rate` and `pay` is named."""
    own: OwnVolume = OwnVolume.NONE
    carry: CarryRest = CarryRest.FORWARD
    carry_limit: Number | None = None
    """The most that is carried on each leg; what lies above it is lost."""
    legs_active: YesNo = False
    """Qualified is only who personally sponsors a member on each leg who meets `qualify`, at the period's end."""
    unqualified: Unqualified = Unqualified.CARRY

    @property
    def worst_case(self) -> None:
        """Nothing bounds it: a sale counts for everybody above, however many they are."""
        return None

    @property
    def widths(self) -> range:
        """The tree must have two legs."""
        return range(2, 3)

    def faults(self) -> list[tuple[str, str, str]]:
        """Not exactly one of rate and pay, and what does not go together."""
        found: list[tuple[str, str, str]] = []
        if (self.rate is None) == (self.pay is None):
            found.append(("", "NOT_EXACTLY_ONE", "Name exactly one of rate and pay."))
        if self.unit is None:
            if self.pay is not None:
                found.append(("/unit", "MISSING_FIELD", "`pay` is for a pair of units; name the `unit`."))
            if self.ratio is not Ratio.ONE_TO_ONE:
                found.append(("/unit", "MISSING_FIELD", f"A ratio of {self.ratio} is one of units; name the `unit`."))
        elif not self.unit:
            found.append(("/unit", "EMPTY_UNIT", "A unit must be above 0."))
        if self.carry is CarryRest.FLUSH and self.carry_limit is not None:
            found.append(("/carry_limit", "UNUSED_FIELD", "With `carry: flush` nothing is carried; leave it out."))
        if self.caps is not None and self.caps.sale is not None:
            message = "Nothing is earned on single sales; cap the `member` or the `period`."
            found.append(("/caps/sale", "UNUSED_FIELD", message))
        return found

    def legs(self, context: "Context") -> Legs:
        """What stood on everybody's legs, what was paired of it, and what the next period begins with."""
        placement = context.inputs.placement
        if placement is not None and placement.width != 2:
            message = f"The placement tree has a width of {placement.width}; a binary is paid along one of 2."
            raise Refusal("TREE_NOT_BINARY", message, kind=Kind.FAILED_PRECONDITION)
        named = [number for number in (self.unit, self.carry_limit) if number is not None]
        finest = 10 ** max((-int(number.normalize(EXACT).as_tuple().exponent) for number in named), default=0)
        legs = count_legs(context, self.id, self.on, _OWN[self.own], finest=max(finest, 1))
        pair_legs(
            legs,
            self._able(context),
            0 if self.unit is None else context.threshold(self.unit, legs.scale),
            self.ratio is Ratio.TWO_TO_ONE,
            _KEEP[self.carry],
            self.unqualified is Unqualified.LOSE,
            None if self.carry_limit is None else context.threshold(self.carry_limit, legs.scale),
        )
        return legs

    def rate_period(self, context: "Context") -> "Lines":
        """A line for each member who has pairs. Carries (left, right), in units of 10^-9 of the measure."""
        legs = self.legs(context)
        context.carry_out[self.id] = legs.carry()
        # By `pay`, the base counts pairs; by `rate`, volume.
        divisor, scale, place = 1, legs.scale, "/rate"
        if self.pay is not None and self.unit is not None:
            divisor, scale, place = context.threshold(self.unit, legs.scale), 1, "/pay"
        price = context.rate(self.rate or self.pay or Decimal(0))
        numerator, denominator = context.ratio(scale)
        factor, frame, matched = price * numerator, legs.frame, legs.matched
        if max((legs.bound // divisor + 1) * factor, denominator, divisor) >= LIMIT:
            frame, matched = Lists(), integers(matched)
        size = _count(matched, divisor, factor, denominator, context.mode)
        earner, base, amount = frame.zeros(size), frame.zeros(size), frame.zeros(size)
        _write(matched, divisor, factor, denominator, context.mode, earner, base, amount)
        frame = context.inputs.frame
        return LineColumns(
            component=self.id,
            rules=[context.place(self, place)],
            base_scale=scale,
            rate_scale=context.plan.rate_scale,
            earner=frame.of(earner),
            sale=frame.of([-1] * size),
            level=frame.zeros(size),
            other=frame.of([-1] * size),
            rule=frame.zeros(size),
            base=base,
            rate=frame.of([price] * size),
            uncapped=frame.of(amount),
            amount=frame.of(amount),
        )

    def _able(self, context: "Context") -> Column:
        """Who qualifies, 1 or 0."""
        qualified, placement = context.qualified(self), context.inputs.placement
        if not self.legs_active:
            return qualified
        if placement is None:
            return context.zeros()
        able = sponsors_in_both(context, placement, qualified)
        _both(able, qualified)
        return able


@kernel
def _both(column: Column, other: Column) -> None:
    for i in range(len(column)):
        column[i] &= other[i]


@kernel
def _count(matched: Column, divisor: int, factor: int, denominator: int, mode: int) -> int:
    """How many members earn something."""
    lines = 0
    for i in range(len(matched)):
        if matched[i] > 0 and round_div(matched[i] // divisor * factor, denominator, mode) > 0:
            lines += 1
    return lines


@kernel
def _write(
    matched: Column,
    divisor: int,
    factor: int,
    denominator: int,
    mode: int,
    earner: Column,
    base: Column,
    amount: Column,
) -> None:
    line = 0
    for i in range(len(matched)):
        if matched[i] > 0:
            due = round_div(matched[i] // divisor * factor, denominator, mode)
            if due > 0:
                earner[line], base[line], amount[line] = i, matched[i] // divisor, due
                line += 1
