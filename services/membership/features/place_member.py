"""Places a member whom enrolment has not placed."""

from uuid import UUID

from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Tx
from libs.eventlog.encryption import KeyStore
from libs.servicekit import Call
from services.membership.adapters.personal_data import reference_index
from services.membership.api import member_id, required_time
from services.membership.domain.member import Sponsor
from services.membership.domain.placement import decide_place
from services.membership.domain.programme import Programme
from services.membership.domain.tree import sponsor_at
from services.membership.features.shared import answer, load_member, load_placing, load_programme, wish_of
from services.membership.views.members import find_by_reference


def place_member(tx: Tx, request: pb.PlaceMemberRequest, call: Call) -> pb.Member:
    """Where it is asked for, or by spill-over from the sponsor of that time. Nobody is moved."""
    member, _ = place(tx, call, load_programme(tx, call), request)
    return answer(tx, call, member)


def place(
    tx: Tx, call: Call, programme: Programme, wanted: pb.PlaceMemberRequest | pb.BatchPlaceMembersRequest.Item
) -> tuple[UUID, bool]:
    """Gives the member's id and whether the place is new. Raises `Refusal`."""
    member = load_member(tx, call, member_id(call.programme, wanted.name))
    since = required_time(wanted.effective_time, wanted.HasField("effective_time"), "effective_time")

    def find(reference: str) -> Sponsor | None:
        return find_by_reference(tx, call.programme, reference_index(call.use(KeyStore), call.programme, reference))

    events = decide_place(
        member.id,
        member.placed,
        sponsor_at(member.links, since),
        member.enrolled.join_time,
        wish_of(call, wanted.placement, find),
        since,
        call.now,
        load_placing(tx, call, programme),
    )
    tx.append(member.id, events, after=member.version, meta=call.meta(), occurred_at=call.now)
    return member.id, bool(events)
