"""Volume on its way up: what members earn of it depends on what was earned of it below.

A component that pays so says with a table (`Ways`) what becomes of volume at a member. Volume is always in some
**state**: a sale's is in state 0 when it is credited. A member has some **kind**. Where volume in a state comes to a
member of a kind, he earns a share of it, and it goes on upward in another state, or no further. Of kind 0 are those
whom it passes as it is.

One pass from the leaves up adds the volume of everybody by state, so the work is members × states however many sales
there are and however deep the tree is. A member earns one line for each leg and state that pays him, and one for his
own volume: on the volume that the leg brought him in that state over the period.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from fenxiao.plans.components.base import ComponentBase
from fenxiao.plans.periods.columns import Column, Frame, in_parts, kernel, round_div
from fenxiao.plans.periods.lines import LineColumns
from fenxiao.plans.periods.segments import Segment

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context


_PIECES: Final = 4
"""For each processor: who joined early has far more legs than who joined late."""


class Way(NamedTuple):
    """What becomes of volume in a state at a member of a kind."""

    after: int
    """The state in which it goes on; -1: no further."""
    share: int = 0
    """What the member earns of it, as a whole number of 1 / `plan.rate_scale`."""
    rule: int = 0
    """By which of the rules."""
    level: int = 0
    """What stands on the line as its level."""


@dataclass(frozen=True)
class Ways:
    """A way for each state and each kind above 0."""

    kinds: int
    """How many kinds there are, 0 included."""
    ways: Sequence[Sequence[Way]]
    """By state, then by kind less 1. States whose lines have rule and level in common are paid in one line."""
    rules: Sequence[str]
    """JSON pointers into the plan document."""


class _Table(NamedTuple):
    """The ways as columns: a row of kinds for each state."""

    kinds: int
    states: int
    after: Column
    share: Column
    rule: Column
    level: Column
    joined: Column
    """A later state whose volume is paid in the same line, or 0."""


class _Legs(NamedTuple):
    """Who brought volume to whom, and how much.

    Leg i is member i with all below, under the sponsor at the period's end; those behind the last member stood so
    earlier in the period only.
    """

    parent: Column
    member: Column
    """Of those behind the last member."""
    volume: Column
    """A row of states for each leg, as they leave its first member."""


class _Lines(NamedTuple):
    earner: Column
    level: Column
    other: Column
    rule: Column
    rate: Column
    base: Column
    amount: Column


def rate_upward(
    context: "Context", component: ComponentBase, kind: Column, ways: Ways, depth: int | None = None
) -> LineColumns:
    """Rate the volume of a period on its way up; no further up than `depth` levels above the seller."""
    own, frame = context.own(component.on), context.inputs.frame
    table = _table(frame, ways)
    legs = _legs(context, component, kind, table, depth)
    first, following = context.zeros(), context.zeros(len(legs.parent))
    _list_legs(legs.parent, first, following)
    rounding = *context.ratio(own.scale), context.mode
    counted = _Lines(*(frame.zeros(0) for _ in range(7)))

    def count(begin: int, end: int) -> tuple[int, int]:
        return begin, _write(own.column, kind, legs, first, following, table, *rounding, begin, end, 0, counted)

    places: dict[int, int] = {}
    size = 0
    for begin, lines_of_part in in_parts(frame, len(kind), count, _PIECES):
        places[begin], size = size, size + lines_of_part
    lines = _Lines(
        *(frame.narrow(size, max(len(legs.parent), table.states)) for _ in range(4)),
        *(frame.zeros(size) for _ in range(3)),
    )

    def write(begin: int, end: int) -> None:
        _write(own.column, kind, legs, first, following, table, *rounding, begin, end, places[begin], lines)

    in_parts(frame, len(kind), write, _PIECES)
    none = frame.narrow(size, 1)
    _fill(none, -1)
    return LineColumns(
        component.id,
        list(ways.rules),
        own.scale,
        context.plan.rate_scale,
        sale=none,
        uncapped=lines.amount,
        **lines._asdict(),
    )


def _table(frame: Frame, ways: Ways) -> _Table:
    kinds, states = ways.kinds, len(ways.ways)
    after, share, rule, level, joined = ([0] * (kinds * states) for _ in range(5))
    for k in range(1, kinds):
        paid: dict[tuple[int, int], int] = {}
        for state, row in enumerate(ways.ways):
            at, way = state * kinds + k, row[k - 1]
            after[at], rule[at], level[at] = way.after, way.rule, way.level
            if way.share:
                leader = paid.setdefault((way.rule, way.level), at)
                if leader == at:
                    share[at] = way.share
                else:
                    joined[leader] = state
    return _Table(kinds, states, *(frame.of(column) for column in (after, share, rule, level, joined)))


def _legs(context: "Context", component: ComponentBase, kind: Column, table: _Table, depth: int | None) -> _Legs:
    """Bring the volume of the period up."""
    segments, frame = context.inputs.segments, context.inputs.frame
    members, last = len(kind), context.inputs.tree.parent
    former = _former(context, segments) if len(segments) > 1 else {}
    volume = context.zeros((members + len(former)) * table.states)
    for segment in segments:
        single, tree = len(segments) == 1, segment.tree
        own = (context.own(component.on) if single else context.own_in(segment, component.on)).column
        part = volume if single else context.zeros(members * table.states)
        if depth is None:
            _climb(own, tree.parent, tree.order, kind, table, part, context.zeros(table.states))
        else:
            _walk(own, tree.parent, kind, table, part, depth)
        if not single:
            legs = frame.of(range(members))
            for i, parent in segment.elsewhere.items():
                legs[i] = former.get((parent, i), -1)
            _gather(volume, part, legs, table.states)
    parents, behind = [parent for parent, _ in former], [member for _, member in former]
    everybody = context.zeros(members + len(former))
    _copy(everybody, 0, last)
    _copy(everybody, members, frame.of(parents))
    return _Legs(everybody, frame.of(behind), volume)


def _former(context: "Context", segments: Sequence[Segment]) -> dict[tuple[int, int], int]:
    """Number the legs (sponsor, member) that there were earlier in the period only, behind those at its end."""
    stood = {(parent, i) for segment in segments[:-1] for i, parent in segment.elsewhere.items()}
    legs = sorted(leg for leg in stood if leg[0] >= 0)
    return {leg: len(context.inputs.members) + k for k, leg in enumerate(legs)}


@kernel
def _climb(
    own: Column, parent: Column, order: Column, kind: Column, table: _Table, volume: Column, moved: Column
) -> None:
    """Fill `volume`: what leaves each member upward, by state. `moved` has room for one member."""
    # Taken apart once: compiled, looking into a tuple costs more than what is done with it.
    states, kinds, next_state = table.states, table.kinds, table.after
    for k in range(len(order)):
        i = order[k]
        row = i * states
        volume[row] += own[i]
        if kind[i] > 0:
            for state in range(states):
                moved[state] = 0
            for state in range(states):
                after = next_state[state * kinds + kind[i]]
                if after >= 0:
                    moved[after] += volume[row + state]
            for state in range(states):
                volume[row + state] = moved[state]
        if parent[i] >= 0:
            above = parent[i] * states
            for state in range(states):
                volume[above + state] += volume[row + state]


@kernel
def _walk(own: Column, parent: Column, kind: Column, table: _Table, volume: Column, depth: int) -> None:
    """Fill `volume` likewise, with what goes no further up than to the level `depth` above its seller."""
    states, kinds, next_state = table.states, table.kinds, table.after
    for seller in range(len(own)):
        if own[seller] == 0:
            continue
        at, state, level = seller, 0, 0
        while state >= 0 and level < depth and parent[at] >= 0:
            if kind[at] > 0:
                state = next_state[state * kinds + kind[at]]
            if state >= 0:
                volume[at * states + state] += own[seller]
            at = parent[at]
            level += 1


@kernel
def _gather(volume: Column, part: Column, legs: Column, states: int) -> None:
    """Add what left each member to the leg through which it did; -1 where nobody stood above."""
    for i in range(len(legs)):
        for state in range(states if legs[i] >= 0 else 0):
            volume[legs[i] * states + state] += part[i * states + state]


@kernel
def _copy(into: Column, at: int, column: Column) -> None:
    for i in range(len(column)):
        into[at + i] = column[i]


@kernel
def _fill(column: Column, value: int) -> None:
    for i in range(len(column)):
        column[i] = value


@kernel
def _list_legs(parent: Column, first: Column, following: Column) -> None:
    """Link the legs of each member in ascending order; -1 ends a list."""
    for i in range(len(first)):
        first[i] = -1
    for leg in range(len(parent) - 1, -1, -1):
        if parent[leg] >= 0:
            following[leg] = first[parent[leg]]
            first[parent[leg]] = leg


@kernel
def _write(
    own: Column,
    kind: Column,
    legs: _Legs,
    first: Column,
    following: Column,
    table: _Table,
    numerator: int,
    denominator: int,
    mode: int,
    begin: int,
    end: int,
    size: int,
    lines: _Lines,
) -> int:
    """Write the lines of earners `begin` to below `end`: own volume first, then leg by leg; returns where they end.

    Without room for them, only count them. `size` is where they begin.
    """
    kinds, states, _, shares, rules, levels, joined = table
    _, former, volume = legs
    out_earner, out_level, out_other, out_rule, out_rate, out_base, out_amount = lines
    members, writing = len(own), len(out_earner) > 0
    for i in range(begin, end):
        if kind[i] == 0:
            continue
        leg = -1
        more = True
        while more:
            for state in range(states if leg >= 0 else 1):
                way = state * kinds + kind[i]
                rate = shares[way]
                if rate == 0:
                    continue
                if leg < 0:
                    base = own[i]
                else:
                    base = volume[leg * states + state]
                    if joined[way] > 0:
                        base += volume[leg * states + joined[way]]
                amount = round_div(base * rate * numerator, denominator, mode) if base != 0 else 0
                if amount == 0:
                    continue
                if writing:
                    out_earner[size] = i
                    out_level[size] = levels[way]
                    out_other[size] = leg if leg < members else former[leg - members]
                    out_rule[size] = rules[way]
                    out_base[size] = base
                    out_rate[size] = rate
                    out_amount[size] = amount
                size += 1
            leg = first[i] if leg < 0 else following[leg]
            more = leg >= 0
    return size
