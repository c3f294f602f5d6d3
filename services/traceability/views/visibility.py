"""Who sees what of a programme, in all its versions."""

from datetime import datetime
from typing import Final, NamedTuple

from libs.eventlog import Reader, Recorded, Tx, View
from services.traceability.domain.events import VisibilitySet
from services.traceability.domain.visibility import DEFAULT, Policy, stored_policy

_DDL: Final = [
    "CREATE TABLE IF NOT EXISTS view_trace_visibility (programme TEXT NOT NULL, version BIGINT NOT NULL,"
    " document TEXT NOT NULL, set_at TEXT NOT NULL, PRIMARY KEY (programme, version))",
]


class PolicyRow(NamedTuple):
    """A version of a programme's policy."""

    version: int
    document: str
    set_at: datetime


def _set(tx: Tx, recorded: Recorded[VisibilitySet]) -> None:
    event = recorded.event
    row = (recorded.meta.programme, event.version, event.document, recorded.recorded_at.isoformat())
    tx.run("INSERT INTO view_trace_visibility VALUES (?, ?, ?, ?)", row)


VIEW = View("visibility", _DDL, own={VisibilitySet: _set})


def policy_row(reader: Reader, programme: str, version: int = 0) -> PolicyRow | None:
    """A version, 0 for the one in force; None where there is none."""
    wanted, params = ("AND version=? ", (programme, version)) if version else ("", (programme,))
    row = reader.one(
        "SELECT version, document, set_at FROM view_trace_visibility"  # noqa: S608 - constants
        f" WHERE programme=? {wanted}ORDER BY version DESC LIMIT 1",
        params,
    )
    return PolicyRow(int(row[0]), str(row[1]), datetime.fromisoformat(row[2])) if row else None


def policy_of(reader: Reader, programme: str) -> Policy:
    """The policy in force."""
    row = policy_row(reader, programme)
    return stored_policy(row.document) if row else DEFAULT
