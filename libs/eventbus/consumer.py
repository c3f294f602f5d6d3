"""The consumer: applies another service's public events to a service's own database, once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

import structlog
from google.protobuf.message import Message
from nats.aio.client import Client
from nats.errors import ConnectionClosedError
from nats.js.errors import NotFoundError

from libs.eventbus.backoff import Backoff
from libs.eventbus.envelope import Place
from libs.eventbus.inbox import Inbox, Parked, Progress
from libs.eventbus.pull import Lost, Pull
from libs.eventbus.received import Received
from libs.eventbus.stream import sequence_after
from libs.eventbus.subjects import stream_name
from libs.eventlog import EventLog, Tx

logger = structlog.get_logger(__name__)

Handler = Callable[[Tx, Received], None]
"""Applies one event inside the transaction. It may run more than once, but only one run is kept."""

Follower = Callable[[Tx, Sequence[Received]], None]
"""Takes note of messages, whatever they are, in the transaction in which they are consumed. It must not fail."""

ATTEMPTS = 3
"""How often a message is tried before it is parked."""


class Gap(Exception):
    """The next message is not the one that follows what was consumed."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a page: how much of it is done, and why not the rest."""

    progress: Progress
    done: int
    parked: int
    failure: Exception | None = None
    gap: str = ""


class Consumer:
    """Runs for ever beside a service, for one source.

    What a message does and the place it stood at are committed together, so neither a crash nor a second delivery
    does it twice. A message that cannot be applied is parked with all that follows in its scope (its aggregate, or
    with `halt_programme` its whole programme), while the others go on.
    """

    def __init__(
        self,
        log: EventLog,
        nc: Client,
        service: str,
        source: str,
        handlers: Mapping[type[Message], Sequence[Handler]],
        halt_programme: bool = False,
        followers: Sequence[Follower] = (),
    ) -> None:
        self._log = log
        self._nc = nc
        self._service = service
        self.source = source
        """The service whose events are consumed."""
        self._handlers = {cls.DESCRIPTOR.full_name: tuple(found) for cls, found in handlers.items()}
        self._followers = tuple(followers)
        self._halt_programme = halt_programme
        self._inbox = Inbox(source, service)
        self._waiting: list[tuple[str, int, asyncio.Future[None]]] = []
        self._backoff = Backoff()
        self._stuck = Backoff(first=1.0, longest=30.0)
        self.progress = Progress()
        """How far the source has been consumed and committed."""
        self.lag = 0
        """Messages of the stream that have not been applied."""
        self.parked = 0
        """Messages put aside."""
        self.last_error = ""
        """What holds the consumer up; empty while it works."""

    async def run(self) -> None:
        """Consumes until cancelled. Ends with ConnectionClosedError if the connection is closed for good."""
        while True:
            before = self.progress
            try:
                await self._begin()
                before = self.progress
                await self._follow()
            except (asyncio.CancelledError, ConnectionClosedError):
                raise
            except NotFoundError:
                # The source has not started yet, or its stream is about to be rebuilt.
                self.last_error = ""
                await self._backoff.wait()
            except Gap as gap:
                if self.progress == before:
                    self._hold(f"gap in {stream_name(self.source)}: {gap}", alert=True)
                    await self._stuck.wait()
                else:
                    logger.info("consumer_reads_again", service=self._service, source=self.source, reason=str(gap))
            except Lost as lost:
                logger.info("consumer_lost", service=self._service, source=self.source, reason=str(lost))
                await self._backoff.wait()
            except Exception as error:  # noqa: BLE001 # whatever it was: begin anew where the database says
                self._hold(f"{type(error).__name__}: {error}")
                await self._backoff.wait()

    async def wait_for(self, store: str, position: int, timeout: float) -> bool:  # noqa: ASYNC109 # part of the answer
        """Waits until everything up to a position of the source's store is applied. False if it took too long."""
        if self._reached(store, position):
            return True
        entry = (store, position, asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(timeout):
                await entry[2]
        except TimeoutError:
            return False
        finally:
            if entry in self._waiting:
                self._waiting.remove(entry)
        return True

    async def parked_messages(self, scope: str | None = None) -> list[Parked]:
        """The messages put aside, of one scope or all, in order."""
        return await self._log.read(lambda reader: self._inbox.parked(reader, scope))

    async def retry_parked(self, scope: str) -> int:
        """Applies what is parked in a scope, in order, up to the first that fails again. Returns how many went well.

        When none is left, the scope's next messages are applied again as they come.
        """

        def work(tx: Tx) -> tuple[int, int, Exception | None]:
            done = 0
            failure: Exception | None = None
            for parked in self._inbox.parked(tx, scope):
                failure = self._try(tx, parked.received)
                if failure is not None:
                    break
                self._inbox.unpark(tx, parked)
                done += 1
            return done, sum(self._inbox.scopes(tx).values()), failure

        done, self.parked, failure = await self._log.write(work)
        if failure is not None:
            logger.error(
                "parked_message_failed_again",
                service=self._service,
                source=self.source,
                scope=scope,
                reason=f"{type(failure).__name__}: {failure}",
            )
        return done

    async def _begin(self) -> None:
        """Takes up what the database knows."""
        progress, scopes = await self._log.read(
            lambda reader: (self._inbox.progress(reader), self._inbox.scopes(reader))
        )
        self.parked = sum(scopes.values())
        self._moved(progress)

    async def _follow(self) -> NoReturn:
        """Applies page after page, from the database's own place on."""
        stream = stream_name(self.source)
        sequence = await sequence_after(self._nc, self.source, self.progress.place)
        async with Pull(self._nc, stream, self._service, sequence) as pull:
            self.lag = pull.lag
            while True:
                messages = await pull.page()
                if messages:
                    await self._apply([Received(m.subject, m.headers or {}, m.data, self._service) for m in messages])
                    await pull.ack(messages[-1])
                    self.last_error = ""
                    self._backoff.reset()
                    self._stuck.reset()
                self.lag = pull.lag

    async def _apply(self, page: Sequence[Received]) -> None:
        """Applies a page, in one transaction if nothing fails."""
        attempts, reason = 0, ""
        while page:
            park = reason if attempts == ATTEMPTS else ""
            outcome = await self._log.write(partial(self._work, page=page, apart=attempts > 0, park=park))
            self.parked += outcome.parked
            self._moved(outcome.progress)
            if outcome.done:
                attempts = 0
                page = page[outcome.done :]
            if outcome.gap:
                raise Gap(outcome.gap)
            if outcome.failure is None:
                continue
            attempts += 1
            reason = f"{type(outcome.failure).__name__}: {outcome.failure}"
            if attempts < ATTEMPTS:
                await asyncio.sleep(0.05 * 4 ** (attempts - 1))
            else:
                logger.error(
                    "message_parked",
                    service=self._service,
                    source=self.source,
                    scope=self._scope(page[0]),
                    subject=page[0].subject,
                    place=str(page[0].place),
                    reason=reason,
                )

    def _work(self, tx: Tx, *, page: Sequence[Received], apart: bool, park: str) -> _Outcome:
        """Applies what it can of a page inside a transaction.

        First all at once; only if somebody fails, once more with a savepoint for each message. `park` is the
        reason for which the first message is put aside instead.
        """
        if not apart:
            try:
                with tx.savepoint():
                    return self._walk(tx, page, self._apply_or_raise, park)
            except Exception:  # noqa: BLE001 # whose failure it was shows when each is run for itself
                _probe(tx)
        return self._walk(tx, page, self._try, park)

    def _walk(
        self,
        tx: Tx,
        page: Sequence[Received],
        apply: Callable[[Tx, Received], Exception | None],
        park: str,
    ) -> _Outcome:
        progress = self._inbox.progress(tx)
        scopes = set(self._inbox.scopes(tx))
        place, newest = progress.place, None
        consumed: list[Received] = []
        done = parked = 0
        failure: Exception | None = None
        gap = ""
        for received in page:
            if not _is_done(received.place, place):
                if received.previous != str(place or ""):
                    gap = f"{received.place} follows {received.previous or 'nothing'}, consumed is {place}"
                    break
                if received.type in self._handlers:
                    scope = self._scope(received)
                    reason = "waits behind an earlier message" if scope in scopes else ""
                    if received is page[0] and park:
                        reason = reason or park
                    if reason:
                        self._inbox.park(tx, scope, received, reason)
                        scopes.add(scope)
                        parked += 1
                    elif (failure := apply(tx, received)) is not None:
                        break
                place, newest = received.place, received
                consumed.append(received)
            done += 1
        if newest is not None:
            for follow in self._followers:
                follow(tx, consumed)
            progress = Progress(newest.place, newest.position if newest.last else newest.position - 1)
            self._inbox.advance(tx, progress)
        return _Outcome(progress, done, parked, failure, gap)

    def _apply_or_raise(self, tx: Tx, received: Received) -> None:
        for handler in self._handlers.get(received.type, ()):
            handler(tx, received)

    def _try(self, tx: Tx, received: Received) -> Exception | None:
        """Applies a message whole or not at all."""
        try:
            with tx.savepoint():
                self._apply_or_raise(tx, received)
        except Exception as error:  # noqa: BLE001 # a handler may fail in any way
            _probe(tx)
            return error
        return None

    def _scope(self, received: Received) -> str:
        return received.programme if self._halt_programme else received.key

    def _moved(self, progress: Progress) -> None:
        """Takes note of what is committed, and wakes exactly those who have waited for it."""
        self.progress = progress
        for entry in self._waiting:
            store, position, future = entry
            if self._reached(store, position) and not future.done():
                future.set_result(None)

    def _reached(self, store: str, position: int) -> bool:
        place = self.progress.place
        return position <= 0 or (place is not None and place.store == store and self.progress.reached >= position)

    def _hold(self, text: str, *, alert: bool = False) -> None:
        """Reports, once for each kind of trouble."""
        if text and text != self.last_error:
            level = logger.error if alert else logger.warning
            level("consumer_held_up", service=self._service, source=self.source, reason=text)
        self.last_error = text


def _is_done(place: Place, consumed: Place | None) -> bool:
    return consumed is not None and place.store == consumed.store and place <= consumed


def _probe(tx: Tx) -> None:
    """Raises if it was the database that failed: no message is to blame for that."""
    tx.one("SELECT 1")
