"""Takes back that a member's identity was checked."""

from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Tx
from libs.eventlog.encryption import KeyStore
from libs.servicekit import Call
from services.membership.adapters.personal_data import protect_text
from services.membership.api import member_id, required_time
from services.membership.domain.identity import decide_withdraw
from services.membership.features.shared import answer, load_member


def withdraw_identity_check(tx: Tx, request: pb.WithdrawIdentityCheckRequest, call: Call) -> pb.Member:
    """From a moment on; what was before it stays as it was."""
    member = load_member(tx, call, member_id(call.programme, request.name))
    since = required_time(request.effective_time, request.HasField("effective_time"), "effective_time")
    keys = call.use(KeyStore)

    def protect(reason: str) -> str:
        return protect_text(keys, call.programme, member.id, "withdrawal", reason)

    events = decide_withdraw(member, since, request.reason, call.now, protect)
    tx.append(member.id, events, after=member.version, meta=call.meta(), occurred_at=call.now)
    return answer(tx, call, member.id)
