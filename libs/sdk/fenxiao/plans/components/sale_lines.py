"""The lines on single sales, kept as amounts only: a column for each level, with a place for each sale.

Everything else that stands on a line (who earns, base, rate, rule) follows from the sale, the tree and the tables, and
is found again when it is asked for: a walk of as many steps as there are levels. So a line takes four bytes, however
long the path is by which it is earned.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeVar

from fenxiao.plans.components.base import ComponentBase, Measure
from fenxiao.plans.components.sale_loops import (
    Out,
    Returned,
    Room,
    Tables,
    Walk,
    add_levels,
    add_to_earners,
    add_up,
    count,
    count_up,
    fill_amounts,
    write_out,
)
from fenxiao.plans.periods.columns import Column, Frame, in_parts, largest, reciprocal
from fenxiao.plans.periods.lines import LineColumns, Lines, Names, PeriodLine

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context

R = TypeVar("R")

_BLOCK: Final = 4096
"""Slots that are looked up at once, few enough to stay in the processor's cache."""


class SaleTable(NamedTuple):
    """What is paid by level to earners of a rank and of higher ones."""

    rank: int
    rates: Sequence[int]
    rules: Sequence[str]


class Path(Protocol):
    """The tree along which sales `first` to below `last` are paid."""

    @property
    def first(self) -> int:
        """The first of these sales."""
        ...

    @property
    def last(self) -> int:
        """Where they end."""
        ...

    @property
    def parent(self) -> Column:
        """Who stands above each member; it may be made when it is asked for, so it is asked for once in a while."""
        ...


class FixedPath(NamedTuple):
    """A path whose tree is there."""

    first: int
    last: int
    parent: Column


class _Most(NamedTuple):
    """How large numbers on lines can be."""

    member: int
    sale: int
    base: int
    rate: int
    amount: int


@dataclass(slots=True, kw_only=True)
class SaleRates:
    """What a component pays on each sale."""

    base: Column
    """By sale; 0: nothing is paid."""
    scale: int
    """`base` counts units of 1 / scale."""
    offers: Sequence[Sequence[SaleTable]]
    """The tables of each offer, from the highest rank down; the last is for everybody."""
    chosen: Column
    """Which offer holds, by sale; empty where there is only one."""
    start: Column
    """Who is paid first, by sale; -1 for nobody."""
    paths: Sequence[Path]
    able: Column
    """Who can earn, by member; empty: everybody."""
    compression: bool = False
    """Who can't earn takes up no level, but for the first."""
    first_level: int = 0
    """What stands as level on the lines of who is paid first."""


def rate_sales(context: "Context", component: ComponentBase, rates: SaleRates) -> Lines:
    """Rate every sale. A line is rounded on what was sold, then loses the share that came back."""
    frame, sales, tables = context.inputs.frame, context.inputs.sales, [one for offer in rates.offers for one in offer]
    rules = {rule: i for i, rule in enumerate(dict.fromkeys(rule for table in tables for rule in table.rules))}
    width, ranked = max(len(table.rates) for table in tables), len(tables) > len(rates.offers)
    numerator, denominator = context.ratio(rates.scale, context.units(component))
    highest, most = max(rate for table in tables for rate in table.rates), largest(rates.base)
    most_due = most * highest * numerator // denominator + 1
    lines = SaleLines(
        component=component.id,
        asset=component.asset,
        rules=list(rules),
        rule=frame.of(rules[rule] for table in tables for rule in table.rules),
        base_scale=rates.scale,
        rate_scale=context.plan.rate_scale,
        frame=frame,
        walk=Walk(
            rates.base,
            rates.start,
            rates.chosen,
            rates.able,
            context.rank if ranked else context.zeros(0),
            int(rates.compression),
            _columns(frame, rates.offers, numerator, denominator, most),
        ),
        paths=rates.paths,
        first_level=rates.first_level,
        width=width,
        most=_Most(len(context.inputs.members), len(sales), most, highest, most_due),
        amount=frame.narrow(len(sales) * width, most_due),
    )
    # The cap of a sale looks at all its lines as sold, also at those of which nothing is left.
    every = component.caps is not None and component.caps.sale is not None
    back = sales.returned if context.has_returns else context.zeros(0)
    returned = Returned(back, sales.measures[Measure.AMOUNT].column)

    def rate(first: int, last: int, parent: Column, room: Room) -> int:
        return fill_amounts(
            lines.amount, lines.walk, parent, first, last, width, room, returned, context.mode, int(every)
        )

    lines.size = sum(lines.run(rate))
    return lines.columns(every=True) if every else lines


def _columns(
    frame: Frame, offers: Sequence[Sequence[SaleTable]], numerator: int, denominator: int, most: int
) -> Tables:
    tables, first, entry = [table for offer in offers for table in offer], [0], [0]
    for offer in offers:
        first.append(first[-1] + len(offer))
    for table in tables:
        entry.append(entry[-1] + len(table.rates))
    rates = [rate for table in tables for rate in table.rates]
    ratios = [Fraction(rate * numerator, denominator) for rate in rates]
    # Rounding adds less than the divisor.
    fast = [reciprocal(most * ratio.numerator + ratio.denominator, ratio.denominator) for ratio in ratios]
    return Tables(
        frame.of(first),
        frame.of(max(len(table.rates) for table in offer) for offer in offers),
        frame.of(table.rank for table in tables),
        frame.of(entry),
        frame.of(rates),
        frame.of(ratio.numerator for ratio in ratios),
        frame.of(ratio.denominator for ratio in ratios),
        frame.of(multiplier for multiplier, _ in fast),
        frame.of(shift for _, shift in fast),
    )


@dataclass(kw_only=True)
class SaleLines:
    """Lines on sales, of which only the amounts are kept."""

    component: str
    asset: str
    rules: list[str]
    """JSON pointers into the plan document."""
    rule: Column
    """By entry of the tables, numbers of these."""
    base_scale: int
    rate_scale: int
    frame: Frame
    walk: Walk
    paths: Sequence[Path]
    first_level: int
    width: int
    """Levels."""
    most: _Most
    amount: Column
    """A column for each level behind another; 0 where there is no line."""
    size: int = field(default=0)

    def __len__(self) -> int:
        return self.size

    def columns(self, *, every: bool = False) -> LineColumns:
        """Every line written out; also lines of nothing, if `every` one is wanted."""
        return self._written_out(0, len(self.walk.base), self.size, self.paths, every=every)

    def add_to(self, totals: Column) -> None:
        """Add what each member is due to the member's place."""

        members, frame, walk = len(totals), self.frame, self.walk

        def by_earner(first: int, last: int, parent: Column, room: Room) -> Column:
            column = frame.zeros(members)
            add_to_earners(column, self.amount, walk, parent, first, last, self.width, room)
            return column

        def by_seller(first: int, last: int, parent: Column, room: Room) -> Column:
            columns = frame.zeros(members * self.width)
            add_levels(columns, self.amount, walk.start, first, last, self.width, members)
            return columns

        for path in self.paths:
            if len(walk.chosen) or path.last - path.first < members:
                for part in self._run(path, by_earner):
                    add_up(totals, part)
                continue
            # All sales of a member are paid to the same, so they are added up first, and the sums go up but once.
            sums, *others = self._run(path, by_seller)
            for part in others:
                add_up(sums, part)
            everybody = walk._replace(base=frame.of(range(1, members + 1)), start=frame.of(range(members)))
            add_to_earners(totals, sums, everybody, path.parent, 0, members, self.width, self._room())

    def written(self, members: Names, sales: Names) -> Iterator[PeriodLine]:
        """Every line, written out as it is asked for."""
        for path in self.paths:
            along = FixedPath(path.first, path.last, path.parent)
            for first in range(path.first, path.last, _BLOCK):
                yield from self._of_sales(first, min(first + _BLOCK, path.last), [along]).written(members, sales)

    def of_sales(self, first: int, last: int) -> LineColumns:
        """The lines on sales `first` to below `last`."""
        return self._of_sales(first, last, self.paths)

    def _of_sales(self, first: int, last: int, paths: Sequence[Path]) -> LineColumns:
        size = count(self.amount, len(self.walk.base), first, last, self.width)
        return self._written_out(first, last, size, paths)

    def line(self, i: int, members: Names, sales: Names) -> PeriodLine:
        """Write one line out."""
        sale = bisect_right(self._ends, i)
        before = int(self._ends[sale - 1]) if sale else 0
        return self.of_sales(sale, sale + 1).line(i - before, members, sales)

    @cached_property
    def _ends(self) -> Column:
        """How many lines there are up to each sale, its own included; made when a single line is first asked for."""
        ends = self.frame.zeros(len(self.walk.base))
        count_up(ends, self.amount, self.width)
        return ends

    def run(self, loop: "Callable[[int, int, Column, Room], R]") -> list[R]:
        """Run a loop over the sales of each path: it gets their bounds, the tree, and room of its own."""
        return [result for path in self.paths for result in self._run(path, loop)]

    def _run(self, path: Path, loop: "Callable[[int, int, Column, Room], R]") -> list[R]:
        parent = path.parent

        def part(first: int, last: int) -> R:
            return loop(path.first + first, path.first + last, parent, self._room())

        return in_parts(self.frame, path.last - path.first, part)

    def _room(self) -> Room:
        size = max(1, _BLOCK // self.width) * self.width
        return Room(self.frame.zeros(size), self.frame.zeros(size))

    def _written_out(
        self, first: int, last: int, size: int, paths: Sequence[Path], *, every: bool = False
    ) -> LineColumns:
        narrow, walk, most = self.frame.narrow, self.walk, self.most
        out = Out(
            earner=narrow(size, most.member),
            sale=narrow(size, most.sale),
            level=narrow(size, self.width + self.first_level),
            other=narrow(size, 1),
            rule=narrow(size, len(self.rules)),
            base=narrow(size, most.base),
            rate=narrow(size, most.rate),
            amount=narrow(size, most.amount),
        )
        written = 0
        for path in paths:
            begin, end = max(first, path.first), min(last, path.last)
            if begin < end:
                written = write_out(
                    out,
                    written,
                    self.amount,
                    self.rule,
                    walk,
                    path.parent,
                    begin,
                    end,
                    self.width,
                    self._room(),
                    self.first_level,
                    int(every),
                )
        return LineColumns(
            self.component,
            self.rules,
            self.base_scale,
            self.rate_scale,
            **out._asdict(),
            uncapped=out.amount,
            asset=self.asset,
        )
