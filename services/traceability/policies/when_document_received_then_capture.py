"""When a document has been received, its events are captured, part by part, and its capture is finished.

With `rollback`, all of it is read before the first event is stored: if anything is wrong, nothing is. How far it has
come is written down with every part, so a crash repeats nothing.
"""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple
from uuid import UUID

import structlog

from fenxiao.epcis import EpcisIssue, EventReader, Profile
from libs.eventlog import Meta, Recorded, Tx
from libs.servicekit import Running
from services.traceability.adapters.bodies import Progress, advance, forget, open_body, piece_of, progress
from services.traceability.domain.capture import MOST_ERRORS, capture_error
from services.traceability.domain.events import Behaviour, CaptureFinished, CaptureReceived
from services.traceability.shared.capturing import LIMITS, Prepared, prepare, store
from services.traceability.views.captures import next_unfinished

logger = structlog.get_logger(__name__)

PART: Final = 500
"""Events that are stored in one transaction: others get their turn in between."""


async def when_document_received_then_capture(running: Running) -> None:
    """Captures what waits, now and whenever something is recorded."""
    committed = running.log.subscribe()
    try:
        while True:
            committed.clear()
            while (waiting := await running.log.read(next_unfinished)) is not None:
                await capture_body(running, *waiting)
            await committed.wait()
    finally:
        running.log.unsubscribe(committed)


async def capture_body(running: Running, capture: UUID, programme: str) -> None:
    """Captures one document."""
    (received,) = await running.log.read(lambda reader: reader.load(capture))
    job = _Job(running, received, programme)
    looked = await job.look() if received.event.behaviour is Behaviour.ROLLBACK else _Looked([], 0, None)
    issues, refused = (looked.issues, looked.events) if looked.issues else await job.store(looked.ready)
    await job.finish(issues, refused)


class _Looked(NamedTuple):
    """What a look at a document has found."""

    issues: list[EpcisIssue]
    events: int
    ready: list[Prepared] | None
    """All events, if they are few."""


class _Job:
    """A document on its way."""

    def __init__(self, running: Running, received: Recorded[CaptureReceived], programme: str) -> None:
        self._log = running.log
        self._capture = received.stream
        self._programme = programme
        self._profile = Profile(received.event.profile)
        self._received = received
        self._meta = Meta(
            programme,
            received.meta.actor,
            received.meta.request_id,
            received.meta.correlation_id,
            causation_id=str(received.id),
        )

    async def look(self) -> _Looked:
        """Read all of it and store nothing."""
        reader = self._reader()

        def look() -> _Looked:
            issues: list[EpcisIssue] = []
            ready: list[Prepared] | None = []
            for one in prepare(reader, self._programme):
                if not isinstance(one, Prepared):
                    issues += one[: MOST_ERRORS - len(issues)]
                elif ready is not None:
                    ready.append(one)
                    ready = ready if len(ready) <= PART else None
            return _Looked([*issues, *reader.issues], reader.events, ready)

        return await asyncio.to_thread(look)

    async def store(self, ready: list[Prepared] | None) -> tuple[list[EpcisIssue], int]:
        """Store what is right: what is wrong, and how many events that keeps out."""
        done = (await self._log.read(lambda reader: progress(reader, self._capture))).events
        reader = self._reader()
        events = prepare(reader, self._programme) if ready is None else iter(ready)
        issues: list[EpcisIssue] = []
        refused = number = 0
        while part := await asyncio.to_thread(_take, events):
            right = [one for one in part if isinstance(one, Prepared)]
            wrong = [one for one in part if not isinstance(one, Prepared)]
            issues += [issue for one in wrong for issue in one]
            refused += len(wrong)
            number += len(part)
            if number <= done:
                continue

            def work(tx: Tx, right: list[Prepared] = right, number: int = number) -> None:
                new = len(store(tx, right, self._meta).new)
                advance(tx, self._capture, Progress(number, new, len(right) - new))

            await self._log.write(work)
        return [*issues, *reader.issues], refused

    async def finish(self, issues: list[EpcisIssue], refused: int) -> None:
        """Write down what became of it."""

        def work(tx: Tx) -> None:
            sums = progress(tx, self._capture)
            event = CaptureFinished(
                captured=sums.captured,
                repeated=sums.repeated,
                refused=refused,
                errors=tuple(map(capture_error, issues[:MOST_ERRORS])),
            )
            tx.append(self._capture, [event], after=1, meta=self._meta, occurred_at=self._received.recorded_at)
            forget(tx, self._capture)

        await self._log.write(work)
        logger.info("captured", capture=str(self._capture), refused=refused)

    def _reader(self) -> EventReader:
        loop = asyncio.get_running_loop()

        def read(number: int) -> bytes | None:
            found = self._log.read(lambda reader: piece_of(reader, self._capture, number))
            return asyncio.run_coroutine_threadsafe(found, loop).result()

        return EventReader(open_body(read), self._profile, LIMITS)


def _take(events: Iterator[Prepared | Sequence[EpcisIssue]]) -> list[Prepared | Sequence[EpcisIssue]]:
    return list(islice(events, PART))
