"""What every reference stands on: exact fractions, one sale and one member at a time, as slow as it likes."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from math import floor

from fenxiao.money import Rounding
from fenxiao.plans import Plan, Tree
from fenxiao.plans.components.base import Active, Basis, Measure, Qualify, Selection
from fenxiao.plans.periods.inputs import Period, Sold

Row = tuple[str, str, int, str, str, int]
"""Earner, sale, level, other, rule, minor units before caps."""


def rounded(exact: Fraction, mode: Rounding) -> int:
    """To a whole number, by the plan's mode."""
    size = abs(exact)
    low, half = floor(size), size - floor(size) - Fraction(1, 2)
    up = {
        Rounding.HALF_UP: half >= 0,
        Rounding.HALF_DOWN: half > 0,
        Rounding.HALF_EVEN: half > 0 or (half == 0 and low % 2 == 1),
        Rounding.DOWN: False,
        Rounding.UP: size > low,
    }[mode]
    return (low + up) * (1 if exact >= 0 else -1)


def in_order(sales: Sequence[Sold]) -> list[Sold]:
    return sorted(sales, key=lambda sale: (sale.occurred_at, sale.id))


def selected(which: Selection, sale: Sold) -> bool:
    return (
        (which.products is None or sale.product in which.products)
        and (which.channels is None or sale.channel in which.channels)
        and (which.classes is None or sale.sale_class in which.classes)
    )


def sold(basis: Basis, sale: Sold) -> Fraction:
    """What a sale counts as sold."""
    measures = {
        Measure.AMOUNT: sale.amount,
        Measure.MARGIN: sale.margin or 0,
        Measure.POINTS: sale.points or 0,
        Measure.QUANTITY: sale.units,
    }
    return Fraction(measures[basis.measure]) * Fraction(basis.share) if selected(basis, sale) else Fraction(0)


def net(basis: Basis, sale: Sold) -> Fraction:
    """What a sale counts once what came back is taken off: of other measures to six decimals."""
    whole = sold(basis, sale)
    lost = whole * Fraction(sale.returned) / Fraction(sale.amount)
    if basis.measure is Measure.AMOUNT or sale.returned == sale.amount:
        return whole - lost
    return whole - Fraction(rounded(lost * 10**6, Rounding.HALF_UP), 10**6)


def kept(minor: int, sale: Sold, mode: Rounding) -> int:
    """What stays of a line on a sale once the share that came back is taken off."""
    return minor - rounded(minor * Fraction(sale.returned) / Fraction(sale.amount), mode)


def sold_something(sale: Sold) -> bool:
    """Whether it is a sale that did not come back whole."""
    return sale.amount > sale.returned


def members(tree: Tree, period: Period) -> list[str]:
    """Who joined before the period's end, in their order."""
    return sorted((m for m in tree if tree.joined_at(m) < period.end), key=lambda m: (tree.joined_at(m), m))


def above(tree: Tree, member: str, at: datetime) -> Iterator[str]:
    """Everybody above a member at a moment, the sponsor first."""
    sponsor = tree.sponsor_or_first(member, at)
    while sponsor is not None:
        yield sponsor
        sponsor = tree.sponsor_or_first(sponsor, at)


def volume(basis: Basis, sales: Sequence[Sold], tree: Tree, *, group: bool) -> dict[str, Fraction]:
    """Own volume of each member, or with that of all below, each sale along the sponsors of its time."""
    total = {member: Fraction(0) for member in tree}
    for sale in sales:
        credited = [sale.member, *above(tree, sale.member, sale.occurred_at)] if group else [sale.member]
        for member in credited:
            total[member] += net(basis, sale)
    return total


def at_least(plan: Plan, ranks: Mapping[str, str], member: str, rank: str) -> bool:
    """Whether a member has a rank or a higher one."""
    order = [one.id for one in plan.ranks]
    return member in ranks and order.index(ranks[member]) >= order.index(rank)


def active(plan: Plan, wanted: Active, own: Sequence[Sold]) -> bool:
    """Whether somebody with these sales is active; a volume of 0 asks for nothing."""
    volume = sum((net(plan.volume, sale) for sale in own), Fraction(0))
    count = sum(selected(plan.volume, sale) and sold_something(sale) for sale in own)
    return (not wanted.volume or volume >= Fraction(wanted.volume)) and count >= wanted.sales


def qualifies(plan: Plan, wanted: Qualify | None, sales: Sequence[Sold], ranks: Mapping[str, str], member: str) -> bool:
    """By rank and activity, which is what the tests use."""
    if wanted is None:
        return True
    own = [sale for sale in sales if sale.member == member]
    if wanted.active is not None and not active(plan, wanted.active, own):
        return False
    return wanted.rank is None or at_least(plan, ranks, member, wanted.rank)


def shared(whole: int, weights: Sequence[Fraction]) -> list[int]:
    """Divide by largest remainder: what is rounded away goes one by one to who lost most, the earlier first."""
    total = sum(weights, Fraction(0))
    exact = [whole * weight / total for weight in weights]
    parts = [floor(share) for share in exact]
    while sum(parts) < whole:
        lost = [share - part for share, part in zip(exact, parts, strict=True)]
        parts[lost.index(max(lost))] += 1
    return parts
