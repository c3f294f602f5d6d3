"""Whose identity is checked from when until when."""

from datetime import datetime
from typing import Final

from libs.eventlog import Reader, Recorded, Tx, View
from services.settlement.domain.events import IdentityRemembered, IdentityWithdrawn
from services.settlement.domain.identity import Said
from services.settlement.views.columns import from_micros, to_micros

CHECKED: Final = (
    "COALESCE((SELECT CASE WHEN i.until IS NULL OR i.until>? THEN 1 ELSE 0 END FROM view_identities i"
    " WHERE i.programme=l.programme AND i.member=l.member AND i.since<=?"
    " ORDER BY i.since DESC, i.version DESC LIMIT 1), 0)=1"
)
"""`checked_at` in SQL, for the member of a row `l`; the time is given twice."""


def said_of(reader: Reader, programme: str, member: str) -> list[Said]:
    """What was said of a member's identity, in its order."""
    rows = reader.all(
        "SELECT since, until FROM view_identities WHERE programme=? AND member=? ORDER BY version", (programme, member)
    )
    return [Said(from_micros(since), None if until is None else from_micros(until)) for since, until in rows]


def _remembered(tx: Tx, recorded: Recorded[IdentityRemembered]) -> None:
    fact = recorded.event
    _say(tx, recorded, fact.checked_at, fact.expires_at)


def _withdrawn(tx: Tx, recorded: Recorded[IdentityWithdrawn]) -> None:
    since = recorded.event.effective_from
    _say(tx, recorded, since, since)


def _say(
    tx: Tx,
    recorded: Recorded[IdentityRemembered] | Recorded[IdentityWithdrawn],
    since: datetime,
    until: datetime | None,
) -> None:
    tx.run(
        "INSERT INTO view_identities VALUES (?, ?, ?, ?, ?)",
        (recorded.meta.programme, recorded.event.member, recorded.version, to_micros(since), to_micros(until)),
    )


IDENTITIES = View(
    name="identities",
    ddl=[
        "CREATE TABLE IF NOT EXISTS view_identities ("
        "programme TEXT NOT NULL, member TEXT NOT NULL, version BIGINT NOT NULL, since BIGINT NOT NULL, until BIGINT,"
        " PRIMARY KEY (programme, member, version))",
    ],
    own={IdentityRemembered: _remembered, IdentityWithdrawn: _withdrawn},
)
