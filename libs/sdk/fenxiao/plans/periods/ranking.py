"""Finding everybody's rank in a period, as `ranks.py` defines it.

Nobody's rank depends on who stands above or beside, so one pass from the leaves up finds them all (`rank_rules.py`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from fenxiao.errors import Kind, Refusal
from fenxiao.money import EXACT
from fenxiao.plans.periods.columns import Column, kernel
from fenxiao.plans.periods.inputs import Scaled
from fenxiao.plans.periods.rank_rules import History, Own, RankRules, apply_rules

if TYPE_CHECKING:
    from fenxiao.plans.language.model import Plan
    from fenxiao.plans.periods.context import Context

RANKS: Final = ""
"""Under this id ranks are carried from period to period; no component can have it.

A member carries (paid-as rank, highest rank ever, periods of grace used); who has never had a rank carries nothing.
"""


@dataclass(slots=True)
class Ranking:
    """The ranks of a period. Ranks are numbers: 1 is the plan's first and lowest, 0 is none."""

    paid: Column
    """Paid-as rank by member."""
    highest: Column
    """The highest that each member was ever paid as."""
    grace_used: Column
    """For how many periods on end, this one included, each member has kept a rank by grace."""
    before: Column
    """What each member was paid as in the period before."""
    counters: Mapping[str, int]
    """What the ranks ask for of those below, as JSON pointers into the plan, each with its place in a row of `counted`.

    Rules that count the same share a place.
    """
    scales: list[int]
    """`counted` holds units of 1 / scale, by place."""
    counted: Column
    """A row for each member: how much of each."""

    def reached(self, member: int) -> dict[str, Decimal]:
        """How much a member has of what the ranks ask for of those below, by JSON pointer."""
        row = member * len(self.scales)
        return {
            pointer: EXACT.divide(Decimal(int(self.counted[row + at])), Decimal(self.scales[at]))
            for pointer, at in self.counters.items()
        }

    def count(self, pointer: str) -> Scaled:
        """How much each member has of what one rule of a rank asks for."""
        at, width = self.counters[pointer], len(self.scales)
        return Scaled([self.counted[i * width + at] for i in range(len(self.paid))], self.scales[at])

    @property
    def carry(self) -> "RankCarry":
        """What the next period carries in."""
        return RankCarry(self)


class RankCarry(Mapping[int, tuple[int, ...]]):
    """(paid-as, highest, grace used) by member's number, read from the columns when it is asked for."""

    def __init__(self, ranking: Ranking) -> None:
        self._ranking = ranking

    def __getitem__(self, member: int) -> tuple[int, ...]:
        ranking = self._ranking
        if not 0 <= member < len(ranking.highest) or not ranking.highest[member]:
            raise KeyError(member)
        return int(ranking.paid[member]), int(ranking.highest[member]), int(ranking.grace_used[member])

    def __iter__(self) -> Iterator[int]:
        return (i for i, ever in enumerate(self._ranking.highest) if ever)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def renumber(carried: Mapping[int, tuple[int, ...]], before: "Plan", after: "Plan") -> dict[int, tuple[int, ...]]:
    """Carry ranks over to another version of the plan, where they may have other numbers.

    A rank that the new version lacks becomes the next lower one that it has.
    """
    numbers = {rank.id: i + 1 for i, rank in enumerate(after.ranks)}
    table = [0]
    for rank in before.ranks:
        table.append(numbers.get(rank.id, table[-1]))
    moved = {member: (table[paid], table[highest], used) for member, (paid, highest, used) in carried.items()}
    return {member: ranks for member, ranks in moved.items() if ranks[1]}


def evaluate_ranks(context: "Context", sealed: Mapping[int, tuple[int, ...]] | None = None) -> Ranking:
    """Find what every member is paid as.

    `sealed` is what the ranks of an earlier closing of the same period carried out. It is then taken as it is, and
    who is not in it has no rank: later returns and late sales change what is counted, but nobody's rank.
    """
    if not context.plan.ranks:
        return Ranking(*(context.zeros() for _ in range(4)), counters={}, scales=[], counted=context.zeros(0))
    rules, tree = RankRules(context), context.inputs.tree
    before, highest, used = _columns(context, context.carried.get(RANKS, {}))
    grace_used = context.zeros()
    if sealed is None:
        fixed = _given(context)
    else:
        fixed, highest, grace_used = _columns(context, sealed)
    paid, counted = context.zeros(), context.zeros(len(context.inputs.members) * len(rules.scales))
    own = Own(context.pv.column, context.gv.column, context.counts(context.plan.volume))
    history = History(fixed, before, used)
    apply_rules(
        tree.parent, tree.order, own, rules.asked, rules.counters, rules.active, history, counted, paid, grace_used
    )
    _raise(highest, paid)
    return Ranking(paid, highest, grace_used, before, rules.places, rules.scales, counted)


def _columns(context: "Context", carried: Mapping[int, tuple[int, ...]]) -> tuple[Column, Column, Column]:
    """What is carried of each member: paid-as rank, highest rank, periods of grace used."""
    paid, highest, used = context.zeros(), context.zeros(), context.zeros()
    most = len(context.plan.ranks)
    for member, (rank, ever, periods) in carried.items():
        paid[member], highest[member], used[member] = min(rank, most), min(ever, most), periods
    return paid, highest, used


def _given(context: "Context") -> Column:
    """The rank that is given to each member; -1 for none."""
    given = context.zeros()
    _fill(given, -1)
    numbers = {rank.id: i + 1 for i, rank in enumerate(context.plan.ranks)}
    for member, person in context.inputs.people.items():
        if person.rank and numbers:
            if person.rank not in numbers:
                message = f"The plan has no rank {person.rank[:64]!r}; give one that it has."
                raise Refusal("UNKNOWN_RANK", message, field="rank", kind=Kind.FAILED_PRECONDITION)
            given[member] = numbers[person.rank]
    return given


@kernel
def _raise(highest: Column, rank: Column) -> None:
    for i in range(len(rank)):
        highest[i] = max(highest[i], rank[i])


@kernel
def _fill(column: Column, value: int) -> None:
    for i in range(len(column)):
        column[i] = value
