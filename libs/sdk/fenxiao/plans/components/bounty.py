"""Bounty: a fixed reward each time that something defined is done in a window, from a budget."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from fenxiao.plans.components.base import Basis, Measure, Trigger
from fenxiao.plans.components.window import Budget, Windowed
from fenxiao.plans.language.fields import Id, Number, Times, YesNo
from fenxiao.plans.periods.inputs import micros

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.lines import Lines, LineWriter


class Action(StrEnum):
    """What is rewarded. Only sales that did not come back whole count; an enrolment is no action."""

    FIRST_SALE = "first_sale"
    """A member's first sale in the window."""
    SALE = "sale"
    """A member's every n-th sale in the window."""
    REFERRED_FIRST_SALE = "referred_first_sale"
    """The first sale in the window of a member below; rewards his sponsor at the time."""
    RANK = "rank"
    """A member is paid as a rank, or a higher one, for the first time ever; counts as done when the period ends."""


_JOINING: Final = frozenset(
    {"enrol", "enroll", "enrolment", "enrollment", "join", "joined", "recruit", "recruited", "recruitment", "sign_up"}
)


def _of_joining(action: object) -> object:
    """Refuse the action that nobody may be paid for by its reason, not as some word that is unknown."""
    if isinstance(action, str) and action.lower() in _JOINING:
        message = (
            "Nobody may be paid for the enrolment of members alone (rule everywhere/enrolment); reward a sale, such as "
            "`referred_first_sale`."
        )
        raise PydanticCustomError("PAYS_FOR_ENROLMENT", message)
    return action


class Bounty(Windowed):
    """Pays `reward` for each action, the earliest first, until `budget` is used up; the last one gets what is left.

    A reward for a sale loses the share of it that comes back, and all of it if the sale comes back whole: then the next
    sale is the first one. `on` says which sales count.
    """

    type: Literal["bounty"]
    """Told apart from other components by this."""
    action: Annotated[Action, BeforeValidator(_of_joining)]
    reward: Number
    """In units of the currency."""
    budget: Number
    """To all together over the whole window, in units of the currency."""
    limit: Times | None = None
    """Rewards to one member at most, over the whole window."""
    every: Times | None = None
    """With `action: sale`: which sales; left out, each."""
    rank: Id | None = None
    """With `action: rank`: the rank."""
    newcomers: YesNo = False
    """Only what is done by members who joined in the window; their first sale in it is their first ever."""

    @property
    def trigger(self) -> Trigger:
        """A rank is reached; all else is a sale."""
        return Trigger.ACTION if self.action is Action.RANK else Trigger.SALE

    @property
    def on_sales(self) -> bool:
        """A reward is for one sale, unless it is for a rank."""
        return self.action is not Action.RANK

    @property
    def pays_below(self) -> bool:
        """Whether anybody earns from it on what others sell."""
        return self.action in {Action.REFERRED_FIRST_SALE, Action.RANK}

    @property
    def depth_paid(self) -> int | None:
        """How many levels may earn from it on one sale."""
        return {Action.REFERRED_FIRST_SALE: 2, Action.RANK: None}.get(self.action, 1)

    @property
    def ranks(self) -> tuple[tuple[str, str], ...]:
        """The ranks that it names."""
        return (*super().ranks, ("/rank", self.rank)) if self.rank else super().ranks

    def faults(self) -> list[tuple[str, str, str]]:
        """An empty window; what the action needs and is not there, or does not read."""
        found = super().faults()
        if self.action is Action.RANK and self.rank is None:
            found.append(("/rank", "MISSING_FIELD", "This action needs the `rank` that is to be reached."))
        for name, action in (("rank", Action.RANK), ("every", Action.SALE)):
            if self.action is not action and getattr(self, name) is not None:
                message = f"Only `action: {action}` reads this; leave it out."
                found.append((f"/{name}", "UNUSED_FIELD", message))
        message = "A reward does not depend on it; leave it out."
        if self.action is Action.RANK:
            found += self.cap_of_no_sale()
            if self.on != Basis():
                found.append(("/on", "UNUSED_FIELD", message))
            return found
        if self.on.measure is not Measure.AMOUNT:
            found.append(("/on/measure", "UNUSED_FIELD", message))
        if self.on.share != 1:
            found.append(("/on/share", "UNUSED_FIELD", message))
        return found

    def rate_period(self, context: "Context") -> "Lines":
        """Every action, in order of time. Carries (sales counted, rewards, minor units paid before caps)."""
        writer = context.writer(self, 10**9)
        if self.is_open(context):
            purse = _Purse(self, context, writer)
            if self.action is Action.RANK:
                self._reward_ranks(context, purse)
            else:
                self._reward_sales(context, purse)
            if not self.ends(context):
                context.carry_out[self.id] = purse.carry()
        return writer.lines(context.inputs.frame)

    def _reward_sales(self, context: "Context", purse: "_Purse") -> None:
        inputs, sales = context.inputs, context.inputs.sales
        inside, wanted = self.inside(context), context.matching(self.on)
        amounts, new = sales.measures[Measure.AMOUNT].column, self._newcomers(context)
        every = self.every or 1 if self.action is Action.SALE else None
        for segment in inputs.segments:
            above = segment.parent
            for sale in range(segment.first, segment.last):
                if not (inside[sale] and wanted[sale] and amounts[sale] > sales.returned[sale]):
                    continue
                seller = int(sales.member[sale])
                nth = purse.count_sale(seller)
                if new[seller] and (nth == 1 if every is None else nth % every == 0):
                    referred = self.action is Action.REFERRED_FIRST_SALE
                    earner = int(above[seller]) if referred else seller
                    purse.pay(earner, sale=sale, level=int(referred))

    def _reward_ranks(self, context: "Context", purse: "_Purse") -> None:
        if not self.start < context.inputs.period.end <= self.end or self.rank is None:
            return
        least, before = context.rank_number(self.rank), context.highest_before
        new = self._newcomers(context)
        for member, rank in enumerate(context.rank):
            if rank >= least > before[member] and new[member]:
                purse.pay(member)

    def _newcomers(self, context: "Context") -> "Sequence[bool]":
        if not self.newcomers:
            return [True] * len(context.inputs.members)
        start, end = micros(self.start), micros(self.end)
        return [start <= joined < end for joined in context.inputs.joined]


@dataclass
class _Purse:
    """Who has been rewarded, how often, and what is left: what was carried in, and then what this period adds."""

    bounty: Bounty
    context: "Context"
    writer: "LineWriter"
    _sales: dict[int, int] = field(default_factory=dict[int, int])
    _times: dict[int, int] = field(default_factory=dict[int, int])
    _paid: dict[int, int] = field(default_factory=dict[int, int])

    def __post_init__(self) -> None:
        carried: Mapping[int, tuple[int, ...]] = self.context.carried.get(self.bounty.id, {})
        for member, (sales, times, paid) in carried.items():
            self._sales[member], self._times[member], self._paid[member] = sales, times, paid
        self._budget = Budget(self.context.minor_of(self.bounty.budget), sum(self._paid.values()))
        self._base = self.bounty.scaled(self.bounty.reward)
        self._rate = self.context.plan.rate_scale  # 100 %
        self._reward = self.context.to_minor(self._base, self._rate, 10**9)
        self._qualified = self.context.qualified(self.bounty)
        self._rule = self.context.place(self.bounty, "/reward")

    def count_sale(self, member: int) -> int:
        """Count a sale, and say which of the member's in the window it is: 1 for the first."""
        self._sales[member] = self._sales.get(member, 0) + 1
        return self._sales[member]

    def pay(self, member: int, *, sale: int = -1, level: int = 0) -> None:
        """Reward a member (-1: nobody), if he qualifies, and as the limit and the budget allow."""
        times, limit = self._times.get(member, 0), self.bounty.limit
        if member < 0 or not self._qualified[member] or (limit is not None and times >= limit):
            return
        self._times[member] = times + 1
        uncapped = self._reward if sale < 0 else self.context.keep(self._reward, sale)
        paid = self._budget.take(uncapped)
        self._paid[member] = self._paid.get(member, 0) + paid
        self.writer.add(
            member, paid, uncapped=uncapped, rule=self._rule, base=self._base, rate=self._rate, sale=sale, level=level
        )

    def carry(self) -> dict[int, tuple[int, ...]]:
        """What the next period carries in."""
        members = sorted(self._sales.keys() | self._times.keys())
        return {i: (self._sales.get(i, 0), self._times.get(i, 0), self._paid.get(i, 0)) for i in members}
