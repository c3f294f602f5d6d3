"""What rules look at in a plan, before it is published. A pack chooses among these and gives the numbers."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple

from fenxiao.money import EXACT, plain
from fenxiao.plans.components.base import ComponentBase, SaleClass, Selection, Strict
from fenxiao.plans.language.fields import Days, Name, Rate, Whole, YesNo, count
from fenxiao.plans.language.worst import Bound, worst_case
from fenxiao.plans.rules.heads import ranks_by_heads

if TYPE_CHECKING:
    from fenxiao.plans.language.model import Plan

_LENGTHS: Final = ("day", "week", "month", "quarter", "year")


class Found(NamedTuple):
    """What a check found: where, and what stands there."""

    place: str
    """JSON pointer into the plan."""
    en: str
    zh: str
    about: str = ""
    """The member whom it is about, if it is about one."""


class Check(Strict):
    """One thing to look at in a plan."""

    def look(self, plan: "Plan") -> Iterator[Found]:
        """Find everything that does not satisfy it."""
        raise NotImplementedError


class TriggeredBy(Check):
    """Nothing but the named things makes a component pay."""

    check: Literal["triggered_by"]
    triggers: Annotated[tuple[Literal["sale", "action", "enrolment"], ...], *count(1, 3)]

    def look(self, plan: "Plan") -> Iterator[Found]:
        """Look at each component's trigger."""
        by_heads = dict(ranks_by_heads(plan))
        for place, component in _components(plan):
            trigger = component.trigger
            if trigger == "action" and component.ranks:
                heads = [by_heads[name] for _, name in component.ranks if name in by_heads]
                if not heads:
                    trigger = "sale"  # a rank that takes sales is reached by sales
                elif any(heads):
                    trigger = "enrolment"  # to reward it is to pay by the head
            if trigger not in self.triggers:
                en, zh = _TRIGGERS[trigger]
                yield Found(place, f"Component {component.id!r} pays for {en}.", f"组件“{component.id}”{zh}。")


_TRIGGERS: Final = {
    "sale": ("sales", "因销售而计酬"),
    "action": ("something that is no sale", "因销售以外的行为而计酬"),
    "enrolment": ("the enrolment of members, without any sale", "因发展人员加入而计酬，并不要求有销售"),
}


class NotOnFees(Check):
    """Nothing is paid on fees for joining, nor on goods that one buys in order to join."""

    check: Literal["not_on_fees"]
    categories: Annotated[tuple[Name, ...], *count(1, 32)]
    """What such products are called."""

    def look(self, plan: "Plan") -> Iterator[Found]:
        """Look for components that count products of these categories, or are based on them by name."""
        fees = {product.id: product.category for product in plan.products if product.category in self.categories}
        for place, component in _components(plan):
            on = component.on
            named = [name for name in on.categories or () if name in self.categories]
            counted = [name for name, category in fees.items() if _selects(on, name, category)]
            if named or counted:
                what = ", ".join([*named, *counted][:3])
                yield Found(
                    place,
                    f"Component {component.id!r} pays on what members pay in order to join ({what}).",
                    f"组件“{component.id}”按人员为加入而交纳的费用或认购的商品（{what}）计酬。",
                )


class NoPayBelow(Check):
    """Nobody is paid on what the people below him sell."""

    check: Literal["no_pay_below"]

    def look(self, plan: "Plan") -> Iterator[Found]:
        """Look at whose sales each component pays on."""
        for place, component in _components(plan):
            if component.pays_below:
                yield Found(
                    place,
                    f"Component {component.id!r} pays members on what others sell.",
                    f"组件“{component.id}”按他人（下线）的销售业绩给付报酬。",
                )


class LevelsAtMost(Check):
    """One sale pays no more levels of members than these, the one who sold included."""

    check: Literal["levels_at_most"]
    levels: Whole

    def look(self, plan: "Plan") -> Iterator[Found]:
        """Look at how many levels each component pays."""
        depths = depths_paid(plan)
        for place, component in _components(plan):
            depth = depths[component.id]
            if depth is None:
                yield Found(
                    place,
                    f"Component {component.id!r} may pay any number of levels on one sale.",
                    f"组件“{component.id}”对一笔销售计酬的层级数没有限制。",
                )
            elif depth > self.levels:
                yield Found(
                    place,
                    f"Component {component.id!r} pays {depth} levels on one sale, the seller included.",
                    f"组件“{component.id}”对一笔销售计酬 {depth} 级（含销售者本人）。",
                )


class WorstCaseAtMost(Check):
    """The most that the plan can pay is no more than a share of sales."""

    check: Literal["worst_case_at_most"]
    share: Rate
    caps: YesNo = True
    """Whether caps by volume count: they bound what all are paid together, not what one member is paid."""

    def look(self, plan: "Plan") -> Iterator[Found]:
        """Compute the worst case."""
        worst = worst_case(plan, caps=self.caps)
        if worst.share is not None and worst.share <= self.share:
            return
        free = [part.component for part in worst.parts if part.bound is Bound.NOTHING]
        if worst.share is None:
            names = ", ".join(free[:5])
            yield Found(
                "/components",
                f"Nothing bounds what it may pay as a share of sales (component {names}).",
                f"计划可能支付的总额占销售额的比例没有上限（组件：{names}）。",
            )
            return
        parts = ", ".join(f"{part.component} {percent(part.share)}" for part in worst.parts[:8] if part.share)
        where = ("/components", parts, parts)
        if worst.capped:
            points = percent(worst.points) if worst.points else ""
            where = (
                "/cap",
                f"its cap, and {points} in points" if points else "its cap",
                f"总额上限，另有积分 {points}" if points else "总额上限",
            )
        yield Found(
            where[0],
            f"It may pay up to {percent(worst.share)} of sales ({where[1]}).",
            f"计划最多可能支付销售额的 {percent(worst.share)}（{where[2]}）。",
        )


class PeriodAtMost(Check):
    """Periods are no longer than this, so that what is earned is paid so often."""

    check: Literal["period_at_most"]
    period: Literal["day", "week", "month", "quarter", "year"]

    def look(self, plan: "Plan") -> Iterator[Found]:
        """Compare the lengths."""
        if _LENGTHS.index(plan.period) > _LENGTHS.index(self.period):
            zh = {"quarter": "季", "year": "年", "month": "月", "week": "周"}[plan.period]
            yield Found("/period", f"It closes once a {plan.period}.", f"计划按{zh}结算。")


class HeldAtMost(Check):
    """What is earned is not held longer than so many days."""

    check: Literal["held_at_most"]
    days: Days

    def look(self, plan: "Plan") -> Iterator[Found]:
        """Look at the return window, and at what components say instead; a threshold may hold for ever."""
        if plan.return_window > self.days:
            yield self._held("/return_window", plan.return_window)
        for place, component in _components(plan):
            if (component.release.days or 0) > self.days:
                yield self._held(f"{place}/release/days", component.release.days or 0)
            if component.release.threshold:
                yield Found(
                    f"{place}/release/threshold",
                    f"Component {component.id!r} is held until a threshold is reached, which may take for ever.",
                    f"组件“{component.id}”的报酬须达到起付金额才发放，可能一直不发放。",
                )

    def _held(self, place: str, days: int) -> Found:
        return Found(place, f"What is earned is held for {days} days.", f"报酬须留存 {days} 天才能发放。")


class OnClasses(Check):
    """Only sales to these sorts of buyers count."""

    check: Literal["on_classes"]
    classes: Annotated[tuple[Literal["retail", "personal"], ...], *count(1, 2)]

    def look(self, plan: "Plan") -> Iterator[Found]:
        """Look at what components are based on."""
        for place, component in _components(plan):
            if not set(component.on.classes or SaleClass) <= set(self.classes):
                yield Found(
                    place,
                    f"Component {component.id!r} pays on what members buy for themselves too.",
                    f"组件“{component.id}”对会员自用购买也计酬。",
                )


class NoBuyingToEarn(Check):
    """Nobody has to buy in order to earn."""

    check: Literal["no_buying_to_earn"]

    def look(self, plan: "Plan") -> Iterator[Found]:
        """Look for thresholds of own volume in which own purchases count."""
        if plan.volume.classes is not None and SaleClass.PERSONAL not in plan.volume.classes:
            return
        for place, component in _components(plan):
            active = component.qualify.active if component.qualify else None
            if active and (active.volume or active.sales):
                yield Found(
                    f"{place}/qualify/active",
                    f"Who earns from component {component.id!r} must be active, and own purchases count for that.",
                    f"须有个人业绩才能从组件“{component.id}”取酬，而自己购买也计入个人业绩。",
                )
        for i, rank in enumerate(plan.ranks):
            for field in ("personal_volume", "sales"):
                if getattr(rank, field):
                    yield Found(
                        f"/ranks/{i}/{field}",
                        f"Rank {rank.id!r} takes sales of one's own, and own purchases count for that.",
                        f"级别“{rank.id}”要求个人业绩，而自己购买也计入个人业绩。",
                    )


class RanksNeedSales(Check):
    """No rank is reached by the number of people below alone."""

    check: Literal["ranks_need_sales"]

    def look(self, plan: "Plan") -> Iterator[Found]:
        """Look for ranks that count people of ranks that take no sale."""
        for name, place in ranks_by_heads(plan):
            if place:
                yield Found(
                    place,
                    f"Rank {name!r} is reached by the number of people below, none of whom need have sold.",
                    f"级别“{name}”仅凭下线人数即可达到，这些人员无须有任何销售。",
                )


PlanCheck = (
    TriggeredBy
    | NotOnFees
    | NoPayBelow
    | LevelsAtMost
    | WorstCaseAtMost
    | PeriodAtMost
    | HeldAtMost
    | OnClasses
    | NoBuyingToEarn
    | RanksNeedSales
)
"""Any check of a plan, told apart by `check`."""


def depths_paid(plan: "Plan") -> dict[str, int | None]:
    """How many levels of members each component pays on one sale, the one who sold included; none: without end."""
    depths: dict[str, int | None] = {}
    for component in plan.components:
        depths[component.id] = component.depth_after(depths)
    return depths


def percent(share: Decimal) -> str:
    """Write a share as people read it: 0.145 is 14.5%."""
    return f"{plain(share.scaleb(2, EXACT))}%"


def _components(plan: "Plan") -> Iterator[tuple[str, ComponentBase]]:
    for i, component in enumerate(plan.components):
        yield f"/components/{i}", component


def _selects(on: Selection, product: str, category: str | None) -> bool:
    by_name = on.products is None or product in on.products
    return by_name and (on.categories is None or category in on.categories)
