"""The relay: carries a service's public events from its store to its stream, once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NoReturn

import structlog
from nats.aio.client import Client
from nats.errors import ConnectionClosedError

from libs.eventbus.backoff import Backoff
from libs.eventbus.envelope import Outgoing, Publisher, public_events
from libs.eventbus.publish import Fenced, batches, publish
from libs.eventbus.stream import Tail, ensure_stream, last_sequence, tail
from libs.eventbus.subjects import stream_name
from libs.eventlog import EventLog, Reader

logger = structlog.get_logger(__name__)

PAGE = 1000
"""Events read from the store at once."""

IDLE = 2.0
"""Seconds after which an idle relay looks whether something was missed on either side."""


class Diverged(Exception):
    """The stream's last event is not in this store: one of the two comes from another time or another house."""


@dataclass(frozen=True, slots=True)
class _Page:
    """What one reading of the store has given: up to which position, and whether there may be more."""

    events: list[Outgoing]
    position: int
    previous: str
    full: bool


class Relay:
    """Runs for ever beside a service. Its only memory is the stream: where that ends, it goes on.

    Two at once do no harm: each batch is fenced by the sequence that its sender believes to be the last.
    """

    def __init__(
        self, log: EventLog, nc: Client, service: str, publishes: Mapping[type, Publisher], *, replicas: int = 1
    ) -> None:
        self._log = log
        self._nc = nc
        self._service = service
        self._publishes = publishes
        self._replicas = replicas
        self._sequence = 0
        self._backoff = Backoff()
        self.position = 0
        """Every public event up to this position of the store stands in the stream."""
        self.last_error = ""
        """What holds the relay up; empty while it works."""

    @property
    def lag(self) -> int:
        """How many positions of the store are not in the stream yet."""
        return max(0, self._log.public_position - self.position)

    async def run(self) -> None:
        """Relays until cancelled. Ends with ConnectionClosedError if the connection is closed for good."""
        woken = self._log.subscribe()
        try:
            while True:
                try:
                    await self._forward(await self._resume(), woken)
                except (asyncio.CancelledError, ConnectionClosedError):
                    raise
                except Exception as error:  # noqa: BLE001 # whatever it was: read the stream's end and go on there
                    await self._hold(error)
        finally:
            self._log.unsubscribe(woken)

    async def _hold(self, error: Exception) -> None:
        """Reports, once for each kind of trouble, and waits a little."""
        text = f"{type(error).__name__}: {error}"
        if text != self.last_error:
            report = logger.bind(service=self._service, reason=text)
            if isinstance(error, Fenced):
                report.info("relay_held_up")
            elif isinstance(error, Diverged):
                report.error("relay_held_up")
            else:
                report.warning("relay_held_up")
        self.last_error = text
        await self._backoff.wait()

    async def _resume(self) -> _Page:
        """Finds out where the stream ends; the first page behind that."""
        await ensure_stream(self._nc, self._service, replicas=self._replicas)
        end = await tail(self._nc, self._service)
        self._sequence = end.sequence
        self.position = end.last.position if end.last else 0
        return await self._log.read(lambda reader: self._first_page(reader, end))

    def _first_page(self, reader: Reader, end: Tail) -> _Page:
        """The page behind the stream's last event, which must be the one that the store has there."""
        if end.last is None:
            return self._page(reader, 0, "")
        place = end.last.place
        here = public_events(
            self._service, self._log.store_id, reader.after(place.position - 1, 1), self._publishes, end.last.previous
        )
        if (place, end.last.id) not in [(event.place, event.id) for event in here]:
            raise Diverged(f"{stream_name(self._service)} ends with {place}, which this store does not know")
        # Only a batch that was cut inside a position leaves anything of it.
        rest = [event for event in here if event.place > place]
        following = self._page(reader, place.position, str(rest[-1].place if rest else place))
        return replace(following, events=[*rest, *following.events])

    def _page(self, reader: Reader, position: int, previous: str) -> _Page:
        recorded = reader.after(position, PAGE)
        events = public_events(self._service, self._log.store_id, recorded, self._publishes, previous)
        return _Page(
            events,
            recorded[-1].position if recorded else position,
            str(events[-1].place) if events else previous,
            len(recorded) == PAGE,
        )

    async def _next(self, page: _Page) -> _Page:
        return await self._log.read(lambda reader: self._page(reader, page.position, page.previous))

    async def _forward(self, page: _Page, woken: asyncio.Event) -> NoReturn:
        """Publishes page after page."""
        while True:
            if page.full:
                # The next page is read and encoded while the server stores this one.
                _, page = await asyncio.gather(self._publish(page), self._next(page))
                continue
            await self._publish(page)
            self.last_error = ""
            self._backoff.reset()
            try:
                async with asyncio.timeout(IDLE):  # wait_for can swallow a cancellation that comes with the news
                    await woken.wait()
            except TimeoutError:
                await self._check()
            woken.clear()
            page = await self._next(page)

    async def _publish(self, page: _Page) -> None:
        for batch in batches(page.events):
            self._sequence = await publish(self._nc, batch, self._sequence)
            self._backoff.reset()
        self.position = page.position

    async def _check(self) -> None:
        """Notices a stream that was lost, cut off or rebuilt while nothing was to be published."""
        sequence = await last_sequence(self._nc, self._service)
        if sequence != self._sequence:
            raise Fenced(f"the stream ends at {sequence} instead of {self._sequence}")
