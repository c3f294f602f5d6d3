"""Takes a member's standing for the time being."""

from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Tx
from libs.eventlog.encryption import KeyStore
from libs.servicekit import Call
from services.membership.adapters.personal_data import protect_text
from services.membership.api import member_id
from services.membership.domain.member import decide_suspend
from services.membership.features.shared import answer, load_member


def suspend_member(tx: Tx, request: pb.SuspendMemberRequest, call: Call) -> pb.Member:
    """Suspending a suspended member changes nothing."""
    member = load_member(tx, call, member_id(call.programme, request.name))
    keys = call.use(KeyStore)
    events = decide_suspend(
        member, request.reason, lambda reason: protect_text(keys, call.programme, member.id, "suspension", reason)
    )
    tx.append(member.id, events, after=member.version, meta=call.meta(), occurred_at=call.now)
    return answer(tx, call, member.id)
