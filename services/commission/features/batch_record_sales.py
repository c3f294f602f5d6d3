"""Records up to 500 sales and returns, each for itself."""

from collections.abc import Sequence
from contextlib import suppress

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.common.v1 import common_pb2
from fenxiao.errors import Refusal
from libs.eventlog import Tx
from libs.servicekit import Call
from libs.servicekit.batches import BATCH_LIMIT, each
from libs.servicekit.service import Asked
from services.commission.api.names import sale_name
from services.commission.domain.events import Report
from services.commission.features.record_sale import record
from services.commission.shared.basis import Basis, Reports, read_basis
from services.commission.views.programmes import programme_of


class _OnlyChecked(Exception):
    """Takes back what a check has written."""


def read_ahead(tx: Tx, asked: Sequence[Asked]) -> Sequence[tuple[Reports, Basis]]:
    """Reads what the batches of a transaction need, all at once."""
    return read_basis(tx, [(one.call.programme, one.request.sales[: BATCH_LIMIT + 1]) for one in asked])


def batch_record_sales(
    tx: Tx, request: pb.BatchRecordSalesRequest, call: Call, ahead: tuple[Reports, Basis]
) -> pb.BatchRecordSalesResponse:
    """Records them in the order given, so that a return may stand behind its sale.

    `validate_only` does the same and takes all of it back: the answer is what a real call would give, but without
    names for sales that do not exist.
    """
    reports, basis = ahead
    if basis.programme is None:
        programme_of(tx, call.programme)

    def take(report: Report | Refusal, basis: Basis) -> tuple[common_pb2.Outcome.ValueType, str]:
        recording = record(tx, report, call, basis)
        name = sale_name(call.programme, recording.sale)
        if not recording.events:
            return common_pb2.OUTCOME_REPEATED, name
        return common_pb2.OUTCOME_TAKEN, "" if request.validate_only else name

    if not request.validate_only:
        return pb.BatchRecordSalesResponse(results=each(tx, reports, lambda report: take(report, basis)))
    results: list[common_pb2.ItemResult] = []
    tried = basis.apart()
    with suppress(_OnlyChecked), tx.attempt():
        results = each(tx, reports, lambda report: take(report, tried))
        raise _OnlyChecked
    return pb.BatchRecordSalesResponse(results=results)
