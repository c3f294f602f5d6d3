"""What a component sees of a period: volumes, ranks, who qualifies, and what it carried in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal
from functools import cached_property
from math import gcd

from fenxiao.money import EXACT, minor_digits
from fenxiao.plans.components.base import Active, ComponentBase
from fenxiao.plans.periods.columns import Column, kernel, round_div
from fenxiao.plans.periods.inputs import micros
from fenxiao.plans.periods.lines import Lines, LineWriter
from fenxiao.plans.periods.ranking import RANKS, Ranking, evaluate_ranks
from fenxiao.plans.periods.volumes import Volumes

Carry = Mapping[str, Mapping[int, tuple[int, ...]]]
"""What components hand from a period to the next: by component's id, then by member's number."""


@dataclass
class Context(Volumes):
    """A period under a plan. Components read it, and write `carry_out` under their own id."""

    carried: Carry = field(default_factory=dict[str, Mapping[int, tuple[int, ...]]])
    """What each component carried in."""
    sealed_ranks: Mapping[int, tuple[int, ...]] | None = None
    """What the ranks of an earlier closing of the period carried out; they are then taken as they are."""
    carry_out: dict[str, Mapping[int, tuple[int, ...]]] = field(
        default_factory=dict[str, Mapping[int, tuple[int, ...]]]
    )
    """What each component hands on; who has nothing to carry is left out."""
    rank: Column = field(init=False)
    """Paid-as rank by member: 1 is the plan's first and lowest, 0 is none."""
    ranking: Ranking = field(init=False)
    """How the ranks came about."""
    rated: dict[str, Lines] = field(default_factory=dict[str, Lines])
    """The lines of the components listed before, after their own caps."""

    def __post_init__(self) -> None:
        self.ranking = evaluate_ranks(self, self.sealed_ranks)
        self.rank = self.ranking.paid

    @cached_property
    def highest_before(self) -> Column:
        """The highest rank that each member was paid as in any period before."""
        highest = self.zeros()
        for member, (_, ever, _) in self.carried.get(RANKS, {}).items():
            highest[member] = ever
        return highest

    # --- numbers on lines

    @cached_property
    def minor(self) -> int:
        """Minor units in one unit of the currency."""
        return 10 ** minor_digits(self.plan.currency)

    def rate(self, share: Decimal) -> int:
        """A rate as a whole number of 1 / `plan.rate_scale`."""
        return int(EXACT.multiply(share, Decimal(self.plan.rate_scale)))

    def threshold(self, value: Decimal, scale: int) -> int:
        """The least whole number of 1 / scale that reaches a value of the plan."""
        return int(EXACT.multiply(value, Decimal(scale)).to_integral_value(ROUND_CEILING))

    def units(self, component: ComponentBase) -> int:
        """What one unit of what a component pays in is rounded to: minor units of money, whole points."""
        return 1 if component.asset else self.minor

    def to_minor(self, base: int, rate: int, base_scale: int, units: int | None = None) -> int:
        """Round base times rate, each in its scale, to minor units, or to what `units` says."""
        numerator, denominator = self.ratio(base_scale, units)
        # Python's own integers cannot overflow; those of an array can.
        return round_div(int(base) * int(rate) * numerator, denominator, self.mode)

    def ratio(self, base_scale: int, units: int | None = None) -> tuple[int, int]:
        """What base times rate is multiplied with and divided by to give minor units, in lowest terms."""
        numerator, denominator = units or self.minor, base_scale * self.plan.rate_scale
        common = gcd(numerator, denominator)
        return numerator // common, denominator // common

    def minor_of(self, money: Decimal, units: int | None = None) -> int:
        """An amount of the plan in whole minor units, rounded down."""
        return int(EXACT.multiply(money, Decimal(units or self.minor)))

    def writer(self, component: ComponentBase, base_scale: int) -> LineWriter:
        """A collector of lines whose bases count units of 1 / base_scale."""
        # The cap of a sale looks at all its lines as sold, also at those of which nothing is left.
        every = component.caps is not None and component.caps.sale is not None
        return LineWriter(component.id, base_scale, self.plan.rate_scale, asset=component.asset, every=every)

    def place(self, component: ComponentBase, rest: str = "") -> str:
        """The JSON pointer of a component in the document, or of something in it."""
        index = next(i for i, one in enumerate(self.plan.components) if one.id == component.id)
        return f"/components/{index}{rest}"

    # --- who qualifies

    def qualified(self, component: ComponentBase) -> Column:
        """1 for each member who can earn from a component, else 0."""
        return self._once("qualified", component.id, lambda: self._qualified(component))

    def active(self, wanted: Active) -> Column:
        """1 for each member who is active, else 0."""

        def find() -> Column:
            column = self.inputs.frame.flags(len(self.inputs.members))
            if wanted.volume:  # 0 asks for nothing, also of who has returned more than he sold
                _at_least(column, self.pv.column, self.threshold(wanted.volume, self.pv.scale))
            _at_least(column, self.counts(self.plan.volume), wanted.sales)
            return column

        return self._once("active", wanted, find)

    def rank_number(self, rank: str) -> int:
        """The number that a rank of the plan has in `rank`."""
        return 1 + next(i for i, one in enumerate(self.plan.ranks) if one.id == rank)

    def _qualified(self, component: ComponentBase) -> Column:
        wanted, inputs = component.qualify, self.inputs
        column = inputs.frame.flags(len(inputs.members))
        if wanted is None:
            return column
        if wanted.active is not None:
            _at_least(column, self.active(wanted.active), 1)
        if wanted.rank is not None:
            _at_least(column, self.rank, self.rank_number(wanted.rank))
        if wanted.tenure:
            _at_most(column, inputs.joined, micros(inputs.period.end - timedelta(days=wanted.tenure)))
        if wanted.identity or wanted.countries is not None:
            known = self.zeros()
            for i, person in inputs.people.items():
                checked = not wanted.identity or person.verified(inputs.period.end)
                at_home = wanted.countries is None or person.country in wanted.countries
                known[i] = int(at_home and checked)
            _at_least(column, known, 1)
        return column


@kernel
def _at_least(column: Column, values: Column, least: int) -> None:
    for i in range(len(column)):
        if values[i] < least:
            column[i] = 0


@kernel
def _at_most(column: Column, values: Column, most: int) -> None:
    for i in range(len(column)):
        if values[i] > most:
            column[i] = 0
