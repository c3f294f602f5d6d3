"""What a transaction is to write and has not sent to the database yet: events, and statements by their text."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from eventsourcing.persistence import StoredEvent

from libs.eventlog.events import Recorded

_WRITTEN = re.compile(r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(\w+)", re.IGNORECASE)

Placed = Callable[..., Recorded[Any]]
"""Makes the recorded event from its position."""


@lru_cache(maxsize=4096)
def _words(sql: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", sql))


@lru_cache(maxsize=4096)
def _written(sql: str) -> str:
    """The table that a statement writes; empty for one that does something else."""
    found = _WRITTEN.search(sql)
    return found.group(1) if found else ""


@lru_cache(maxsize=4096)
def _commute(sql: str, other: str) -> bool:
    """Whether it does not matter which of two statements comes first: neither mentions what the other writes."""
    table, others = _written(sql), _written(other)
    return bool(table and others) and table not in _words(other) and others not in _words(sql)


class Unsent:
    """Events first, then statements. Those of the same text go together, where that changes nothing for the others."""

    __slots__ = ("events", "statements")

    def __init__(self) -> None:
        self.events: list[tuple[StoredEvent, Placed | None]] = []
        self.statements: list[tuple[str, list[Sequence[object]]]] = []
        """Text, and the parameters of each execution."""

    def __bool__(self) -> bool:
        return bool(self.events or self.statements)

    def add(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Puts executions of a statement with those of the same text, or behind all others."""
        for text, gathered in reversed(self.statements):
            if text == sql:
                gathered.extend(rows)
                return
            if not _commute(sql, text):
                break
        self.statements.append((sql, list(rows)))

    def take_in(self, other: "Unsent") -> None:
        """Puts all of another behind what stands here."""
        self.events += other.events
        for sql, rows in other.statements:
            self.add(sql, rows)
