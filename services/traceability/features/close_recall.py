"""Ends a recall."""

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Tx
from libs.servicekit import Call
from services.traceability.domain.events import RecallClosed
from services.traceability.shared.recalls import recall_message, recall_named, recall_of


def close_recall(tx: Tx, request: pb.CloseRecallRequest, call: Call) -> pb.RecallNotice:
    """Raises `Refusal` RECALL_NOT_FOUND or RECALL_CLOSED."""
    found = recall_named(tx, call.programme, request.name, "name")
    if found.closed is not None:
        raise Refusal("RECALL_CLOSED", "it is closed already", field="name", kind=Kind.FAILED_PRECONDITION)
    event = RecallClosed(epc=found.epc, closed_at=call.now)
    tx.append(found.id, [event], after=len(tx.load(found.id)), meta=call.meta(), occurred_at=call.now)
    return recall_message(call.programme, recall_of(tx, call.programme, found.id))
