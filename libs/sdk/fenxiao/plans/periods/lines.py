"""The lines of a rated period, as columns."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple, Protocol

from fenxiao.money import EXACT
from fenxiao.plans.periods.columns import Column, Frame, kernel


class Key(NamedTuple):
    """Names a line among all of a period: what is posted under one key adds up to what is due."""

    component: str
    member: str
    sale: str
    level: int
    other: str
    rule: str


class PeriodLine(NamedTuple):
    """One line of a rated period, with its derivation."""

    component: str
    member: str
    """Who earns."""
    sale: str
    """Id of the sale that it is earned on; empty where it is earned on the volume of the period."""
    level: int
    """Of a sale: levels above the member credited; of generations and the like, which one."""
    other: str
    """Whose volume, leg or earnings it is earned on, where that is one member other than a sale's; else empty."""
    rule: str
    """JSON pointer into the plan document."""
    rate: Decimal
    base: Decimal
    """What the rate applies to, in units of the measure."""
    exact_amount: Decimal
    """Base times rate, before rounding, returns and caps."""
    uncapped_minor: int
    """After rounding and returns, before caps."""
    amount_minor: int
    """What is due, in minor units, or in whole points."""
    asset: str = ""
    """The kind of points; empty for money in the plan's currency."""

    @property
    def key(self) -> Key:
        """Names the line among all of the period."""
        return Key(self.component, self.member, self.sale, self.level, self.other, self.rule)


class Lines(Protocol):
    """Lines of one component, in the order (time of sale, sale id, level); those of no sale behind, by member."""

    def __len__(self) -> int: ...

    def columns(self) -> "LineColumns":
        """Every line written out."""
        ...

    def add_to(self, totals: Column) -> None:
        """Add what each member is due to the member's place."""
        ...

    def line(self, i: int, members: "Names", sales: "Names") -> PeriodLine:
        """Write one line out."""
        ...

    def written(self, members: "Names", sales: "Names") -> Iterator[PeriodLine]:
        """Every line that is due or was before caps."""
        ...


@dataclass(slots=True)
class LineColumns:
    """Lines written out; all columns are of one length. Members and sales are their numbers in the inputs."""

    component: str
    rules: list[str]
    """JSON pointers into the plan document; `rule` holds numbers of these."""
    base_scale: int
    """`base` counts units of 1 / base_scale."""
    rate_scale: int
    earner: Column
    sale: Column
    """-1 for none."""
    level: Column
    other: Column
    """A member's number; -1 for none."""
    rule: Column
    base: Column
    rate: Column
    uncapped: Column
    amount: Column
    asset: str = ""
    """The kind of points; empty for money."""

    def __len__(self) -> int:
        return len(self.amount)

    def columns(self) -> "LineColumns":
        """Every line written out: itself."""
        return self

    def add_to(self, totals: Column) -> None:
        """Add what each member is due to the member's place."""
        _add(totals, self.earner, self.amount)

    def over(self, frame: Frame) -> "LineColumns":
        """The same lines with their columns kept another way."""
        return replace(self, **{name: frame.of(getattr(self, name)) for name in _COLUMNS})

    def line(self, i: int, members: "Names", sales: "Names") -> PeriodLine:
        """Write one line out."""
        base = _scaled(self.base[i], self.base_scale)
        rate = _scaled(self.rate[i], self.rate_scale)
        sale, other = self.sale[i], self.other[i]
        return PeriodLine(
            component=self.component,
            member=members[self.earner[i]],
            sale=sales[sale] if sale >= 0 else "",
            level=int(self.level[i]),
            other=members[other] if other >= 0 else "",
            rule=self.rules[self.rule[i]],
            rate=rate,
            base=base,
            exact_amount=EXACT.multiply(base, rate),
            uncapped_minor=int(self.uncapped[i]),
            amount_minor=int(self.amount[i]),
            asset=self.asset,
        )

    def written(self, members: "Names", sales: "Names") -> Iterator[PeriodLine]:
        """Every line that is due or was before caps."""
        return (self.line(i, members, sales) for i in range(len(self)))


_COLUMNS = ("earner", "sale", "level", "other", "rule", "base", "rate", "uncapped", "amount")


class Names(Protocol):
    """Names by number."""

    def __getitem__(self, index: int, /) -> str: ...


class LineWriter:
    """Collects the lines of a component one by one. A line of nothing is left out, unless `every` line is wanted."""

    def __init__(
        self, component: str, base_scale: int, rate_scale: int, *, asset: str = "", every: bool = False
    ) -> None:
        self._component, self._asset, self._every = component, asset, every
        self._base_scale, self._rate_scale = base_scale, rate_scale
        self._rules: dict[str, int] = {}
        self._rows: list[tuple[int, int, int, int, int, int, int, int, int]] = []

    def add(
        self,
        earner: int,
        amount: int,
        *,
        rule: str,
        base: int,
        rate: int,
        sale: int = -1,
        level: int = 0,
        other: int = -1,
        uncapped: int | None = None,
    ) -> None:
        """Add a line, unless it is of nothing. `rule` is a JSON pointer into the document.

        `uncapped` is named where a cap within the component, such as a budget, has made it the amount.
        """
        uncapped = amount if uncapped is None else uncapped
        if uncapped or self._every:
            number = self._rules.setdefault(rule, len(self._rules))
            self._rows.append((earner, sale, level, other, number, base, rate, uncapped, amount))

    def lines(self, frame: Frame) -> LineColumns:
        """What was added, in the order in which it was."""
        columns = zip(*self._rows, strict=True) if self._rows else [()] * 9
        earner, sale, level, other, rule, base, rate, uncapped, amount = (frame.of(column) for column in columns)
        return LineColumns(
            self._component,
            list(self._rules),
            self._base_scale,
            self._rate_scale,
            earner,
            sale,
            level,
            other,
            rule,
            base,
            rate,
            uncapped,
            amount,
            self._asset,
        )


def _scaled(number: int, scale: int) -> Decimal:
    return EXACT.divide(Decimal(int(number)), Decimal(scale))


@kernel
def _add(totals: Column, at: Column, amounts: Column) -> None:
    for row in range(len(at)):
        totals[at[row]] += amounts[row]
