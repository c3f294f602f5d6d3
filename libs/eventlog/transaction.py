"""What a use case sees of the store while it writes: a transaction, or its part of one."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from pydantic import BaseModel

from libs.eventlog.events import EventTypes, Meta, Recorded, pack
from libs.eventlog.reader import Connection, Reader, Row
from libs.eventlog.unsent import Placed, Unsent

_recorded: Placed = Recorded

_TOGETHER = 2000
"""Events that are sent together at most: bounds what a large group holds in memory."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides about large events before they are appended."""

    above: int
    """Bytes of a stored event above which it is large."""
    check: Callable[[Recorded[Any]], None]
    """Raises what the caller is to be told if the event cannot be kept. Its position is not known yet: 0."""


UNGUARDED = Guard(sys.maxsize, lambda _: None)
"""Takes whatever comes."""


class _Level:
    """What stands inside a savepoint, or, on the first level, the transaction itself."""

    __slots__ = ("kept", "opened", "unsent")

    def __init__(self, kept: int) -> None:
        self.unsent = Unsent()
        self.kept = kept
        """Positions of the transaction when the level was entered."""
        self.opened = False
        """Whether the database knows of it."""


class Tx(Reader):
    """A writing transaction, or the part of one that belongs to one caller.

    What is appended and written goes to the database together, when the caller reads or when its work is done; the
    views are applied right after the events. So a caller reads what it has written, and what many callers write one
    after the other takes few round trips.
    """

    def __init__(
        self,
        connection: Connection,
        types: EventTypes,
        appliers: Mapping[type, Sequence[Callable[[Tx, Recorded[Any]], None]]],
        guard: Guard,
        together: Mapping[type, Sequence[Callable[[Tx, Sequence[Recorded[Any]]], None]]] | None = None,
    ) -> None:
        super().__init__(connection, types)
        self._appliers = appliers
        self._together = together or {}
        self._guard = guard
        self._levels = [_Level(0)]
        self._levels[0].opened = True
        self.wrote = False
        """Whether anything has been written: what raises before that needs no rollback."""
        self.positions: list[tuple[int, str]] = []
        """Position and topic of every event that was flushed."""

    def all(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """All rows, with what this transaction has written."""
        self.flush()
        return super().all(sql, params)

    def among(self, sql: str, params: Sequence[object], keys: Collection[object]) -> list[Row]:
        """All rows, with what this transaction has written."""
        self.flush()
        return super().among(sql, params, keys)

    def load(self, stream: UUID) -> list[Recorded[Any]]:
        """Every event of a stream, with what this transaction has appended."""
        self.flush()
        return super().load(stream)

    def load_all(self, streams: Collection[UUID]) -> dict[UUID, list[Recorded[Any]]]:
        """Every event of many streams, with what this transaction has appended."""
        self.flush()
        return super().load_all(streams)

    def after(self, position: int, limit: int) -> list[Recorded[Any]]:
        """Events behind a position, with what this transaction has appended."""
        self.flush()
        return super().after(position, limit)

    def known(self, streams: Sequence[UUID]) -> set[UUID]:
        """Those of these streams that have an event, with what this transaction has appended."""
        self.flush()
        return super().known(streams)

    def at(self, positions: Sequence[int]) -> list[Recorded[Any]]:
        """Events at these positions, with what this transaction has appended."""
        self.flush()
        return super().at(positions)

    def of_programme(
        self, programme: str, types: Iterable[type[BaseModel]], position: int, limit: int
    ) -> list[tuple[Recorded[Any], Recorded[Any] | None]]:
        """Events of one programme, with what this transaction has appended."""
        self.flush()
        return super().of_programme(programme, types, position, limit)

    def run(self, sql: str, params: Sequence[object] = ()) -> None:
        """Executes a statement on the service's own tables. What it does shows when something is read."""
        self.run_many(sql, (params,))

    def run_many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Executes a statement for each row of parameters, as `run` does."""
        if rows:
            unsent = self._levels[-1].unsent
            if unsent.events and "view_" in sql:
                # The views come after the events that have been appended before.
                self.flush()
            self.wrote = True
            unsent.add(sql, rows)

    def append(
        self, stream: UUID, events: Sequence[BaseModel], *, after: int, meta: Meta, occurred_at: datetime
    ) -> None:
        """Appends facts to a stream.

        `after` is the version of the newest event that the caller has seen (0 for a new stream). When the stream
        has moved on, `Conflict` is raised, here or at the next read, and nothing of this caller is kept.

        When the guard refuses one of them, none is appended.
        """
        now = datetime.now(UTC)
        pending: list[tuple[StoredEvent, Placed | None]] = []
        for number, event in enumerate(events, after + 1):
            cls = type(event)
            event_id = uuid.uuid4()
            stored = StoredEvent(
                originator_id=stream,
                originator_version=number,
                topic=self._types.topic(cls),
                state=pack(event_id, meta, occurred_at, now, self._types.encode(event)),
            )
            placed = None
            large = len(stored.state) > self._guard.above
            if large or cls in self._appliers or cls in self._together:
                # Views need the position, which only the database gives.
                placed = partial(
                    _recorded,
                    event=event,
                    id=event_id,
                    stream=stream,
                    version=number,
                    meta=meta,
                    occurred_at=occurred_at,
                    recorded_at=now,
                    schema_version=self._types.version(cls),
                )
                if large:
                    self._guard.check(placed(position=0))
            pending.append((stored, placed))
        unsent = self._levels[-1].unsent
        unsent.events += pending
        self.wrote = True
        if len(unsent.events) >= _TOGETHER:
            self.flush()

    @contextmanager
    def savepoint(self) -> Generator[None]:
        """What is written inside is kept whole or, when an exception leaves it, not at all.

        Whatever the database refuses of it is raised inside, and taken back with it.
        """
        self.flush()
        with self.attempt():
            self._open()
            yield
            self.flush()

    @contextmanager
    def attempt(self) -> Generator[None]:
        """The same for exceptions that the caller raises: what the database refuses fails the whole caller, later.

        It costs the database nothing where nothing is read after something was written.
        """
        level = _Level(len(self.positions))
        self._levels.append(level)
        # Named by its depth: the databases' drivers know the statements again.
        name = f"part_{len(self._levels) - 1}"
        try:
            yield
            if level.opened:
                self.flush()
        except BaseException:
            self._levels.pop()
            if level.opened:
                del self.positions[level.kept :]
                self._connection.run(f"ROLLBACK TO SAVEPOINT {name}")
                self._connection.run(f"RELEASE SAVEPOINT {name}")
            raise
        self._levels.pop()
        if level.opened:
            self._connection.run(f"RELEASE SAVEPOINT {name}")
        else:
            self._levels[-1].unsent.take_in(level.unsent)

    def apply(self, events: Sequence[Recorded[Any]]) -> None:
        """Applies the views to events that stand in the store."""
        for recorded in events:
            for apply in self._appliers.get(recorded.event.__class__, ()):
                apply(self, recorded)
        if self._together:
            for cls, several in self._together.items():
                if alike := [recorded for recorded in events if recorded.event.__class__ is cls]:
                    for apply in several:
                        apply(self, alike)

    def flush(self) -> None:
        """Sends to the database what has not been sent, and applies the views to the events."""
        levels = self._levels
        # The outer ones first: a savepoint that is given back must not take what came before it.
        while (depth := next((depth for depth, level in enumerate(levels) if level.unsent), -1)) >= 0:
            # What the views write belongs where their events stand.
            self._levels = levels[: depth + 1]
            try:
                self._open()
                self._send(levels[depth])
            finally:
                self._levels = levels

    def _open(self) -> None:
        for depth, level in enumerate(self._levels):
            if not level.opened:
                self._connection.run(f"SAVEPOINT part_{depth}")
                level.opened = True

    def _send(self, level: _Level) -> None:
        # Whatever fails from here on may be another caller's event: the group has to be run apart.
        self.wrote = True
        events, level.unsent.events = level.unsent.events, []
        if events:
            ids = self._connection.insert_events([stored for stored, _ in events])
            appended: list[Recorded[Any]] = []
            for (stored, placed), position in zip(events, ids, strict=True):
                self.positions.append((position, stored.topic))
                if placed is not None:
                    appended.append(placed(position=position))
            self.apply(appended)
        statements, level.unsent.statements = level.unsent.statements, []
        for sql, rows in statements:
            if len(rows) == 1:
                self._connection.run(sql, rows[0])
            else:
                self._connection.run_many(sql, rows)
