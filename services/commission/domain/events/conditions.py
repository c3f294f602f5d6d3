"""What settlement waits for before it releases a line."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.commission.domain.events.fact import Fact


class ReturnWindow(Fact):
    """A line is held at least until the buyer cannot return the goods any more."""

    kind: Literal["return_window"] = "return_window"
    until: datetime


class Identity(Fact):
    """A line is held until the earner's identity is checked."""

    kind: Literal["identity"] = "identity"


class Threshold(Fact):
    """A line is held until so much is payable to the earner."""

    kind: Literal["threshold"] = "threshold"
    least_minor: int


class Delivered(Fact):
    """A line is held until the goods of each of these business transactions have been delivered."""

    kind: Literal["delivered"] = "delivered"
    biz_transactions: tuple[str, ...]


Condition = Annotated[ReturnWindow | Identity | Threshold | Delivered, Field(union_mode="left_to_right")]
"""Told apart by `kind`. Looked at from the left, since nearly all are the first, and this is done for every line."""
