"""Records a sale or return together with its commission lines."""

from typing import NamedTuple
from uuid import UUID, uuid4

from fenxiao.api.commission.v1 import commission_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from services.commission.api import report_of, sale_message, unknown_sale
from services.commission.domain.events import Report
from services.commission.domain.sales import (
    SaleEvent,
    check_repeated,
    check_report,
    decide_return,
    decide_sale,
    fold,
)
from services.commission.features.get_sale import load_sale
from services.commission.views import members, plans
from services.commission.views.programmes import programme_of
from services.commission.views.returned import returned_of
from services.commission.views.sales import sale_by_reference


class Recording(NamedTuple):
    """What became of a report."""

    sale: UUID
    events: list[SaleEvent]
    """What was recorded; empty when it had been recorded before."""


def record_sale(tx: Tx, request: pb.RecordSaleRequest, call: Call) -> pb.Sale:
    """Records one; the same one again is answered with what was recorded."""
    recording = record(tx, request.sale, call)
    sale = fold(recording.events) if recording.events else load_sale(tx, call.programme, recording.sale)
    return sale_message(call.programme, recording.sale, sale.report, sale.plan_hash, sale.lines)


def record(tx: Tx, message: pb.Sale, call: Call) -> Recording:
    """Records what is reported, or finds it recorded with the same content. Raises `Refusal`."""
    report = report_of(call.programme, message)
    known = sale_by_reference(tx, call.programme, report.reference)
    if known is not None:
        check_repeated(report, known.report)
        return Recording(UUID(known.id), [])
    programme = programme_of(tx, call.programme)
    check_report(report, programme, members.joined_at(tx, call.programme, report.member), call.now)
    # Random: the merchant's own number does not leave the service.
    sale_id = uuid4()
    events = (_return if report.original_reference else _sale)(tx, call.programme, sale_id, report)
    tx.append(sale_id, events, after=0, meta=call.meta(), occurred_at=report.occurred_at)
    return Recording(sale_id, events)


def _sale(tx: Tx, programme: str, sale_id: UUID, report: Report) -> list[SaleEvent]:
    version = plans.version_in_force(tx, programme, report.occurred_at)
    upline = (
        members.upline(tx, programme, report.member, report.occurred_at, version.plan.depth)
        if version is not None
        else []
    )
    return decide_sale(sale_id, report, version, upline, members.cut(tx))


def _return(tx: Tx, programme: str, return_id: UUID, report: Report) -> list[SaleEvent]:
    original = sale_by_reference(tx, programme, report.original_reference)
    if original is None:
        raise unknown_sale(report.original_reference, "original_reference")
    version = plans.version_of(tx, programme, original.plan_hash)
    return decide_return(
        return_id,
        report,
        original.id,
        load_sale(tx, programme, UUID(original.id)),
        returned_of(tx, original.id),
        version.plan if version is not None else None,
    )
