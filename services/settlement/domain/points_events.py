"""What happened to points: past tense, frozen, and balanced like all that moves what members own."""

from datetime import datetime
from typing import Final, Self

from pydantic import Field, model_validator

from services.settlement.domain.accounts import imbalance
from services.settlement.domain.conditions import ReturnWindow
from services.settlement.domain.events import Event, Part
from services.settlement.domain.points_accounts import PointsPosting


def _is_zero(value: int) -> bool:
    return not value


class LotChange(Part):
    """What an entry adds to what is left of a lot: the points of one line. What it takes is below zero."""

    line: str
    member: str
    held: int = Field(default=0, exclude_if=_is_zero)
    available: int = Field(default=0, exclude_if=_is_zero)
    expired: int = Field(default=0, exclude_if=_is_zero)


class PointsEntry(Event):
    """A fact in the ledger of a programme and kind of points. It cannot be made unbalanced, nor read back so."""

    points: str
    """The kind."""
    postings: tuple[PointsPosting, ...] = ()
    lots: tuple[LotChange, ...] = ()

    @model_validator(mode="after")
    def _balanced(self) -> Self:
        if wrong := imbalance(self.postings):
            raise ValueError(f"unbalanced: {wrong}")
        return self


class PointsLine(Part):
    """A line in points as it was posted. One above zero is a lot."""

    line: str
    member: str
    component: str
    level: int
    amount: int
    conditions: tuple[ReturnWindow, ...] = ()
    reverses: str = ""
    expires_at: datetime | None = None
    """None: never."""


class PointsHeld(PointsEntry):
    """Lines in points were entered: held, available at once, or taken back."""

    source: str
    occurred_at: datetime
    lines: tuple[PointsLine, ...]


class PointsReleased(PointsEntry):
    """The conditions of these lots are fulfilled: what was held of them is available, less the members' debts."""

    as_of: datetime


class PointsExpired(PointsEntry):
    """What was left of these lots is lost: their time has come."""

    as_of: datetime


class Money(Part):
    """An amount in minor units of a currency."""

    currency: str
    amount_minor: int


class PointsRedeemed(PointsEntry):
    """A member has given points for a reward, those first that expire first."""

    redemption: str
    """UUID."""
    member: str
    reward: str
    version: int
    quantity: int
    amount: int
    """Points given in all."""
    money: Money | None = None
    """What the reward gives in money, credited in the same transaction. None: the merchant delivers a thing."""


class RedemptionFulfilled(PointsEntry):
    """The merchant has delivered what was redeemed."""

    redemption: str


class RedemptionCancelled(PointsEntry):
    """What was redeemed is not delivered: the points are back in their lots, less what is owed and what has expired."""

    redemption: str
    member: str
    reward: str
    version: int
    quantity: int
    amount: int
    """Points given back in all."""


POINTS_ENTRIES: Final = (
    PointsHeld,
    PointsReleased,
    PointsExpired,
    PointsRedeemed,
    RedemptionFulfilled,
    RedemptionCancelled,
)
"""Every fact that stands in the stream of a ledger of points."""


# ---- rewards


class PointsPriced(Event):
    """What a point of a kind may be worth at most in money, by one of those who give points."""

    points: str
    worth: str
    """Exact decimal, in units of the currency; 0: it is redeemed for no money."""
    currency: str


class RewardDefined(Event):
    """What points can be redeemed for, from now on. Another version takes the place of the one before."""

    reward: str
    """The merchant's name for it."""
    version: int
    """From 1."""
    points: str
    """The kind that it costs."""
    price: int
    """Points for one."""
    title_en: str
    title_zh: str
    stock: int | None = None
    """How many of this version there are; None: as many as are wanted."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    """When it can be redeemed: from, and up to; None does not restrict."""
    money: Money | None = None
    """What one gives in money; None: a thing, which the merchant delivers."""


class RewardWithdrawn(Event):
    """Nothing is redeemed for it any more, until there is another version."""

    reward: str
    version: int
