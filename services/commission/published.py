"""What others see of commission's events. The merchant's numbers stay here: a sale is a random UUID."""

from fenxiao.api.commission.v1 import events_pb2 as pb
from fenxiao.money import plain
from libs.eventlog import Recorded
from libs.servicekit.times import to_timestamp
from services.commission.domain import events


def plan_published(recorded: Recorded[events.PlanPublished]) -> list[pb.PlanPublished]:
    """The document as submitted, and what names it."""
    event = recorded.event
    return [
        pb.PlanPublished(
            hash=event.hash,
            version=event.version,
            currency=event.currency,
            effective_time=to_timestamp(event.effective_from),
            document=event.document,
        )
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
            lines=[_line(line) for line in event.lines],
        )
    ]


def _line(line: events.PostedLine) -> pb.PostedLine:
    return pb.PostedLine(
        line=line.id,
        member=line.member,
        component=line.component,
        level=line.level,
        rate=plain(line.rate),
        base=plain(line.base),
        amount_minor=line.amount_minor,
        conditions=[
            pb.Condition(return_window=pb.Condition.ReturnWindow(until=to_timestamp(condition.until)))
            for condition in line.conditions
        ],
        reverses=line.reverses,
    )
