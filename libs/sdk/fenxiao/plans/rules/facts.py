"""From a rated period to what rules need to know of it."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Final

from fenxiao.plans.components.base import Basis, ComponentBase, SaleClass
from fenxiao.plans.periods.columns import Column, kernel
from fenxiao.plans.rules.checks import depths_paid
from fenxiao.plans.rules.watching import Facts, Money, PaidOn, Structure

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.lines import Lines
    from fenxiao.plans.periods.segments import Above

_MONTHS: Final = {
    "day": Fraction(1, 31),
    "week": Fraction(7, 31),
    "month": Fraction(1),
    "quarter": Fraction(3),
    "year": Fraction(12),
}


def facts_of(context: "Context", lines: "Mapping[str, Lines]", before: Money | None = None) -> Facts:
    """Sum up a rated period; `before` is what was sold and paid in the year before it begins."""
    paid = context.zeros()
    for component in context.plan.components:
        if not component.asset:
            lines[component.id].add_to(paid)
        elif component.redeems:
            _add_points(context, component, lines[component.id], paid)
    everything = context.total(Basis())
    period = Money(int(everything.column[0]) * context.minor // everything.scale, sum(map(int, paid)))
    earlier = before or Money()
    return Facts(
        currency=context.plan.currency,
        months=_MONTHS[context.plan.period],
        structures=list(_structures(context)),
        paid_on=_paid_on(context),
        paid=paid,
        period=period,
        year=Money(earlier.sold + period.sold, earlier.paid + period.paid),
    )


def _add_points(context: "Context", component: ComponentBase, lines: "Lines", paid: Column) -> None:
    """Add what members' points can be redeemed for at most, each rounded up."""
    points, worth = context.zeros(), Fraction(component.redeems) * context.minor
    lines.add_to(points)
    for i, amount in enumerate(points):
        if amount:
            paid[i] += ceil(int(amount) * worth)


def _structures(context: "Context") -> Iterator[Structure]:
    """The sponsors, and the placement tree, each if something pays along it."""
    inputs, plan = context.inputs, context.plan
    depths = depths_paid(plan)
    sponsors = _most(depths[one.id] for one in plan.components if one.widths is None)
    if sponsors != 1:
        yield _structure(context, inputs.tree, sponsors)
    placed = _most(depths[one.id] for one in plan.components if one.widths is not None)
    if placed != 1 and inputs.placement is not None:
        yield _structure(context, inputs.placement.tree, placed)


def _most(levels: Iterable[int | None]) -> int | None:
    """The most levels of members that a sale may pay; none: as many as there are."""
    depths = list(levels)
    return None if None in depths else max((depth for depth in depths if depth is not None), default=1)


def _structure(context: "Context", tree: "Above", reach: int | None) -> Structure:
    people, levels = context.zeros(), context.zeros()
    _measure(people, levels, tree.parent, tree.order, len(people) if reach is None else reach)
    return Structure(context.inputs.members, tree.parent, people, levels)


def _paid_on(context: "Context") -> PaidOn:
    sales, net = context.inputs.sales, context.net(Basis())
    counted = context.zeros(len(sales))
    for component in context.plan.components:
        if component.pays_money and not component.needs and component.on.share:
            _either(counted, context.matching(component.on))
    own = context.inputs.frame.of(text == SaleClass.PERSONAL for text in sales.sale_class.texts)
    retail, personal = context.zeros(), context.zeros()
    _split(retail, personal, sales.member, net.column, counted, sales.sale_class.column, own)
    return PaidOn(context.inputs.members, retail, personal, net.scale)


@kernel
def _measure(people: Column, levels: Column, parent: Column, order: Column, reach: int) -> None:
    for i in range(len(people)):
        people[i] = 1
        levels[i] = 1
    for k in range(len(order)):
        i = order[k]
        above = parent[i]
        if above >= 0:
            people[above] += people[i]
            levels[above] = max(levels[above], min(levels[i] + 1, reach))


@kernel
def _either(column: Column, other: Column) -> None:
    for i in range(len(column)):
        column[i] = column[i] | other[i]


@kernel
def _split(
    retail: Column, personal: Column, member: Column, net: Column, counted: Column, words: Column, own: Column
) -> None:
    for i in range(len(member)):
        if counted[i]:
            if own[words[i]]:
                personal[member[i]] += net[i]
            else:
                retail[member[i]] += net[i]
