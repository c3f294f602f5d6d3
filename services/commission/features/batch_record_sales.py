"""Records up to 500 sales and returns, each for itself."""

from contextlib import suppress

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.common.v1 import common_pb2
from libs.eventlog import Tx
from libs.servicekit import Call
from libs.servicekit.batches import each
from services.commission.api import sale_name
from services.commission.features.record_sale import record
from services.commission.views.programmes import programme_of


class _OnlyChecked(Exception):
    """Takes back what a check has written."""


def batch_record_sales(tx: Tx, request: pb.BatchRecordSalesRequest, call: Call) -> pb.BatchRecordSalesResponse:
    """Records them in the order given, so that a return may stand behind its sale.

    `validate_only` does the same and takes all of it back: the answer is what a real call would give, but without
    names for sales that do not exist.
    """
    programme_of(tx, call.programme)

    def take(sale: pb.Sale) -> tuple[common_pb2.Outcome.ValueType, str]:
        recording = record(tx, sale, call)
        name = sale_name(call.programme, recording.sale)
        if not recording.events:
            return common_pb2.OUTCOME_REPEATED, name
        return common_pb2.OUTCOME_TAKEN, "" if request.validate_only else name

    if not request.validate_only:
        return pb.BatchRecordSalesResponse(results=each(tx, request.sales, take))
    results: list[common_pb2.ItemResult] = []
    with suppress(_OnlyChecked), tx.savepoint():
        results = each(tx, request.sales, take)
        raise _OnlyChecked
    return pb.BatchRecordSalesResponse(results=results)
