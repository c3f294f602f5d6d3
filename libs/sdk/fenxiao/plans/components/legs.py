"""Legs: what stands on the left and on the right of each member in the placement tree."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING, Final

from fenxiao.money import Rounding
from fenxiao.plans.periods.columns import LIMIT, MODES, Column, Frame, Lists, integers, kernel, roll_up, round_div
from fenxiao.plans.periods.inputs import NEVER, micros

if TYPE_CHECKING:
    from fenxiao.plans.components.base import Basis
    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.inputs import Placement

NANO: Final = 10**9
"""What is carried counts units of 1 / NANO of the measure."""

NO_LEG, WEAKER_LEG, LEFT_LEG, RIGHT_LEG = range(4)
"""On which leg a member's own volume counts."""

_HALF_UP: Final = MODES[Rounding.HALF_UP]


@dataclass(slots=True)
class Legs:
    """The two legs of each member over a period, in units of 1 / `scale` of the measure. All columns by member."""

    frame: Frame
    scale: int
    bound: int
    """No leg holds more than this, above 0 or below."""
    left: Column
    """Carried in and counted in the period."""
    right: Column
    matched: Column
    """What the rate applies to: units paired times the unit; without units, the weaker leg."""
    left_used: Column
    """What pairing took from the left leg."""
    right_used: Column
    left_next: Column
    """What the next period begins with. What is neither used nor carried is lost."""
    right_next: Column

    def carry(self) -> "LegCarry":
        """What is handed on."""
        return LegCarry(self)


class LegCarry(Mapping[int, tuple[int, ...]]):
    """Left and right in units of 1 / NANO, of who has any, read from the columns when it is asked for."""

    def __init__(self, legs: Legs) -> None:
        self._left, self._right, self._finer = legs.left_next, legs.right_next, NANO // legs.scale

    def __getitem__(self, member: int) -> tuple[int, ...]:
        if not 0 <= member < len(self._left) or not (self._left[member] or self._right[member]):
            raise KeyError(member)
        return int(self._left[member]) * self._finer, int(self._right[member]) * self._finer

    def __iter__(self) -> Iterator[int]:
        both = zip(integers(self._left), integers(self._right), strict=True)
        return (i for i, (left, right) in enumerate(both) if left or right)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def count_legs(context: "Context", component: str, on: "Basis", own_leg: int, *, finest: int = 1) -> Legs:
    """Count what stands on the legs at the period's end, before pairing: what was carried in and what was sold.

    A sale counts if its member stood in the tree when it happened: for everybody above, on the leg it came by. Volumes
    finer than 1 / NANO are rounded to it (half up), leg by leg. `finest` is a scale in which the caller's own volumes
    are whole.
    """
    inputs, net = context.inputs, context.net(on)
    carried = context.carried.get(component, {})
    before = [carried.get(i, (0, 0)) for i in range(len(inputs.members))] if carried else []
    lefts, rights = [left for left, _ in before], [right for _, right in before]
    scale = max(min(net.scale, NANO), finest, _coarsest(lefts + rights))
    total = _magnitude(net.column) * scale // net.scale + len(inputs.members)
    bound = total + sum(abs(left) + abs(right) for left, right in before) * scale // NANO
    frame: Frame = inputs.frame if bound < LIMIT // 4 else Lists()
    legs = Legs(frame, scale, bound, *(frame.zeros(len(inputs.members)) for _ in range(7)))
    if before:
        coarser = NANO // scale
        legs.left = frame.of(left // coarser for left in lefts)
        legs.right = frame.of(right // coarser for right in rights)
    if inputs.placement is not None:
        tree, own, group = inputs.placement.tree, _own_volume(context, on, inputs.placement), context.zeros()
        _copy(group, own)
        roll_up(group, tree.parent, tree.order)
        parent, leg, since = tree.parent, inputs.placement.leg, inputs.placement.since
        if frame is not inputs.frame:
            parent, leg, since, own, group = (integers(column) for column in (parent, leg, since, own, group))
        _add_legs(legs.left, legs.right, parent, leg, since, own, group, own_leg, scale, net.scale)
    return legs


def sponsors_in_both(context: "Context", placement: "Placement", active: Column) -> Column:
    """Say (1, else 0) who has an active member on each leg whom he sponsors himself, at the period's end."""
    tree, sponsor = placement.tree, context.inputs.tree.parent
    size, start, left = context.zeros(), context.zeros(), context.zeros()
    _number_below(tree.parent, tree.order, placement.leg, size, start, left)
    found, result = context.zeros(), context.zeros()
    _find_sponsored(sponsor, active, size, start, left, found, result)
    return result


def _own_volume(context: "Context", on: "Basis", placement: "Placement") -> Column:
    """Own volume of each member while he stood in the tree."""
    inputs = context.inputs
    if not _any_later(placement.since, inputs.joined, micros(inputs.period.start)):
        return context.own(on).column
    values, total = context.net(on).column, context.zeros()
    _add_placed(total, inputs.sales.member, inputs.sales.at, placement.since, values)
    return total


def _coarsest(values: list[int]) -> int:
    """The smallest power of ten in which these, given in units of 1 / NANO, are whole."""
    common = gcd(NANO, *values)
    scale = 1
    while common % (NANO // scale):
        scale *= 10
    return scale


@kernel
def _magnitude(values: Column) -> int:
    total = 0
    for i in range(len(values)):
        total += abs(values[i])
    return total


@kernel
def _copy(into: Column, values: Column) -> None:
    for i in range(len(values)):
        into[i] = values[i]


@kernel
def _any_later(since: Column, joined: Column, start: int) -> bool:
    """Whether anybody may have sold in the period before having a place. Who has none brings nobody anything."""
    later = False
    for i in range(len(since)):
        later = later or (since[i] > joined[i] and since[i] > start and since[i] != NEVER)
    return later


@kernel
def _add_placed(total: Column, member: Column, at: Column, since: Column, values: Column) -> None:
    for sale in range(len(member)):
        i = member[sale]
        if since[i] <= at[sale]:
            total[i] += values[sale]


@kernel
def _add_legs(
    left: Column,
    right: Column,
    parent: Column,
    leg: Column,
    since: Column,
    own: Column,
    group: Column,
    own_leg: int,
    scale: int,
    net_scale: int,
) -> None:
    """Add what everybody below brings to the leg by which it comes, then own volume."""
    for i in range(len(parent)):
        above = parent[i]
        if above >= 0:
            volume = _rescaled(group[i], scale, net_scale)
            if leg[i] == 0:
                left[above] += volume
            else:
                right[above] += volume
    if own_leg == NO_LEG:
        return
    for i in range(len(parent)):
        if since[i] == NEVER:
            continue
        volume = _rescaled(own[i], scale, net_scale)
        if own_leg == LEFT_LEG or (own_leg == WEAKER_LEG and left[i] <= right[i]):
            left[i] += volume
        else:
            right[i] += volume


@kernel
def _rescaled(volume: int, scale: int, net_scale: int) -> int:
    if scale >= net_scale:
        return volume * (scale // net_scale)
    return round_div(volume, net_scale // scale, _HALF_UP)


@kernel
def _number_below(parent: Column, order: Column, leg: Column, size: Column, start: Column, left: Column) -> None:
    """Number everybody so that those below a member follow him, the left leg first.

    `start` is the number, `size` how many a member is with those below, `left` how many stand on the left leg.
    """
    for k in range(len(order)):
        i = order[k]
        size[i] += 1
        above = parent[i]
        if above >= 0:
            size[above] += size[i]
            if leg[i] == 0:
                left[above] = size[i]
    tops = 0
    for k in range(len(order) - 1, -1, -1):
        i = order[k]
        above = parent[i]
        if above < 0:
            start[i] = tops
            tops += size[i]
        elif leg[i] == 0:
            start[i] = start[above] + 1
        else:
            start[i] = start[above] + 1 + left[above]


@kernel
def _find_sponsored(
    sponsor: Column, active: Column, size: Column, start: Column, left: Column, found: Column, result: Column
) -> None:
    """Fill `result`. `found` is zeros: 1 for a member found on the left leg, 2 for one on the right, 3 for both."""
    for i in range(len(sponsor)):
        above = sponsor[i]
        if above < 0 or not active[i]:
            continue
        place = start[i] - start[above] - 1
        if 0 <= place < size[above] - 1:
            found[above] |= 1 if place < left[above] else 2
    for i in range(len(found)):
        if found[i] == 3:
            result[i] = 1
