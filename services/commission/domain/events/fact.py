"""What all of the record is made of: frozen models, and exact decimals as their one plain text."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer

from fenxiao.money import plain

Exact = Annotated[Decimal, PlainSerializer(plain, return_type=str)]
"""An exact decimal, stored as its one plain text (never `1E-9`)."""


def is_empty(value: object) -> bool:
    """Fields that came later are stored only where they say something: older events look as they did."""
    return not value


def is_none(value: object) -> bool:
    """The same of fields that may be empty and still say something."""
    return value is None


class Fact(BaseModel):
    """A part of the record: frozen, and nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
