"""What a consumer keeps in its service's own database, in the transactions in which it applies events."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from libs.eventbus.envelope import Place
from libs.eventbus.received import Received
from libs.eventlog import Reader, Tx

TABLES = (
    "CREATE TABLE IF NOT EXISTS consumed (source TEXT PRIMARY KEY, store TEXT NOT NULL, position BIGINT NOT NULL,"
    " n BIGINT NOT NULL, reached BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS parked (source TEXT NOT NULL, scope TEXT NOT NULL, store TEXT NOT NULL,"
    " position BIGINT NOT NULL, n BIGINT NOT NULL, subject TEXT NOT NULL, headers TEXT NOT NULL,"
    " payload BYTEA NOT NULL, reason TEXT NOT NULL, parked_at TEXT NOT NULL,"
    " PRIMARY KEY (source, scope, store, position, n))",
)
"""DDL of both tables, for `EventLog.open(tables=...)`."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a source has been consumed: the last message's place, and the last position that came whole."""

    place: Place | None = None
    reached: int = 0


@dataclass(frozen=True, slots=True)
class Parked:
    """A message that could not be applied, or that waits behind one of the same scope."""

    source: str
    scope: str
    received: Received
    reason: str
    parked_at: datetime


class Inbox:
    """The rows of one source."""

    def __init__(self, source: str, service: str) -> None:
        self._source = source
        self._service = service

    def progress(self, reader: Reader) -> Progress:
        """How far the source has been consumed."""
        row = reader.one("SELECT store, position, n, reached FROM consumed WHERE source = ?", (self._source,))
        return Progress(Place(str(row[0]), int(row[1]), int(row[2])), int(row[3])) if row else Progress()

    def advance(self, tx: Tx, progress: Progress) -> None:
        """Remembers that."""
        assert progress.place is not None
        tx.run(
            "INSERT INTO consumed (source, store, position, n, reached) VALUES (?, ?, ?, ?, ?) ON CONFLICT (source)"
            " DO UPDATE SET store = excluded.store, position = excluded.position, n = excluded.n,"
            " reached = excluded.reached",
            (self._source, *progress.place, progress.reached),
        )

    def scopes(self, reader: Reader) -> dict[str, int]:
        """The parked scopes, and how many messages wait in each."""
        rows = reader.all("SELECT scope, COUNT(*) FROM parked WHERE source = ? GROUP BY scope", (self._source,))
        return {str(scope): int(count) for scope, count in rows}

    def park(self, tx: Tx, scope: str, received: Received, reason: str) -> None:
        """Puts a message aside."""
        tx.run(
            "INSERT INTO parked (source, scope, store, position, n, subject, headers, payload, reason, parked_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._source,
                scope,
                *received.place,
                received.subject,
                json.dumps(dict(received.headers)),
                received.payload,
                reason,
                datetime.now(UTC).isoformat(),
            ),
        )

    def parked(self, reader: Reader, scope: str | None = None) -> list[Parked]:
        """The messages put aside, of one scope or all, in the order in which they came."""
        columns = "SELECT scope, subject, headers, payload, reason, parked_at FROM parked WHERE source = ?"
        if scope is None:
            rows = reader.all(f"{columns} ORDER BY position, n", (self._source,))
        else:
            rows = reader.all(f"{columns} AND scope = ? ORDER BY position, n", (self._source, scope))
        return [
            Parked(
                self._source,
                str(found),
                Received(str(subject), json.loads(headers), bytes(payload), self._service),
                str(reason),
                datetime.fromisoformat(parked_at),
            )
            for found, subject, headers, payload, reason, parked_at in rows
        ]

    def unpark(self, tx: Tx, parked: Parked) -> None:
        """Takes one back."""
        tx.run(
            "DELETE FROM parked WHERE source = ? AND scope = ? AND store = ? AND position = ? AND n = ?",
            (self._source, parked.scope, *parked.received.place),
        )
