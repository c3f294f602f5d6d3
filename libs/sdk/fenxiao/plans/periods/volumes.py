"""Volumes of a period: what each sale counts, and what it comes to for members and for all below them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, TypeVar

from fenxiao.errors import Refusal
from fenxiao.money import EXACT
from fenxiao.plans.components.base import Basis, Measure, Selection
from fenxiao.plans.language.model import Plan
from fenxiao.plans.periods.columns import MODES, Column, add_at, in_parts, kernel, roll_up, round_div
from fenxiao.plans.periods.inputs import Inputs, Scaled, Words
from fenxiao.plans.periods.segments import Segment

T = TypeVar("T")

_SHARE_DIGITS: Final = 6
"""Decimals to which a returned share of another measure than the amount is taken."""


@dataclass
class Volumes:
    """What is sold in a period, as a plan counts it."""

    plan: Plan
    inputs: Inputs
    _kept: dict[tuple[object, ...], Any] = field(default_factory=dict[tuple[object, ...], Any], init=False)

    # --- numbers

    def zeros(self, length: int | None = None) -> Column:
        """A column of zeros: one for each member, if no length is given."""
        return self.inputs.frame.zeros(len(self.inputs.members) if length is None else length)

    @property
    def mode(self) -> int:
        """The plan's rounding, as kernels take it."""
        return MODES[self.plan.rounding]

    # --- volumes

    def sold(self, basis: Basis) -> Scaled:
        """What each sale counts as sold, before what came back: for lines that are earned on one sale.

        Such a line is rounded on this, then loses `round(line × share returned)`: `keep`.
        """
        return self._once("sold", basis, lambda: self._sold(basis))

    def keep(self, amount_minor: int, sale: int) -> int:
        """What stays of a line on a sale once the share that came back is taken off."""
        returned = int(self.inputs.sales.returned[sale])
        if not returned:
            return amount_minor
        whole = int(self.inputs.sales.measures[Measure.AMOUNT].column[sale])
        return amount_minor - round_div(amount_minor * returned, whole, self.mode)

    def net(self, basis: Basis) -> Scaled:
        """What each sale counts once what came back is taken off: for lines that are earned on volume.

        Of another measure than the amount the same share has come back, to six decimals (half up).
        """
        return self._once("net", basis, lambda: self._net(basis))

    def own(self, basis: Basis) -> Scaled:
        """Own volume of each member over the period."""

        def add() -> Scaled:
            values = self.net(basis)
            return Scaled(self._by_member(values.column, 0, len(self.inputs.sales)), values.scale)

        return self._once("own", basis, add)

    def own_in(self, segment: Segment, basis: Basis) -> Scaled:
        """Own volume of each member while the sponsors stood as in one segment; a column of the caller's own."""
        values = self.net(basis)
        return Scaled(self._by_member(values.column, segment.first, segment.last), values.scale)

    def group(self, basis: Basis) -> Scaled:
        """Group volume of each member: own and that of all below, each sale along the sponsors of its time."""

        def add() -> Scaled:
            total, segments = self.zeros(), self.inputs.segments
            if len(segments) == 1:
                _add(total, self.own(basis).column)
                roll_up(total, self.inputs.tree.parent, self.inputs.tree.order)
            for segment in segments if len(segments) > 1 else ():
                part, tree = self.own_in(segment, basis).column, segment.tree
                roll_up(part, tree.parent, tree.order)
                _add(total, part)
            return Scaled(total, self.net(basis).scale)

        return self._once("group", basis, add)

    def total(self, basis: Basis) -> Scaled:
        """The volume of all together: a column of one."""
        values = self.net(basis)
        return Scaled([int(_sum(values.column))], values.scale)

    def counts(self, selection: Selection) -> Column:
        """How many sales each member is credited with; what came back whole does not count."""

        def count() -> Column:
            sales, kept = self.inputs.sales, self.inputs.frame.flags(len(self.inputs.sales))
            _mark_kept(kept, sales.measures[Measure.AMOUNT].column, sales.returned, self.matching(selection))
            return self._by_member(kept, 0, len(sales))

        return self._once("counts", selection, count)

    @property
    def pv(self) -> Scaled:
        """Personal volume: own volume in the plan's `volume`."""
        return self.own(self.plan.volume)

    @property
    def gv(self) -> Scaled:
        """Group volume in the plan's `volume`."""
        return self.group(self.plan.volume)

    @cached_property
    def categories(self) -> Words:
        """The category of each sale: as reported, else the one that the plan lists for its product."""
        sales, listed = self.inputs.sales, self.plan.categories
        texts = dict.fromkeys([*sales.category.texts, *listed.values(), ""])
        number = {text: i for i, text in enumerate(texts)}
        of = self.inputs.frame.of
        column = self.zeros(len(sales))
        _categorise(
            column,
            sales.category.column,
            of(text == "" for text in sales.category.texts),
            sales.product.column,
            of(number[listed.get(text, "")] for text in sales.product.texts),
        )
        return Words(column, list(texts))

    def matching(self, selection: Selection) -> Column:
        """1 for each sale that is selected, else 0."""
        return self._once("matching", selection, lambda: self._matching(selection))

    # --- how

    def _once(self, what: str, of: object, make: Callable[[], T]) -> T:
        key = (what, of)
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def _by_member(self, values: Column, first: int, last: int) -> Column:
        """Add the values of sales `first` to below `last` up by member."""

        def add(begin: int, end: int) -> Column:
            column = self.zeros()
            add_at(column, self.inputs.sales.member, values, first + begin, first + end)
            return column

        total, *others = in_parts(self.inputs.frame, last - first, add)
        for part in others:
            _add(total, part)
        return total

    @property
    def has_returns(self) -> bool:
        """Whether anything has come back of any sale."""
        return self.inputs.sales.most_returned > 0

    def _sold(self, basis: Basis) -> Scaled:
        values, sales = self.inputs.sales.measures[basis.measure], self.inputs.sales
        lacking, selects = sales.lacking.get(basis.measure, ()), _selects(basis)
        matching = self.matching(basis) if selects or basis.share != 1 or lacking else self.zeros(0)
        for sale in lacking:
            if matching[sale]:
                message = f"The plan is based on {basis.measure}, which sale {sales.ids[sale][:64]!r} lacks; report it."
                raise Refusal("MISSING_MEASURE", message, field=basis.measure)
        if not selects and basis.share == 1:
            return values
        digits = max(-int(basis.share.normalize().as_tuple().exponent), 0)
        result = self.zeros(len(self.inputs.sales))
        _select(result, values.column, matching, int(basis.share.scaleb(digits, EXACT)))
        return Scaled(result, values.scale * 10**digits)

    def _net(self, basis: Basis) -> Scaled:
        sold, sales = self.sold(basis), self.inputs.sales
        amount = sales.measures[Measure.AMOUNT]
        if not self.has_returns:
            return sold
        result = self.zeros(len(sales))
        if basis.measure is Measure.AMOUNT:
            # The same factor that made `sold` of the amount makes what came back of `returned`.
            factor = sold.scale // amount.scale
            share = int(EXACT.multiply(basis.share, Decimal(factor)))
            _subtract(result, sold.column, sales.returned, self.matching(basis), share)
            return Scaled(result, sold.scale)
        scale = max(sold.scale, 10**_SHARE_DIGITS)
        step = scale // 10**_SHARE_DIGITS
        _subtract_share(result, sold.column, sales.returned, amount.column, scale // sold.scale, step)
        return Scaled(result, scale)

    def _matching(self, selection: Selection) -> Column:
        sales = self.inputs.sales
        column = self.inputs.frame.flags(len(sales))
        wanted = (
            (selection.products, sales.product),
            (selection.categories, self.categories if selection.categories else sales.category),
            (selection.channels, sales.channel),
            (selection.classes, sales.sale_class),
        )
        for names, words in wanted:
            if names is not None:
                _both(column, words.column, self.inputs.frame.of(text in names for text in words.texts))
        return column


def _selects(selection: Selection) -> bool:
    """Whether it restricts the sales at all."""
    named = (selection.products, selection.categories, selection.channels, selection.classes)
    return any(names is not None for names in named)


@kernel
def _select(result: Column, values: Column, matching: Column, factor: int) -> None:
    for i in range(len(values)):
        result[i] = values[i] * factor * matching[i]


@kernel
def _subtract(result: Column, values: Column, returned: Column, matching: Column, factor: int) -> None:
    for i in range(len(values)):
        result[i] = values[i] - returned[i] * factor * matching[i]


@kernel
def _subtract_share(result: Column, values: Column, returned: Column, amounts: Column, finer: int, step: int) -> None:
    for i in range(len(values)):
        whole = values[i] * finer
        if returned[i] == 0:
            result[i] = whole
        elif returned[i] == amounts[i]:
            result[i] = 0
        else:
            result[i] = whole - round_div(whole * returned[i], amounts[i] * step, 0) * step


@kernel
def _add(total: Column, part: Column) -> None:
    for i in range(len(total)):
        total[i] += part[i]


@kernel
def _mark_kept(kept: Column, amounts: Column, returned: Column, matching: Column) -> None:
    for i in range(len(kept)):
        if matching[i] == 0 or amounts[i] <= returned[i]:
            kept[i] = 0


@kernel
def _sum(values: Column) -> int:
    total = 0
    for i in range(len(values)):
        total += values[i]
    return total


@kernel
def _categorise(result: Column, category: Column, blank: Column, product: Column, listed: Column) -> None:
    for i in range(len(result)):
        result[i] = listed[product[i]] if blank[category[i]] else category[i]


@kernel
def _both(column: Column, words: Column, wanted: Column) -> None:
    for i in range(len(column)):
        column[i] = column[i] & wanted[words[i]]
