"""Closing a period: its cuts are sealed, and what is due is posted; by the rules of `fenxiao.plans.periods.closing`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple, TypeVar
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from fenxiao.errors import Kind, Refusal
from fenxiao.plans import ENGINE_VERSION, Plan, format_instant
from fenxiao.plans.periods.closing import Closed, Difference, Row
from fenxiao.plans.periods.timetable import Term, timetable
from services.commission.domain.conditions import conditions_of
from services.commission.domain.events import (
    LinesPosted,
    MembersRated,
    PeriodClosed,
    PeriodSealed,
    PostedLine,
    Posting,
    RatedMember,
)
from services.commission.domain.sales import by_asset

T = TypeVar("T")

Part = LinesPosted | MembersRated
"""What a closing posts bit by bit."""

IN_AN_EVENT: Final = 200
"""Lines or rows that one event holds at most: it stays of a size that every part of the network can carry."""

_ZERO = Decimal(0)


class Sealed(NamedTuple):
    """A sealed period."""

    closing: UUID
    start: datetime
    end: datetime
    plan_hash: str
    sales_cut: int
    members_cut: str
    engine_version: str


def next_term(plans: Sequence[Plan], zone: ZoneInfo, after: datetime | None) -> Term | None:
    """The first period that begins no earlier than where the last sealed one ends; None where there is no plan."""
    if not plans:
        return None
    # From the very first on: where periods change their length, each begins where the one before it ends.
    first = min(plan.effective_from for plan in plans)
    terms = timetable(plans, first, datetime.max.replace(tzinfo=UTC), zone)
    return next(term for term in terms if after is None or term.period.start >= after)


def decide_seal(
    term: Term, *, plan_hash: str, earlier_closed: bool, sales_cut: int, members_cut: str, now: datetime
) -> PeriodSealed:
    """Rule 1. Raises `Refusal` when its time has not come."""
    if term.period.end > now:
        message = f"The period ends at {format_instant(term.period.end)}; close it after that."
        raise Refusal("PERIOD_NOT_OVER", message, field="period", kind=Kind.FAILED_PRECONDITION)
    if not earlier_closed:
        message = "The period before it is still being closed; wait until its lines have been posted."
        raise Refusal("PERIOD_STILL_CLOSING", message, field="period", kind=Kind.FAILED_PRECONDITION)
    return PeriodSealed(
        start=term.period.start,
        end=term.period.end,
        plan_hash=plan_hash,
        sales_cut=sales_cut,
        members_cut=members_cut,
        engine_version=ENGINE_VERSION,
    )


def awaits_deliveries(result: Closed) -> bool:
    """Whether something that it posts waits for the delivery of a sale."""
    return any(one.waits.delivered for one in result.differences)


def parts(
    closing: Sealed,
    period: Sealed,
    currency: str,
    result: Closed,
    rows: Mapping[str, Row],
    transactions: Mapping[str, tuple[str, ...]],
) -> list[Part]:
    """What a closing posts for a period: its own, or an earlier one of which it has given `rows` before.

    `transactions` are the business transactions that its sales name, by UUID; needed if it `awaits_deliveries`.
    """
    posting = Posting(closing=closing.start, period=period.start)
    lines = [_posted(closing, period, one, transactions.get(one.key.sale, ())) for one in result.differences]
    changed = [_rated(row) for member, row in result.rows.items() if rows.get(member) != row]
    # Who has nothing any more once a return has come in.
    changed += [_rated(Row(member, _ZERO, _ZERO, "", "", 0, {})) for member in rows if member not in result.rows]
    posted: list[Part] = [
        LinesPosted(
            currency="" if points else currency,
            plan_hash=period.plan_hash,
            engine_version=ENGINE_VERSION,
            members_cut=period.members_cut,
            posting=posting,
            lines=tuple(some),
        )
        for points, of_one_asset in by_asset(lines).items()
        for some in _split(of_one_asset)
    ]
    return posted + [MembersRated(posting=posting, members=tuple(some)) for some in _split(changed)]


def closed(closing: Sealed, posted: Sequence[Part]) -> PeriodClosed:
    """The last event of a closing, which sums up the others."""
    lines = [line for part in posted if isinstance(part, LinesPosted) for line in part.lines]
    members = sum(len(part.members) for part in posted if isinstance(part, MembersRated))
    return PeriodClosed(start=closing.start, lines=len(lines), members=members, posted_minor=money_in(lines))


def _posted(closing: Sealed, period: Sealed, difference: Difference, transactions: tuple[str, ...]) -> PostedLine:
    key = difference.key
    return PostedLine(
        id=str(uuid5(closing.closing, f"{format_instant(period.start)}/{'/'.join(map(str, key))}")),
        member=key.member,
        component=key.component,
        level=key.level,
        rate=difference.rate,
        base=difference.base,
        exact_amount=difference.exact_amount,
        amount_minor=difference.amount_minor,
        rule=key.rule,
        path=(),
        conditions=conditions_of(difference.hold_until, difference.waits, transactions),
        reverses=difference.reverses,
        sale=key.sale,
        other=key.other,
        uncapped_minor=difference.uncapped_minor,
        points=difference.asset,
        expires_at=difference.expires_at,
    )


def money_in(lines: Iterable[PostedLine]) -> int:
    """What lines add up to in money, in minor units: points are no money."""
    return sum(line.amount_minor for line in lines if not line.points)


def _rated(row: Row) -> RatedMember:
    return RatedMember.model_validate(row._asdict())


def row_of(rated: RatedMember) -> Row:
    """The opposite of what is recorded."""
    return Row(**dict(rated))


def _split(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[at : at + IN_AN_EVENT] for at in range(0, len(items), IN_AN_EVENT))
