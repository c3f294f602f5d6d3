"""Puts a member below another sponsor from a moment on."""

from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from services.membership.api import member_id, required_time
from services.membership.domain.member import decide_change_sponsor
from services.membership.features.shared import answer, load_member, load_sponsor
from services.membership.views.sponsors import links_of


def change_sponsor(tx: Tx, request: pb.ChangeSponsorRequest, call: Call) -> pb.Member:
    """What was before the moment stays as it was."""
    member = load_member(tx, call, member_id(call.programme, request.name))
    sponsor = load_sponsor(tx, call, member_id(call.programme, request.sponsor, "sponsor"))
    since = required_time(request.effective_time, request.HasField("effective_time"), "effective_time")
    events = decide_change_sponsor(member, sponsor, since, lambda above: links_of(tx, call.programme, above))
    tx.append(member.id, events, after=member.version, meta=call.meta(), occurred_at=call.now)
    return answer(tx, call, member.id)
