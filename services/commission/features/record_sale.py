"""Records a sale or return together with its commission lines."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID, uuid4

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Tx
from libs.servicekit import Call
from libs.servicekit.service import Asked
from services.commission.api.messages import sale_message
from services.commission.api.names import unknown_sale
from services.commission.domain.events import LinesPosted, Report, ReturnRecorded
from services.commission.domain.sales import (
    SaleEvent,
    check_repeated,
    check_report,
    decide_return,
    decide_sale,
    fold,
)
from services.commission.features.get_sale import load_sale
from services.commission.shared.basis import Basis, Reports, read_basis, version_at
from services.commission.views import plans
from services.commission.views.programmes import programme_of
from services.commission.views.returned import returned_of
from services.commission.views.sales import SaleRow


class Recording(NamedTuple):
    """What became of a report."""

    sale: UUID
    events: list[SaleEvent]
    """What was recorded; empty when it had been recorded before."""


def read_ahead(tx: Tx, asked: Sequence[Asked]) -> Sequence[tuple[Reports, Basis]]:
    """Reads what the calls of a transaction need, all at once."""
    return read_basis(tx, [(one.call.programme, (one.request.sale,)) for one in asked])


def record_sale(tx: Tx, request: pb.RecordSaleRequest, call: Call, ahead: tuple[Reports, Basis]) -> pb.Sale:
    """Records one; the same one again is answered with what was recorded."""
    (report,), basis = ahead
    recording = record(tx, report, call, basis)
    sale = fold(recording.events) if recording.events else load_sale(tx, call.programme, recording.sale)
    return sale_message(call.programme, recording.sale, sale.report, sale.plan_hash, sale.lines)


def record(tx: Tx, report: Report | Refusal, call: Call, basis: Basis) -> Recording:
    """Records what is reported, or finds it recorded with the same content. Raises `Refusal`."""
    if isinstance(report, Refusal):
        raise report
    known = basis.recorded.get(report.reference)
    if known is not None:
        check_repeated(report, known.report)
        return Recording(UUID(known.id), [])
    programme = basis.programme or programme_of(tx, call.programme)
    check_report(report, programme, basis.joined.get(report.member), call.now)
    # Random: the merchant's own number does not leave the service.
    sale_id = uuid4()
    events = (_return if report.original_reference else _sale)(tx, call.programme, sale_id, report, basis)
    tx.append(sale_id, events, after=0, meta=call.meta(), occurred_at=report.occurred_at)
    first = events[0]
    assert not isinstance(first, LinesPosted), "lines stand behind what earns them"
    basis.recorded[report.reference] = SaleRow(str(sale_id), first.plan_hash, report)
    if isinstance(first, ReturnRecorded):
        basis.originals.returned.pop(first.original_sale, None)
    return Recording(sale_id, events)


def _sale(tx: Tx, programme: str, sale_id: UUID, report: Report, basis: Basis) -> list[SaleEvent]:
    version = version_at(tx, programme, basis.versions, report.occurred_at)
    upline = basis.uplines[report.member, report.occurred_at] if version is not None else ()
    return decide_sale(sale_id, report, version, upline, basis.members_cut)


def _return(tx: Tx, programme: str, return_id: UUID, report: Report, basis: Basis) -> list[SaleEvent]:
    original = basis.recorded.get(report.original_reference)
    if original is None:
        raise unknown_sale(report.original_reference, "original_reference")
    version = plans.version_of(tx, programme, original.plan_hash)
    sale = basis.originals.sales.get(original.id) or load_sale(tx, programme, UUID(original.id))
    returned = basis.originals.returned.get(original.id) or returned_of(tx, original.id)
    plan = version.plan if version is not None else None
    return decide_return(return_id, report, original.id, sale, returned, plan)
