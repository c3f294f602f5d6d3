"""Rating: what one sale or return earns, and for whom. Pure, exact, and the same wherever it runs.

Two rules that every caller relies on:

- **A line that rounds to nothing is not posted.** A posting is what is due less what has been posted; where that is
  zero, there is none.
- **A return takes back** `round(line × share returned so far) − already clawed back` of each line of the sale that it
  names, so that any series of partial returns of the whole takes back the whole, to the minor unit. One that names no
  sale is rated as a sale of the negative amount, at its own time.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final, NamedTuple, TypeVar

from fenxiao.errors import Kind, Refusal
from fenxiao.money import EXACT, plain, round_minor, round_ratio
from fenxiao.plans.components import Unilevel
from fenxiao.plans.model import Plan

ENGINE_VERSION: Final = "1"
"""Stands on every line. It changes with anything that could change a figure."""

K = TypeVar("K")


class SaleKind(StrEnum):
    """What was reported."""

    SALE = "sale"
    RETURN = "return"


class Sale(NamedTuple):
    """A sale or return as the engine needs it."""

    kind: SaleKind
    occurred_at: datetime
    """Aware."""
    amount: Decimal
    """Above 0, exact, also for a return."""
    currency: str


class Line(NamedTuple):
    """One commission: who earns what on which base by which rule."""

    member: str
    """Who earns."""
    component: str
    """Id of the plan's component."""
    level: int
    """0 for the member credited with the sale, 1 for that member's sponsor, and so on."""
    rate: Decimal
    """Share of the base: 8 % is 0.08."""
    base: Decimal
    """What the rate applies to, in units of the currency; negative for a return."""
    exact_amount: Decimal
    """Base times rate."""
    amount_minor: int
    """What is posted, in minor units; negative for a return, never 0."""
    rule: str
    """JSON pointer into the plan document."""
    path: tuple[str, ...]
    """Members from the one credited up to the earner."""
    hold_until: datetime | None
    """Held by settlement until then at least; none where there is nothing to wait for (what a return takes back)."""


def in_force(plans: Iterable[Plan], at: datetime) -> Plan | None:
    """Choose the plan version in force at a moment: the one that came into force last."""
    return max((plan for plan in plans if plan.effective_from <= at), key=lambda p: p.effective_from, default=None)


def rate_sale(plan: Plan, sale: Sale, upline: Sequence[str]) -> list[Line]:
    """Rate a sale, or a return that names no sale.

    `upline` holds the members from the one credited upward as of the sale's time; `plan.depth` of them are enough,
    more do no harm.
    """
    kind, occurred_at, amount, currency = sale
    if currency != plan.currency:
        message = f"The plan pays in {plan.currency}; report the sale in that currency, not in {currency[:12]}."
        raise Refusal("WRONG_CURRENCY", message, field="currency")
    if occurred_at < plan.effective_from:
        message = "The plan was not in force at the sale's time; rate it under the version that was."
        raise Refusal("PLAN_NOT_IN_FORCE", message, kind=Kind.FAILED_PRECONDITION)
    if not amount > 0:
        raise Refusal("INVALID_AMOUNT", "An amount must be above 0, also that of a return.", field="amount")
    if kind == SaleKind.RETURN:
        base, hold_until = amount.copy_negate(), None
    else:
        base, hold_until = amount, hold_end(plan, occurred_at)

    lines: list[Line] = []
    for index, component in enumerate(plan.components):
        match component:
            case Unilevel():
                _rate_unilevel(lines, plan, index, component, base, upline, hold_until)
    return lines


def hold_end(plan: Plan, occurred_at: datetime) -> datetime:
    """Say when the return window of a sale ends."""
    try:
        return occurred_at + timedelta(days=plan.return_window)
    except OverflowError:
        raise Refusal("INVALID_TIME", "The return window ends after the year 9999.", field="occurred_at") from None


def rate_return(
    plan: Plan,
    lines: Mapping[K, Line],
    *,
    sale_amount: Decimal,
    returned_before: Decimal,
    returned_now: Decimal,
    clawed_back: Mapping[K, int],
) -> dict[K, Line]:
    """Rate a return that names its sale: the lines that take back, under the keys of those that they take back from.

    `plan` is the sale's own, `lines` are what the sale posted, under any key (their ids). `clawed_back` holds what
    earlier returns took back of each, in minor units above 0; a missing key is 0. Amounts are those reported, above 0
    (`returned_before` may be 0).
    """
    returned = EXACT.add(returned_before, returned_now)
    if not (returned_now > 0 and returned_before >= 0 and sale_amount > 0):
        raise Refusal("INVALID_AMOUNT", "An amount must be above 0, also that of a return.", field="amount")
    if returned > sale_amount:
        left = plain(EXACT.subtract(sale_amount, returned_before))
        message = f"Only {left} {plan.currency} of the sale is left to return."
        raise Refusal("RETURN_EXCEEDS_SALE", message, field="amount", kind=Kind.FAILED_PRECONDITION)
    share, whole = (Fraction(returned) / Fraction(sale_amount)).as_integer_ratio()
    base = returned_now.copy_negate()
    taken: dict[K, Line] = {}
    for key, line in lines.items():
        due = round_ratio(line.amount_minor * share, whole, plan.rounding) - clawed_back.get(key, 0)
        if due:
            exact = EXACT.multiply(base, line.rate)
            taken[key] = line._replace(base=base, exact_amount=exact, amount_minor=-due, hold_until=None)
    return taken


def _rate_unilevel(
    lines: list[Line],
    plan: Plan,
    index: int,
    component: Unilevel,
    base: Decimal,
    upline: Sequence[str],
    hold_until: datetime | None,
) -> None:
    for level, (member, rate) in enumerate(zip(upline, component.levels, strict=False)):
        exact = EXACT.multiply(base, rate)
        minor = round_minor(exact, plan.currency, plan.rounding)
        if minor:
            rule = f"/components/{index}/levels/{level}"
            path = tuple(upline[: level + 1])
            lines.append(Line(member, component.id, level, rate, base, exact, minor, rule, path, hold_until))
