"""Between the API's messages and what the service works with: resource names, fields, members as they are shown."""

from datetime import datetime
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.membership.v1 import membership_pb2 as pb
from fenxiao.errors import Kind, Refusal
from fenxiao.proofs.hashes import checksum_address, parse_address
from libs.servicekit.names import parse_name
from libs.servicekit.times import from_timestamp, to_timestamp
from services.membership.domain.member import Enrolment
from services.membership.domain.personal import Personal
from services.membership.domain.programme import Programme
from services.membership.views.members import MemberRow

PROGRAMME = "programmes/{programme}"
MEMBER = "programmes/{programme}/members/{member}"


def member_name(programme: str, member: UUID | str) -> str:
    """The resource name of a member."""
    return f"programmes/{programme}/members/{member}"


def member_id(programme: str, name: str, field: str = "name") -> UUID:
    """The member that a resource name in this programme means. Refuses another programme's."""
    parts = parse_name(MEMBER, name)
    if parts["programme"] != programme:
        raise Refusal("OTHER_PROGRAMME", f"{name} is not of the programme {programme}", field=field, kind=Kind.DENIED)
    try:
        return UUID(parts["member"])
    except ValueError:
        raise unknown_member(name, field) from None


def unknown_member(name: str, field: str = "name") -> Refusal:
    """The refusal for a member that is not there."""
    return Refusal("MEMBER_NOT_FOUND", f"there is no member {name}", field=field, kind=Kind.NOT_FOUND)


def required_time(stamp: Timestamp, present: bool, field: str) -> datetime:
    """A time that must be given."""
    if not present:
        raise Refusal("TIME_MISSING", f"{field} must be given", field=field)
    return from_timestamp(stamp, field)


def address(text: str, field: str = "account") -> str:
    """A wallet's address with its checksum."""
    return checksum_address(parse_address(text, field=field))


def enrolment(member: pb.NewMember) -> Enrolment:
    """A new member, checked field by field."""
    return Enrolment(
        personal=Personal.checked(member.reference, member.display_name, member.email, member.country),
        sponsor_reference=member.sponsor_reference,
        join_time=required_time(member.join_time, member.HasField("join_time"), "join_time"),
        wallet=address(member.wallet, "wallet") if member.wallet else "",
    )


def programme_message(programme: Programme) -> pb.Programme:
    """A programme as it is shown."""
    return pb.Programme(
        name=f"programmes/{programme.id}",
        display_name=programme.display_name,
        currency=programme.currency,
        time_zone=programme.time_zone,
        start_time=to_timestamp(programme.start_time),
    )


def member_message(programme: str, row: MemberRow, personal: Personal | None = None) -> pb.Member:
    """A member as it is shown; without personal data if none are given."""
    message = pb.Member(
        name=member_name(programme, row.member),
        sponsor=member_name(programme, row.sponsor) if row.sponsor else "",
        join_time=to_timestamp(row.join_time),
        state=pb.MEMBER_STATE_SUSPENDED if row.suspended else pb.MEMBER_STATE_ACTIVE,
        payee=row.payee,
    )
    if row.account:
        message.wallet.account = row.account
        message.wallet.proven = row.proven
    if personal is not None:
        message.reference = personal.reference
        message.display_name = personal.display_name
        message.email = personal.email
        message.country = personal.country
    return message
