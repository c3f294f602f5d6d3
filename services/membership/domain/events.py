"""What can happen in membership. Personal data stand here only as ciphertext under the member's own key.

One exception: the country of a member, where the programme has said that it discloses them (docs/adr/0010).
"""

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


class CountriesDisclosed(Event):
    """A programme publishes the countries of its members from now on."""

    programme: str


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


class IdentityChecked(Event):
    """Somebody whom the merchant trusts has checked who a member is."""

    member: UUID
    check_time: datetime
    expire_time: datetime | None
    """The check counts up to then; None: without end."""
    reference: str
    """What the provider calls the check, sealed (base64). Empty if nothing was said."""


class IdentityCheckWithdrawn(Event):
    """The newest check of a member's identity counts no longer from a moment on."""

    member: UUID
    effective_time: datetime
    reason: str
    """Sealed (base64): it may speak of the person. Empty if none was given."""


class CountryChanged(Event):
    """A member lives in another country from a moment on."""

    member: UUID
    country: str
    """ISO 3166-1 alpha-2, sealed (base64)."""
    effective_time: datetime


class CountryDisclosed(Event):
    """The country in which a member lives from a moment on stands in the open, since the programme discloses them."""

    member: UUID
    country: str
    """ISO 3166-1 alpha-2, in clear."""
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
    CountriesDisclosed,
    MemberEnrolled,
    MemberPlaced,
    SponsorChanged,
    IdentityChecked,
    IdentityCheckWithdrawn,
    CountryChanged,
    CountryDisclosed,
    MemberSuspended,
    MemberReinstated,
    WalletBound,
)
"""Every event type of the service."""
