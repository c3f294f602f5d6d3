"""Recording sales and returns, and posting what they earn."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from fenxiao import plans
from fenxiao.errors import Kind, Refusal
from fenxiao.money import EXACT, Rounding, plain, round_minor
from fenxiao.plans import ENGINE_VERSION, Plan, SaleKind, format_instant, rate_return, rate_sale, waits_for_delivery
from services.commission.domain.conditions import conditions_of
from services.commission.domain.events import (
    LinesPosted,
    PostedLine,
    Report,
    ReturnRecorded,
    SaleRecorded,
)
from services.commission.domain.plans import Version

CLOCK_SKEW = timedelta(days=1)
"""How far ahead of ours a merchant's clock may be."""

SaleEvent = SaleRecorded | ReturnRecorded | LinesPosted
"""What stands on the stream of a sale or return."""


class Programme(NamedTuple):
    """What commission knows of a programme."""

    currency: str
    start: datetime
    zone: ZoneInfo


class Sale(NamedTuple):
    """A recorded sale or return: what its own stream says."""

    report: Report
    plan_hash: str
    original_sale: str = ""
    returned_before: Decimal = Decimal(0)
    lines: tuple[PostedLine, ...] = ()
    engine_version: str = ""
    upline: tuple[str, ...] = ()
    """UUIDs from the member credited up to the highest earner, as of the sale's time."""

    def path_of(self, line: PostedLine) -> tuple[str, ...]:
        """UUIDs from the member credited up to who earns one of its lines."""
        return self.upline[: line.level + 1]


class Returned(NamedTuple):
    """What returns have brought back of a sale so far."""

    amount: Decimal = Decimal(0)
    clawed_back: Mapping[str, int] = {}
    """By line of the sale, in minor units."""


def evolve(sale: Sale | None, event: SaleEvent) -> Sale:
    """The sale after an event on its stream."""
    match event:
        case SaleRecorded():
            return Sale(event.report, event.plan_hash)
        case ReturnRecorded():
            return Sale(event.report, event.plan_hash, event.original_sale, event.returned_before)
        case LinesPosted():
            assert sale is not None, "lines are posted behind the sale that earns them"
            uplines = (sale.upline, event.upline, *(line.path for line in event.lines))
            return sale._replace(
                lines=(*sale.lines, *event.lines), engine_version=event.engine_version, upline=max(uplines, key=len)
            )


def fold(events: Iterable[SaleEvent]) -> Sale:
    """The sale that its events make; there is at least one."""
    sale: Sale | None = None
    for event in events:
        sale = evolve(sale, event)
    assert sale is not None, "a sale has events"
    return sale


def check_repeated(report: Report, known: Report) -> None:
    """A reference that is known must come with the content that is known."""
    if report != known:
        other = ", ".join(name for name in Report.model_fields if getattr(report, name) != getattr(known, name))
        message = f"{report.reference!r} is recorded with another {other}; use a new reference, or report a return."
        raise Refusal("SALE_DIFFERS", message, field="reference", kind=Kind.EXISTS)


def check_report(report: Report, programme: Programme, joined_at: datetime | None, now: datetime) -> None:
    """Whether such a sale or return can have happened. `joined_at` is None for somebody who is no member."""
    if report.currency != programme.currency:
        message = f"The programme's currency is {programme.currency}, not {report.currency[:12]!r}; convert the amount."
        raise Refusal("WRONG_CURRENCY", message, field="currency")
    # Whatever the plan, an amount that no account could hold is a mistake.
    round_minor(report.amount, report.currency, Rounding.DOWN)
    if report.goods.margin is not None and report.goods.margin > report.amount:
        raise Refusal("MARGIN_ABOVE_AMOUNT", "The margin is part of the amount; look at both.", field="goods.margin")
    if joined_at is None:
        message = f"There is no member {report.member[:64]}; enrol the member first."
        raise Refusal("UNKNOWN_MEMBER", message, field="member", kind=Kind.NOT_FOUND)
    if report.occurred_at < programme.start:
        message = f"The programme starts at {format_instant(programme.start)}; nothing can have happened earlier."
        raise Refusal("BEFORE_PROGRAMME", message, field="occur_time")
    if report.occurred_at < joined_at:
        message = f"The member joined at {format_instant(joined_at)}, after that; look at the times."
        raise Refusal("SALE_BEFORE_MEMBER", message, field="occur_time")
    if report.occurred_at > now + CLOCK_SKEW:
        raise Refusal("IN_THE_FUTURE", "The time lies in the future; report it when it has come.", field="occur_time")
    if report.original_reference and report.kind is SaleKind.SALE:
        message = "Only a return names an original sale; leave it out, or report a return."
        raise Refusal("ORIGINAL_OF_SALE", message, field="original_reference")


def decide_sale(
    sale_id: UUID, report: Report, version: Version | None, upline: Sequence[str], members_cut: str = ""
) -> list[SaleEvent]:
    """Records a sale, or a return that names none, under the version in force and the tree at its time.

    `upline` holds the members from the one credited upward, as known at `members_cut`.
    """
    plan_hash = version.hash if version else ""
    recorded = (
        SaleRecorded(report=report, plan_hash=plan_hash)
        if report.kind is SaleKind.SALE
        else ReturnRecorded(report=report, plan_hash=plan_hash)
    )
    if version is None:
        return [recorded]
    goods = report.goods
    sale = plans.Sale(
        kind=report.kind,
        occurred_at=report.occurred_at,
        amount=report.amount,
        currency=report.currency,
        margin=goods.margin,
        points=goods.points,
        quantity=goods.quantity,
        product=goods.product,
        category=goods.category,
        channel=goods.channel,
        sale_class=report.sale_class.value,
    )
    if not report.biz_transactions and waits_for_delivery(version.plan, sale):
        message = (
            "The plan waits for the delivery of such a sale, which names no business transaction to be delivered; "
            "report it with the one that its shipment names."
        )
        raise Refusal("BIZ_TRANSACTION_MISSING", message, field="biz_transactions")
    rated = rate_sale(version.plan, sale, upline)
    lines = [_posted(sale_id, line, transactions=report.biz_transactions) for line in rated]
    return [recorded, *_postings(lines, report.currency, plan_hash, upline, members_cut=members_cut)]


def decide_return(
    return_id: UUID, report: Report, original_id: str, original: Sale, returned: Returned, plan: Plan | None
) -> list[SaleEvent]:
    """Records a return that names its sale: takes back of each of its lines, under its plan.

    `plan` is the original's, None if it was rated by none. Raises `Refusal` when it cannot be a return of that sale.
    """
    sold = original.report
    if sold.kind is not SaleKind.SALE:
        message = f"{sold.reference!r} is a return itself; name the sale."
        raise Refusal("ORIGINAL_IS_RETURN", message, field="original_reference")
    if sold.member != report.member:
        message = f"{sold.reference!r} was credited to another member; report the return for that one."
        raise Refusal("RETURN_OF_OTHER_MEMBER", message, field="member")
    if report.occurred_at < sold.occurred_at:
        message = f"The sale happened later, at {format_instant(sold.occurred_at)}; look at the times."
        raise Refusal("RETURN_BEFORE_SALE", message, field="occur_time")
    left = EXACT.subtract(sold.amount, returned.amount)
    if report.amount > left:
        message = f"Only {plain(left)} {sold.currency} of {sold.reference!r} is left to return."
        raise Refusal("RETURN_EXCEEDS_SALE", message, field="amount", kind=Kind.FAILED_PRECONDITION)
    recorded = ReturnRecorded(
        report=report,
        plan_hash=original.plan_hash,
        original_sale=original_id,
        returned_before=returned.amount,
    )
    if plan is None:
        return [recorded]
    taken = rate_return(
        plan,
        {line.id: _rated(line) for line in original.lines},
        sale_amount=sold.amount,
        returned_before=returned.amount,
        returned_now=report.amount,
        clawed_back=returned.clawed_back,
    )
    lines = [_posted(return_id, line, key, returned.clawed_back.get(key, 0)) for key, line in taken.items()]
    return [recorded, *_postings(lines, sold.currency, original.plan_hash, original.upline, original_id)]


def _posted(
    sale_id: UUID,
    line: plans.Line,
    reverses: str = "",
    reversed_before: int = 0,
    transactions: tuple[str, ...] = (),
) -> PostedLine:
    """A line as it is posted on the stream of a sale or return."""
    return PostedLine(
        id=str(uuid5(sale_id, f"{line.component}/{line.level}")),
        member=line.member,
        component=line.component,
        level=line.level,
        rate=line.rate,
        base=line.base,
        exact_amount=line.exact_amount,
        amount_minor=line.amount_minor,
        rule=line.rule,
        conditions=conditions_of(line.hold_until, line.waits, transactions),
        reverses=reverses,
        reversed_before=reversed_before,
        uncapped_minor=line.uncapped_minor,
        points=line.asset,
        expires_at=line.expires_at,
    )


def _rated(line: PostedLine) -> plans.Line:
    """The line as the engine knows it. Path and conditions do not matter to what a return takes back."""
    return plans.Line(
        member=line.member,
        component=line.component,
        level=line.level,
        rate=line.rate,
        base=line.base,
        exact_amount=line.exact_amount,
        amount_minor=line.amount_minor,
        rule=line.rule,
        path=(),
        hold_until=None,
        asset=line.points,
    )


def _postings(
    lines: Iterable[PostedLine],
    currency: str,
    plan_hash: str,
    upline: Sequence[str],
    original_sale: str = "",
    members_cut: str = "",
) -> list[LinesPosted]:
    """The events that post lines, if there are any: money first, then each kind of points."""
    return [
        LinesPosted(
            currency="" if points else currency,
            plan_hash=plan_hash,
            engine_version=ENGINE_VERSION,
            original_sale=original_sale,
            members_cut=members_cut,
            upline=tuple(upline[: max(line.level for line in some) + 1]),
            lines=tuple(some),
        )
        for points, some in by_asset(lines).items()
    ]


def by_asset(lines: Iterable[PostedLine]) -> dict[str, list[PostedLine]]:
    """Lines by kind of points; those in money (no kind) stand first."""
    found: dict[str, list[PostedLine]] = {}
    for line in lines:
        found.setdefault(line.points, []).append(line)
    return {points: found[points] for points in sorted(found)}
