"""Answers a dispute."""

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Tx
from libs.eventlog.encryption import KeyDestroyed, KeyStore
from libs.servicekit import Call
from services.commission.adapters.dispute_texts import protect
from services.commission.domain.disputes import check_text, decide_answer, fold
from services.commission.features.get_dispute import dispute_of, shown, texts
from services.commission.views.disputes import DisputeRow


def answer_dispute(tx: Tx, request: pb.AnswerDisputeRequest, call: Call) -> pb.Dispute:
    """Records the answer; the same again changes nothing."""
    row = dispute_of(tx, call.programme, request.name)
    answer = check_text(request.answer, "answer")
    recorded = tx.load(row.id)
    if texts(recorded, call.use(KeyStore), call.programme).get("answer") != answer:
        event = decide_answer(fold(one.event for one in recorded), "", call.actor)
        event = event.model_copy(update={"answer": sealed(call, row, "answer", answer)})
        tx.append(row.id, [event], after=len(recorded), meta=call.meta(), occurred_at=call.now)
        row = dispute_of(tx, call.programme, request.name)
    return shown(tx, call.programme, row)


def sealed(call: Call, row: DisputeRow, field: str, text: str) -> str:
    """A further text of a dispute, sealed."""
    try:
        return protect(call.use(KeyStore), call.programme, row.id, field, text)
    except KeyDestroyed:
        message = "What was said in this dispute was erased; nothing more can be said in it."
        raise Refusal("DISPUTE_ERASED", message, field=field, kind=Kind.FAILED_PRECONDITION) from None
