"""Streaming: sales and returns credited one by one as they arrive, to the same figures as a period rated in batch."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from fenxiao.errors import Refusal
from fenxiao.money import EXACT
from fenxiao.plans.language.model import Plan
from fenxiao.plans.periods.context import Carry
from fenxiao.plans.periods.inputs import Period, Sold, build_inputs
from fenxiao.plans.periods.lines import Key, PeriodLine
from fenxiao.plans.periods.rating import RatedPeriod, rate_period
from fenxiao.plans.sales.rating import Line, rate_return, rate_sale
from fenxiao.plans.sales.sale import Sale
from fenxiao.plans.trees.placement import PlacementTree
from fenxiao.plans.trials.facts import Facts


class _Credited(NamedTuple):
    """A sale, or a return that names none, and the lines that it posted by key."""

    sold: Sold
    lines: dict[Key, Line]


class Stream:
    """A period of one plan, credited sale by sale.

    What posts with a sale is posted when it is credited; what posts at the close is an estimate until then. Sales and
    returns may come in any order, but a return behind the sale that it names.
    """

    def __init__(
        self,
        plan: Plan,
        period: Period,
        facts: Facts,
        *,
        placement: PlacementTree | None = None,
        carried: Carry | None = None,
    ) -> None:
        """Begin with nothing credited. `facts` holds the members, and will hold what is credited."""
        self.plan, self.period, self.facts = plan, period, facts
        self._placement, self._carried = placement, carried
        self._credited: dict[str, _Credited] = {}
        self.posted: dict[Key, int] = {}
        """What is posted, by the line's key."""

    def credit(self, sale: Sale) -> list[PeriodLine]:
        """Take a sale or return, and give the lines that it posts; none if the same was said before.

        A return that names a sale posts lines that take back, under the keys of those that they take back from.
        Raises `Refusal` for what the services would refuse, and for a sale of another period; then nothing is taken.
        """
        if not sale.original and not self.period.start <= sale.occurred_at < self.period.end:
            raise Refusal("SALE_OUTSIDE_PERIOD", f"Sale {sale.id[:64]!r} is not of this period.", field="occurred_at")
        if sale.original in self.facts.sales and sale.original not in self._credited:
            message = f"Sale {sale.original[:64]!r} is not of this period; its own takes the return."
            raise Refusal("SALE_OUTSIDE_PERIOD", message, field="original_sale_id")
        if sale.id in self.facts.sales or sale.id in self.facts.returns:
            self.facts.report(sale)  # refuses what differs
            return []
        lines = self._return(sale) if sale.original else self._sale(sale)
        for key, line in lines.items():
            self.posted[key] = self.posted.get(key, 0) + line.amount_minor
        name = sale.original or sale.id
        return [_written(name, line) for line in lines.values()]

    def due(self) -> RatedPeriod:
        """Rate the period in batch, as far as it is credited."""
        sales = (credited.sold for credited in self._credited.values())
        inputs = build_inputs(self.period, self.facts.tree, sales, placement=self._placement, people=self.facts.people)
        return rate_period(self.plan, inputs, self._carried)

    def estimate(self) -> list[PeriodLine]:
        """What would be due at a close now, beyond what is posted."""
        return list(differences(self.plan, self.due().written(), self.posted))

    def _sale(self, sale: Sale) -> dict[Key, Line]:
        self.facts.check(sale)
        upline = self.facts.tree.upline(sale.member, sale.occurred_at, self.plan.depth)
        rated = rate_sale(self.plan, sale, upline)
        self.facts.report(sale)
        lines = {_key(sale.id, line): line for line in rated}
        self._credited[sale.id] = _Credited(Sold.of(sale), lines)
        return lines

    def _return(self, sale: Sale) -> dict[Key, Line]:
        self.facts.report(sale)
        sold, lines = self._credited[sale.original]
        taken = rate_return(
            self.plan,
            lines,
            sale_amount=sold.amount,
            returned_before=sold.returned,
            returned_now=sale.amount,
            clawed_back={key: line.amount_minor - self.posted[key] for key, line in lines.items()},
        )
        returned = EXACT.add(sold.returned, sale.amount)
        self._credited[sale.original] = _Credited(sold._replace(returned=returned), lines)
        return taken


def differences(plan: Plan, due: Iterable[PeriodLine], posted: Mapping[Key, int]) -> Iterator[PeriodLine]:
    """What is to be posted: what is due now less what has been posted, line by line, in the order of what is due.

    What is due no longer comes behind, by key, with neither base nor rate.
    """
    left = dict(posted)
    for line in due:
        amount = line.amount_minor - left.pop(line.key, 0)
        if amount:
            yield line._replace(amount_minor=amount)
    assets = {component.id: component.asset for component in plan.components}
    for key, amount in sorted(left.items()):
        if amount:
            yield PeriodLine(*key, Decimal(0), Decimal(0), Decimal(0), 0, -amount, assets[key.component])


def _key(sale: str, line: Line) -> Key:
    return Key(line.component, line.member, sale, line.level, "", line.rule)


def _written(sale: str, line: Line) -> PeriodLine:
    uncapped = line.amount_minor if line.uncapped_minor is None else line.uncapped_minor
    return PeriodLine(
        *_key(sale, line), line.rate, line.base, line.exact_amount, uncapped, line.amount_minor, line.asset
    )
