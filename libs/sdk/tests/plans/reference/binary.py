"""Binary: bring each sale up to everybody above, then take pair after pair off the legs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from fenxiao.money import Rounding
from fenxiao.plans import Plan, Tree
from fenxiao.plans.components import Binary
from fenxiao.plans.components.binary import CarryRest, OwnVolume, Ratio, Unqualified
from fenxiao.plans.periods.inputs import Period, Sold
from fenxiao.plans.trees.placement import PlacementTree
from libs.sdk.tests.plans.reference.ground import Row, members, net, qualifies, rounded

Two = dict[str, tuple[Fraction, Fraction]]


@dataclass
class Result:
    rows: list[Row] = field(default_factory=list[Row])
    before: Two = field(default_factory=dict[str, tuple[Fraction, Fraction]])
    """What the legs held before pairing."""
    used: Two = field(default_factory=dict[str, tuple[Fraction, Fraction]])
    carry: Two = field(default_factory=dict[str, tuple[Fraction, Fraction]])


def binary(
    plan: Plan,
    part: Binary,
    tree: Tree,
    placement: PlacementTree,
    sales: Sequence[Sold],
    carried: Mapping[str, tuple[Fraction, Fraction]],
    period: Period,
) -> Result:
    result = Result()
    everybody = members(tree, period)
    able = {
        member
        for member in everybody
        if qualifies(plan, part.qualify, sales, {}, member)
        and (not part.legs_active or sponsors_on_both(plan, part, tree, placement, sales, member, period))
    }
    for member in everybody:
        legs = [Fraction(0), Fraction(0)]
        own = Fraction(0)
        for sale in sales:
            line = steps(placement, sale)
            if line and line[0][0] == member:
                own += net(part.on, sale)
            for above, leg in line[1:]:
                if above == member:
                    legs[leg] += net(part.on, sale)
        legs = [nano(volume) + before for volume, before in zip(legs, carried.get(member, (0, 0)), strict=True)]
        match part.own:
            case OwnVolume.LEFT:
                legs[0] += nano(own)
            case OwnVolume.RIGHT:
                legs[1] += nano(own)
            case OwnVolume.WEAKER:
                legs[legs.index(min(legs))] += nano(own)
            case OwnVolume.NONE:
                pass
        result.before[member] = (legs[0], legs[1])
        base = pair(part, legs) if member in able else Fraction(0)
        result.used[member] = (result.before[member][0] - legs[0], result.before[member][1] - legs[1])
        price = part.rate if part.rate is not None else part.pay
        exact = base * Fraction(price or 0)
        if part.pay is not None:
            exact /= Fraction(part.unit or 0)
        minor = rounded(exact * 100, plan.rounding)
        if minor:
            rule = "rate" if part.rate is not None else "pay"
            result.rows.append((member, "", 0, "", f"/components/{plan.components.index(part)}/{rule}", minor))
        left, right = rest(part, legs, member in able)
        if left or right:
            result.carry[member] = (left, right)
    return result


def steps(placement: PlacementTree, sale: Sold) -> list[tuple[str, int]]:
    """The member credited and everybody above, each with the leg by which the sale comes (the first: -1)."""
    where = placement.get(sale.member)
    if where is None or where.at > sale.occurred_at:
        return []
    found = [(sale.member, -1)]
    while where is not None and where.parent is not None:
        found.append((where.parent, where.leg))
        where = placement.get(where.parent)
    return found


def pair(part: Binary, legs: list[Fraction]) -> Fraction:
    """Take the pairs off the legs; what was matched."""
    if part.unit is None:
        matched = max(min(legs), Fraction(0))
        legs[:] = [legs[0] - matched, legs[1] - matched]
        return matched
    unit, matched = Fraction(part.unit), Fraction(0)
    while True:
        more = 0 if legs[0] >= legs[1] else 1
        of_more = 2 * unit if part.ratio is Ratio.TWO_TO_ONE else unit
        if legs[more] < of_more or legs[1 - more] < unit:
            return matched
        legs[more] -= of_more
        legs[1 - more] -= unit
        matched += unit


def rest(part: Binary, legs: list[Fraction], able: bool) -> tuple[Fraction, Fraction]:
    """What is carried of what is left on the legs."""
    lost = [False, False]
    if part.carry is CarryRest.FLUSH or (part.unqualified is Unqualified.LOSE and not able):
        lost = [True, True]
    elif part.carry is CarryRest.WEAKER:
        lost = [legs[0] > legs[1], legs[1] > legs[0]]
    kept = [min(volume, Fraction(0)) if gone else volume for volume, gone in zip(legs, lost, strict=True)]
    if part.carry_limit is not None:
        kept = [min(volume, Fraction(part.carry_limit)) for volume in kept]
    return kept[0], kept[1]


def sponsors_on_both(
    plan: Plan,
    part: Binary,
    tree: Tree,
    placement: PlacementTree,
    sales: Sequence[Sold],
    member: str,
    period: Period,
) -> bool:
    legs: set[int] = set()
    for other in members(tree, period):
        where = placement.get(other)
        last = max((at for at in tree.changes(period.start, period.end)), default=period.start)
        sponsored = tree.sponsor_or_first(other, last) == member
        if where is None or where.at >= period.end or not sponsored:
            continue
        if not qualifies(plan, part.qualify, sales, {}, other):
            continue
        while where is not None and where.parent is not None:
            if where.parent == member:
                legs.add(where.leg)
            where = placement.get(where.parent)
    return legs == {0, 1}


def nano(volume: Fraction) -> Fraction:
    return Fraction(rounded(volume * 10**9, Rounding.HALF_UP), 10**9)
