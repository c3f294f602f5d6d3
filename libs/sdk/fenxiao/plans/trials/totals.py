"""What a simulation comes to: sums over everything that its closings post."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from fenxiao.money import Rounding, minor_digits, round_ratio
from fenxiao.plans.periods.inputs import Period
from fenxiao.plans.periods.lines import LineColumns
from fenxiao.plans.trials.simulate import Close, Part, Posting

_SHARE_DIGITS: Final = 6


@dataclass(slots=True)
class Sums:
    """Sums in minor units; `accrued + clawed_back = net`."""

    lines: int = 0
    net: int = 0
    """What is due in the end."""
    clawed_back: int = 0
    """What returns have taken back; 0 or below."""
    cut: int = 0
    """What caps have kept from being posted."""
    estimate: int = 0
    """The part of `net` that is an estimate: its period is not over."""

    @property
    def accrued(self) -> int:
        """What was earned, before returns."""
        return self.net - self.clawed_back

    @property
    def lost(self) -> int:
        """What returns and caps have taken."""
        return self.cut - self.clawed_back

    def add(self, net: int, back: int, cut: int, *, estimate: bool) -> None:
        """Add a line."""
        self.lines += 1
        self.net += net
        self.clawed_back += back
        self.cut += cut
        if estimate:
            self.estimate += net


class Level(NamedTuple):
    """A level of a component."""

    component: str
    level: int


@dataclass(slots=True)
class Totals:
    """Sums of a simulation in money, and in each kind of points."""

    asset: str = ""
    """The kind of points; empty for money."""
    all: Sums = field(default_factory=Sums)
    components: dict[str, Sums] = field(default_factory=dict[str, Sums])
    levels: dict[Level, Sums] = field(default_factory=dict[Level, Sums])
    members: dict[str, Sums] = field(default_factory=dict[str, Sums])
    members_by_component: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """(member, component) → net."""
    periods: dict[Period, Sums] = field(default_factory=dict[Period, Sums])
    """By the period whose closing posts."""

    def add(self, period: Period, posting: "_Row") -> None:
        """Add what a closing posts."""
        component, level, member, net, back, cut, estimate = posting
        level_key, member_key = Level(component, level), (member, component)
        for sums in (
            self.all,
            self.components.setdefault(component, Sums()),
            self.levels.setdefault(level_key, Sums()),
            self.members.setdefault(member, Sums()),
            self.periods.setdefault(period, Sums()),
        ):
            sums.add(net, back, cut, estimate=estimate)
        self.members_by_component[member_key] = self.members_by_component.get(member_key, 0) + net

    def worst(self, most: int) -> list[tuple[str, Sums]]:
        """Find the members who come off worst: those below zero, then those who have lost most to returns and caps.

        Who has lost nothing and stands at zero or above is not listed. Of equals, the smaller number comes first.
        """
        found = [(member, sums) for member, sums in self.members.items() if sums.net < 0 or sums.lost > 0]
        found.sort(key=lambda one: (min(one[1].net, 0), -one[1].lost, one[0]))
        return found[:most]


class _Row(NamedTuple):
    component: str
    level: int
    member: str
    net: int
    back: int
    cut: int
    estimate: bool


@dataclass(slots=True)
class Report:
    """Totals by asset."""

    assets: dict[str, Totals] = field(default_factory=lambda: {"": Totals()})

    @property
    def money(self) -> Totals:
        """What is paid in money."""
        return self.assets[""]

    def add(self, close: Close) -> None:
        """Add everything that a closing posts."""
        period = close.term.period
        for part in close.parts:
            for columns in part.columns():
                totals = self._of(columns.asset)
                estimate = not close.over and columns.component not in part.plan.with_sale
                for row in _rows(part, columns, estimate=estimate):
                    totals.add(period, row)
        for posting in close.adjusted:
            self._of(posting.line.asset).add(period, _adjustment(posting))

    def _of(self, asset: str) -> Totals:
        return self.assets.setdefault(asset, Totals(asset))


def add_all(closes: Iterable[Close]) -> Report:
    """Add everything up."""
    report = Report()
    for close in closes:
        report.add(close)
    return report


def share_of(minor: int, currency: str, sales: Decimal) -> Decimal | None:
    """Give an amount as a share of sales, to six decimals, half up; none where nothing was sold."""
    if sales <= 0:
        return None
    share = Fraction(minor, 10 ** minor_digits(currency)) / Fraction(sales)
    scaled = round_ratio(share.numerator * 10**_SHARE_DIGITS, share.denominator, Rounding.HALF_UP)
    return Decimal(scaled).scaleb(-_SHARE_DIGITS)


def _rows(part: Part, columns: LineColumns, *, estimate: bool) -> Iterator[_Row]:
    """Each line as a row. What returns took is what it would have been on all that was sold, less what it is."""
    context = part.rated.context
    members, returned = context.inputs.members, context.inputs.sales.returned
    for i in range(len(columns)):
        amount, uncapped, sale = int(columns.amount[i]), int(columns.uncapped[i]), columns.sale[i]
        if amount < 0:
            back = amount
        elif sale >= 0 and returned[sale]:
            whole = context.to_minor(columns.base[i], columns.rate[i], columns.base_scale, 1 if columns.asset else None)
            back = min(uncapped - whole, 0)
        else:
            back = 0
        member = members[columns.earner[i]]
        yield _Row(columns.component, int(columns.level[i]), member, amount, back, uncapped - amount, estimate)


def _adjustment(posting: Posting) -> _Row:
    """A difference as a row: what goes down is clawed back, what goes up (a cap leaves more room) is not."""
    line, amount = posting.line, posting.amount_minor
    return _Row(line.component, line.level, line.member, amount, min(amount, 0), 0, posting.estimate)
