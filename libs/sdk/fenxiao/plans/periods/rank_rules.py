"""The rules of a plan's ranks as tables, and the pass over all members that applies them.

What a rank asks for of those below is kept by **counters**: for everybody, how much there is of it directly below, in
legs, or anywhere. Members come each before the one above, find their own rank by what was counted for them, and then
count for the one above.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from fenxiao.money import EXACT
from fenxiao.plans.components.base import Active
from fenxiao.plans.language.ranks import Rank, Where
from fenxiao.plans.periods.columns import Column, kernel

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context

# How a counter takes a member into account who stands directly below, with all below that one.
_VOLUME, _LIMITED, _RANK, _ACTIVE = range(4)
_DIRECT, _ANYWHERE, _LEGS = range(3)
_PLACES: Final = {Where.DIRECT: _DIRECT, Where.ANYWHERE: _ANYWHERE, Where.LEGS: _LEGS}


class _Counter(NamedTuple):
    """Something that is counted below everybody."""

    kind: int
    where: int
    argument: int
    """The volume, the rank, or which activity."""
    finer: int
    """A limit counts in units of so much less than those of the volumes, such that it is whole."""


class Counters(NamedTuple):
    """The counters as columns."""

    kind: Column
    where: Column
    argument: Column
    finer: Column


class Own(NamedTuple):
    """What everybody has himself."""

    pv: Column
    gv: Column
    sales: Column


class History(NamedTuple):
    """What everybody comes with."""

    fixed: Column
    """A rank that is not evaluated; -1 for none."""
    before: Column
    """Paid-as rank in the period before."""
    used: Column
    """Periods of grace used by then."""


class Asked(NamedTuple):
    """What each rank asks for, by its number less 1."""

    pv: Column
    gv: Column
    sales: Column
    first: Column
    """Of those below it asks for rows `first[r]` to below `first[r + 1]` of the next two."""
    counter: Column
    least: Column
    grace: Column


class RankRules:
    """The rules of a plan's ranks, as tables for the loop."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._scale = context.gv.scale
        self._numbers = {rank.id: i + 1 for i, rank in enumerate(context.plan.ranks)}
        self._counters: dict[_Counter, int] = {}
        self._activities: dict[Active, int] = {}
        self.places: dict[str, int] = {}
        """By JSON pointer, the place in a row of what is counted."""
        counter: list[int] = []
        least: list[int] = []
        first = [0]
        for i, rank in enumerate(context.plan.ranks):
            for rest, counts, amount in self._below(rank):
                place = self._counters.setdefault(counts, len(self._counters))
                self.places[f"/ranks/{i}{rest}"] = place
                counter.append(place)
                least.append(amount)
            first.append(len(counter))
        of, ranks, scale = context.inputs.frame.of, context.plan.ranks, self._scale
        self.asked = Asked(
            of(context.threshold(rank.personal_volume, scale) for rank in ranks),
            of(0 if rank.leg_limit is not None else context.threshold(rank.group_volume, scale) for rank in ranks),
            of(rank.sales for rank in ranks),
            of(first),
            of(counter),
            of(least),
            of(rank.grace for rank in ranks),
        )
        self.counters = Counters(*(of(one[part] for one in self._counters) for part in range(4)))

    @property
    def scales(self) -> list[int]:
        """What the counters count in units of 1 / scale."""
        return [self._scale * counter.finer if counter.kind == _LIMITED else 1 for counter in self._counters]

    @property
    def active(self) -> Column:
        """1 for each member who is active, else 0: a column behind another for each way of being active."""
        columns = [self._context.active(wanted) for wanted in self._activities]
        joined = self._context.zeros(sum(map(len, columns)))
        for i, column in enumerate(columns):
            _copy(joined, i * len(column), column)
        return joined

    def _below(self, rank: Rank) -> Iterator[tuple[str, _Counter, int]]:
        """What a rank asks for of those below: its place, what is counted, and how much of it."""
        if rank.leg_limit is not None:
            limit = EXACT.multiply(rank.leg_limit, rank.group_volume)
            finer = 10 ** max(0, _decimals(limit) - len(str(self._scale)) + 1)
            scale = self._scale * finer
            limited = _Counter(_LIMITED, _DIRECT, self._context.threshold(limit, scale), finer)
            yield "/leg_limit", limited, self._context.threshold(rank.group_volume, scale)
        for k, legs in enumerate(rank.legs or ()):
            if not legs.count:
                continue
            volume = self._context.threshold(legs.volume, self._scale)
            yield f"/legs/{k}", _Counter(_VOLUME, _DIRECT, volume, 1), legs.count
        for k, below in enumerate(rank.below or ()):
            if not below.count:
                continue
            where = _PLACES[below.where]
            if below.rank is not None:
                counter = _Counter(_RANK, where, self._numbers[below.rank], 1)
            else:
                assert below.active is not None, "the plan was checked"
                activity = self._activities.setdefault(below.active, len(self._activities))
                counter = _Counter(_ACTIVE, where, activity, 1)
            yield f"/below/{k}", counter, below.count


def _decimals(value: Decimal) -> int:
    return max(0, -int(value.normalize(EXACT).as_tuple().exponent))


@kernel
def apply_rules(
    parent: Column,
    order: Column,
    own: Own,
    rules: Asked,
    counters: Counters,
    active: Column,
    history: History,
    counted: Column,
    paid: Column,
    grace_used: Column,
) -> None:
    """Fill what is counted, the rank that everybody is paid as, and the periods of grace used."""
    # Taken apart once: compiled, looking into a tuple costs more than what is done with it.
    pv, gv, sales = own
    least_pv, least_gv, least_sales, first, counter, least, grace = rules
    kinds, wheres, arguments, finer = counters
    fixed, before, used = history
    width = len(kinds)
    for k in range(len(order)):
        i = order[k]
        row = i * width
        for c in range(width):
            if kinds[c] == _LIMITED:
                counted[row + c] += pv[i] * finer[c]
        rank = fixed[i]
        if rank < 0:
            rank = len(least_pv)
            while rank > 0:
                r = rank - 1
                held = (
                    (least_pv[r] == 0 or pv[i] >= least_pv[r])
                    and (least_gv[r] == 0 or gv[i] >= least_gv[r])
                    and sales[i] >= least_sales[r]
                    # One that asks for nothing is only given.
                    and (least_pv[r] + least_gv[r] + least_sales[r] > 0 or first[r + 1] > first[r])
                )
                if held and _has(counted, row, counter, least, first[r], first[r + 1]):
                    break
                rank -= 1
            kept = before[i]
            if rank < kept and used[i] < grace[kept - 1]:
                rank = kept
                grace_used[i] = used[i] + 1
        paid[i] = rank
        if parent[i] >= 0:
            _count(counted, row, parent[i] * width, rank, gv[i], kinds, wheres, arguments, finer, active, i, len(order))


@kernel
def _has(counted: Column, row: int, counter: Column, least: Column, begin: int, end: int) -> bool:
    """Whether rules `begin` to below `end` are met."""
    rule = begin
    while rule < end and counted[row + counter[rule]] >= least[rule]:
        rule += 1
    return rule == end


@kernel
def _count(
    counted: Column,
    row: int,
    above: int,
    rank: int,
    gv: int,
    kinds: Column,
    wheres: Column,
    arguments: Column,
    finer: Column,
    active: Column,
    i: int,
    members: int,
) -> None:
    """Count a member, and those below, for the one above; `row` and `above` are their rows."""
    for c in range(len(kinds)):
        kind, argument = kinds[c], arguments[c]
        if kind == _LIMITED:
            counted[above + c] += min(gv * finer[c], argument)
            continue
        if kind == _VOLUME:
            counts = argument == 0 or gv >= argument
        elif kind == _RANK:
            counts = rank >= argument
        else:
            counts = active[argument * members + i] != 0
        below = counted[row + c]
        if wheres[c] == _ANYWHERE:
            counted[above + c] += below + (1 if counts else 0)
        elif counts or (wheres[c] == _LEGS and below > 0):
            counted[above + c] += 1


@kernel
def _copy(into: Column, at: int, column: Column) -> None:
    for i in range(len(column)):
        into[at + i] = column[i]
