"""Streams that outlive a connection: opened again where they broke off, until their reader has enough."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from typing import Any, TypeVar

from fenxiao.api.events.v1 import events_pb2
from fenxiao.api.settlement.v1 import settlement_pb2
from fenxiao.client.calls import pauses
from fenxiao.client.client import Client
from fenxiao.errors import Kind, Refusal

A = TypeVar("A")

_SPAN = 240.0
"""Seconds after which a stream is opened anew, whatever it does: a dead connection may not look dead."""


class Endurance:
    """Decides whether to begin again with what a broken connection has ended."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._since: float | None = None
        self._pauses = pauses()

    def reached(self) -> None:
        """Note that something came."""
        self._since = None
        self._pauses = pauses()

    async def broke(self, refusal: Refusal | None) -> None:
        """Wait a moment, or raise why the stream cannot go on."""
        if refusal is not None and refusal.kind is not Kind.UNAVAILABLE:
            raise refusal
        now = time.monotonic()
        self._since = self._since or now
        if refusal is not None and refusal.reason != "TIMED_OUT" and now - self._since > self._patience:
            raise refusal
        await asyncio.sleep(next(self._pauses))


async def watch_distribution(client: Client, name: str) -> AsyncGenerator[settlement_pb2.Distribution]:
    """Give a distribution whenever it changes, until it is paid.

    One that is blocked is no end: the bridge tries again all the time, and goes on when nothing is in the way any more.
    """
    endurance = Endurance(client.patience)
    request = settlement_pb2.WatchDistributionRequest(name=name)
    last: settlement_pb2.Distribution | None = None
    while True:
        refusal: Refusal | None = None
        try:
            async for distribution in client.settlement.WatchDistribution(request, timeout=_SPAN):
                endurance.reached()
                if distribution != last:
                    last = distribution
                    yield distribution
                if distribution.state == settlement_pb2.DISTRIBUTION_STATE_PAID:
                    return
        except Refusal as caught:
            refusal = caught
        await endurance.broke(refusal)


async def await_paid(
    client: Client, name: str, report: Callable[[settlement_pb2.Distribution], None]
) -> settlement_pb2.Distribution:
    """Wait until a distribution is paid, and give it as it is then.

    Where it says that something is in the way, it is waited for as long as the client has patience while nothing
    changes, and given as it is. `report` is told whenever it changes.
    """
    found = settlement_pb2.Distribution()
    loop, limit = asyncio.get_running_loop(), asyncio.timeout(None)
    try:
        async with limit:
            async for found in watch_distribution(client, name):
                report(found)
                limit.reschedule(loop.time() + client.patience if found.problem else None)
    except TimeoutError:
        if not limit.expired():
            raise
    return found


async def tail_events(
    client: Client, service: str, programme: str, *, after: str = "", only_new: bool = False
) -> AsyncGenerator[events_pb2.Event]:
    """Give the public events of a service as they are committed, each once, without end.

    `after` is an `Event.position` behind which to begin; `only_new` begins behind all that is committed now.
    """
    events, parent = client.events(service), f"programmes/{programme}"
    if only_new:
        # The answer's consistency token says where the store stands: from there no event is missed, whatever breaks.
        await events.ListEvents(events_pb2.ListEventsRequest(parent=parent, page_size=1))
        if place := client.consistency.position(service):
            after = f"{place}:{_EVERY}"
    endurance = Endurance(client.patience)
    while True:
        refusal: Refusal | None = None
        request = events_pb2.TailEventsRequest(parent=parent, after_position=_reopening(after))
        try:
            async for event in events.TailEvents(request, timeout=_SPAN):
                if _order(event.position) > _order(after):
                    endurance.reached()
                    after = event.position
                    yield event
        except Refusal as caught:
            refusal = caught
        await endurance.broke(refusal)


_EVERY = 1_000_000_000
"""Stands behind every message that a position can have."""


def _order(position: str) -> tuple[int, int]:
    """Give where `store:position:n` stands in its store."""
    if not position:
        return (0, 0)
    _, number, n = position.rsplit(":", 2)
    return int(number), int(n)


def _reopening(after: str) -> str:
    """Begin one position earlier: a position may hold several messages, of which only some have come."""
    if not after:
        return ""
    store, number, _ = after.rsplit(":", 2)
    return f"{store}:{int(number) - 1}:0" if int(number) > 1 else ""


async def answers(client: Client, method: Callable[[Any], AsyncIterable[A]], request: Any) -> AsyncGenerator[A]:
    """Give all that a call streams. One that breaks before anything came is made again, a later one raises."""
    endurance = Endurance(client.patience)
    begun = False
    while True:
        try:
            async for answer in method(request):
                begun = True
                yield answer
        except Refusal as refusal:
            if begun:
                raise
            await endurance.broke(refusal)
        else:
            return
