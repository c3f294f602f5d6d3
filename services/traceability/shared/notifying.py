"""Bringing results to a subscriber: each event that is asked for, in the order of the record, at least once.

How far a subscription has come is written down together with what was delivered. Killed in between, the service sends
the last delivery again; nothing is left out. A destination that refuses is tried again, later and later, and while it
is, the others go on. After the last try the delivery becomes a dead letter, and the subscription goes on behind it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import structlog

from libs.eventlog import Meta, Reader, Recorded, Tx
from libs.servicekit import Running
from services.traceability.adapters.deliveries import State, forget_state, keep_state, state_of
from services.traceability.adapters.secrets import Secrets
from services.traceability.adapters.webhooks import Webhooks
from services.traceability.domain.entries import own_terms
from services.traceability.domain.events import DeliveryGivenUp, ResultsDelivered, TraceEventCaptured
from services.traceability.domain.query import Query
from services.traceability.domain.subscriptions import backoff, delivery_stream, next_due, stored_query
from services.traceability.shared.documents import query_document
from services.traceability.shared.lookups import resolved
from services.traceability.shared.reading import Show, read_again
from services.traceability.shared.viewing import Viewer
from services.traceability.views.subscriptions import (
    Subscription,
    all_subscriptions,
    dead_letters,
    query_text,
    subscription_of,
)
from services.traceability.views.trace_events import recorded_micros

logger = structlog.get_logger(__name__)

AT_ONCE: Final = 100
"""Events in one delivery at most."""
BYTES: Final = 1024 * 1024
"""Of events in one delivery, about; one event may be larger."""
_SCANNED: Final = 500
_TOO_LARGE: Final = "HTTP 413"
_LONGEST_SLEEP: Final = 60.0

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Part(NamedTuple):
    """Some results, and how far the record was read for them."""

    events: list[Recorded[TraceEventCaptured]]
    upto: int
    more: bool


def next_part(reader: Reader, programme: str, query: Query, show: Show, after: int, most: int) -> Part:
    """The next results behind a position of the store."""
    query = resolved(reader, programme, query)
    events: list[Recorded[TraceEventCaptured]] = []
    size = 0
    for one in _recorded(reader, programme, after):
        after = one.position
        shown = show(one)
        if shown and query.matches(read_again(shown.event), own_terms(shown.event), recorded_micros(shown)):
            events.append(shown)
            size += len(shown.event.document)
            if len(events) == most or size > BYTES:
                return Part(events, after, more=True)
    return Part(events, after, more=False)


def _recorded(reader: Reader, programme: str, after: int) -> Iterator[Recorded[TraceEventCaptured]]:
    while True:
        rows = reader.all(
            "SELECT position FROM view_trace_events WHERE position>? AND programme=? ORDER BY position LIMIT ?",
            (after, programme, _SCANNED),
        )
        yield from reader.at([int(position) for (position,) in rows])
        if len(rows) < _SCANNED:
            return
        after = int(rows[-1][0])


def newest(reader: Reader) -> int:
    """The position of the newest EPCIS event."""
    row = reader.one("SELECT max(position) FROM view_trace_events")
    return int(row[0] or 0) if row else 0


def position_before(reader: Reader, programme: str, moment: datetime) -> int:
    """The position behind which everything stands that was recorded at a moment or later."""
    micros = (moment - EPOCH) // timedelta(microseconds=1)
    row = reader.one(
        "SELECT position FROM view_trace_events WHERE programme=? AND recorded>=? ORDER BY recorded, position LIMIT 1",
        (programme, micros),
    )
    return int(row[0]) - 1 if row else newest(reader)


class Follower:
    """Follows one subscription until it ends."""

    def __init__(self, running: Running, subscription: UUID) -> None:
        self._running = running
        self._log = running.log
        self._id = subscription
        self._webhooks = running.use(Webhooks)
        self._secrets = running.use(Secrets)
        self._most = AT_ONCE
        self._not_before = 0.0
        """Of the loop's clock: a destination that refused is left in peace until then, whatever is captured."""

    async def follow(self) -> None:
        """Deliver what there is, now and whenever it is time."""
        committed = self._log.subscribe()
        try:
            while (found := await self._log.read(lambda reader: subscription_of(reader, self._id))) is not None:
                committed.clear()
                wait = await self._step(found)
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await committed.wait()
        finally:
            self._log.unsubscribe(committed)

    async def _step(self, found: Subscription) -> float | None:
        """Do what is to be done now. Returns after how many seconds there is more, or None: when something happens."""
        text = await self._log.read(lambda reader: query_text(reader, found.programme, found.wanted.query))
        if text is None:
            return None
        await self._send_dead_letters(found)
        rest = self._not_before - asyncio.get_running_loop().time()
        if rest > 0:
            return rest
        state = await self._log.read(lambda reader: state_of(reader, self._id, _first(found)))
        schedule = found.wanted.schedule
        if schedule is None:
            return await self._send_all(found, stored_query(text), state)
        last = EPOCH + timedelta(microseconds=state.ran)
        due = next_due(schedule, last)
        now = datetime.now(UTC)
        if due is not None and due <= now:
            wait = await self._send_all(found, stored_query(text), state)
            if wait is not None:
                return wait
            state = await self._log.read(lambda reader: state_of(reader, self._id, state))
            ran = state._replace(ran=(now - EPOCH) // timedelta(microseconds=1))
            await self._log.write(lambda tx: keep_state(tx, self._id, ran))
            due = next_due(schedule, now)
        if due is None:
            return None
        return min(max((due - datetime.now(UTC)).total_seconds(), 0.05), _LONGEST_SLEEP)

    async def _send_all(self, found: Subscription, query: Query, state: State) -> float | None:
        """Deliver everything up to now. Returns after how many seconds to try again what was not taken."""
        sent = False
        while True:
            start, most = state.position, self._most
            part = await self._log.read(
                lambda reader, start=start, most=most: next_part(
                    reader, found.programme, query, self._show(reader, found), start, most
                )
            )
            empty = found.wanted.report_if_empty and found.wanted.schedule is not None and not sent
            if part.events or empty:
                problem = await self._post(found, part.events)
                if problem == _TOO_LARGE and len(part.events) > 1:
                    self._most = max(len(part.events) // 2, 1)
                    continue
                if problem and state.tries + 1 < self._webhooks.tries:
                    failed = state._replace(tries=state.tries + 1)
                    await self._log.write(lambda tx, failed=failed: keep_state(tx, self._id, failed))
                    wait = backoff(failed.tries, self._webhooks.pause).total_seconds()
                    self._not_before = asyncio.get_running_loop().time() + wait
                    return wait
                state = await self._settle(found, part, state, problem)
                sent = True
            elif part.upto > state.position + _SCANNED:
                # So much was not asked for that it is not to be looked at again.
                state = state._replace(position=part.upto)
                await self._log.write(lambda tx, state=state: keep_state(tx, self._id, state))
            if not part.more:
                return None

    def _show(self, reader: Reader, found: Subscription) -> Show:
        """Results are what he sees who has subscribed, by what holds now."""
        return Viewer(reader, found.programme, found.caller, self._secrets).listed

    async def _post(self, found: Subscription, events: list[Recorded[TraceEventCaptured]]) -> str:
        """Send a document. Says what went wrong."""
        try:
            secret = self._secrets.open_secret(self._id, found.wanted.secret)
        except LookupError:
            return "SECRET_GONE"
        body = query_document(
            events,
            name=found.wanted.query,
            made=datetime.now(UTC),
            subscription=str(self._id),
            as_links=found.wanted.as_links,
        )
        return await self._webhooks.send(found.wanted.destination, body, secret)

    async def _settle(self, found: Subscription, part: Part, state: State, problem: str) -> State:
        """Write down that a delivery was taken, or given up."""
        number = state.number + 1
        positions = tuple(one.position for one in part.events)
        done = State(max(part.upto, state.position), number, 0, state.ran)
        event = (
            DeliveryGivenUp(
                subscription=str(self._id), number=number, positions=positions, tries=state.tries + 1, problem=problem
            )
            if problem
            else ResultsDelivered(subscription=str(self._id), number=number, positions=positions)
        )

        def work(tx: Tx) -> None:
            if subscription_of(tx, self._id) is None:
                forget_state(tx, self._id)
                return
            tx.append(
                delivery_stream(self._id, number), [event], after=0, meta=_meta(found), occurred_at=datetime.now(UTC)
            )
            keep_state(tx, self._id, done)

        await self._log.write(work)
        if problem:
            logger.warning("delivery_given_up", subscription=str(self._id), number=number, problem=problem)
        return done

    async def _send_dead_letters(self, found: Subscription) -> None:
        """Send again, once, what somebody wants to be sent again."""
        waiting = await self._log.read(lambda reader: dead_letters(reader, self._id, after=0, limit=100, retried=True))
        for number in waiting:
            stream = delivery_stream(self._id, number)
            history = await self._log.read(lambda reader, stream=stream: reader.load(stream))
            given_up = next(one.event for one in history if isinstance(one.event, DeliveryGivenUp))
            positions = list(given_up.positions)
            events = await self._log.read(
                lambda reader, positions=positions: [
                    shown for one in reader.at(positions) if (shown := self._show(reader, found)(one))
                ]
            )
            problem = await self._post(found, events)
            event = (
                given_up.model_copy(update={"tries": given_up.tries + 1, "problem": problem})
                if problem
                else ResultsDelivered(subscription=str(self._id), number=number, positions=given_up.positions)
            )
            version = len(history)

            def work(
                tx: Tx,
                stream: UUID = stream,
                event: DeliveryGivenUp | ResultsDelivered = event,
                version: int = version,
            ) -> None:
                if subscription_of(tx, self._id) is not None:
                    tx.append(stream, [event], after=version, meta=_meta(found), occurred_at=datetime.now(UTC))

            await self._log.write(work)


def _first(found: Subscription) -> State:
    return State(found.wanted.after, ran=(found.created - EPOCH) // timedelta(microseconds=1))


def _meta(found: Subscription) -> Meta:
    return Meta(found.programme, "traceability")


async def follow_all(running: Running, concerns: Callable[[Subscription], bool]) -> None:
    """Follow every subscription of a kind, each for itself, as they come and go."""
    followers: dict[UUID, asyncio.Task[None]] = {}
    others: set[UUID] = set()
    committed = running.log.subscribe()
    try:
        while True:
            committed.clear()
            known = set(await running.log.read(all_subscriptions))
            for one in known - others:
                task = followers.get(one)
                if task is not None and not task.done():
                    continue
                found = await running.log.read(lambda reader, one=one: subscription_of(reader, one))
                if found is not None and not concerns(found):
                    others.add(one)
                elif found is not None:
                    followers[one] = asyncio.create_task(_guarded(Follower(running, one).follow, one))
            for gone in followers.keys() - known:
                followers.pop(gone).cancel()
            others &= known
            with suppress(TimeoutError):
                async with asyncio.timeout(_LONGEST_SLEEP):
                    await committed.wait()
    finally:
        running.log.unsubscribe(committed)
        for task in followers.values():
            task.cancel()


async def _guarded(follow: Callable[[], Awaitable[None]], subscription: UUID) -> None:
    try:
        await follow()
    except Exception:
        # Another commit begins anew where this one was.
        logger.exception("subscription_stopped", subscription=str(subscription))
        await asyncio.sleep(1)
