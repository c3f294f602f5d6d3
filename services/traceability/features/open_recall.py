"""Recalls goods: what is affected is written down and made public."""

from typing import Final
from uuid import uuid4

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Tx
from libs.servicekit import Call
from services.traceability.domain.events import GoodsRecalled
from services.traceability.shared.genealogies import DEPTH, asked_for, bounds_of
from services.traceability.shared.recalls import MOST, reached, recall_message, recall_of
from services.traceability.views.recalls import recalls

PART: Final = 200
"""Items in an event at most: it travels to other services, where messages are small."""


def open_recall(tx: Tx, request: pb.OpenRecallRequest, call: Call) -> pb.RecallNotice:
    """Raises `Refusal` INVALID_REASON, RECALL_OPEN, NOTHING_REPORTED or RECALL_TOO_LARGE."""
    name = asked_for(request.epc)
    if request.reason not in pb.RecallReason.values() or not request.reason:
        message = "reason is SAFETY, QUALITY, LABELLING, COUNTERFEIT or REGULATION"
        raise Refusal("INVALID_REASON", message, field="reason")
    if any(one.epc == name for one in recalls(tx, call.programme, name=name, open_only=True)):
        raise Refusal("RECALL_OPEN", "it is recalled already; close that recall first", field="epc", kind=Kind.EXISTS)
    bounds = bounds_of(
        request.since if request.HasField("since") else None,
        request.until if request.HasField("until") else None,
        DEPTH, MOST, usual=MOST, most=MOST,
    )  # fmt: skip
    # Followed while nobody else writes: what was captured meanwhile would be missing from the recall for good.
    _, named = reached(tx, call.programme, name, bounds)
    items = [name, *(one.name for one in named.values() if one.name != name)]
    recall = uuid4()
    parts = [tuple(items[start : start + PART]) for start in range(0, len(items), PART)]
    reason = pb.RecallReason.Name(request.reason).removeprefix("RECALL_REASON_")
    events = [
        GoodsRecalled(
            epc=name, reason=reason, recalled_at=call.now, affected=len(items), part=number, parts=len(parts),
            items=part,
        )
        for number, part in enumerate(parts, 1)
    ]  # fmt: skip
    tx.append(recall, events, after=0, meta=call.meta(), occurred_at=call.now)
    return recall_message(call.programme, recall_of(tx, call.programme, recall))
