"""Ends a recall."""

from uuid import UUID

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Tx
from libs.servicekit import Call
from libs.servicekit.names import parse_name
from services.traceability.domain.events import RecallClosed
from services.traceability.features.open_recall import RECALL, recall_message, recall_of


def close_recall(tx: Tx, request: pb.CloseRecallRequest, call: Call) -> pb.RecallNotice:
    """Raises `Refusal` RECALL_NOT_FOUND or RECALL_CLOSED."""
    try:
        recall = UUID(parse_name(RECALL, request.name)["recall"])
    except ValueError:  # not the form of a UUID: there is none of this name
        recall = UUID(int=0)
    found = recall_of(tx, call.programme, recall)
    if found.closed is not None:
        raise Refusal("RECALL_CLOSED", "it is closed already", field="name", kind=Kind.FAILED_PRECONDITION)
    event = RecallClosed(epc=found.epc, closed_at=call.now)
    tx.append(recall, [event], after=len(tx.load(recall)), meta=call.meta(), occurred_at=call.now)
    return recall_message(call.programme, recall_of(tx, call.programme, recall))
