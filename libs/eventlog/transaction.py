"""What a use case sees of the store while it runs: a reader, or a transaction."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import Any, Protocol
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from pydantic import BaseModel

from libs.eventlog.events import EventTypes, Meta, Recorded, pack, unpack

Row = tuple[Any, ...]

Stored = tuple[UUID, int, int, str, bytes]
"""Stream, version, position, topic, state."""


_recorded: Callable[..., Recorded[Any]] = Recorded


class Conflict(Exception):
    """The stream has moved on since the caller read it. Read it again and decide again."""


class Connection(Protocol):
    """An open transaction of one of the databases."""

    def run(self, sql: str, params: Sequence[object] = ()) -> None:
        """Executes a statement."""
        ...

    def run_many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Executes a statement for each row of parameters."""
        ...

    def all(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """Executes a query."""
        ...

    def insert_events(self, events: Sequence[StoredEvent]) -> list[int]:
        """Appends and returns the positions. Raises `Conflict` when a version is taken."""
        ...

    def events_of(self, stream: UUID) -> list[Stored]:
        """A stream, oldest first."""
        ...

    def events_after(self, position: int, limit: int) -> list[Stored]:
        """The same for the whole store."""
        ...

    def events_of_programme(self, programme: str, topics: Sequence[str], position: int, limit: int) -> list[Stored]:
        """The same for one programme and some topics."""
        ...

    def events_before(self, positions: Sequence[int], topics: Sequence[str]) -> list[tuple[int, Stored]]:
        """For each position the newest event before it with one of the topics, where there is one."""
        ...

    def newest_position(self, topics: Sequence[str]) -> int:
        """Position of the newest event with one of the topics; 0 when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides about large events before they are appended."""

    above: int
    """Bytes of a stored event above which it is large."""
    check: Callable[[Recorded[Any]], None]
    """Raises what the caller is to be told if the event cannot be kept. Its position is not known yet: 0."""


UNGUARDED = Guard(sys.maxsize, lambda _: None)
"""Takes whatever comes."""


class Reader:
    """A consistent look at the store and the views. Placeholders are `?`, whatever the database."""

    def __init__(self, connection: Connection, types: EventTypes) -> None:
        self._connection = connection
        self._types = types

    def one(self, sql: str, params: Sequence[object] = ()) -> Row | None:
        """The first row, or None."""
        rows = self.all(sql, params)
        return rows[0] if rows else None

    def all(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """All rows."""
        return self._connection.all(sql, params)

    def load(self, stream: UUID) -> list[Recorded[Any]]:
        """Every event of a stream, oldest first; empty for an unknown one."""
        return [unpack(self._types, *row) for row in self._connection.events_of(stream)]

    def after(self, position: int, limit: int) -> list[Recorded[Any]]:
        """Events of the whole store behind a position, oldest first."""
        return [unpack(self._types, *row) for row in self._connection.events_after(position, limit)]

    def of_programme(
        self, programme: str, types: Iterable[type[BaseModel]], position: int, limit: int
    ) -> list[tuple[Recorded[Any], Recorded[Any] | None]]:
        """Events of these types in one programme behind a position, oldest first.

        Each comes with the event of these types that stands before it in the whole store, whatever its programme.
        What other programmes have recorded is not read otherwise.
        """
        topics = [topic for cls in types for topic in self._types.topics(cls)]
        rows = self._connection.events_of_programme(programme, topics, position, limit)
        found = [unpack(self._types, *row) for row in rows]
        before: dict[int, Recorded[Any]] = {
            one.position: last for last, one in pairwise(found) if last.position + 1 == one.position
        }
        others = [one.position for one in found if one.position not in before]
        for place, row in self._connection.events_before(others, topics):
            before[place] = unpack(self._types, *row)
        return [(one, before.get(one.position)) for one in found]


class Tx(Reader):
    """A writing transaction, or the part of one that belongs to one caller.

    Appended events go to the database together, when the caller reads or when its work is done; the views are
    applied right after them. So a caller reads what it has written.
    """

    def __init__(
        self,
        connection: Connection,
        types: EventTypes,
        appliers: Mapping[type, Sequence[Callable[[Tx, Recorded[Any]], None]]],
        guard: Guard,
    ) -> None:
        super().__init__(connection, types)
        self._appliers = appliers
        self._guard = guard
        self._pending: list[tuple[StoredEvent, Callable[..., Recorded[Any]] | None]] = []
        self._savepoints = 0
        self.wrote = False
        """Whether anything has been written: what raises before that needs no rollback."""
        self.positions: list[tuple[int, str]] = []
        """Position and topic of every event that was flushed."""

    def all(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """All rows, with what this transaction has written."""
        self.flush()
        return super().all(sql, params)

    def load(self, stream: UUID) -> list[Recorded[Any]]:
        """Every event of a stream, with what this transaction has appended."""
        self.flush()
        return super().load(stream)

    def after(self, position: int, limit: int) -> list[Recorded[Any]]:
        """Events behind a position, with what this transaction has appended."""
        self.flush()
        return super().after(position, limit)

    def of_programme(
        self, programme: str, types: Iterable[type[BaseModel]], position: int, limit: int
    ) -> list[tuple[Recorded[Any], Recorded[Any] | None]]:
        """Events of one programme, with what this transaction has appended."""
        self.flush()
        return super().of_programme(programme, types, position, limit)

    def run(self, sql: str, params: Sequence[object] = ()) -> None:
        """Executes a statement on the service's own tables."""
        self.flush()
        self.wrote = True
        self._connection.run(sql, params)

    def run_many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Executes a statement for each row of parameters."""
        if rows:
            self.flush()
            self.wrote = True
            self._connection.run_many(sql, rows)

    def append(
        self, stream: UUID, events: Sequence[BaseModel], *, after: int, meta: Meta, occurred_at: datetime
    ) -> None:
        """Appends facts to a stream.

        `after` is the version of the newest event that the caller has seen (0 for a new stream). When the stream
        has moved on, `Conflict` is raised, here or at the next read, and nothing of this caller is kept.

        When the guard refuses one of them, none is appended.
        """
        now = datetime.now(UTC)
        pending: list[tuple[StoredEvent, Callable[..., Recorded[Any]] | None]] = []
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
            if large or cls in self._appliers:
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
        self._pending += pending
        self.wrote = True

    @contextmanager
    def savepoint(self) -> Generator[None]:
        """What is written inside is kept whole or, when an exception leaves it, not at all."""
        self.flush()
        # Named by its depth: the databases' drivers know the statements again.
        self._savepoints += 1
        name = f"part_{self._savepoints}"
        kept = len(self.positions)
        self._connection.run(f"SAVEPOINT {name}")
        try:
            yield
            self.flush()
        except BaseException:
            self._pending.clear()
            del self.positions[kept:]
            self._connection.run(f"ROLLBACK TO SAVEPOINT {name}")
            self._connection.run(f"RELEASE SAVEPOINT {name}")
            raise
        else:
            self._connection.run(f"RELEASE SAVEPOINT {name}")
        finally:
            self._savepoints -= 1

    def flush(self) -> None:
        """Sends pending events to the database and applies the views to them."""
        while self._pending:
            # Whatever fails from here on may be another caller's event: the group has to be run apart.
            self.wrote = True
            batch, self._pending = self._pending, []
            ids = self._connection.insert_events([stored for stored, _ in batch])
            for (stored, placed), position in zip(batch, ids, strict=True):
                self.positions.append((position, stored.topic))
                if placed is not None:
                    recorded = placed(position=position)
                    for apply in self._appliers.get(recorded.event.__class__, ()):
                        apply(self, recorded)
