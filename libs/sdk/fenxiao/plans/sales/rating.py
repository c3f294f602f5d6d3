"""Rating: what one sale or return earns, and for whom. Pure, exact, and the same wherever it runs.

This is the streaming half: what components post with the sale. What they post at the close of a period is rated by
`rate_period`, which also covers these and gives the same lines.

Two rules that every caller relies on:

- **A line that rounds to nothing is not posted.** A posting is what is due less what has been posted; where that is
  zero, there is none.
- **A return takes back** `round(line × share returned so far) − already clawed back` of each line of the sale that it
  names, so that any series of partial returns of the whole takes back the whole, to the minor unit. The share is that
  of the amount, whatever the line is based on. One that names no sale is rated as a sale of the negative amount, at
  its own time.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple, TypeVar

from fenxiao.errors import Kind, Refusal
from fenxiao.money import EXACT, Rounding, plain, round_ratio, round_units
from fenxiao.plans.components.base import Measure, Release
from fenxiao.plans.components.offers import Counts
from fenxiao.plans.language.model import Plan
from fenxiao.plans.language.posting import Posted
from fenxiao.plans.language.waits import NO_WAITS, Waits
from fenxiao.plans.periods.caps import cap_sale
from fenxiao.plans.sales.sale import Sale, SaleKind, check_measures

__all__ = [
    "ENGINE_VERSION",
    "Line",
    "Sale",
    "SaleKind",
    "expiry",
    "hold_end",
    "in_force",
    "rate_return",
    "rate_sale",
    "waits_for_delivery",
]

ENGINE_VERSION: Final = "1"
"""Stands on every line. It changes with anything that could change a figure."""

K = TypeVar("K")

_ONE: Final = Decimal(1)
_PLACES: Final = 20
"""Decimals of the part of a base that a return takes back: an amount has 9, a share 11."""
_SHOWN: Final = 6
"""Decimals to which it is shown where these are not enough."""


class Line(NamedTuple):
    """One commission: who earns what on which base by which rule."""

    member: str
    """Who earns."""
    component: str
    """Id of the plan's component."""
    level: int
    """0 for the member credited with the sale, 1 for that member's sponsor, and so on."""
    rate: Decimal
    """Share of the base: 8 % is 0.08. Of what is paid by sale or by unit: what is paid for one."""
    base: Decimal
    """What the rate applies to, in units of the measure; negative for a return."""
    exact_amount: Decimal
    """Base times rate."""
    amount_minor: int
    """What is posted, in minor units, or in whole points; negative for a return, never 0."""
    rule: str
    """JSON pointer into the plan document: of several rates, the one that won."""
    path: tuple[str, ...]
    """Members from the one credited up to the earner."""
    hold_until: datetime | None
    """Held by settlement until then at least; none where there is nothing to wait for (what a return takes back)."""
    uncapped_minor: int | None = None
    """Before the cap of the sale; none where the line was not cut."""
    asset: str = ""
    """The kind of points; empty for money in the plan's currency."""
    expires_at: datetime | None = None
    """When points that are left are lost; none: never."""
    waits: Waits = NO_WAITS
    """What settlement waits for beside that time; nothing for what is taken back."""


def in_force(plans: Iterable[Plan], at: datetime) -> Plan | None:
    """Choose the plan version in force at a moment: the one that came into force last."""
    return max((plan for plan in plans if plan.effective_from <= at), key=lambda p: p.effective_from, default=None)


def rate_sale(plan: Plan, sale: Sale, upline: Sequence[str]) -> list[Line]:
    """Rate a sale, or a return that names no sale: the lines that are posted with it.

    `upline` holds the members from the one credited upward as of the sale's time; `plan.depth` of them are enough,
    more do no harm.
    """
    if sale.currency != plan.currency:
        message = f"The plan pays in {plan.currency}; report the sale in that currency, not in {sale.currency[:12]}."
        raise Refusal("WRONG_CURRENCY", message, field="currency")
    if sale.occurred_at < plan.effective_from:
        message = "The plan was not in force at the sale's time; rate it under the version that was."
        raise Refusal("PLAN_NOT_IN_FORCE", message, kind=Kind.FAILED_PRECONDITION)
    check_measures(sale)
    components, needed, _ = plan.postings
    for wanted, measure in needed:
        if _measured(sale, measure) is None and (wanted is None or wanted.selects(sale, plan.categories)):
            message = f"The plan is based on {measure}, which this sale lacks; report it."
            raise Refusal("MISSING_MEASURE", message, field=measure)
    lines: list[Line] = []
    for posted in components:
        if posted.on is None or posted.on.selects(sale, plan.categories):
            _rate(lines, plan, posted, sale, upline)
    return lines


def waits_for_delivery(plan: Plan, sale: Sale) -> bool:
    """Whether something that a sale earns under a plan waits for its delivery, whenever that posts."""
    wanted = plan.postings.delivered
    return sale.kind is SaleKind.SALE and any(one is None or one.selects(sale, plan.categories) for one in wanted)


def hold_end(plan: Plan, occurred_at: datetime, release: Release | None = None) -> datetime:
    """Say when the return window of a sale ends, or what a component has in its place."""
    days = release.days if release is not None and release.days is not None else plan.return_window
    return _after(occurred_at, days)


def expiry(occurred_at: datetime, lasts: int | None) -> datetime | None:
    """Say when points of a sale are lost that last so many days; none: never."""
    return None if lasts is None else _after(occurred_at, lasts)


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
    parts: dict[Decimal, Decimal] = {}
    taken: dict[K, Line] = {}
    for key, line in lines.items():
        due = round_ratio(line.amount_minor * share, whole, plan.rounding) - clawed_back.get(key, 0)
        if due:
            if (base := parts.get(line.base)) is None:
                base = parts[line.base] = _part(line.base, returned_now, sale_amount).copy_negate()
            taken[key] = Line(
                line.member,
                line.component,
                line.level,
                line.rate,
                base,
                EXACT.multiply(base, line.rate),
                -due,
                line.rule,
                line.path,
                None,
                asset=line.asset,
            )
    return taken


def _rate(lines: list[Line], plan: Plan, posted: Posted, sale: Sale, upline: Sequence[str]) -> None:
    """Add the lines of one component."""
    offers = posted.offers
    if posted.by_product:
        offers = (*posted.by_product.get(sale.product, ()), *offers)
    offer = next(one for one in offers if one.when is None or one.when.selects(sale, plan.categories))
    match offer.counts:
        case Counts.MEASURE:
            base = _measured(sale, posted.measure)
            assert base is not None, "what a sale may lack has been looked at"
            if posted.share is not None:
                base = EXACT.multiply(base, posted.share)
        case Counts.SALE:
            base = _ONE
        case Counts.UNITS:
            base = _ONE if sale.quantity is None else sale.quantity
    hold_until = expires_at = None
    if sale.kind == SaleKind.RETURN:
        base = base.copy_negate()
    else:
        hold_until = _after(sale.occurred_at, posted.days)
        expires_at = expiry(sale.occurred_at, posted.lasts)
    unit = posted.asset or plan.currency
    exacts = [EXACT.multiply(base, rate) for _, (rate, _) in zip(upline, offer.levels, strict=False)]
    amounts = [round_units(exact, posted.digits, plan.rounding, unit) for exact in exacts]
    capped = amounts if posted.cap is None else cap_sale(amounts, posted.cap)
    for level, amount in enumerate(capped):
        if amount:
            rate, rule = offer.levels[level]
            lines.append(
                Line(
                    upline[level],
                    posted.component,
                    level,
                    rate,
                    base,
                    exacts[level],
                    amount,
                    rule,
                    tuple(upline[: level + 1]),
                    hold_until,
                    None if amount == amounts[level] else amounts[level],
                    posted.asset,
                    expires_at,
                    posted.waits if amount > 0 else NO_WAITS,
                )
            )


def _measured(sale: Sale, measure: Measure) -> Decimal | None:
    match measure:
        case Measure.AMOUNT:
            return sale.amount
        case Measure.MARGIN:
            return sale.margin
        case Measure.POINTS:
            return sale.points
        case Measure.QUANTITY:
            return _ONE if sale.quantity is None else sale.quantity


def _after(occurred_at: datetime, days: int) -> datetime:
    try:
        return occurred_at + timedelta(days=days)
    except OverflowError:
        message = "What waits for a number of days after it would end after the year 9999."
        raise Refusal("INVALID_TIME", message, field="occurred_at") from None


def _part(base: Decimal, returned: Decimal, whole: Decimal) -> Decimal:
    """The part of a line's base that a return takes back: exact where that is a decimal with an end in reach."""
    if base == whole:
        return returned
    part = Fraction(base) * Fraction(returned) / Fraction(whole)
    exact = (part * 10**_PLACES).denominator == 1
    places = _PLACES if exact else _SHOWN
    scaled = round_ratio(*(part * 10**places).as_integer_ratio(), Rounding.HALF_UP)
    value = Decimal(scaled).scaleb(-places, EXACT)
    return value.normalize(EXACT) if exact else value
