"""Waiting between attempts."""

import asyncio


class Backoff:
    """Doubles the pause with every failure in a row. It always yields to the event loop."""

    def __init__(self, first: float = 0.05, longest: float = 2.0) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0

    async def wait(self) -> None:
        """Pauses after one more failure."""
        pause = min(self._longest, self._first * 2 ** min(self._failures, 16))
        self._failures += 1
        await asyncio.sleep(pause)

    def reset(self) -> None:
        """Something has gone well."""
        self._failures = 0
