"""What rules look at in a network while it runs: who stands below whom, what was paid, and on what."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Final, Literal

from pydantic import Field

from fenxiao.money import EXACT, from_minor
from fenxiao.plans.components.base import Strict
from fenxiao.plans.language.fields import Currency, Number, Rate, Whole
from fenxiao.plans.periods.columns import Column
from fenxiao.plans.rules.checks import Found, percent


@dataclass(frozen=True, slots=True)
class Structure:
    """A tree in which members may be paid on the sales of those below, at the end of a period."""

    members: Sequence[str]
    parent: Column
    """-1 for who stands at the top."""
    people: Column
    """By member: the member and all below."""
    levels: Column
    """By member: levels from the member down, the member's own included, no deeper than the plan pays."""


@dataclass(frozen=True, slots=True)
class PaidOn:
    """The sales that a period pays on, less what came back: columns by member, in units of 1 / scale."""

    members: Sequence[str]
    retail: Column
    personal: Column
    """What members bought for themselves."""
    scale: int


@dataclass(frozen=True, slots=True)
class Money:
    """What was sold and what was paid on it, in minor units."""

    sold: int = 0
    """Less what came back, rounded down."""
    paid: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules need to know of a period of a network."""

    currency: str
    months: Fraction
    """How long the period is."""
    structures: Sequence[Structure]
    paid_on: PaidOn
    paid: Column
    """By member, in minor units."""
    period: Money
    year: Money
    """From the beginning of the year to the end of the period."""


class Watch(Strict):
    """One thing to look at in a network."""

    def watch(self, facts: Facts) -> Iterator[Found]:
        """Find everything that does not satisfy it."""
        raise NotImplementedError


class StructureBelow(Watch):
    """No paid structure has both so many people and so many levels, the organiser included."""

    check: Literal["structure_below"]
    people: Whole
    levels: Whole

    def watch(self, facts: Facts) -> Iterator[Found]:
        """Name the topmost member of each structure that has, and say how many below have one themselves."""
        for structure in facts.structures:
            reached = [
                people >= self.people and levels >= self.levels
                for people, levels in zip(structure.people, structure.levels, strict=True)
            ]
            for i, above in enumerate(structure.parent):
                if reached[i] and (above < 0 or not reached[above]):
                    member, people, levels = structure.members[i], structure.people[i], structure.levels[i]
                    yield Found(
                        "",
                        f"{people} people on {levels} paid levels stand in the structure of {member}, who is included.",
                        f"以“{member}”为首的计酬组织有 {people} 人、{levels} 级（含本人）。",
                        member,
                    )


class PaidAtMost(Watch):
    """What is paid is no more than a share of what was sold."""

    check: Literal["paid_at_most"]
    share: Rate
    over: Literal["period", "year"]

    def watch(self, facts: Facts) -> Iterator[Found]:
        """Compare the sums."""
        money = facts.year if self.over == "year" else facts.period
        if money.paid > Fraction(self.share) * money.sold and money.paid > 0:
            sold, paid = from_minor(money.sold, facts.currency), from_minor(money.paid, facts.currency)
            share = f" ({_percent(money.paid, money.sold)})" if money.sold > 0 else ""
            since = {"year": ("this year", "本年度"), "period": ("this period", "本期")}[self.over]
            yield Found(
                "",
                f"{paid} of {sold} {facts.currency} sold {since[0]} is paid out{share}.",
                f"{since[1]}销售额 {sold} {facts.currency}，已计报酬 {paid}{share}。",
            )


class OwnShareAtMost(Watch):
    """What a member is paid in a period is no more than a share of his own sales to consumers."""

    check: Literal["own_share_at_most"]
    share: Rate

    def watch(self, facts: Facts) -> Iterator[Found]:
        """Count the members who are paid more, and name the one who is furthest above."""
        on, limit = facts.paid_on, Fraction(self.share)
        minor = int(Decimal(1) / from_minor(1, facts.currency))
        worst, most, how_many = -1, Fraction(0), 0
        for i, paid in enumerate(facts.paid):
            above = paid - limit * Fraction(int(on.retail[i]) * minor, on.scale)
            if paid > 0 and above > 0:
                how_many += 1
                if above > most:
                    worst, most = i, above
        if how_many:
            member, paid = on.members[worst], from_minor(int(facts.paid[worst]), facts.currency)
            yield Found(
                "",
                f"{how_many} members are paid more than {percent(self.share)} of what they sold to consumers; "
                f"{member} is paid {paid} {facts.currency}.",
                f"有 {how_many} 人的报酬超过其本人向消费者销售收入的 {percent(self.share)}，"
                f"其中“{member}”的报酬为 {paid} {facts.currency}。",
                member,
            )


class CustomersAtLeast(Watch):
    """Of what is paid on, a share at least is sales to customers or members' own use up to a limit; else pay shrinks.

    Own use counts up to `own_use` a member and month, in `currency`; in another currency none counts. For a period of
    another length the limit is in proportion (a day is 1/31 of a month, a week 7/31).
    """

    check: Literal["customers_at_least"]
    share: Rate
    own_use: Number
    currency: Currency

    def watch(self, facts: Facts) -> Iterator[Found]:
        """Compare the sums."""
        good, total = self._counted(facts)
        if good < Fraction(self.share) * total:
            own_use = f"{self.own_use:f} {self.currency}"
            yield Found(
                "",
                f"{_percent(good, total)} of what is paid on is sales to customers or own use up to {own_use} a month; "
                f"payouts shrink to {_percent(self.factor(facts))} of what the plan says.",
                f"计酬销售中，售予顾客或在每月 {own_use} 限额内自用的部分占 {_percent(good, total)}；"
                f"报酬按计划的 {_percent(self.factor(facts))} 发放。",
            )

    def factor(self, facts: Facts) -> Fraction:
        """What payouts are multiplied with: 1, or as much less than 1 as the share is missed by."""
        good, total = self._counted(facts)
        needed = Fraction(self.share) * total
        return Fraction(1) if good >= needed else max(good, Fraction(0)) / needed

    def _counted(self, facts: Facts) -> tuple[Fraction, Fraction]:
        on = facts.paid_on
        limit = Fraction(self.own_use) * facts.months * on.scale if facts.currency == self.currency else Fraction(0)
        retail, personal = sum(map(int, on.retail)), sum(map(int, on.personal))
        beyond = sum((own - limit for own in map(int, on.personal) if own > limit), Fraction(0))
        return (retail + personal - beyond) / on.scale, Fraction(retail + personal, on.scale)


NetworkCheck = Annotated[
    StructureBelow | PaidAtMost | OwnShareAtMost | CustomersAtLeast,
    Field(discriminator="check"),
]
"""Any check of a network, told apart by `check`."""

_TENTHS: Final = 1000


def _percent(part: Fraction | int, whole: Fraction | int = 1) -> str:
    """Write a share to a tenth of a per cent, rounded to the nearest."""
    tenths = round(Fraction(part) / Fraction(whole) * _TENTHS)
    return percent(EXACT.multiply(Decimal(tenths), Decimal("0.001")))
