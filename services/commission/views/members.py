"""Members and their sponsors over time, as membership tells of them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from fenxiao.api.membership.v1.events_pb2 import (
    MemberEnrolled,
    MemberReinstated,
    MemberSuspended,
    SponsorChanged,
)
from fenxiao.plans import Tree
from fenxiao.plans.periods.people import Known
from libs.eventbus import Received
from libs.eventbus.inbox import Inbox
from libs.eventlog import Reader, Tx, View
from libs.servicekit.times import from_timestamp
from services.commission.views.moments import from_micros, micros

# Every word on a moment is kept, with its place in membership's store: what was known at a cut can be told later.
_LINK = (
    "INSERT INTO view_sponsors (programme, member, effective_from, position, sponsor) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (programme, member, effective_from, position) DO NOTHING"
)

# One query for the whole line: each step reads one entry of the primary key. It ends at a root, whose sponsor is
# empty, and where there is nothing (NULL).
_UPLINE = """
WITH RECURSIVE line (member, level) AS (
  SELECT CAST(? AS TEXT), 0
  UNION ALL
  SELECT (SELECT s.sponsor FROM view_sponsors s
          WHERE s.programme = ? AND s.member = line.member AND s.effective_from <= ?
          ORDER BY s.effective_from DESC, s.position DESC LIMIT 1), level + 1
  FROM line WHERE level + 1 < ? AND member <> ''
)
SELECT member FROM line WHERE member <> '' ORDER BY level
"""

_PATH = """
WITH RECURSIVE line (member, level) AS (
  SELECT CAST(? AS TEXT), 0
  UNION ALL
  SELECT (SELECT s.sponsor FROM view_sponsors s
          WHERE s.programme = ? AND s.member = line.member AND s.effective_from <= ?
          AND (s.position <= ? OR s.position = (SELECT MIN(f.position) FROM view_sponsors f
                                                WHERE f.programme = s.programme AND f.member = s.member))
          ORDER BY s.effective_from DESC, s.position DESC LIMIT 1), level + 1
  FROM line WHERE level < ? AND member <> '' AND member <> ?
)
SELECT member FROM line WHERE member <> '' ORDER BY level
"""
_LONGEST = 100_000
"""Levels that a path has at most."""


def _enrolled(tx: Tx, received: Received) -> None:
    event: MemberEnrolled = received.event
    joined = micros(from_timestamp(event.join_time))
    tx.run(
        "INSERT INTO view_members (programme, member, joined, suspended) VALUES (?, ?, ?, 0)"
        " ON CONFLICT (programme, member) DO NOTHING",
        (received.programme, event.member, joined),
    )
    tx.run(_LINK, (received.programme, event.member, joined, received.place.position, event.sponsor))


def _sponsor_changed(tx: Tx, received: Received) -> None:
    event: SponsorChanged = received.event
    at = micros(from_timestamp(event.effective_time))
    tx.run(_LINK, (received.programme, event.member, at, received.place.position, event.sponsor))


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
        " effective_from BIGINT NOT NULL, position BIGINT NOT NULL, sponsor TEXT NOT NULL,"
        " PRIMARY KEY (programme, member, effective_from, position))",
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


def joined_among(reader: Reader, programme: str, members: Collection[str]) -> dict[str, datetime]:
    """The same for some; strangers are left out."""
    sql = "SELECT member, joined FROM view_members WHERE programme = ? AND member = {keys}"
    return {member: from_micros(joined) for member, joined in reader.among(sql, (programme,), members)}


def in_order(reader: Reader, programme: str) -> list[str]:
    """Everybody, in the order of joining, which is that of their numbers where a period is rated."""
    rows = reader.all("SELECT member FROM view_members WHERE programme = ? ORDER BY joined, member", (programme,))
    return [row[0] for row in rows]


def upline(reader: Reader, programme: str, member: str, at: datetime, depth: int) -> list[str]:
    """At most `depth` members from this one upward as of a moment, this one first."""
    return [row[0] for row in reader.all(_UPLINE, (member, programme, micros(at), depth))]


def uplines(
    reader: Reader, programme: str, starts: Collection[tuple[str, datetime]], depth: int
) -> dict[tuple[str, datetime], list[str]]:
    """The same for many, as of a moment each: no more queries than they are, nor than levels."""
    if len(starts) < depth:
        return {start: upline(reader, programme, *start, depth) for start in starts}
    words: dict[str, list[tuple[int, str]]] = {}
    sql = (
        "SELECT member, effective_from, sponsor FROM view_sponsors WHERE programme = ? AND member = {keys}"
        " ORDER BY effective_from, position"
    )
    level = {member for member, _ in starts}
    for _ in range(depth - 1):
        words |= {member: [] for member in level}
        above: set[str] = set()
        for member, at, sponsor in reader.among(sql, (programme,), level):
            words[member].append((at, sponsor))
            above.add(sponsor)
        level = above - words.keys() - {""}
    return {start: _walk(words, *start, depth) for start in starts}


def _walk(words: Mapping[str, Sequence[tuple[int, str]]], member: str, moment: datetime, depth: int) -> list[str]:
    line, at = [member], micros(moment)
    while len(line) < depth:
        sponsor = next((sponsor for since, sponsor in reversed(words[line[-1]]) if since <= at), "")
        if not sponsor:
            break
        line.append(sponsor)
    return line


def tree_as_known(reader: Reader, programme: str, at_cut: str, newest_cut: str) -> Tree:
    """Everybody's sponsors over time, as known at a cut of membership's store.

    Who was enrolled after that, up to the newest cut, stands where enrolment has put him: a closed period that is
    rated again keeps its tree, and still has a place for a member whom it had not heard of.
    """
    position, newest = position_of(at_cut), position_of(newest_cut)
    tree = Tree()
    joined = dict(reader.all("SELECT member, joined FROM view_members WHERE programme = ?", (programme,)))
    words = reader.all(
        "SELECT member, effective_from, position, sponsor FROM view_sponsors WHERE programme = ? AND position <= ?"
        " ORDER BY position",
        (programme, newest),
    )
    for member, at, word, sponsor in words:
        if member not in tree:
            tree.enrol(member, sponsor or None, from_micros(joined[member]))
        elif word <= position:
            tree.change_sponsor(member, sponsor or None, from_micros(at))
    return tree


def known_at(reader: Reader, programme: str, at_cut: str, newest_cut: str) -> Known:
    """How far membership was known at a cut, and who was enrolled after that, up to the newest cut."""
    position, newest = position_of(at_cut), position_of(newest_cut)
    late: frozenset[str] = frozenset()
    if position < newest:
        rows = reader.all(
            "SELECT member FROM view_sponsors WHERE programme = ? AND position > ? AND position <= ? AND NOT EXISTS"
            " (SELECT 1 FROM view_sponsors f WHERE f.programme = view_sponsors.programme"
            " AND f.member = view_sponsors.member AND f.position <= ?)",
            (programme, position, newest, position),
        )
        late = frozenset(member for (member,) in rows)
    return Known(position, newest, late)


def path_as_known(reader: Reader, programme: str, start: str, end: str, at: datetime, cut: str) -> list[str]:
    """The members from one up to another as of a moment, as known at a cut; empty if the other is not above."""
    position = position_of(cut)
    params = (start, programme, micros(at), position, _LONGEST, end)
    path = [row[0] for row in reader.all(_PATH, params)]
    return path if path and path[-1] == end else []


def position_of(cut: str) -> int:
    """The position in a cut (`store:position`); 0 where nothing was known."""
    return int(cut.rpartition(":")[2] or 0)


_INBOX = Inbox("membership", "commission")


def cut(reader: Reader) -> str:
    """How far membership is known here, as `store:position`; empty before the first word of it."""
    place = _INBOX.progress(reader).place
    return f"{place.store}:{place.position}" if place else ""
