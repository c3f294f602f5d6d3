"""Plan versions."""

from datetime import datetime

from pydantic import Field

from services.commission.domain.events.fact import Fact, is_empty


class RuleOverride(Fact):
    """Somebody's decision that a plan is published although it does not satisfy a rule."""

    rule: str
    """With its pack: `CN/team-pay`."""
    person: str
    """By name. It does not leave the service."""
    reason: str


class PlanPublished(Fact):
    """A plan version can rate from now on, and never changes."""

    hash: str
    """Names the version: lower-case hex."""
    plan: str
    """The plan's name, which its versions share."""
    version: str
    currency: str
    effective_from: datetime
    document: bytes
    """As submitted, UTF-8."""
    overrides: tuple[RuleOverride, ...] = Field(default=(), exclude_if=is_empty)
