"""What can happen in membership. Personal data stand here only as ciphertext under the member's own key."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict


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


ALL = (ProgrammeCreated, MemberEnrolled, SponsorChanged, MemberSuspended, MemberReinstated, WalletBound)
"""Every event type of the service."""
