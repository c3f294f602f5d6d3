"""Conditions of a line: data that came with it, read and not questioned.

A new kind of condition is a model here and a case in `terms_of`; a kind that this code does not know is never taken for
fulfilled (`policies/when_lines_posted_then_hold.py` halts the programme instead).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field


class ReturnWindow(BaseModel):
    """The goods can be returned until then; fulfilled at that time."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["return_window"] = "return_window"
    until: datetime


class Identity(BaseModel):
    """Fulfilled while the member's identity is checked."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["identity"] = "identity"


class Threshold(BaseModel):
    """Fulfilled once the member has as much to get; see `releasing`."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["threshold"] = "threshold"
    least_minor: int


class Delivered(BaseModel):
    """Fulfilled while the goods of each of these business transactions have been delivered; see `deliveries`."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["delivered"] = "delivered"
    biz_transactions: tuple[str, ...]


Condition = Annotated[ReturnWindow | Identity | Threshold | Delivered, Field(union_mode="left_to_right")]
"""Told apart by `kind`. Looked at from the left, since nearly all are the first, and this is done for every line."""


class Terms(NamedTuple):
    """What all conditions of a line come to."""

    until: datetime | None = None
    """When the last window ends; None where there is none."""
    identity: bool = False
    threshold_minor: int = 0
    """The highest one; 0 for none, which everybody reaches."""
    deliveries: frozenset[str] = frozenset()
    """The business transactions that must have been delivered."""

    @property
    def timed(self) -> bool:
        """Whether nothing but time fulfils them."""
        return not self.identity and not self.threshold_minor and not self.deliveries


NONE: Final = Terms()


def only_window(conditions: Sequence[Condition]) -> ReturnWindow | None:
    """The window of a line that has no other condition: so do nearly all, and this is asked of every one."""
    if len(conditions) == 1:
        only = conditions[0]
        if isinstance(only, ReturnWindow):
            return only
    return None


def terms_of(conditions: Sequence[Condition]) -> Terms:
    """Sum up the conditions of a line."""
    terms = NONE
    for condition in conditions:
        match condition:
            case ReturnWindow(until=until):
                terms = terms._replace(until=until if terms.until is None else max(until, terms.until))
            case Identity():
                terms = terms._replace(identity=True)
            case Threshold(least_minor=least):
                terms = terms._replace(threshold_minor=max(least, terms.threshold_minor))
            case Delivered(biz_transactions=transactions):
                terms = terms._replace(deliveries=terms.deliveries.union(transactions))
    return terms


def open_at(until: datetime | None, time: datetime | None) -> bool:
    """Whether a window has not ended at the programme's time. Before the first closing no window ends."""
    return until is not None and (time is None or until > time)


def fulfilled(conditions: Sequence[Condition], time: datetime | None) -> bool:
    """Whether there is nothing to wait for at the programme's time, whoever the member is.

    Identity, delivery and threshold are looked at behind the entry (`releasing`): a line that has one is never
    fulfilled here. A programme whose time has not begun fulfils nothing.
    """
    if not conditions:
        return True
    if time is None:
        return False
    if window := only_window(conditions):
        return window.until <= time
    terms = terms_of(conditions)
    return terms.timed and not open_at(terms.until, time)
