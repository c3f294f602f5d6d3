"""Members and their sponsors over time, as membership tells of them."""

from datetime import datetime

from fenxiao.api.membership.v1.events_pb2 import (
    MemberEnrolled,
    MemberReinstated,
    MemberSuspended,
    SponsorChanged,
)
from libs.eventbus import Received
from libs.eventbus.inbox import Inbox
from libs.eventlog import Reader, Tx, View
from libs.servicekit.times import from_timestamp
from services.commission.views.moments import from_micros, micros

# The newest word on a moment counts, as in membership.
_LINK = (
    "INSERT INTO view_sponsors (programme, member, effective_from, sponsor) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (programme, member, effective_from) DO UPDATE SET sponsor = excluded.sponsor"
)

# One query for the whole line: each step reads one entry of the primary key. It ends at a root, whose sponsor is
# empty, and where there is nothing (NULL).
_UPLINE = """
WITH RECURSIVE line (member, level) AS (
  SELECT CAST(? AS TEXT), 0
  UNION ALL
  SELECT (SELECT s.sponsor FROM view_sponsors s
          WHERE s.programme = ? AND s.member = line.member AND s.effective_from <= ?
          ORDER BY s.effective_from DESC LIMIT 1), level + 1
  FROM line WHERE level + 1 < ? AND member <> ''
)
SELECT member FROM line WHERE member <> '' ORDER BY level
"""


def _enrolled(tx: Tx, received: Received) -> None:
    event: MemberEnrolled = received.event
    joined = micros(from_timestamp(event.join_time))
    tx.run(
        "INSERT INTO view_members (programme, member, joined, suspended) VALUES (?, ?, ?, 0)"
        " ON CONFLICT (programme, member) DO NOTHING",
        (received.programme, event.member, joined),
    )
    tx.run(_LINK, (received.programme, event.member, joined, event.sponsor))


def _sponsor_changed(tx: Tx, received: Received) -> None:
    event: SponsorChanged = received.event
    tx.run(_LINK, (received.programme, event.member, micros(from_timestamp(event.effective_time)), event.sponsor))


def _suspended(tx: Tx, received: Received) -> None:
    _set_suspended(tx, received.programme, received.event.member, 1)


def _reinstated(tx: Tx, received: Received) -> None:
    _set_suspended(tx, received.programme, received.event.member, 0)


def _set_suspended(tx: Tx, programme: str, member: str, suspended: int) -> None:
    tx.run("UPDATE view_members SET suspended = ? WHERE programme = ? AND member = ?", (suspended, programme, member))


MEMBERS = View(
    "members",
    [
        "CREATE TABLE IF NOT EXISTS view_members (programme TEXT NOT NULL, member TEXT NOT NULL,"
        " joined BIGINT NOT NULL, suspended INTEGER NOT NULL, PRIMARY KEY (programme, member))",
        "CREATE TABLE IF NOT EXISTS view_sponsors (programme TEXT NOT NULL, member TEXT NOT NULL,"
        " effective_from BIGINT NOT NULL, sponsor TEXT NOT NULL, PRIMARY KEY (programme, member, effective_from))",
    ],
    others={
        MemberEnrolled: _enrolled,
        SponsorChanged: _sponsor_changed,
        MemberSuspended: _suspended,
        MemberReinstated: _reinstated,
    },
)


def joined_at(reader: Reader, programme: str, member: str) -> datetime | None:
    """Since when somebody is a member; None for a stranger."""
    row = reader.one("SELECT joined FROM view_members WHERE programme = ? AND member = ?", (programme, member))
    return from_micros(row[0]) if row else None


def upline(reader: Reader, programme: str, member: str, at: datetime, depth: int) -> list[str]:
    """At most `depth` members from this one upward as of a moment, this one first."""
    return [row[0] for row in reader.all(_UPLINE, (member, programme, micros(at), depth))]


_INBOX = Inbox("membership", "commission")


def cut(reader: Reader) -> str:
    """How far membership is known here, as `store:position`; empty before the first word of it."""
    place = _INBOX.progress(reader).place
    return f"{place.store}:{place.position}" if place else ""
