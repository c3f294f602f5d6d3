"""Commission lines, as they are posted."""

from datetime import datetime
from typing import Self

from pydantic import Field, model_validator

from services.commission.domain.events.conditions import Condition
from services.commission.domain.events.fact import Exact, Fact, is_empty, is_none


class PostedLine(Fact):
    """One commission, posted."""

    id: str
    """UUID, made from the sale's and the rule's place, so that the same posting always has the same id."""
    member: str
    """UUID of who earns."""
    component: str
    level: int
    rate: Exact
    base: Exact
    exact_amount: Exact
    amount_minor: int
    rule: str
    """JSON pointer into the plan document."""
    path: tuple[str, ...] = ()
    """As `LinesPosted.upline`, but of this line alone: so it was stored before there was that."""
    conditions: tuple[Condition, ...] = ()
    """What must be fulfilled before settlement releases it."""
    reverses: str = ""
    """Of what a return takes back of a named sale: the sale's line."""
    reversed_before: int = 0
    """How much earlier returns had taken back of that line, in minor units."""
    sale: str = Field(default="", exclude_if=is_empty)
    """Of a line of a period: the sale that it is earned on; empty where it is earned on volume."""
    other: str = Field(default="", exclude_if=is_empty)
    """The same: whose volume, leg or earnings it is earned on, where that is one member."""
    uncapped_minor: int | None = Field(default=None, exclude_if=is_none)
    """What was due before caps, where they took something. Of a line of a period: of all that is due by its rule."""
    points: str = Field(default="", exclude_if=is_empty)
    """Kind of points, where it is in points and amounts are whole points; empty for money."""
    expires_at: datetime | None = Field(default=None, exclude_if=is_none)
    """Of points: what is left of them is lost then."""


class Posting(Fact):
    """Which closing posts for which period. Both are named by when the period begins."""

    closing: datetime
    period: datetime
    """The one closed, or an earlier one that is rated again."""


class LinesPosted(Fact):
    """The commission lines of a sale, a return, a closing or a dispute, on whose stream this stands; at least one.

    What is earned in several assets together is posted by as many of these.
    """

    currency: str
    """Empty for points."""
    plan_hash: str
    engine_version: str
    original_sale: str = ""
    """UUID of the named sale that they take back from."""
    members_cut: str = ""
    """Place in membership's store (`store:position`) up to which the tree was known; empty where no tree was read."""
    posting: Posting | None = Field(default=None, exclude_if=is_empty)
    """Set where a closing posts them."""
    corrects: str = Field(default="", exclude_if=is_empty)
    """Of a correction: the disputed line. It stands on the dispute's stream."""
    upline: tuple[str, ...] = Field(default=(), exclude_if=is_empty)
    """Of a sale or return: UUIDs from the member credited up to the highest earner, as of the sale's time. The path of
    a line is as much of it as its level says: stored once, since thirty levels' own paths are 465 UUIDs."""
    lines: tuple[PostedLine, ...]

    @model_validator(mode="after")
    def _of_one_asset(self) -> Self:
        if any(line.points != self.points for line in self.lines) or bool(self.currency) == bool(self.points):
            raise ValueError("lines are posted by asset: either in one currency or in one kind of points")
        return self

    @property
    def points(self) -> str:
        """Kind of points that its lines are in; empty for money."""
        return self.lines[0].points if self.lines else ""
