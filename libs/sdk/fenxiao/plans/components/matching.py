"""Matching: a share of what the members below have earned from other components."""

from decimal import Decimal
from functools import reduce
from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from fenxiao.money import EXACT
from fenxiao.plans.components.base import Basis, ComponentBase, Strict
from fenxiao.plans.language.fields import Id, Rate, YesNo, count
from fenxiao.plans.periods.columns import LIMIT, Arrays, Column, Lists, integers, kernel, largest, round_div
from fenxiao.plans.periods.lines import LineColumns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.lines import Lines

MatchLevels = Annotated[tuple[Rate, ...], *count(1, 30)]
"""Shares by level; the first is that of the earner's sponsor. `0%` passes a level over."""


class RankMatches(Strict):
    """What members of a rank are matched by level."""

    rank: Id
    """This paid-as rank, and higher ones that are not listed themselves."""
    levels: MatchLevels


class Matching(ComponentBase):
    """Pays the member n levels above an earner `levels[n - 1]` of what the earner is due in the period.

    That is the sum over the components named in `of`, after their own caps and before the plan's; a sum below 0 is
    matched negatively. Sponsors are those at the period's end.
    """

    type: Literal["matching"]
    """Told apart from other components by this."""
    of: Annotated[tuple[Id, ...], *count(1, 64)]
    """The components whose payouts are matched; they are listed before this one."""
    levels: MatchLevels
    by_rank: Annotated[tuple[RankMatches, ...], *count(1, 32)] | None = None
    """Other shares for those above who have these ranks, from the lowest to the highest."""
    compression: YesNo = False
    """Who does not qualify is passed over, and takes up no level."""

    @property
    def worst_case(self) -> Decimal:
        """The most that it pays, as a share of what the components named pay."""
        tables = [self.levels, *(table.levels for table in self.by_rank or ())]
        best = (max(table[i] for table in tables if i < len(table)) for i in range(max(map(len, tables))))
        return reduce(EXACT.add, best)

    def worst_after(self, before: "Mapping[str, Decimal | None]") -> Decimal | None:
        """The most that it pays, as a share of sales."""
        matched = Decimal(0)
        for name in self.of:
            share = before.get(name, Decimal(0))  # an unknown name is an issue of its own
            if share is None:
                return None
            matched = EXACT.add(matched, share)
        return EXACT.multiply(self.worst_case, matched)

    def depth_after(self, before: "Mapping[str, int | None]") -> int | None:
        """The levels that the components named pay, and those that are matched above them."""
        depths = [before.get(name) for name in self.of]
        if self.compression or None in depths:
            return None
        tables = [self.levels, *(table.levels for table in self.by_rank or ())]
        matched = max((level + 1 for table in tables for level, rate in enumerate(table) if rate), default=0)
        return max(depth for depth in depths if depth is not None) + matched

    @property
    def ranks(self) -> tuple[tuple[str, str], ...]:
        """The ranks that it names."""
        return (*super().ranks, *self.ladder)

    @property
    def ladder(self) -> tuple[tuple[str, str], ...]:
        """The ranks with levels of their own."""
        return tuple((f"/by_rank/{i}/rank", table.rank) for i, table in enumerate(self.by_rank or ()))

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        """The components that it matches."""
        return tuple((f"/of/{i}", name) for i, name in enumerate(self.of))

    def faults(self) -> list[tuple[str, str, str]]:
        """A component that is named twice, and what it does not read."""
        found = self.cap_of_no_sale()
        if self.on != Basis():
            found.append(("/on", "UNUSED_FIELD", "What is matched is what others earned, not sales; leave it out."))
        for i, name in enumerate(self.of):
            if name in self.of[:i]:
                found.append((f"/of/{i}", "REPEATED_ID", f"{name!r} is matched already; name it once."))
        return found

    def rate_period(self, context: "Context") -> "Lines":
        """Every earner, level by level; a line's `other` is whose payouts it matches. In the order of who is paid."""
        earned, frame = context.zeros(), context.inputs.frame
        for name in self.of:
            context.rated[name].add_to(earned)
        tables = self._tables(context)
        rates = [rate for _, shares, _ in tables for rate in shares]
        parent, qualified, rank = context.inputs.tree.parent, context.qualified(self), context.rank
        if isinstance(frame, Arrays) and largest(earned) * len(earned) * max(1, *rates) >= LIMIT:
            frame, earned, parent = Lists(), integers(earned), integers(parent)
            qualified, rank = integers(qualified), integers(rank)
        starts = accumulate((len(shares) for _, shares, _ in tables), initial=0)
        table = _Table(frame.of(rank for rank, _, _ in tables), frame.of(starts), frame.of(rates))
        longest, members = max(len(shares) for _, shares, _ in tables), len(earned)
        how = (
            parent,
            qualified,
            rank,
            table,
            longest,
            int(self.compression),
            *context.ratio(context.minor),
            context.mode,
        )
        place = frame.zeros(members + 1)
        _match(earned, *how, frame.zeros(members), place, 0, _Out(*(frame.zeros(0) for _ in range(7))))
        _cumulate(place)
        size = int(place[members])
        out = _Out(*(frame.zeros(size) for _ in range(7)))
        _match(earned, *how, frame.zeros(members), place, 1, out)
        none = frame.zeros(size)
        _fill(none, -1)
        lines = LineColumns(
            self.id,
            [rule for _, _, rules in tables for rule in rules],
            context.minor,
            context.plan.rate_scale,
            sale=none,
            uncapped=out.amount,
            **out._asdict(),
        )
        return lines if frame is context.inputs.frame else lines.over(context.inputs.frame)

    def _tables(self, context: "Context") -> list[tuple[int, list[int], list[str]]]:
        """The rank from which each table holds, rates and rules by level; the highest rank first."""
        tables = [(0, self.levels, context.place(self, "/levels"))]
        for i, entry in enumerate(self.by_rank or ()):
            tables.append((context.rank_number(entry.rank), entry.levels, context.place(self, f"/by_rank/{i}/levels")))
        return [
            (rank, [context.rate(share) for share in levels], [f"{place}/{level}" for level in range(len(levels))])
            for rank, levels, place in sorted(tables, reverse=True)
        ]


class _Table(NamedTuple):
    """The tables as columns."""

    rank: Column
    """By table: from which rank on it holds."""
    entry: Column
    """By table: its first entry; one more, where they end."""
    rate: Column
    """By entry."""


class _Out(NamedTuple):
    """Where lines are written."""

    earner: Column
    level: Column
    other: Column
    rule: Column
    base: Column
    rate: Column
    amount: Column


@kernel
def _match(
    earned: Column,
    parent: Column,
    qualified: Column,
    rank: Column,
    tables: _Table,
    longest: int,
    compression: int,
    numerator: int,
    denominator: int,
    mode: int,
    at: Column,
    place: Column,
    writing: int,
    out: _Out,
) -> None:
    """Write the lines of each member from `place` on, or only count them there, one place further on.

    Level by level, so that each member's lines come in the order of levels, then of those who are matched. `at` is
    zeros.
    """
    least, first, rates = tables
    earner, levels, other, rule, bases, line_rates, amounts = out
    for i in range(len(earned)):
        at[i] = parent[i] if earned[i] != 0 else -1
    for level in range(longest):
        for i in range(len(earned)):
            above = at[i]
            while compression != 0 and above >= 0 and qualified[above] == 0:
                above = parent[above]
            at[i] = parent[above] if above >= 0 else -1
            if above < 0 or qualified[above] == 0:
                continue
            table = 0
            while rank[above] < least[table]:
                table += 1
            entry = first[table] + level
            if entry >= first[table + 1]:
                continue
            amount = round_div(earned[i] * rates[entry] * numerator, denominator, mode)
            if amount != 0 and writing != 0:
                line = place[above]
                earner[line], levels[line], other[line], rule[line] = above, level + 1, i, entry
                bases[line], line_rates[line], amounts[line] = earned[i], rates[entry], amount
            if amount != 0:
                place[above + 1 - writing] += 1


@kernel
def _cumulate(column: Column) -> None:
    for i in range(1, len(column)):
        column[i] += column[i - 1]


@kernel
def _fill(column: Column, value: int) -> None:
    for i in range(len(column)):
        column[i] = value
