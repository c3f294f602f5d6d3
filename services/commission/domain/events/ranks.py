"""Ranks that are given."""

from datetime import datetime

from services.commission.domain.events.fact import Fact


class RankGranted(Fact):
    """A member holds a rank whatever the plan's rules say, from a moment on."""

    member: str
    rank: str
    effective_from: datetime
    by: str
    """Subject of the credential that granted it."""


class RankGrantWithdrawn(Fact):
    """No rank is granted to a member from a moment on."""

    member: str
    effective_from: datetime
    by: str
