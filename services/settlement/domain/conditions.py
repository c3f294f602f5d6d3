"""Conditions of a line: data that came with it, read and not questioned.

A new kind of condition is a model here and a case in `until`; a kind that this code does not know is never taken for
fulfilled (`policies/when_lines_posted_then_hold.py` halts the programme instead).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict


class ReturnWindow(BaseModel):
    """The goods can be returned until then; fulfilled at that time."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["return_window"] = "return_window"
    until: datetime


Condition = ReturnWindow


def until(conditions: Sequence[Condition]) -> datetime | None:
    """When the last of the conditions is fulfilled; None where there is none."""
    if len(conditions) == 1:
        return conditions[0].until
    return max((condition.until for condition in conditions), default=None)


def fulfilled(conditions: Sequence[Condition], time: datetime | None) -> bool:
    """Whether all are at the programme's time. A programme whose time has not begun fulfils nothing."""
    if time is None:
        return not conditions
    return all(condition.until <= time for condition in conditions)
