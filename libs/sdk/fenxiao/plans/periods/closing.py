"""Closing periods: what each posts, and what late reports change in those before. Pure.

The rules, in full:

1. **Periods are closed in order.** Sealing one fixes its cuts, up to which sales, returns and members count, and its
   plan: the version in force when it begins.
2. **What depends on one sale was posted with it.** A closing posts the lines of all other components.
3. **What arrives behind the cut marks its period.** The next closing rates each marked period again, under its own
   plan, with the tree as its own closing knew it and the ranks that it gave, and every period behind it, since what is
   carried may change. It posts the differences by line. What has been posted never changes.
4. **A line on a sale is held** like lines that are posted with a sale; a line on volume until the return window has
   passed that opens with the period's end; both wait for what else the component's `release` names. What a closing
   takes back is not held; it names the line it takes from.
   The same days count for points that expire: those on a sale from the sale on, those on volume from the period's end.
5. **Whatever a closing rates, it watches**: the rules of the plan's packs look at the network as it stands then. What
   becomes of that is said in `fenxiao.plans.rules.alarms`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from fenxiao.money import minor_digits
from fenxiao.plans.language.model import Plan
from fenxiao.plans.language.waits import NO_WAITS, Waits, waits_of
from fenxiao.plans.periods.carrying import taken_over
from fenxiao.plans.periods.context import Carry
from fenxiao.plans.periods.inputs import Inputs
from fenxiao.plans.periods.lines import Key, PeriodLine
from fenxiao.plans.periods.ranking import RANKS
from fenxiao.plans.periods.rating import RatedPeriod, rate_period
from fenxiao.plans.rules import Finding, Money, facts_of, packs_of, watch
from fenxiao.plans.sales.rating import expiry, hold_end


class Known(NamedTuple):
    """What earlier closings have posted under a key."""

    line: str
    """Id of their first line."""
    amount_minor: int


class Difference(NamedTuple):
    """A line that a closing posts."""

    key: Key
    rate: Decimal
    """0 for what is due no longer; so are base and exact amount."""
    base: Decimal
    exact_amount: Decimal
    amount_minor: int
    """Never 0."""
    reverses: str
    """Of what is taken back: the line that it takes from; else empty."""
    hold_until: datetime | None
    uncapped_minor: int | None = None
    """What is due before caps; None where they took nothing."""
    asset: str = ""
    """The kind of points; empty for money."""
    expires_at: datetime | None = None
    """When points that are left are lost; None: never, or nothing is given."""
    waits: Waits = NO_WAITS
    """What settlement waits for beside `hold_until`."""


class Row(NamedTuple):
    """What a member comes to in a period."""

    member: str
    personal_volume: Decimal
    group_volume: Decimal
    rank: str
    """Paid-as rank; empty for none."""
    highest_rank: str
    earned_minor: int
    """All lines of the period in money, those posted with sales included."""
    carry: Mapping[str, tuple[int, ...]]
    """What the next period starts from, by component; that of the ranks under `RANKS`."""


class ToRate(NamedTuple):
    """A period with all that rating it takes."""

    plan: Plan
    inputs: Inputs
    times: Mapping[str, datetime]
    """When each sale of the inputs happened."""
    posted: Mapping[Key, Known]
    """By earlier closings; nothing for the period that is being closed."""
    sealed: Mapping[str, Row] | None
    """What earlier closings have given, by member; None for the period that is being closed."""


class Before(NamedTuple):
    """The period before the one that is rated."""

    plan: Plan
    rows: Mapping[str, Row]


class Closed(NamedTuple):
    """What a period comes to."""

    differences: list[Difference]
    rows: dict[str, Row]
    """By member: who has any figure, or carries anything."""
    money: Money
    """What was sold in the period, and what all lines of it pay."""
    findings: list[Finding]
    """The rules that the network does not satisfy in the period."""


def close(period: ToRate, before: Before | None, earlier: Money | None = None) -> Closed:
    """Rate the period that is being closed, or an earlier one again; `earlier` is what its year had come to before."""
    return close_rated(period, rate(period, before), earlier)


def rate(period: ToRate, before: Before | None) -> RatedPeriod:
    """Rate it, and decide nothing."""
    number = {member: i for i, member in enumerate(period.inputs.members)}
    sealed_ranks = None if period.sealed is None else _carried(period.sealed, number).get(RANKS, {})
    return rate_period(period.plan, period.inputs, _carry_in(period.plan, number, before), sealed_ranks=sealed_ranks)


def close_rated(period: ToRate, rated: RatedPeriod, earlier: Money | None = None) -> Closed:
    """Decide what follows from a period as it is rated."""
    facts = facts_of(rated.context, rated.lines, earlier)
    findings = watch(packs_of(period.plan), facts, period.inputs.period.start.date())
    return Closed(list(_differences(period, rated)), _rows(rated), facts.period, findings)


def _carry_in(plan: Plan, number: Mapping[str, int], before: Before | None) -> Carry:
    if before is None:
        return {}
    return taken_over(_carried(before.rows, number), before.plan, plan)


def _carried(rows: Mapping[str, Row], number: Mapping[str, int]) -> dict[str, dict[int, tuple[int, ...]]]:
    """What rows carry, by component and member's number."""
    found: dict[str, dict[int, tuple[int, ...]]] = {}
    for member, row in rows.items():
        for component, values in row.carry.items():
            found.setdefault(component, {})[number[member]] = tuple(values)
    return found


def _rows(rated: RatedPeriod) -> dict[str, Row]:
    members = rated.context.inputs.members
    carry: dict[str, dict[str, tuple[int, ...]]] = {}
    for component, by_member in rated.carry_out.items():
        for i, values in by_member.items():
            carry.setdefault(members[i], {})[component] = tuple(int(value) for value in values)
    rows = {
        row.member: Row(row.member, row.pv, row.gv, row.rank, row.highest, row.earned_minor, carry.pop(row.member, {}))
        for row in rated.rows()
    }
    return rows | {member: Row(member, Decimal(0), Decimal(0), "", "", 0, kept) for member, kept in carry.items()}


def _differences(period: ToRate, rated: RatedPeriod) -> Iterator[Difference]:
    """What is due under each key less what is posted under it, in the order of the rated lines."""
    at_close = {component.id for component in period.plan.components} - period.plan.with_sale
    seen: set[Key] = set()
    for line in rated.written(at_close):
        key = line.key
        seen.add(key)
        known = period.posted.get(key)
        amount = line.amount_minor - (known.amount_minor if known else 0)
        if amount:
            yield _difference(period, key, line, known, amount)
    for key, known in period.posted.items():
        if key not in seen and known.amount_minor:
            yield _difference(period, key, None, known, -known.amount_minor)


def _difference(period: ToRate, key: Key, line: PeriodLine | None, known: Known | None, amount: int) -> Difference:
    """`line` is None for what is due no longer."""
    nothing = Decimal(0)
    rate, base, exact = (line.rate, line.base, line.exact_amount) if line else (nothing, nothing, nothing)
    uncapped = line.uncapped_minor if line and line.uncapped_minor != line.amount_minor else None
    component = next(one for one in period.plan.components if one.id == key.component)
    asset = component.asset
    if amount < 0:
        return Difference(key, rate, base, exact, amount, known.line if known else "", None, uncapped, asset)
    opens = period.times.get(key.sale, period.inputs.period.end)
    hold_until, expires_at = hold_end(period.plan, opens, component.release), expiry(opens, component.lasts)
    waits = waits_of(component.release, 0 if asset else minor_digits(period.plan.currency))
    return Difference(key, rate, base, exact, amount, "", hold_until, uncapped, asset, expires_at, waits)
