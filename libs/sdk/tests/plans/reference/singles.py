"""Direct, unilevel and points: what single sales earn, one sale and one member at a time; and tiers on volume."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor

from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Direct, Points, Unilevel
from fenxiao.plans.components.base import Selection
from fenxiao.plans.components.points import SpecialPoints
from fenxiao.plans.components.special import SpecialRate
from fenxiao.plans.components.tiers import TierMode
from fenxiao.plans.components.unilevel import SpecialLevels
from fenxiao.plans.periods.inputs import Period, Sold
from libs.sdk.tests.plans.reference.ground import (
    Row,
    above,
    at_least,
    in_order,
    kept,
    members,
    qualifies,
    rounded,
    volume,
)

Part = Direct | Unilevel | Points
Entry = SpecialRate | SpecialLevels | SpecialPoints


def matches(plan: Plan, which: Selection, sale: Sold) -> bool:
    listed = {product.id: product.category for product in plan.products}
    category = sale.category or listed.get(sale.product)
    return (
        (which.products is None or sale.product in which.products)
        and (which.categories is None or category in which.categories)
        and (which.channels is None or sale.channel in which.channels)
        and (which.classes is None or sale.sale_class in which.classes)
    )


def winner(plan: Plan, entries: Sequence[Entry], sale: Sold) -> int | None:
    """The most specific of the entries that select a sale: product before category before channel before class."""
    found = [k for k, entry in enumerate(entries) if matches(plan, entry, sale)]
    for name in ("products", "categories", "channels", "classes"):
        if any(getattr(entries[k], name) is not None for k in found):
            found = [k for k in found if getattr(entries[k], name) is not None]
    assert len(found) <= 1, "the plan would be refused"
    return found[0] if found else None


def sign(sale: Sold) -> int:
    return 1 if sale.amount > 0 else -1


def singles(
    plan: Plan, part: Part, tree: Tree, sales: Sequence[Sold], ranks: Mapping[str, str], period: Period
) -> list[Row]:
    """Every line, after the cap of its sale and then what came back."""
    place = f"/components/{plan.components.index(part)}"
    if isinstance(part, Direct) and part.tiers is not None:
        return tiered(plan, part, tree, sales, ranks, period, place)
    rows: list[Row] = []
    for sale in in_order(sales):
        if not matches(plan, part.on, sale):
            continue
        k = winner(plan, part.special or (), sale)
        entry, where = (part, place) if k is None else ((part.special or ())[k], f"{place}/special/{k}")
        level, gross = 0, 0
        for member in (sale.member, *above(tree, sale.member, sale.occurred_at)):
            if not qualifies(plan, part.qualify, sales, ranks, member):
                level += level == 0 or not (isinstance(part, Unilevel) and part.compression)
                continue
            found = due(plan, part, entry, sale, level, member, ranks)
            if found is not None:
                units, rule = found
                before = within(plan, part, gross)
                gross += rounded(units * (1 if isinstance(part, Points) else 100), plan.rounding)
                minor = kept(within(plan, part, gross) - before, sale, plan.rounding)
                if minor:
                    rows.append((member, sale.id, level, "", where + rule, minor))
            level += 1
    return rows


def within(plan: Plan, part: Part, gross: int) -> int:
    """A sum of lines of a sale, no further from 0 than the cap of a sale."""
    if part.caps is None or part.caps.sale is None:
        return gross
    most = floor(part.caps.sale * (1 if isinstance(part, Points) else 100))
    return max(-most, min(most, gross))


def due(
    plan: Plan, part: Part, entry: Part | Entry, sale: Sold, level: int, member: str, ranks: Mapping[str, str]
) -> tuple[Fraction, str] | None:
    """What a member is due on a level, in units, and by which rule."""
    measures = {"amount": sale.amount, "margin": sale.margin, "points": sale.points, "quantity": sale.units}
    measure = Fraction(measures[part.on.measure] or 0) * Fraction(part.on.share)
    if isinstance(entry, Unilevel | SpecialLevels):
        levels, rule = entry.levels, "/levels"
        for i, table in enumerate(entry.by_rank or ()):
            if at_least(plan, ranks, member, table.rank):
                levels, rule = table.levels, f"/by_rank/{i}/levels"
        return (measure * Fraction(levels[level]), f"{rule}/{level}") if level < len(levels) else None
    share = Fraction(1)
    if isinstance(part, Points) and part.levels is not None:
        if level >= len(part.levels):
            return None
        share = Fraction(part.levels[level])
    elif level:
        return None
    if entry.rate is not None:
        return measure * Fraction(entry.rate) * share, "/rate"
    if entry.flat is not None:
        return sign(sale) * Fraction(entry.flat) * share, "/flat"
    assert isinstance(entry, Direct | SpecialRate)
    assert entry.per_unit is not None
    return Fraction(sale.units) * Fraction(entry.per_unit), "/per_unit"


def tiered(
    plan: Plan,
    part: Direct,
    tree: Tree,
    sales: Sequence[Sold],
    ranks: Mapping[str, str],
    period: Period,
    place: str,
) -> list[Row]:
    assert part.tiers is not None
    steps = part.tiers.steps
    own = volume(part.on, [sale for sale in sales if matches(plan, part.on, sale)], tree, group=False)
    rows: list[Row] = []
    for member in members(tree, period):
        size, direction = abs(own[member]), 1 if own[member] > 0 else -1
        if not qualifies(plan, part.qualify, sales, ranks, member):
            continue
        for i, step in enumerate(steps):
            start = Fraction(step.start)
            upper = steps[i + 1].start if i + 1 < len(steps) else step.end
            within = size if upper is None else min(size, Fraction(upper))
            if part.tiers.mode is TierMode.MARGINAL:
                base = max(Fraction(0), within - start)
            else:
                reached = start <= size and (i + 1 == len(steps) or size < Fraction(steps[i + 1].start))
                base = within if reached else Fraction(0)
            minor = rounded(direction * base * Fraction(step.rate) * 100, plan.rounding)
            if minor:
                rows.append((member, "", 0, "", f"{place}/tiers/steps/{i}/rate", minor))
    return rows
