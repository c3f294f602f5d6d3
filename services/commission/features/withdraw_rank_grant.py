"""Withdraws a granted rank."""

from fenxiao.api.commission.v1 import commission_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from services.commission.api.messages import rank_grant_message
from services.commission.api.names import MEMBER, id_in
from services.commission.domain.ranks import decide_withdraw
from services.commission.features.grant_rank import check_member, read_time, sealed_until, told_of
from services.commission.views.programmes import programme_of
from services.commission.views.rank_grants import grant_at


def withdraw_rank_grant(tx: Tx, request: pb.WithdrawRankGrantRequest, call: Call) -> pb.RankGrant:
    """Lets the plan's rules decide from a moment on; the same again changes nothing. Answers what was withdrawn."""
    programme_of(tx, call.programme)
    member = id_in(MEMBER, call.programme, request.member, "member")
    effective_from = read_time(request, "effective_time")
    check_member(tx, call.programme, member)
    stream, told = told_of(tx, call.programme, member)
    decided = decide_withdraw(told, member, effective_from, sealed_until(tx, call.programme), call.actor)
    if decided:
        tx.append(stream, decided, after=len(told), meta=call.meta(), occurred_at=call.now)
    row = grant_at(tx, call.programme, member, effective_from)
    assert row is not None, "what is withdrawn was granted"
    return rank_grant_message(call.programme, row)
