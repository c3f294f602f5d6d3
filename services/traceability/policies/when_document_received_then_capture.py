"""When a document has been received, its events are captured, part by part, and its capture is finished.

With `rollback`, all of it is read before the first event is stored: if anything is wrong, nothing is. How far it has
come is written down with every part, so a crash repeats nothing.
"""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from typing import Final, NamedTuple
from uuid import UUID

import structlog

from fenxiao.epcis import EpcisIssue, Profile
from libs.eventlog import Meta, Recorded, Tx
from libs.servicekit import Running
from libs.servicekit.beside import Beside, Gone
from services.traceability.adapters.bodies import Progress, advance, forget, piece_of, progress
from services.traceability.adapters.secrets import Secrets
from services.traceability.domain.capture import MOST_ERRORS, capture_error
from services.traceability.domain.events import Behaviour, CaptureFinished, CaptureReceived
from services.traceability.shared.capturing import seal, store
from services.traceability.shared.master_data import Header, say
from services.traceability.shared.preparing import PART, End, Fetch, Looked, Part, Upload
from services.traceability.shared.sealing import Sealing, sealing_of
from services.traceability.views.captures import next_unfinished

logger = structlog.get_logger(__name__)

_LARGE: Final = 1024 * 1024
"""Bytes from which on it is worth starting a process for a document."""


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
    """Captures one document; what is large is read in a process of its own, which lasts as long."""
    (received,) = await running.log.read(lambda reader: reader.load(capture))
    reporter, secrets = received.meta.actor, running.use(Secrets)
    sealing = await running.log.read(lambda reader: sealing_of(reader, secrets, programme, reporter))
    beside = Beside() if sealing is None and received.event.size >= _LARGE else None
    job = _Job(running, received, programme, sealing)
    try:
        await job.run(beside)
    except Gone:
        await job.run(None)
    finally:
        if beside is not None:
            await asyncio.to_thread(beside.close)


class _Done(NamedTuple):
    """What has become of a document."""

    issues: list[EpcisIssue]
    refused: int
    """Events that are wrong, or are left out."""
    master_data: int
    """Elements that were taken."""


class _Job:
    """A document on its way."""

    def __init__(
        self, running: Running, received: Recorded[CaptureReceived], programme: str, sealing: Sealing | None
    ) -> None:
        self._log = running.log
        self._sealing = sealing
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

    async def run(self, beside: Beside | None) -> None:
        """Capture it, from where an earlier run has come to."""
        upload = Upload(self._fetch(), self._profile, self._programme, self._sealing, beside)
        looked = Looked([], 0)
        if self._received.event.behaviour is Behaviour.ROLLBACK:
            looked = await asyncio.to_thread(upload.look)
        if looked.issues:
            await self.finish(_Done(looked.issues, looked.events, 0))
        elif looked.ready is not None and looked.header is not None:
            parts = iter([Part(looked.ready, [], 0), End([], looked.header)])
            await self.finish(await self.store(parts))
        else:
            with closing(upload.parts()) as parts:
                await self.finish(await self.store(parts))

    async def store(self, parts: Iterator[Part | End]) -> _Done:
        """Store what is right. While a part is stored, the next is read."""
        done = (await self._log.read(lambda reader: progress(reader, self._capture))).events
        issues: list[EpcisIssue] = []
        refused = number = 0
        reading = asyncio.ensure_future(asyncio.to_thread(next, parts))
        try:
            while not isinstance(part := await reading, End):
                reading = asyncio.ensure_future(asyncio.to_thread(next, parts))
                issues += part.wrong
                refused += part.refused
                number += len(part.right) + part.refused
                if number > done:
                    await self._store_part(part, number)
        finally:
            # A thread cannot be called back.
            await asyncio.wait([reading])
        await self._store_header(part.header)
        return _Done([*issues, *part.issues, *part.header.issues], refused, len(part.header.elements))

    async def _store_part(self, part: Part, number: int) -> None:
        right = await asyncio.to_thread(seal, part.right, self._sealing)

        def work(tx: Tx) -> None:
            new = len(store(tx, right, self._meta).new)
            advance(tx, self._capture, Progress(number, new, len(right) - new))

        await self._log.write(work)

    async def _store_header(self, header: Header) -> None:
        """Last, since it may stand behind the events. What was said before is not recorded again."""
        for start in range(0, len(header.elements), PART):
            part = header.elements[start : start + PART]
            await self._log.write(
                lambda tx, part=part: say(tx, part, header.created, self._meta, self._received.recorded_at)
            )

    async def finish(self, done: _Done) -> None:
        """Write down what became of it."""

        def work(tx: Tx) -> None:
            sums = progress(tx, self._capture)
            event = CaptureFinished(
                captured=sums.captured,
                repeated=sums.repeated,
                refused=done.refused,
                errors=tuple(map(capture_error, done.issues[:MOST_ERRORS])),
                master_data=done.master_data,
            )
            tx.append(self._capture, [event], after=1, meta=self._meta, occurred_at=self._received.recorded_at)
            forget(tx, self._capture)

        await self._log.write(work)
        logger.info("captured", capture=str(self._capture), refused=done.refused)

    def _fetch(self) -> Fetch:
        loop = asyncio.get_running_loop()

        def fetch(number: int) -> bytes | None:
            found = self._log.read(lambda reader: piece_of(reader, self._capture, number))
            return asyncio.run_coroutine_threadsafe(found, loop).result()

        return fetch
