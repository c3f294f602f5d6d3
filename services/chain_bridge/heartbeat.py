"""Looks at the chain again and again, and does after each look what is due.

One loop for all that the bridge does by itself, in a fixed order: what the chain has made final enters the books
first; only from books that are up to date is anything planned; and only on a chain that these books are about is
anything sent.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from libs.servicekit import Running
from services.chain_bridge.adapters.chain import Chain, NodeDown, NodeRefused
from services.chain_bridge.adapters.signer import Signer

Step = Callable[[], Awaitable[None]]
Rule = Callable[[Running], Step]
"""A policy of time: takes the service, and gives the step that is done after each look."""

logger = structlog.get_logger(__name__)


class Halt(Exception):
    """The chain is not the one that the books are about, or not as far. Nothing is recorded or sent until it is."""


def heartbeat(*rules: Rule) -> Callable[[Running], Awaitable[None]]:
    """The background work that keeps some rules."""

    async def look_at_chain(running: Running) -> None:
        """Looks at the chain: records what is final, plans what is due, sends what is planned."""
        chain = running.use(Chain)
        steps = [rule(running) for rule in rules]
        trouble = ""
        try:
            while True:
                before, trouble = trouble, await _beat(running, steps)
                if trouble != before:
                    log = logger.error if trouble else logger.info
                    log("chain_trouble" if trouble else "chain_goes_on", reason=trouble or before)
                await asyncio.sleep(chain.poll_seconds)
        finally:
            await chain.disconnect()

    return look_at_chain


async def _beat(running: Running, steps: Sequence[Step]) -> str:
    """One look and what is due after it. Returns what was in the way; empty if nothing was."""
    try:
        await running.use(Chain).look(running.use(Signer).address)
        for step in steps:
            await step()
    except (NodeDown, NodeRefused, Halt) as error:
        return f"{type(error).__name__}: {error}"
    return ""
