"""What can happen in membership. Personal data stand here only as ciphertext under the member's own key."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from fenxiao.plans.trees.placement import Spill


class Event(BaseModel):
    """A fact: past tense and frozen."""

    model_config = ConfigDict(frozen=True)


class ProgrammeCreated(Event):
    """A merchant's distribution scheme was opened."""

    programme: str
    display_name: str
    currency: str
    time_zone: str
    start_time: datetime


class PlacementRuleSet(Event):
    """A programme has a placement tree from now on."""

    width: int
    """Places below each member."""
    spill: Spill


class WishedPlace(Event):
    """Where a member asked to be placed; what is left out the rule decides."""

    parent: UUID | None = None
    leg: int | None = None


class MemberEnrolled(Event):
    """Somebody joined, below a sponsor or as a root."""

    member: UUID
    sponsor: UUID | None
    join_time: datetime
    payee: str
    """0x and 32 random bytes in hex: the member on chain."""
    personal: str
    """Reference, name, e-mail and country, sealed (base64)."""
    reference_index: str
    """Blind index: finds the member by the merchant's number."""
    email_index: str
    """Blind index: finds members with the same e-mail address. Empty without one."""
    wallet: str
    """Address that was proposed and that nobody has proved; empty without one."""
    wish: WishedPlace | None = Field(default=None, exclude_if=lambda wish: wish is None)
    """Stored only where a place was asked for: older events look as they did."""


class Choice(StrEnum):
    """Whose choice a place was."""

    RULE = "rule"
    """The rule's, from the sponsor on."""
    LEG = "leg"
    """A leg of the sponsor was asked for."""
    PARENT = "parent"
    """A place, or the parent from which to spill over, was asked for."""


class MemberPlaced(Event):
    """A member has a place in the placement tree, for good."""

    member: UUID
    parent: UUID | None
    """None at the top."""
    leg: int
    """From 0 on the left; -1 at the top."""
    effective_time: datetime
    choice: Choice


class SponsorChanged(Event):
    """A member stands below another sponsor from a moment on."""

    member: UUID
    sponsor: UUID
    effective_time: datetime


class MemberSuspended(Event):
    """A member lost its standing for the time being."""

    member: UUID
    reason: str
    """Sealed (base64): it may speak of the person. Empty if none was given."""


class MemberReinstated(Event):
    """A suspended member got its standing back."""

    member: UUID


class WalletBound(Event):
    """The owner of a wallet proved by signature that the member is paid there. The envelope holds the signature."""

    member: UUID
    payee: str
    account: str
    binding: int
    """Counts the member's bindings from 1. The signed text names it, so an old signature binds nothing anew."""


ALL = (
    ProgrammeCreated,
    PlacementRuleSet,
    MemberEnrolled,
    MemberPlaced,
    SponsorChanged,
    MemberSuspended,
    MemberReinstated,
    WalletBound,
)
"""Every event type of the service."""
