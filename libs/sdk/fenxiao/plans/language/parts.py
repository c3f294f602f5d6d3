"""Going through the parts of a plan, whatever they are."""

from collections.abc import Iterator
from decimal import Decimal
from typing import cast

from pydantic import BaseModel

from fenxiao.money import EXACT
from fenxiao.plans.components.base import Selection


def decimals(part: object) -> Iterator[int]:
    """The number of decimals of every exact number in a part of a plan."""
    match part:
        case Decimal():
            yield max(0, -int(part.normalize(EXACT).as_tuple().exponent))
        case BaseModel():
            for name in type(part).model_fields:
                yield from decimals(getattr(part, name))
        case tuple():
            for item in cast("tuple[object, ...]", part):
                yield from decimals(item)
        case _:
            pass


def selections(part: object, place: str) -> Iterator[tuple[str, Selection]]:
    """Give everything in a part that selects sales, with its place; `place` is that of the part."""
    if isinstance(part, Selection):
        yield place, part
    if isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from selections(getattr(part, name), f"{place}/{name}")
    elif isinstance(part, tuple):
        for i, item in enumerate(cast("tuple[object, ...]", part)):
            yield from selections(item, f"{place}/{i}")
