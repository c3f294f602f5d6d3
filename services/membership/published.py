"""What others see of membership's events. Nothing personal: a member is a random id.

Countries stand in the open where the programme has said so (docs/adr/0010); `CountryChanged` is never published.
"""

from fenxiao.api.membership.v1 import events_pb2 as pb
from libs.eventlog import Recorded
from libs.servicekit.times import to_timestamp
from services.membership.api import choice_number, spill_number
from services.membership.domain import events


def programme_created(recorded: Recorded[events.ProgrammeCreated]) -> list[pb.ProgrammeCreated]:
    """The programme as it was opened."""
    event = recorded.event
    return [
        pb.ProgrammeCreated(
            programme=event.programme,
            display_name=event.display_name,
            currency=event.currency,
            time_zone=event.time_zone,
            start_time=to_timestamp(event.start_time),
        )
    ]


def placement_rule_set(recorded: Recorded[events.PlacementRuleSet]) -> list[pb.PlacementRuleSet]:
    """The rule."""
    return [pb.PlacementRuleSet(width=recorded.event.width, spill=spill_number(recorded.event.spill))]


def countries_disclosed(recorded: Recorded[events.CountriesDisclosed]) -> list[pb.CountriesDisclosed]:
    """That the programme does so."""
    return [pb.CountriesDisclosed()]


def member_enrolled(recorded: Recorded[events.MemberEnrolled]) -> list[pb.MemberEnrolled]:
    """The member's ids, sponsor and join time; a wallet that nobody has proved stays here."""
    event = recorded.event
    return [
        pb.MemberEnrolled(
            member=str(event.member),
            sponsor=str(event.sponsor) if event.sponsor else "",
            join_time=to_timestamp(event.join_time),
            payee=event.payee,
        )
    ]


def member_placed(recorded: Recorded[events.MemberPlaced]) -> list[pb.MemberPlaced]:
    """The place, and whether it follows from the rule."""
    event = recorded.event
    return [
        pb.MemberPlaced(
            member=str(event.member),
            parent=str(event.parent) if event.parent else "",
            leg=event.leg,
            effective_time=to_timestamp(event.effective_time),
            choice=choice_number(event.choice),
        )
    ]


def sponsor_changed(recorded: Recorded[events.SponsorChanged]) -> list[pb.SponsorChanged]:
    """The new sponsor, and from when on."""
    event = recorded.event
    return [
        pb.SponsorChanged(
            member=str(event.member), sponsor=str(event.sponsor), effective_time=to_timestamp(event.effective_time)
        )
    ]


def identity_checked(recorded: Recorded[events.IdentityChecked]) -> list[pb.IdentityChecked]:
    """That it was, from when until when; by whom stays here."""
    event = recorded.event
    return [
        pb.IdentityChecked(
            member=str(event.member),
            check_time=to_timestamp(event.check_time),
            expire_time=to_timestamp(event.expire_time) if event.expire_time else None,
        )
    ]


def identity_check_withdrawn(recorded: Recorded[events.IdentityCheckWithdrawn]) -> list[pb.IdentityCheckWithdrawn]:
    """That it was, and not why."""
    event = recorded.event
    return [pb.IdentityCheckWithdrawn(member=str(event.member), effective_time=to_timestamp(event.effective_time))]


def country_disclosed(recorded: Recorded[events.CountryDisclosed]) -> list[pb.CountryDisclosed]:
    """Where the member lives, in a programme that discloses it."""
    event = recorded.event
    return [
        pb.CountryDisclosed(
            member=str(event.member), country=event.country, effective_time=to_timestamp(event.effective_time)
        )
    ]


def member_suspended(recorded: Recorded[events.MemberSuspended]) -> list[pb.MemberSuspended]:
    """That it was, and not why."""
    return [pb.MemberSuspended(member=str(recorded.event.member))]


def member_reinstated(recorded: Recorded[events.MemberReinstated]) -> list[pb.MemberReinstated]:
    """That it was."""
    return [pb.MemberReinstated(member=str(recorded.event.member))]


def wallet_bound(recorded: Recorded[events.WalletBound]) -> list[pb.WalletBound]:
    """Where the member is paid from now on."""
    event = recorded.event
    return [pb.WalletBound(member=str(event.member), payee=event.payee, account=event.account)]
