"""Between the API's messages and what the service works with: resource names, fields, members as they are shown."""

from datetime import datetime
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.membership.v1 import membership_pb2 as pb
from fenxiao.api.membership.v1 import placement_pb2
from fenxiao.errors import Kind, Refusal
from fenxiao.plans.trees.placement import PlacementRules, Spill
from fenxiao.proofs.hashes import checksum_address, parse_address
from libs.servicekit.names import parse_name
from libs.servicekit.times import from_timestamp, to_timestamp
from services.membership.domain.events import Choice, MemberPlaced, WishedPlace
from services.membership.domain.identity import Check
from services.membership.domain.member import Enrolment
from services.membership.domain.personal import Personal
from services.membership.domain.programme import Programme
from services.membership.views.members import MemberRow

PROGRAMME = "programmes/{programme}"
MEMBER = "programmes/{programme}/members/{member}"

_SPILLS = {
    Spill.BALANCED: placement_pb2.SPILL_BALANCED,
    Spill.WEAKER: placement_pb2.SPILL_WEAKER,
    Spill.LEFT: placement_pb2.SPILL_LEFT,
    Spill.RIGHT: placement_pb2.SPILL_RIGHT,
}
_SPILL_NAMES = {number: spill.value for spill, number in _SPILLS.items()}
_CHOICES = {
    Choice.RULE: placement_pb2.PLACEMENT_CHOICE_RULE,
    Choice.LEG: placement_pb2.PLACEMENT_CHOICE_LEG,
    Choice.PARENT: placement_pb2.PLACEMENT_CHOICE_PARENT,
}


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


def optional_time(stamp: Timestamp, present: bool, field: str) -> datetime | None:
    """A time that may be given."""
    return from_timestamp(stamp, field) if present else None


def address(text: str, field: str = "account") -> str:
    """A wallet's address with its checksum."""
    return checksum_address(parse_address(text, field=field))


def enrolment(member: pb.NewMember, wish: WishedPlace | None = None) -> Enrolment:
    """A new member, checked field by field."""
    return Enrolment(
        personal=Personal.checked(member.reference, member.display_name, member.email, member.country),
        sponsor_reference=member.sponsor_reference,
        join_time=required_time(member.join_time, member.HasField("join_time"), "join_time"),
        wallet=address(member.wallet, "wallet") if member.wallet else "",
        wish=wish,
    )


def reported_check(member: pb.NewMember) -> Check | None:
    """The identity check that is reported with a member, if there is one."""
    is_checked, expires = member.HasField("identity_check_time"), member.HasField("identity_expire_time")
    if not is_checked and not expires:
        return None
    return Check(
        required_time(member.identity_check_time, is_checked, "identity_check_time"),
        optional_time(member.identity_expire_time, expires, "identity_expire_time"),
    )


def placement_rules(message: placement_pb2.PlacementRule) -> PlacementRules:
    """A placement rule, checked."""
    return PlacementRules.of(message.width, _SPILL_NAMES.get(message.spill, ""))


def spill_number(spill: Spill) -> placement_pb2.Spill.ValueType:
    """A way of spilling over as it is shown."""
    return _SPILLS[spill]


def choice_number(choice: Choice) -> placement_pb2.PlacementChoice.ValueType:
    """Whose choice a place was, as it is shown."""
    return _CHOICES[choice]


def programme_message(programme: Programme) -> pb.Programme:
    """A programme as it is shown."""
    return pb.Programme(
        name=f"programmes/{programme.id}",
        display_name=programme.display_name,
        currency=programme.currency,
        time_zone=programme.time_zone,
        start_time=to_timestamp(programme.start_time),
        placement=_rule_message(programme.placement) if programme.placement else None,
        countries_disclosed=programme.discloses_countries,
    )


def _rule_message(rules: PlacementRules) -> placement_pb2.PlacementRule:
    return placement_pb2.PlacementRule(width=rules.width, spill=_SPILLS[rules.spill])


def place_message(programme: str, placed: MemberPlaced) -> placement_pb2.Place:
    """A member's place as it is shown."""
    return placement_pb2.Place(
        parent=member_name(programme, placed.parent) if placed.parent else "",
        leg=placed.leg,
        effective_time=to_timestamp(placed.effective_time),
        choice=_CHOICES[placed.choice],
    )


def member_message(programme: str, row: MemberRow, personal: Personal | None = None) -> pb.Member:
    """A member as it is shown; without personal data if none are given."""
    message = pb.Member(
        name=member_name(programme, row.member),
        sponsor=member_name(programme, row.sponsor) if row.sponsor else "",
        join_time=to_timestamp(row.join_time),
        state=pb.MEMBER_STATE_SUSPENDED if row.suspended else pb.MEMBER_STATE_ACTIVE,
        payee=row.payee,
        place=place_message(programme, row.placed) if row.placed else None,
        identity_check_time=to_timestamp(row.check_time) if row.check_time else None,
        identity_expire_time=to_timestamp(row.expire_time) if row.expire_time else None,
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
