"""Gives a suspended member its standing back."""

from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from services.membership.api import member_id
from services.membership.domain.member import decide_reinstate
from services.membership.features.shared import answer, load_member


def reinstate_member(tx: Tx, request: pb.ReinstateMemberRequest, call: Call) -> pb.Member:
    """Reinstating a member in good standing changes nothing."""
    member = load_member(tx, call, member_id(call.programme, request.name))
    tx.append(member.id, decide_reinstate(member), after=member.version, meta=call.meta(), occurred_at=call.now)
    return answer(tx, call, member.id)
