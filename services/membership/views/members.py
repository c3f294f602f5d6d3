"""The members: as they are now, found by id, by blind index, or in the order in which they were enrolled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.eventlog import Reader, Recorded, Tx, View
from services.membership.domain.events import (
    MemberEnrolled,
    MemberPlaced,
    MemberReinstated,
    MemberSuspended,
    WalletBound,
)
from services.membership.domain.member import Sponsor
from services.membership.views.moments import from_micros, micros
from services.membership.views.placements import placed_of


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member as it is now, its personal data still sealed."""

    member: str
    number: int
    """Place in the order of enrolment."""
    join_time: datetime
    payee: str
    personal: str
    account: str
    proven: bool
    suspended: bool
    sponsor: str
    """Id of the sponsor at the time asked for; empty for a root."""
    placed: MemberPlaced | None = None
    country: str = ""
    """The newest one, sealed; empty for the one in `personal`."""
    check_time: datetime | None = None
    """Of the newest identity check, which may have expired."""
    expire_time: datetime | None = None


def _enrolled(tx: Tx, recorded: Recorded[MemberEnrolled]) -> None:
    event = recorded.event
    tx.run(
        "INSERT INTO view_members (programme, member, number, join_time, payee, personal, reference_index,"
        " email_index, account, proven, suspended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)",
        (
            recorded.meta.programme,
            str(event.member),
            recorded.position,
            micros(event.join_time),
            event.payee,
            event.personal,
            event.reference_index,
            event.email_index or None,
            event.wallet,
        ),
    )


def _suspended(tx: Tx, recorded: Recorded[MemberSuspended]) -> None:
    _set(tx, recorded, "suspended = ?", 1)


def _reinstated(tx: Tx, recorded: Recorded[MemberReinstated]) -> None:
    _set(tx, recorded, "suspended = ?", 0)


def _bound(tx: Tx, recorded: Recorded[WalletBound]) -> None:
    _set(tx, recorded, "account = ?, proven = 1", recorded.event.account)


def _set(
    tx: Tx,
    recorded: Recorded[MemberSuspended] | Recorded[MemberReinstated] | Recorded[WalletBound],
    what: str,
    value: object,
) -> None:
    tx.run(
        f"UPDATE view_members SET {what} WHERE programme = ? AND member = ?",  # noqa: S608 # from the three lines above
        (value, recorded.meta.programme, str(recorded.event.member)),
    )


MEMBERS = View(
    "members",
    [
        "CREATE TABLE IF NOT EXISTS view_members (programme TEXT NOT NULL, member TEXT NOT NULL,"
        " number BIGINT NOT NULL, join_time BIGINT NOT NULL, payee TEXT NOT NULL, personal TEXT NOT NULL,"
        " reference_index TEXT NOT NULL, email_index TEXT, account TEXT NOT NULL, proven INTEGER NOT NULL,"
        " suspended INTEGER NOT NULL, PRIMARY KEY (programme, member))",
        "CREATE UNIQUE INDEX IF NOT EXISTS view_members_number ON view_members (programme, number)",
        "CREATE UNIQUE INDEX IF NOT EXISTS view_members_reference ON view_members (programme, reference_index)",
        "CREATE INDEX IF NOT EXISTS view_members_email ON view_members (programme, email_index, number)",
    ],
    own={
        MemberEnrolled: _enrolled,
        MemberSuspended: _suspended,
        MemberReinstated: _reinstated,
        WalletBound: _bound,
    },
)

# Whoever joins tomorrow is shown with tomorrow's sponsor.
_SELECT = (
    "SELECT m.member, m.number, m.join_time, m.payee, m.personal, m.account, m.proven, m.suspended, s.sponsor,"
    " p.parent, p.leg, p.since, p.choice, c.country, i.check_time, i.expire_time"
    " FROM view_members m LEFT JOIN view_placements p ON p.programme = m.programme AND p.member = m.member"
    " LEFT JOIN view_countries c ON c.programme = m.programme AND c.member = m.member"
    " LEFT JOIN view_identities i ON i.programme = m.programme AND i.member = m.member"
    " LEFT JOIN view_sponsors s ON s.programme = m.programme AND s.member = m.member"
    " AND s.since <= CASE WHEN m.join_time > ? THEN m.join_time ELSE ? END"
    " AND s.until > CASE WHEN m.join_time > ? THEN m.join_time ELSE ? END"
    " WHERE m.programme = ?"
)


def find_member(reader: Reader, programme: str, member: UUID, at: datetime) -> MemberRow | None:
    """The member with this id."""
    row = reader.one(f"{_SELECT} AND m.member = ?", (*_at(at), programme, str(member)))
    return _row(row) if row else None


def list_members(reader: Reader, programme: str, behind: int, limit: int, at: datetime) -> list[MemberRow]:
    """Members in the order in which they were enrolled."""
    rows = reader.all(f"{_SELECT} AND m.number > ? ORDER BY m.number LIMIT ?", (*_at(at), programme, behind, limit))
    return [_row(row) for row in rows]


def ids_behind(reader: Reader, programme: str, behind: int, limit: int) -> list[tuple[int, UUID]]:
    """Ids of members in the order in which they were enrolled, each with its place in it."""
    rows = reader.all(
        "SELECT number, member FROM view_members WHERE programme = ? AND number > ? ORDER BY number LIMIT ?",
        (programme, behind, limit),
    )
    return [(number, UUID(member)) for number, member in rows]


def find_by_reference(reader: Reader, programme: str, reference_index: str) -> Sponsor | None:
    """Id and join time of the member with this reference."""
    row = reader.one(
        "SELECT member, join_time FROM view_members WHERE programme = ? AND reference_index = ?",
        (programme, reference_index),
    )
    return Sponsor(UUID(row[0]), from_micros(row[1])) if row else None


def ids_by_reference(reader: Reader, programme: str, indexes: Sequence[str]) -> dict[str, str]:
    """Ids of members by the blind index of their reference."""
    rows = reader.all(
        "SELECT reference_index, member FROM view_members"  # noqa: S608 # placeholders only
        f" WHERE programme = ? AND reference_index IN ({_marks(indexes)})",
        (programme, *indexes),
    )
    return dict(rows)


def sealed_by_id(reader: Reader, programme: str, members: Sequence[str]) -> dict[str, str]:
    """Sealed personal data of members by id."""
    rows = reader.all(
        f"SELECT member, personal FROM view_members WHERE programme = ? AND member IN ({_marks(members)})",  # noqa: S608 # placeholders only
        (programme, *members),
    )
    return dict(rows)


def sharing_email(reader: Reader, programme: str, email_index: str) -> list[str]:
    """Ids of the members that gave this e-mail address."""
    rows = reader.all(
        "SELECT member FROM view_members WHERE programme = ? AND email_index = ? ORDER BY number",
        (programme, email_index),
    )
    return [member for (member,) in rows]


def _at(moment: datetime) -> tuple[int, int, int, int]:
    at = micros(moment)
    return at, at, at, at


def _row(row: tuple[Any, ...]) -> MemberRow:
    member, number, join_time, payee, personal, account, proven, suspended, sponsor, *more = row
    parent, leg, since, choice, country, check_time, expire_time = more
    placed = None if since is None else placed_of(member, parent, leg, since, choice)
    return MemberRow(
        member,
        number,
        from_micros(join_time),
        payee,
        personal,
        account,
        bool(proven),
        bool(suspended),
        sponsor or "",
        placed,
        country or "",
        None if check_time is None else from_micros(check_time),
        None if expire_time is None else from_micros(expire_time),
    )


def _marks(values: Sequence[str]) -> str:
    return ",".join("?" * len(values)) or "NULL"
