"""Waiting for what is to come, never for time to pass."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds after which what has not come will not come."""

_LOOK_EVERY = 0.05


async def until(look: Callable[[], Awaitable[T]], *, what: str, seconds: float = PATIENCE) -> T:
    """Looks again and again until what is seen is true, and gives it; fails with what was seen last."""
    seen: T | None = None
    try:
        async with asyncio.timeout(seconds):
            while True:
                seen = await look()
                if seen:
                    return seen
                await asyncio.sleep(_LOOK_EVERY)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {seconds:.0f} s; seen last: {seen!r}") from None
