"""What the use cases have in common: what they load, and how a command answers."""

from uuid import UUID

from fenxiao.api.membership.v1 import membership_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from services.membership.api import member_message, member_name, unknown_member
from services.membership.domain.member import Member, Sponsor, fold
from services.membership.domain.programme import Programme
from services.membership.views.members import MemberRow, find_member
from services.membership.views.programmes import find_programme


def load_programme(reader: Reader, call: Call) -> Programme:
    """The programme that the call is about."""
    found = find_programme(reader, call.programme)
    if found is None:
        raise Refusal(
            "PROGRAMME_NOT_FOUND", f"there is no programme {call.programme or '(none named)'}", kind=Kind.NOT_FOUND
        )
    return found


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


def answer(reader: Reader, call: Call, member: UUID) -> pb.Member:
    """What a command answers: the member as it is now, without personal data.

    Answers are kept for when a request is repeated, and nothing personal may be kept in clear. Who wants it asks
    `GetMember`.
    """
    return member_message(call.programme, load_row(reader, call, member))
