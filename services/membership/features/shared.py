"""What the use cases have in common: what they load, and how a command answers."""

from collections.abc import Callable
from uuid import UUID, uuid5

from fenxiao.api.membership.v1 import membership_pb2 as pb
from fenxiao.api.membership.v1.placement_pb2 import PlacementWish
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader, Tx
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.membership.api import member_id, member_message, member_name, unknown_member
from services.membership.domain.events import WishedPlace
from services.membership.domain.member import Member, Sponsor, fold
from services.membership.domain.placement import Placing
from services.membership.domain.programme import Programme
from services.membership.views.members import MemberRow, find_member
from services.membership.views.placements import Trees
from services.membership.views.programmes import find_programme

_PROGRAMMES = UUID("5d3c6f5e-6f0b-4a6e-9a55-3b1f0a3d9c11")
"""Namespace of the programmes' streams."""


def programme_stream(programme: str) -> UUID:
    """The stream of a programme's own events."""
    return uuid5(_PROGRAMMES, programme)


def load_programme(reader: Reader, call: Call) -> Programme:
    """The programme that the call is about."""
    found = find_programme(reader, call.programme)
    if found is None:
        raise Refusal(
            "PROGRAMME_NOT_FOUND", f"there is no programme {call.programme or '(none named)'}", kind=Kind.NOT_FOUND
        )
    return found


def load_placing(tx: Tx, call: Call, programme: Programme) -> Placing | None:
    """The placement tree as it stands; None in a programme without one."""
    rules = programme.placement
    return Placing(rules.spill, call.use(Trees).tree(tx, programme.id, rules)) if rules else None


def wish_of(call: Call, wish: PlacementWish, find: Callable[[str], Sponsor | None]) -> WishedPlace | None:
    """Where a place is asked for; None if nothing is said. `find` finds a member by the merchant's number."""
    parent: UUID | None = None
    if wish.parent:
        parent = member_id(call.programme, wish.parent, "placement.parent")
    elif wish.parent_reference:
        found = find(wish.parent_reference)
        if found is None:
            message = "no member has the parent's reference; enrol the parent first"
            raise Refusal("UNKNOWN_PARENT", message, field="placement.parent_reference", kind=Kind.FAILED_PRECONDITION)
        parent = found.id
    leg = wish.leg if wish.HasField("leg") else None
    return None if parent is None and leg is None else WishedPlace(parent=parent, leg=leg)


def load_member(reader: Reader, call: Call, member: UUID, field: str = "name") -> Member:
    """A member of the call's programme, from its events."""
    recorded = [each for each in reader.load(member) if each.meta.programme == call.programme]
    state = fold(each.event for each in recorded)
    if state is None:
        raise unknown_member(member_name(call.programme, member), field)
    return state


def load_sponsor(reader: Reader, call: Call, member: UUID) -> Sponsor:
    """A member of the call's programme, as a sponsor."""
    state = load_member(reader, call, member, "sponsor")
    return Sponsor(state.id, state.enrolled.join_time)


def load_row(reader: Reader, call: Call, member: UUID) -> MemberRow:
    """A member of the call's programme as the views show it."""
    row = find_member(reader, call.programme, member, call.now)
    if row is None:
        raise unknown_member(member_name(call.programme, member))
    return row


def by_number(size: int, token: str, *, default: int = 100, most: int = 1000) -> tuple[int, int]:
    """Behind which number a page begins that is ordered by numbers, and how many rows are asked for."""
    wanted = page(size, token, default=default, most=most)
    if wanted.after and not wanted.after.isdecimal():
        raise Refusal("INVALID_PAGE_TOKEN", "page_token is not one that this method gave out", field="page_token")
    return int(wanted.after or 0), wanted.size


def answer(reader: Reader, call: Call, member: UUID) -> pb.Member:
    """What a command answers: the member as it is now, without personal data.

    Answers are kept for when a request is repeated, and nothing personal may be kept in clear. Who wants it asks
    `GetMember`.
    """
    return member_message(call.programme, load_row(reader, call, member))
