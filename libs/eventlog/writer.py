"""The writer: one thread in which callers' work is collected into transactions."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import structlog

from libs.eventlog.transaction import Tx

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

GROUP_LIMIT = 256
"""Callers in one transaction at most: bounds how long the first of them waits for the last."""

logger = structlog.get_logger(__name__)


class Closed(Exception):
    """The log was closed before the work was done. Nothing of it is kept."""


class Job:
    """One caller's work on its way through the writer."""

    __slots__ = ("about", "failure", "future", "loop", "read", "result", "work")

    def __init__(
        self,
        work: Callable[[Tx, Any], Any],
        future: asyncio.Future[Any],
        loop: asyncio.AbstractEventLoop,
        read: Callable[[Tx, Sequence[Any]], Sequence[Any]],
        about: Any,
    ) -> None:
        self.work = work
        self.read = read
        self.about = about
        self.future = future
        self.loop = loop
        self.result: Any = None
        self.failure: BaseException | None = None


class Writer:
    """Takes jobs from any thread. `close` ends it."""

    def __init__(
        self,
        begin: Callable[[], AbstractContextManager[Tx]],
        committed: Callable[[Sequence[tuple[int, str]]], None],
        wake: Callable[[], None],
    ) -> None:
        """`committed` is told the new positions and their topics before the callers go on, `wake` is called after."""
        self._begin = begin
        self._committed = committed
        self._wake = wake
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_forever, name="eventlog-write", daemon=True)
        self._thread.start()

    def put(self, job: Job) -> None:
        """Its future is settled when it is on disk, or has failed."""
        self._jobs.put(job)

    def close(self) -> None:
        """Lets work that has begun end, refuses the rest, and waits for that."""
        self._jobs.put(None)
        self._thread.join()

    def _write_forever(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                break
            group = [job]
            last = False
            while len(group) < GROUP_LIMIT:
                try:
                    following = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    last = True
                    break
                group.append(following)
            self._write_group(group)
            if last:
                break
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is not None:
                job.failure = Closed()
                self._answer([job])

    def _write_group(self, group: list[Job]) -> None:
        """Commits a group, without savepoints if nobody fails after having written, else once more with them."""
        positions: list[tuple[int, str]] = []
        try:
            try:
                positions = self._attempt(group, apart=False)
            except Exception:  # noqa: BLE001 # whose failure it was shows when each is run for itself
                positions = self._attempt(group, apart=True)
        except Exception as error:  # noqa: BLE001 # the database itself failed: everybody is told
            for job in group:
                job.failure = error
        # Before the callers go on: they may ask for it at once.
        self._committed(positions)
        self._answer(group)
        if positions:
            self._wake()

    def _attempt(self, group: list[Job], *, apart: bool) -> list[tuple[int, str]]:
        with self._begin() as tx:
            if apart:
                for job in group:
                    self._run_apart(tx, job)
            else:
                for read, alike in groupby(group, key=lambda job: job.read):
                    self._run_together(tx, read, list(alike))
            tx.flush()
            return tx.positions

    def _run_together(self, tx: Tx, read: Callable[[Tx, Sequence[Any]], Sequence[Any]], jobs: Sequence[Job]) -> None:
        for job, found in zip(jobs, read(tx, [job.about for job in jobs]), strict=True):
            job.result = job.failure = None
            tx.wrote = False
            try:
                job.result = job.work(tx, found)
            except Exception as error:
                if tx.wrote:
                    raise
                job.failure = error

    def _run_apart(self, tx: Tx, job: Job) -> None:
        job.result = job.failure = None
        try:
            with tx.savepoint():
                (found,) = job.read(tx, [job.about])
                job.result = job.work(tx, found)
        except Exception as error:  # noqa: BLE001 # it is told, and nothing of its work is kept
            job.failure = error

    def _answer(self, group: list[Job]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[Job]] = {}
        for job in group:
            by_loop.setdefault(job.loop, []).append(job)
        for loop, jobs in by_loop.items():
            try:
                loop.call_soon_threadsafe(_settle, jobs)
            except RuntimeError:
                logger.warning("caller_gone", callers=len(jobs))


def _settle(jobs: list[Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.failure is not None:
            job.future.set_exception(job.failure)
        else:
            job.future.set_result(job.result)
