"""Disputes about posted lines."""

from enum import StrEnum

from pydantic import Field

from services.commission.domain.events.fact import Fact, is_empty


class Outcome(StrEnum):
    """How a dispute ends."""

    UPHELD = "upheld"
    REJECTED = "rejected"


class DisputeOpened(Fact):
    """A member does not agree with a posted line."""

    line: str
    """UUID."""
    member: str
    """UUID of the member, whose line it is."""
    points: str = Field(default="", exclude_if=is_empty)
    """Kind of points, if that is what the line is in."""
    by: str
    """Subject of the credential that opened it for the member."""
    reason: str
    """Sealed (base64)."""


class DisputeAnswered(Fact):
    """The other side was heard."""

    by: str
    answer: str
    """Sealed (base64)."""


class DisputeResolved(Fact):
    """The end of a dispute. A correction follows as a posted line."""

    line: str
    member: str
    outcome: Outcome
    correction_minor: int = 0
    correction_line: str = ""
    """UUID of the line that corrects; empty where none does."""
    currency: str
    """Empty for points."""
    points: str = Field(default="", exclude_if=is_empty)
    """Kind of points, if that is what the line is in."""
    by: str
    why: str
    """Sealed (base64)."""
