"""What others see of commission's events. The merchant's numbers stay here: a sale is a random UUID."""

from fenxiao.api.commission.v1 import events_pb2 as pb
from fenxiao.money import plain
from fenxiao.plans import read_plan
from libs.eventlog import Recorded
from libs.servicekit.times import to_timestamp
from services.commission.api.messages import goods_message, text_message
from services.commission.domain import events


def plan_published(recorded: Recorded[events.PlanPublished]) -> list[pb.PlanPublished | pb.PointsPriced]:
    """The document as submitted, and what names it; then what its points are worth, for who does not read plans."""
    event = recorded.event
    worth = {one.asset: one.redeems for one in read_plan(event.document).components if one.asset}
    return [
        pb.PlanPublished(
            hash=event.hash,
            version=event.version,
            currency=event.currency,
            effective_time=to_timestamp(event.effective_from),
            document=event.document,
            overridden_rules=[override.rule for override in event.overrides],
        ),
        *(
            pb.PointsPriced(points=kind, worth=plain(each), currency=event.currency, plan_hash=event.hash)
            for kind, each in sorted(worth.items())
        ),
    ]


def sale_recorded(recorded: Recorded[events.SaleRecorded]) -> list[pb.SaleRecorded]:
    """The sale, with the transactions that tie it to traced goods."""
    report = recorded.event.report
    return [
        pb.SaleRecorded(
            sale=str(recorded.stream),
            member=report.member,
            occur_time=to_timestamp(report.occurred_at),
            amount=plain(report.amount),
            currency=report.currency,
            sale_class=report.sale_class.value,
            plan_hash=recorded.event.plan_hash,
            biz_transactions=report.biz_transactions,
            goods=goods_message(report.goods),
        )
    ]


def return_recorded(recorded: Recorded[events.ReturnRecorded]) -> list[pb.ReturnRecorded]:
    """The return, and the sale that it names."""
    event = recorded.event
    report = event.report
    return [
        pb.ReturnRecorded(
            sale=str(recorded.stream),
            member=report.member,
            occur_time=to_timestamp(report.occurred_at),
            amount=plain(report.amount),
            currency=report.currency,
            sale_class=report.sale_class.value,
            plan_hash=event.plan_hash,
            original_sale=event.original_sale,
            goods=goods_message(report.goods),
        )
    ]


def lines_posted(recorded: Recorded[events.LinesPosted]) -> list[pb.LinesPosted]:
    """The lines with their conditions: all that settlement needs."""
    event = recorded.event
    return [
        pb.LinesPosted(
            source=str(recorded.stream),
            currency=event.currency,
            # The envelope's time is the sale's own.
            occur_time=to_timestamp(recorded.occurred_at),
            plan_hash=event.plan_hash,
            engine_version=event.engine_version,
            members_cut=event.members_cut,
            lines=[_line(line, of_period=event.posting is not None) for line in event.lines],
            period_start=to_timestamp(event.posting.period) if event.posting else None,
            points=event.points,
        )
    ]


def period_sealed(recorded: Recorded[events.PeriodSealed]) -> list[pb.PeriodSealed]:
    """The cuts: with them anybody can rate the period again."""
    event = recorded.event
    return [
        pb.PeriodSealed(
            closing=str(recorded.stream),
            start_time=to_timestamp(event.start),
            end_time=to_timestamp(event.end),
            plan_hash=event.plan_hash,
            sales_cut=event.sales_cut,
            members_cut=event.members_cut,
            engine_version=event.engine_version,
        )
    ]


def member_rated(recorded: Recorded[events.MembersRated]) -> list[pb.MemberRated]:
    """A row for each member."""
    event = recorded.event
    return [
        pb.MemberRated(
            closing=str(recorded.stream),
            period_start=to_timestamp(event.posting.period),
            member=row.member,
            personal_volume=plain(row.personal_volume),
            group_volume=plain(row.group_volume),
            rank=row.rank,
            highest_rank=row.highest_rank,
            earned_minor=row.earned_minor,
            carry=[pb.Carry(component=component, values=values) for component, values in sorted(row.carry.items())],
        )
        for row in event.members
    ]


def period_closed(recorded: Recorded[events.PeriodClosed]) -> list[pb.PeriodClosed]:
    """What the closing has posted."""
    event = recorded.event
    return [
        pb.PeriodClosed(
            closing=str(recorded.stream),
            start_time=to_timestamp(event.start),
            lines=event.lines,
            members=event.members,
            posted_minor=event.posted_minor,
        )
    ]


def period_watched(recorded: Recorded[events.PeriodWatched]) -> list[pb.PeriodWatched]:
    """What the period has come to in all."""
    event = recorded.event
    return [
        pb.PeriodWatched(
            closing=str(recorded.stream),
            period_start=to_timestamp(event.posting.period),
            sold_minor=event.sold_minor,
            paid_minor=event.paid_minor,
            currency=event.currency,
        )
    ]


def alarm_raised(recorded: Recorded[events.AlarmsRaised]) -> list[pb.AlarmRaised]:
    """Each alarm, with what the law says."""
    event = recorded.event
    return [
        pb.AlarmRaised(
            alarm=alarm.id,
            closing=str(recorded.stream),
            period_start=to_timestamp(event.posting.period),
            rule=alarm.rule,
            severity=alarm.severity,
            member=alarm.member,
            found=text_message(alarm.found),
            law=text_message(alarm.law),
            satisfied_by=text_message(alarm.satisfied_by),
            source=text_message(alarm.source),
        )
        for alarm in event.alarms
    ]


def alarm_cleared(recorded: Recorded[events.AlarmsCleared]) -> list[pb.AlarmCleared]:
    """Each alarm that holds no longer."""
    event = recorded.event
    start = to_timestamp(event.posting.period)
    return [pb.AlarmCleared(alarm=one, closing=str(recorded.stream), period_start=start) for one in event.alarms]


def dispute_opened(recorded: Recorded[events.DisputeOpened]) -> list[pb.DisputeOpened]:
    """Whose line is disputed. What was said stays here."""
    event = recorded.event
    return [pb.DisputeOpened(dispute=str(recorded.stream), line=event.line, member=event.member)]


def dispute_answered(recorded: Recorded[events.DisputeAnswered]) -> list[pb.DisputeAnswered]:
    """That it was answered."""
    return [pb.DisputeAnswered(dispute=str(recorded.stream))]


def dispute_resolved(recorded: Recorded[events.DisputeResolved]) -> list[pb.DisputeResolved]:
    """What authorises the correction."""
    event = recorded.event
    return [
        pb.DisputeResolved(
            dispute=str(recorded.stream),
            line=event.line,
            member=event.member,
            outcome=event.outcome.value,
            correction_minor=event.correction_minor,
            currency=event.currency,
            correction_line=event.correction_line,
            points=event.points,
        )
    ]


def rank_granted(recorded: Recorded[events.RankGranted]) -> list[pb.RankGranted]:
    """Which rank, and from when on."""
    event = recorded.event
    return [pb.RankGranted(member=event.member, rank=event.rank, effective_time=to_timestamp(event.effective_from))]


def rank_grant_withdrawn(recorded: Recorded[events.RankGrantWithdrawn]) -> list[pb.RankGrantWithdrawn]:
    """From when on none is granted."""
    event = recorded.event
    return [pb.RankGrantWithdrawn(member=event.member, effective_time=to_timestamp(event.effective_from))]


def _condition(condition: events.Condition) -> pb.Condition:
    match condition:
        case events.ReturnWindow(until=until):
            return pb.Condition(return_window=pb.Condition.ReturnWindow(until=to_timestamp(until)))
        case events.Identity():
            return pb.Condition(identity=pb.Condition.Identity())
        case events.Threshold(least_minor=least):
            return pb.Condition(threshold=pb.Condition.Threshold(least_minor=least))
        case events.Delivered(biz_transactions=transactions):
            return pb.Condition(delivered=pb.Condition.Delivered(biz_transactions=transactions))


def _line(line: events.PostedLine, *, of_period: bool) -> pb.PostedLine:
    return pb.PostedLine(
        line=line.id,
        member=line.member,
        component=line.component,
        level=line.level,
        rate=plain(line.rate),
        base=plain(line.base),
        amount_minor=line.amount_minor,
        conditions=[_condition(condition) for condition in line.conditions],
        reverses=line.reverses,
        sale=line.sale,
        other=line.other,
        rule=line.rule if of_period else "",
        expire_time=to_timestamp(line.expires_at) if line.expires_at else None,
    )
