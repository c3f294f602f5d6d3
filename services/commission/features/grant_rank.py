"""Grants a rank to a member."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Tx
from libs.servicekit import Call
from libs.servicekit.times import from_timestamp
from services.commission.api.messages import rank_grant_message
from services.commission.api.names import MEMBER, id_in
from services.commission.domain.ranks import Grant, RankEvent, decide_grant
from services.commission.views import members, plans
from services.commission.views.periods import newest_sealed
from services.commission.views.programmes import programme_of
from services.commission.views.rank_grants import grant_at

_GRANTS = UUID("6d0e1c5e-1c0b-4c1f-8f0e-7a1f5a0d9b52")
"""Namespace of the streams on which members' granted ranks stand."""


def grant_rank(tx: Tx, request: pb.GrantRankRequest, call: Call) -> pb.RankGrant:
    """Grants it from a moment on; the same again changes nothing."""
    programme_of(tx, call.programme)
    grant = read_grant(request.grant, call)
    record_grant(tx, grant, call)
    row = grant_at(tx, call.programme, grant.member, grant.effective_from)
    assert row is not None, "a granted rank is in the view"
    return rank_grant_message(call.programme, row)


def read_grant(message: pb.RankGrant, call: Call) -> Grant:
    """What is to be granted, checked field by field."""
    return Grant(
        member=id_in(MEMBER, call.programme, message.member, "member"),
        rank=message.rank,
        effective_from=read_time(message, "effective_time"),
        until=from_timestamp(message.end_time, "end_time") if message.HasField("end_time") else None,
    )


def record_grant(tx: Tx, grant: Grant, call: Call) -> bool:
    """Records it; False if it was recorded before. Raises `Refusal`."""
    check_member(tx, call.programme, grant.member)
    stream, told = told_of(tx, call.programme, grant.member)
    versions = [plans.version_of(tx, call.programme, one.hash) for one in plans.published(tx, call.programme)]
    decided = decide_grant(
        told, grant, [one.plan for one in versions if one is not None], sealed_until(tx, call.programme), call.actor
    )
    if decided:
        tx.append(stream, decided, after=len(told), meta=call.meta(), occurred_at=call.now)
    return bool(decided)


def told_of(tx: Tx, programme: str, member: str) -> tuple[UUID, Sequence[RankEvent]]:
    """What was said of a member's rank, and the stream on which it stands."""
    stream = uuid5(_GRANTS, f"{programme}/{member}")
    return stream, [one.event for one in tx.load(stream)]


def check_member(tx: Tx, programme: str, member: str) -> None:
    """Raises `Refusal` UNKNOWN_MEMBER."""
    if members.joined_at(tx, programme, member) is None:
        message = f"There is no member {member[:64]}; enrol the member first."
        raise Refusal("UNKNOWN_MEMBER", message, field="member", kind=Kind.NOT_FOUND)


def sealed_until(tx: Tx, programme: str) -> datetime | None:
    """Where the last sealed period ends."""
    newest = newest_sealed(tx, programme)
    return None if newest is None else newest.sealed.end


def read_time(message: Any, field: str) -> datetime:
    """A time that must be given."""
    if not message.HasField(field):
        raise Refusal("TIME_MISSING", "Say from when on.", field=field)
    return from_timestamp(getattr(message, field), field)
