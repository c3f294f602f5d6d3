"""What a use case sees of the store while it only reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Any, Protocol
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from pydantic import BaseModel

from libs.eventlog.events import EventTypes, Recorded, unpack

Row = tuple[Any, ...]

Stored = tuple[UUID, int, int, str, bytes]
"""Stream, version, position, topic, state."""


class Conflict(Exception):
    """The stream has moved on since the caller read it. Read it again and decide again."""


class Connection(Protocol):
    """An open transaction of one of the databases."""

    def create(self, ddl: str) -> None:
        """Creates a table or an index, as it is best here."""
        ...

    def run(self, sql: str, params: Sequence[object] = ()) -> None:
        """Executes a statement."""
        ...

    def run_many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Executes a statement for each row of parameters."""
        ...

    def all(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """Executes a query."""
        ...

    def among(self, sql: str, params: Sequence[object], keys: Sequence[object]) -> list[Row]:
        """Executes a query in which `= {keys}` stands for any of some values."""
        ...

    def insert_events(self, events: Sequence[StoredEvent]) -> list[int]:
        """Appends and returns the positions. Raises `Conflict` when a version is taken."""
        ...

    def events_of(self, streams: Sequence[UUID]) -> list[Stored]:
        """Some streams, the events of each oldest first."""
        ...

    def events_after(self, position: int, limit: int) -> list[Stored]:
        """The same for the whole store."""
        ...

    def events_of_programme(self, programme: str, topics: Sequence[str], position: int, limit: int) -> list[Stored]:
        """The same for one programme and some topics."""
        ...

    def events_at(self, positions: Sequence[int]) -> list[Stored]:
        """The events at these positions, oldest first."""
        ...

    def known_streams(self, streams: Sequence[UUID]) -> list[UUID]:
        """Those of these streams that have an event."""
        ...

    def events_before(self, positions: Sequence[int], topics: Sequence[str]) -> list[tuple[int, Stored]]:
        """For each position the newest event before it with one of the topics, where there is one."""
        ...

    def newest_position(self, topics: Sequence[str]) -> int:
        """Position of the newest event with one of the topics; 0 when there is none."""
        ...


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

    def among(self, sql: str, params: Sequence[object], keys: Collection[object]) -> list[Row]:
        """All rows of a query in which `= {keys}` stands for any of some values, behind the other placeholders."""
        return self._connection.among(sql, params, list(keys)) if keys else []

    def load(self, stream: UUID) -> list[Recorded[Any]]:
        """Every event of a stream, oldest first; empty for an unknown one."""
        return [unpack(self._types, *row) for row in self._connection.events_of([stream])]

    def load_all(self, streams: Collection[UUID]) -> dict[UUID, list[Recorded[Any]]]:
        """The same for many streams, by stream; without unknown ones."""
        found: dict[UUID, list[Recorded[Any]]] = {}
        for row in self._connection.events_of(list(streams)) if streams else ():
            found.setdefault(row[0], []).append(unpack(self._types, *row))
        return found

    def after(self, position: int, limit: int) -> list[Recorded[Any]]:
        """Events of the whole store behind a position, oldest first."""
        return [unpack(self._types, *row) for row in self._connection.events_after(position, limit)]

    def at(self, positions: Sequence[int]) -> list[Recorded[Any]]:
        """The events at these positions of the store, oldest first."""
        return [unpack(self._types, *row) for row in self._connection.events_at(positions)]

    def known(self, streams: Sequence[UUID]) -> set[UUID]:
        """Those of these streams that have an event."""
        return set(self._connection.known_streams(streams))

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
