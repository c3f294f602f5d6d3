"""The worst case: the most that a plan can pay, as a share of sales.

Every share is brought to one measure, the amount sold:

- a share of the **amount** is what it is;
- a share of the **margin** counts as the same share of the amount, since no margin is more than its sale;
- a share of **points** or of the **quantity**, a flat reward, and what grows with the depth of the network have no
  bound in money, unless a company-wide cap (`caps.volume` of the component, or `cap` of the plan) gives one. Where none
  does, the worst case of the plan is unknown (`share` is none), and rules that limit it refuse the plan;
- what is earned in **points** counts at what they can be redeemed for in money at most (`worth`), and nothing where
  that is not said. The plan's `cap` bounds money, not points: these come on top of it.

Components add up on the sales that they share: on a sale of one product, only what pays on that product counts. The
figure is that of the costliest kind of sale. Caps per member, sale or period are amounts, not shares, and don't count.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Final

from fenxiao.money import EXACT
from fenxiao.plans.components import offers
from fenxiao.plans.components.base import ComponentBase, Measure, Selection, VolumeCap

if TYPE_CHECKING:
    from fenxiao.plans.language.model import Plan

_STEPS: Final = 500_000
"""Where more pairs of a rate and a kind of sale had to be looked at, all components are added up instead."""

_NAMES: Final = ("products", "categories", "channels", "classes")


class Bound(StrEnum):
    """What bounds a component."""

    RATES = "rates"
    """Its own rates."""
    CAP = "cap"
    """Its own cap by volume."""
    POINTS = "points"
    """It pays in points that are redeemed for no money."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class WorstPart:
    """The most that one component pays."""

    component: str
    place: str
    """JSON pointer."""
    share: Decimal | None
    """Of the sales that it is based on; none where nothing bounds it in money."""
    bound: Bound


@dataclass(frozen=True, slots=True)
class WorstCase:
    """The most that a plan pays."""

    share: Decimal | None
    """Of sales; none where nothing bounds it in money."""
    known: Decimal
    """What is known of it: that of the components that have a bound, before the plan's cap."""
    parts: tuple[WorstPart, ...]
    """Component by component, as listed. They add up to more than `known` where no sale bears all of them."""
    capped: bool
    """Whether it is the plan's cap that bounds what is paid in money."""
    points: Decimal | None
    """The most that points can be redeemed for, which no cap of the plan bounds; none where nothing does."""


def worst_case(plan: "Plan", *, caps: bool = True) -> WorstCase:
    """Compute the most that a plan pays, as a share of sales, before rounding; without `caps` as if it had none."""
    shares: dict[str, Decimal | None] = {}
    parts: list[WorstPart] = []
    rates: dict[bool, list[_Rates]] = {False: [], True: []}  # by whether it is points
    bounded = {False: True, True: True}
    for i, component in enumerate(plan.components):
        part, on = _part(component, f"/components/{i}", shares, caps)
        shares[component.id] = part.share
        parts.append(part)
        in_points = bool(component.asset)
        bounded[in_points] &= part.share is not None
        if on is not None:
            rates[in_points].append(on)
    money, known = (_on_any_sale(some) for some in (rates[False], [*rates[False], *rates[True]]))
    points = _on_any_sale(rates[True]) if bounded[True] else None
    cap = _in_money(plan.cap.of.measure, _cap_share(plan.cap)) if plan.cap and caps else None
    capped = cap is not None and not (bounded[False] and money <= cap)
    share = known if bounded[False] and bounded[True] else None
    if cap is not None and capped and points is not None:
        on_top = EXACT.add(cap, points)
        share = on_top if share is None else min(share, on_top)
    return WorstCase(share, known, tuple(parts), capped, points)


@dataclass(frozen=True, slots=True)
class _Rates:
    """What a component pays at most on which sales."""

    on: Selection
    shares: Sequence[tuple[Selection | None, Decimal]]
    """The first that selects the sale holds; none selects every sale."""

    @property
    def most(self) -> Decimal:
        return max(share for _, share in self.shares)


def _part(
    component: ComponentBase, place: str, before: dict[str, Decimal | None], caps: bool
) -> tuple[WorstPart, _Rates | None]:
    if not component.pays_money:
        return WorstPart(component.id, place, Decimal(0), Bound.POINTS), None
    worth = component.redeems if component.asset else Decimal(1)
    share = component.worst_after(before)
    if not component.needs:  # what pays on payouts gives a share of sales
        share = _in_money(component.on.measure, share)
    cap = component.caps.volume if component.caps and caps else None
    bound = _in_money(cap.of.measure, EXACT.multiply(_cap_share(cap), worth)) if cap else None
    if cap is not None and bound is not None and (share is None or bound < share):
        return WorstPart(component.id, place, bound, Bound.CAP), _Rates(cap.of, [(None, bound)])
    if share is None:
        return WorstPart(component.id, place, None, Bound.NOTHING), None
    return WorstPart(component.id, place, share, Bound.RATES), _rates(component, share)


def _rates(component: ComponentBase, share: Decimal) -> _Rates:
    if component.needs:
        return _Rates(Selection(), [(None, share)])
    worth = component.redeems if component.asset else Decimal(1)
    own = [
        (offer.when, EXACT.multiply(offers.worst_case([offer], component.on.share) or Decimal(0), worth))
        for offer in component.offers
    ]
    return _Rates(component.on, own or [(None, share)])


def _in_money(measure: Measure, share: Decimal | None) -> Decimal | None:
    """A share of a measure as a share of the amount sold, at most."""
    return share if measure in {Measure.AMOUNT, Measure.MARGIN} or share == 0 else None


def _cap_share(cap: VolumeCap) -> Decimal:
    return EXACT.multiply(cap.share, cap.of.share)


def _on_any_sale(rates: Sequence[_Rates]) -> Decimal:
    """The largest sum of shares that one sale can bear."""
    # Each selection is a bit; of each name that a sale can have, what matters is which selections it satisfies.
    selections = [when or Selection() for part in rates for when in (part.on, *(when for when, _ in part.shares))]
    kinds = [_kinds([getattr(selection, name) for selection in selections]) for name in _NAMES]
    if prod(len(kind) for kind in kinds) * len(selections) > _STEPS:
        return _add(part.most for part in rates)
    return max(_add(_borne(rates, reduce(int.__and__, chosen))) for chosen in product(*kinds))


def _borne(rates: Sequence[_Rates], satisfied: int) -> Iterator[Decimal]:
    """What each component pays at most on a sale that satisfies these selections."""
    bit = 0
    for part in rates:
        if satisfied >> bit & 1:
            holding = (share for i, (_, share) in enumerate(part.shares, bit + 1) if satisfied >> i & 1)
            yield next(holding, Decimal(0))
        bit += 1 + len(part.shares)


def _kinds(wanted: Sequence[Iterable[str] | None]) -> set[int]:
    """The sets of selections, as bits, that some value of one name satisfies; a value that nobody names included."""
    anything = sum(1 << i for i, names in enumerate(wanted) if names is None)
    satisfies: dict[str, int] = {}
    for i, names in enumerate(wanted):
        for name in names or ():
            satisfies[name] = satisfies.get(name, anything) | 1 << i
    return {anything, *satisfies.values()}


def _add(shares: Iterable[Decimal]) -> Decimal:
    return reduce(EXACT.add, shares, Decimal(0))
