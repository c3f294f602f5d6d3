"""Opens a dispute about a posted line."""

from uuid import uuid4

from fenxiao.api.commission.v1 import commission_pb2 as pb
from libs.eventlog import Tx
from libs.eventlog.encryption import KeyStore
from libs.servicekit import Call
from services.commission.adapters.dispute_texts import protect
from services.commission.api.names import MEMBER, id_in
from services.commission.domain.disputes import check_text, decide_open
from services.commission.features.explain_line import line_of
from services.commission.features.get_dispute import shown, texts
from services.commission.views.disputes import dispute_row, under_way
from services.commission.views.programmes import programme_of


def open_dispute(tx: Tx, request: pb.OpenDisputeRequest, call: Call) -> pb.Dispute:
    """Opens it for the line's member; the same again, while it is under way, changes nothing."""
    programme_of(tx, call.programme)
    keys = call.use(KeyStore)
    member = id_in(MEMBER, call.programme, request.member, "member")
    reason = check_text(request.reason, "reason")
    _, line = line_of(tx, call.programme, request.line)
    row = under_way(tx, call.programme, line.id)
    if row is not None and member == line.member:
        said = texts(tx.load(row.id), keys, call.programme)
        if said["reason"] == reason:
            return shown(tx, call.programme, row)
    dispute = uuid4()
    # Refused before a key is made.
    opened = decide_open(line, member, "", call.actor, under_way=row is not None)
    sealed = protect(keys, call.programme, dispute, "reason", reason)
    opened = opened.model_copy(update={"reason": sealed})
    tx.append(dispute, [opened], after=0, meta=call.meta(), occurred_at=call.now)
    row = dispute_row(tx, call.programme, str(dispute))
    assert row is not None, "an opened dispute is in the view"
    return shown(tx, call.programme, row)
