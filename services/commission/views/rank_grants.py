"""Ranks that are granted to members: what stands from which moment on."""

from datetime import datetime
from typing import NamedTuple

from fenxiao.plans.periods.people import Word
from libs.eventlog import Reader, Recorded, Tx, View
from services.commission.domain.events import RankGranted, RankGrantWithdrawn
from services.commission.views.moments import from_micros, micros

_INSERT = (
    "INSERT INTO view_rank_grants (programme, member, since, position, granted, recorded, granted_by)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


class GrantRow(NamedTuple):
    """A granted rank as it is shown."""

    position: int
    member: str
    rank: str
    effective_from: datetime
    ends: datetime | None
    """When the next word on the member's rank takes its place; None while there is none."""
    granted_by: str
    recorded_at: datetime


def _granted(tx: Tx, recorded: Recorded[RankGranted]) -> None:
    _insert(tx, recorded, recorded.event.rank)


def _withdrawn(tx: Tx, recorded: Recorded[RankGrantWithdrawn]) -> None:
    _insert(tx, recorded, "")


def _insert(tx: Tx, recorded: Recorded[RankGranted] | Recorded[RankGrantWithdrawn], rank: str) -> None:
    event = recorded.event
    tx.run(
        _INSERT,
        (
            recorded.meta.programme,
            event.member,
            micros(event.effective_from),
            recorded.position,
            rank,
            micros(recorded.recorded_at),
            event.by,
        ),
    )


RANK_GRANTS = View(
    "rank_grants",
    [
        "CREATE TABLE IF NOT EXISTS view_rank_grants (programme TEXT NOT NULL, member TEXT NOT NULL,"
        " since BIGINT NOT NULL, position BIGINT NOT NULL, granted TEXT NOT NULL, recorded BIGINT NOT NULL,"
        " granted_by TEXT NOT NULL, PRIMARY KEY (programme, member, since, position))",
        "CREATE INDEX IF NOT EXISTS view_rank_grants_in_order ON view_rank_grants (programme, position)",
    ],
    own={RankGranted: _granted, RankGrantWithdrawn: _withdrawn},
)

_WHEN_NEXT = (
    "(SELECT MIN(n.since) FROM view_rank_grants n WHERE n.programme = g.programme AND n.member = g.member"
    " AND (n.since, n.position) > (g.since, g.position))"
)


def newest_position(reader: Reader, programme: str) -> int:
    """Where the newest word on the ranks of a programme's members stands in the store; 0 before the first."""
    row = reader.one("SELECT MAX(position) FROM view_rank_grants WHERE programme = ?", (programme,))
    return int(row[0] or 0) if row else 0


def ranks_told(reader: Reader, programme: str, end: datetime, cut: int) -> list[Word[str]]:
    """What stands in the store up to a position, of moments before a period's end; empty where it was withdrawn."""
    rows = reader.all(
        "SELECT member, since, position, granted FROM view_rank_grants"
        " WHERE programme = ? AND since < ? AND position <= ?",
        (programme, micros(end), cut),
    )
    return [Word(member, from_micros(since), position, rank) for member, since, position, rank in rows]


def granted_in(reader: Reader, programme: str, member: str, end: datetime, cut: int) -> tuple[str, int]:
    """The rank that is granted to a member at a period's end, as known at a position, and where that stands."""
    row = reader.one(
        "SELECT granted, position FROM view_rank_grants WHERE programme = ? AND member = ? AND since < ?"
        " AND position <= ? ORDER BY since DESC, position DESC LIMIT 1",
        (programme, member, micros(end), cut),
    )
    return (row[0], int(row[1])) if row else ("", 0)


def grant_at(reader: Reader, programme: str, member: str, moment: datetime) -> GrantRow | None:
    """The last grant to a member that takes effect by a moment."""
    rows = _select(
        reader,
        "programme = ? AND member = ? AND since <= ? AND granted <> '' ORDER BY since DESC, position DESC LIMIT 1",
        (programme, member, micros(moment)),
    )
    return rows[0] if rows else None


def grant_rows(reader: Reader, programme: str, member: str, after: int, limit: int) -> list[GrantRow]:
    """Grants behind a position that count for a time, however short; of one member if one is given."""
    which, who = ("AND member = ? ", (member,)) if member else ("", ())
    return _select(
        reader,
        f"programme = ? AND granted <> '' {which}AND position > ? AND COALESCE({_WHEN_NEXT} > g.since, TRUE)"
        " ORDER BY position LIMIT ?",
        (programme, *who, after, limit),
    )


def _select(reader: Reader, which: str, params: tuple[object, ...]) -> list[GrantRow]:
    rows = reader.all(
        f"SELECT position, member, granted, since, {_WHEN_NEXT}, granted_by, recorded"  # noqa: S608 # our own text
        f" FROM view_rank_grants g WHERE {which}",
        params,
    )
    return [
        GrantRow(
            position,
            member,
            rank,
            from_micros(since),
            None if ends is None else from_micros(ends),
            by,
            from_micros(recorded),
        )
        for position, member, rank, since, ends, by, recorded in rows
    ]
