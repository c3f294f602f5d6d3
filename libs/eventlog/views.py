"""Read models: tables that are made from events and can be made from them again at any time."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from libs.eventlog.events import Recorded
from libs.eventlog.transaction import Tx

_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (view_\w+)")


@dataclass(frozen=True)
class View:
    """One read model.

    `ddl` creates its tables (names begin with `view_`) and indexes, in SQL that SQLite and PostgreSQL share.
    `own` is applied to the service's own events, in the transaction that appends them, so a read after a write
    is current. `together` gets those that are appended at once in one call, after `own` of all views: for views that
    look much up. How many those are says nothing: an event may come alone. `others` is applied
    to other services' public events (by protobuf message type) as they arrive.
    """

    name: str
    ddl: Sequence[str]
    own: Mapping[type, Callable[[Tx, Recorded[Any]], None]] = field(default_factory=dict[type, Any])
    together: Mapping[type, Callable[[Tx, Sequence[Recorded[Any]]], None]] = field(default_factory=dict[type, Any])
    others: Mapping[type[Any], Callable[[Tx, Any], None]] = field(default_factory=dict[type[Any], Any])

    @property
    def tables(self) -> list[str]:
        """Names of its tables."""
        return [found.group(1) for statement in self.ddl if (found := _TABLE.search(statement))]
