"""Sales, lines, plans, periods and disputes as the API shows them."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.commission.v1.goods_pb2 import Goods
from fenxiao.api.commission.v1.text_pb2 import Text
from fenxiao.money import plain
from fenxiao.plans import SaleKind
from fenxiao.plans.periods.closing import Row
from fenxiao.plans.periods.timetable import Term
from libs.servicekit.times import to_timestamp
from services.commission.api.names import dispute_name, member_name, plan_name, sale_name
from services.commission.api.reports import NO_GOODS
from services.commission.domain import events
from services.commission.domain.conditions import awaited_by, hold_until, waits_of
from services.commission.domain.disputes import State
from services.commission.domain.events import PostedLine, Report, SaleClass
from services.commission.domain.sales import Programme
from services.commission.views.disputes import DisputeRow
from services.commission.views.periods import PeriodRow
from services.commission.views.plans import PlanRow
from services.commission.views.rank_grants import GrantRow

_STATES = {
    State.OPEN: pb.DISPUTE_STATE_OPEN,
    State.ANSWERED: pb.DISPUTE_STATE_ANSWERED,
    State.UPHELD: pb.DISPUTE_STATE_UPHELD,
    State.REJECTED: pb.DISPUTE_STATE_REJECTED,
}

DISPUTE_STATES = {number: state for state, number in _STATES.items()}
"""By their numbers in the API."""

_KIND_NUMBERS = {SaleKind.SALE: pb.SALE_KIND_SALE, SaleKind.RETURN: pb.SALE_KIND_RETURN}

_CLASS_NUMBERS = {SaleClass.RETAIL: pb.SALE_CLASS_RETAIL, SaleClass.PERSONAL: pb.SALE_CLASS_PERSONAL}


def sale_message(
    programme: str, sale_id: UUID | str, report: Report, plan_hash: str, lines: Iterable[PostedLine] = ()
) -> pb.Sale:
    """A sale or return as it is shown."""
    return pb.Sale(
        name=sale_name(programme, sale_id),
        reference=report.reference,
        member=member_name(programme, report.member),
        kind=_KIND_NUMBERS[report.kind],
        occur_time=to_timestamp(report.occurred_at),
        amount=plain(report.amount),
        currency=report.currency,
        original_reference=report.original_reference,
        sale_class=_CLASS_NUMBERS[report.sale_class],
        lines=[line_message(programme, report.currency, line) for line in lines],
        plan=plan_name(programme, plan_hash),
        biz_transactions=report.biz_transactions,
        goods=goods_message(report.goods),
    )


def goods_message(goods: events.Goods) -> Goods | None:
    """What was reported of the goods; None where nothing was."""
    if goods == NO_GOODS:
        return None
    return Goods(
        product=goods.product,
        category=goods.category,
        channel=goods.channel,
        quantity=plain(goods.quantity),
        margin="" if goods.margin is None else plain(goods.margin),
        points="" if goods.points is None else plain(goods.points),
    )


def line_message(programme: str, currency: str, line: PostedLine) -> pb.Line:
    """A line as it is shown."""
    until, waits = hold_until(line), waits_of(line)
    return pb.Line(
        id=line.id,
        member=member_name(programme, line.member),
        component=line.component,
        level=line.level,
        rate=plain(line.rate),
        base=plain(line.base),
        exact_amount=plain(line.exact_amount),
        amount_minor=line.amount_minor,
        currency="" if line.points else currency,
        hold_until=None if until is None else to_timestamp(until),
        needs_identity=waits.identity,
        threshold_minor=waits.threshold_minor,
        awaited_transactions=awaited_by(line),
        uncapped_minor=line.uncapped_minor,
        sale=sale_name(programme, line.sale) if line.sale else "",
        other=member_name(programme, line.other) if line.other else "",
        reverses=line.reverses,
        points=line.points,
        expire_time=to_timestamp(line.expires_at) if line.expires_at else None,
    )


def text_message(text: events.Text) -> Text:
    """A text in every language."""
    return Text(en=text.en, zh=text.zh)


def plan_message(programme: str, row: PlanRow) -> pb.Plan:
    """A plan version as it is shown."""
    return pb.Plan(
        name=plan_name(programme, row.hash),
        version=row.version,
        currency=row.currency,
        effective_time=to_timestamp(row.effective_from),
        document=row.document,
        publish_time=to_timestamp(row.published_at),
        hash=row.hash,
    )


def first_day(start: datetime, zone: ZoneInfo) -> str:
    """How a period is named: the day on which it begins in the programme's time zone."""
    return start.astimezone(zone).date().isoformat()


def period_message(programme_id: str, programme: Programme, row: PeriodRow) -> pb.Period:
    """A sealed period as it is shown."""
    sealed = row.sealed
    return pb.Period(
        name=f"programmes/{programme_id}/periods/{first_day(sealed.start, programme.zone)}",
        start_time=to_timestamp(sealed.start),
        end_time=to_timestamp(sealed.end),
        state=pb.PERIOD_STATE_CLOSED if row.closed else pb.PERIOD_STATE_CLOSING,
        plan=plan_name(programme_id, sealed.plan_hash),
        lines=row.lines,
        members=row.members,
        posted_minor=row.posted_minor,
        currency=programme.currency,
    )


def open_period_message(programme_id: str, programme: Programme, term: Term, plan_hash: str) -> pb.Period:
    """The open period as it is shown."""
    return pb.Period(
        name=f"programmes/{programme_id}/periods/{first_day(term.period.start, programme.zone)}",
        start_time=to_timestamp(term.period.start),
        end_time=to_timestamp(term.period.end),
        state=pb.PERIOD_STATE_OPEN,
        plan=plan_name(programme_id, plan_hash),
        currency=programme.currency,
    )


def dispute_message(programme: str, currency: str, row: DisputeRow) -> pb.Dispute:
    """A dispute as it is shown, without what was said."""
    dispute = row.dispute
    return pb.Dispute(
        name=dispute_name(programme, row.id),
        line=dispute.line,
        member=member_name(programme, dispute.member),
        state=_STATES[dispute.state],
        correction_minor=dispute.correction_minor,
        currency="" if row.points else currency,
        points=row.points,
        correction_line=dispute.correction_line,
        open_time=to_timestamp(row.opened_at),
        answer_time=to_timestamp(row.answered_at) if row.answered_at else None,
        resolve_time=to_timestamp(row.resolved_at) if row.resolved_at else None,
        opened_by=row.opened_by,
        answered_by=row.answered_by,
        resolved_by=row.resolved_by,
    )


def rank_grant_message(programme: str, row: GrantRow) -> pb.RankGrant:
    """A granted rank as it is shown."""
    return pb.RankGrant(
        member=member_name(programme, row.member),
        rank=row.rank,
        effective_time=to_timestamp(row.effective_from),
        end_time=None if row.ends is None else to_timestamp(row.ends),
        granted_by=row.granted_by,
        record_time=to_timestamp(row.recorded_at),
    )


def rating_message(programme: str, currency: str, row: Row) -> pb.Rating:
    """What a member comes to in a period as it is shown."""
    return pb.Rating(
        member=member_name(programme, row.member),
        personal_volume=plain(row.personal_volume),
        group_volume=plain(row.group_volume),
        rank=row.rank,
        highest_rank=row.highest_rank,
        earned_minor=row.earned_minor,
        currency=currency,
    )
