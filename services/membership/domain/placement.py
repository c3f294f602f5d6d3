"""Where members stand in the placement tree: `fenxiao.plans` decides, and nobody is moved."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from fenxiao.errors import Kind, Refusal
from fenxiao.plans.trees.placement import Place, PlacementTree, Spill
from fenxiao.plans.trees.placing import NO_WISH, Wish, choose, earliest
from services.membership.domain.events import Choice, MemberPlaced, WishedPlace
from services.membership.domain.programme import CLOCK_TOLERANCE


class Placing(NamedTuple):
    """What a programme places its members by."""

    spill: Spill
    tree: PlacementTree


def place_enrolled(
    member: UUID, sponsor: UUID | None, joined: datetime, wish: WishedPlace | None, placing: Placing | None
) -> list[MemberPlaced]:
    """Places a new member when it joins, or as soon as the parent has a place.

    Who asks for nothing and has a sponsor who is not placed is not placed either.
    """
    if placing is None:
        if wish is not None:
            raise no_rule("placement")
        return []
    if wish is None and sponsor is not None and str(sponsor) not in placing.tree:
        return []
    spot = _spot(sponsor, wish, placing)
    return [_placed(member, wish, spot, earliest(placing.tree, spot, joined), placing)]


def decide_place(
    member: UUID,
    placed: MemberPlaced | None,
    sponsor: UUID | None,
    joined: datetime,
    wish: WishedPlace | None,
    since: datetime,
    now: datetime,
    placing: Placing | None,
) -> list[MemberPlaced]:
    """Places a member whom enrolment has not placed. `sponsor` is that of the moment `since`."""
    if placing is None:
        raise no_rule("name")
    if placed is not None:
        if _is_there(placed, wish, since):
            return []
        message = f"the member has a place since {placed.effective_time.isoformat()}; nobody is moved"
        raise Refusal("ALREADY_PLACED", message, kind=Kind.EXISTS)
    if since < joined:
        raise Refusal("BEFORE_JOINING", "the member had not joined at that time", field="effective_time")
    if since > now + CLOCK_TOLERANCE:
        message = "the time lies more than a day ahead; place the member when it has come"
        raise Refusal("PLACED_IN_FUTURE", message, field="effective_time")
    return [_placed(member, wish, _spot(sponsor, wish, placing), since, placing)]


def no_rule(field: str) -> Refusal:
    """The refusal in a programme without a placement tree."""
    message = "the programme has no placement rule; set it, which can be done once"
    return Refusal("NO_PLACEMENT_RULE", message, field=field, kind=Kind.FAILED_PRECONDITION)


def _spot(sponsor: UUID | None, wish: WishedPlace | None, placing: Placing) -> Place | None:
    asked = Wish(str(wish.parent) if wish.parent else "", wish.leg) if wish else NO_WISH
    return choose(placing.tree, placing.spill, str(sponsor) if sponsor else None, asked)


def _placed(
    member: UUID, wish: WishedPlace | None, spot: Place | None, since: datetime, placing: Placing
) -> MemberPlaced:
    placing.tree.check(str(member), spot, since)
    choice = Choice.RULE if wish is None else Choice.PARENT if wish.parent else Choice.LEG
    parent, leg = (UUID(spot.parent), spot.leg) if spot else (None, -1)
    return MemberPlaced(member=member, parent=parent, leg=leg, effective_time=since, choice=choice)


def _is_there(placed: MemberPlaced, wish: WishedPlace | None, since: datetime) -> bool:
    """Whether a member stands where it is to be placed: the same was said before."""
    asked = wish or WishedPlace()
    return placed.effective_time == since and asked.parent in {None, placed.parent} and asked.leg in {None, placed.leg}
