"""A member: how it joins, moves in the tree, loses and regains its standing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from fenxiao.errors import Kind, Refusal
from services.membership.domain.country import disclose_on_joining
from services.membership.domain.events import (
    CountryChanged,
    CountryDisclosed,
    Event,
    IdentityChecked,
    IdentityCheckWithdrawn,
    MemberEnrolled,
    MemberPlaced,
    MemberReinstated,
    MemberSuspended,
    SponsorChanged,
    WalletBound,
    WishedPlace,
)
from services.membership.domain.personal import Personal
from services.membership.domain.placement import Placing, place_enrolled
from services.membership.domain.programme import CLOCK_TOLERANCE, Programme
from services.membership.domain.tree import Link, Links, closes_ring, with_link

REASON_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Member:
    """What its events make of a member."""

    enrolled: MemberEnrolled
    version: int
    """Of its newest event."""
    links: tuple[Link, ...]
    suspended: bool = False
    account: str = ""
    """The wallet: proven if `bindings` is above 0, else as proposed."""
    bindings: int = 0
    placed: MemberPlaced | None = None
    checks: tuple[IdentityChecked | IdentityCheckWithdrawn, ...] = ()
    """Of the identity, in the order in which they were recorded."""
    moves: tuple[CountryChanged, ...] = ()
    """To other countries, in the order in which they were recorded."""
    disclosed: tuple[CountryDisclosed, ...] = ()

    @property
    def id(self) -> UUID:
        """The random id."""
        return self.enrolled.member


@dataclass(frozen=True, slots=True)
class Sponsor:
    """What a decision needs to know of a sponsor."""

    id: UUID
    join_time: datetime


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A request to join. `sponsor_reference` is empty for a root, `wallet` (EIP-55) without a proposed one.

    `wish` is None where no place is asked for.
    """

    personal: Personal
    sponsor_reference: str
    join_time: datetime
    wallet: str
    wish: WishedPlace | None = None


@dataclass(frozen=True, slots=True)
class Protected:
    """Personal data as they may be recorded."""

    personal: str
    reference_index: str
    email_index: str


def evolve(state: Member | None, event: Event) -> Member:
    """The member after one more of its events."""
    match state, event:
        case None, MemberEnrolled():
            return Member(event, 1, (Link(event.join_time, event.sponsor),), account=event.wallet)
        case Member(), SponsorChanged():
            after = replace(state, links=with_link(state.links, Link(event.effective_time, event.sponsor)))
        case Member(), MemberPlaced():
            after = replace(state, placed=event)
        case Member(), IdentityChecked() | IdentityCheckWithdrawn():
            after = replace(state, checks=(*state.checks, event))
        case Member(), CountryChanged():
            after = replace(state, moves=(*state.moves, event))
        case Member(), CountryDisclosed():
            after = replace(state, disclosed=(*state.disclosed, event))
        case Member(), MemberSuspended():
            after = replace(state, suspended=True)
        case Member(), MemberReinstated():
            after = replace(state, suspended=False)
        case Member(), WalletBound():
            after = replace(state, account=event.account, bindings=event.binding)
        case _:
            raise ValueError(f"{type(event).__name__} does not follow in the life of a member")
    return replace(after, version=state.version + 1)


def fold(events: Iterable[Event]) -> Member | None:
    """The member that its events make; None without any."""
    state: Member | None = None
    for event in events:
        state = evolve(state, event)
    return state


def decide_enrol(
    enrolment: Enrolment,
    programme: Programme,
    sponsor: Sponsor | None,
    now: datetime,
    member: UUID,
    payee: str,
    protect: Callable[[UUID, Personal], Protected],
    placing: Placing | None = None,
) -> list[MemberEnrolled | MemberPlaced | CountryDisclosed]:
    """Takes in a new member, places it where the programme has a placement tree, and says where it lives if that is
    disclosed.

    `protect` makes its key, so it is called only when nothing is left to refuse.
    """
    if enrolment.join_time < programme.start_time:
        raise Refusal(
            "JOINED_BEFORE_START",
            f"the member joined before the programme's start at {programme.start_time.isoformat()}",
            field="join_time",
        )
    if enrolment.join_time > now + CLOCK_TOLERANCE:
        raise Refusal("JOINED_IN_FUTURE", "the member's join time is more than a day ahead", field="join_time")
    _check_sponsor(enrolment, sponsor)
    above = sponsor.id if sponsor else None
    placed = place_enrolled(member, above, enrolment.join_time, enrolment.wish, placing)
    disclosed = disclose_on_joining(member, enrolment.personal.country, enrolment.join_time, programme)
    protected = protect(member, enrolment.personal)
    enrolled = MemberEnrolled(
        member=member,
        sponsor=above,
        join_time=enrolment.join_time,
        payee=payee,
        personal=protected.personal,
        reference_index=protected.reference_index,
        email_index=protected.email_index,
        wallet=enrolment.wallet,
        wish=enrolment.wish,
    )
    return [enrolled, *placed, *disclosed]


def _check_sponsor(enrolment: Enrolment, sponsor: Sponsor | None) -> None:
    if enrolment.sponsor_reference == enrolment.personal.reference:
        raise Refusal("SPONSOR_CYCLE", "a member cannot be its own sponsor", field="sponsor_reference")
    if enrolment.sponsor_reference and sponsor is None:
        raise Refusal(
            "UNKNOWN_SPONSOR",
            "no member has the sponsor's reference; enrol the sponsor first",
            field="sponsor_reference",
            kind=Kind.FAILED_PRECONDITION,
        )
    if sponsor is not None and sponsor.join_time > enrolment.join_time:
        raise Refusal(
            "SPONSOR_JOINED_LATER",
            "the sponsor joined later than the member; correct one of the two join times",
            field="sponsor_reference",
        )


def check_repeated(enrolled: MemberEnrolled, was: Personal | None, again: Enrolment, sponsor: Sponsor | None) -> None:
    """Refuses an enrolment under a reference that is taken, unless it says the same as the first.

    `was` is None when the member's personal data have been erased.
    """
    if was is None:
        raise Refusal(
            "MEMBER_ERASED", "the member with this reference was erased; use another reference", kind=Kind.EXISTS
        )
    different = was.differences(again.personal)
    if (again.sponsor_reference != "") != (enrolled.sponsor is not None) or (
        enrolled.sponsor is not None and (sponsor is None or sponsor.id != enrolled.sponsor)
    ):
        different.append("sponsor_reference")
    if again.join_time != enrolled.join_time:
        different.append("join_time")
    if again.wallet != enrolled.wallet:
        different.append("wallet")
    if again.wish != enrolled.wish:
        different.append("placement")
    if different:
        raise Refusal(
            "MEMBER_DIFFERS",
            f"a member with this reference was enrolled with another {', '.join(different)}; nothing was changed",
            field=different[0],
            kind=Kind.EXISTS,
        )


def decide_change_sponsor(member: Member, sponsor: Sponsor, since: datetime, links: Links) -> list[SponsorChanged]:
    """Puts a member below another sponsor from a moment on. Recording the same twice changes nothing."""
    new = Link(since, sponsor.id)
    if new in member.links:
        return []
    if since < member.enrolled.join_time:
        raise Refusal("BEFORE_JOINING", "the member had not joined at that time", field="effective_time")
    if sponsor.join_time > since:
        raise Refusal("SPONSOR_JOINED_LATER", "the new sponsor had not joined at that time", field="sponsor")
    if closes_ring(links, member.id, new):
        raise Refusal(
            "SPONSOR_CYCLE",
            "the new sponsor stands below the member, at that time or by a later change that is known",
            field="sponsor",
            kind=Kind.FAILED_PRECONDITION,
        )
    return [SponsorChanged(member=member.id, sponsor=sponsor.id, effective_time=since)]


def check_reason(reason: str) -> None:
    """Refuses a novel."""
    if len(reason) > REASON_LIMIT:
        raise Refusal("INVALID_REASON", f"a reason has at most {REASON_LIMIT} characters", field="reason")


def decide_suspend(member: Member, reason: str, protect: Callable[[str], str]) -> list[MemberSuspended]:
    """Takes a member's standing. One that has none already stays as it is."""
    check_reason(reason)
    if member.suspended:
        return []
    return [MemberSuspended(member=member.id, reason=protect(reason) if reason else "")]


def decide_reinstate(member: Member) -> list[MemberReinstated]:
    """Gives a member's standing back. One that has it stays as it is."""
    return [MemberReinstated(member=member.id)] if member.suspended else []
