"""The ledgers of points: what each member's accounts hold, and how far each ledger has come."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from libs.eventlog import Reader, Recorded, Row, Tx, View
from services.settlement.domain.points_accounts import PointsBalances, points_changes
from services.settlement.domain.points_events import POINTS_ENTRIES, PointsEntry

_FIGURES: Final = ", ".join(PointsBalances._fields)
_NOTHING: Final = PointsBalances()


class MemberPoints(NamedTuple):
    """A member's balances in one kind of points."""

    member: str
    points: str
    balances: PointsBalances


def points_version_of(reader: Reader, programme: str, points: str) -> int:
    """Version of the newest entry of a ledger of points; 0 for one without entries."""
    row = reader.one("SELECT version FROM view_points_ledgers WHERE programme=? AND points=?", (programme, points))
    return row[0] if row else 0


def kinds_of(reader: Reader, programme: str) -> list[str]:
    """The kinds of points that a programme has a ledger of."""
    rows = reader.all("SELECT points FROM view_points_ledgers WHERE programme=? ORDER BY points", (programme,))
    return [points for (points,) in rows]


def points_of(reader: Reader, programme: str, points: str, member: str) -> PointsBalances:
    """One member's; all zero for one who has none."""
    row = reader.one(
        f"SELECT {_FIGURES} FROM view_points WHERE programme=? AND points=? AND member=?",  # noqa: S608 # our own columns
        (programme, points, member),
    )
    return PointsBalances._make(row) if row else _NOTHING


def points_of_member(reader: Reader, programme: str, member: str) -> list[MemberPoints]:
    """Every kind that a member ever had."""
    rows = reader.all(
        f"SELECT member, points, {_FIGURES} FROM view_points WHERE programme=? AND member=? ORDER BY points",  # noqa: S608 # our own columns
        (programme, member),
    )
    return [_member_points(row) for row in rows]


def points_after(reader: Reader, programme: str, points: str, after: tuple[str, str], limit: int) -> list[MemberPoints]:
    """Members behind one (kind and id), by kind and id; of one kind if it is named."""
    which, only = (" AND points=?", (points,)) if points else ("", ())
    rows = reader.all(
        f"SELECT member, points, {_FIGURES} FROM view_points"  # noqa: S608 # our own columns
        f" WHERE programme=?{which} AND (points>? OR (points=? AND member>?)) ORDER BY points, member LIMIT ?",
        (programme, *only, after[0], after[0], after[1], limit),
    )
    return [_member_points(row) for row in rows]


def points_debts_of(reader: Reader, programme: str, points: str) -> dict[str, int]:
    """Members with a debt of points."""
    rows = reader.all(
        "SELECT member, debt FROM view_points WHERE programme=? AND points=? AND debt>0", (programme, points)
    )
    return dict(rows)  # pyright: ignore[reportArgumentType] # rows of two columns


def _member_points(row: Row) -> MemberPoints:
    return MemberPoints(row[0], row[1], PointsBalances._make(row[2:]))


_ADD: Final = ", ".join(f"{name}=view_points.{name}+excluded.{name}" for name in PointsBalances._fields)


def _entered(tx: Tx, recorded: Recorded[PointsEntry]) -> None:
    entry, programme = recorded.event, recorded.meta.programme
    tx.run(
        "INSERT INTO view_points_ledgers VALUES (?, ?, ?)"
        " ON CONFLICT (programme, points) DO UPDATE SET version=excluded.version",
        (programme, entry.points, recorded.version),
    )
    tx.run_many(
        f"INSERT INTO view_points VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 # our own columns
        f" ON CONFLICT (programme, points, member) DO UPDATE SET {_ADD}",
        [(programme, entry.points, member, *changed) for member, changed in points_changes(entry.postings).items()],
    )


_APPLY: Mapping[type, Callable[[Tx, Recorded[Any]], None]] = dict.fromkeys(POINTS_ENTRIES, _entered)

POINTS = View(
    name="points",
    ddl=[
        "CREATE TABLE IF NOT EXISTS view_points_ledgers ("
        "programme TEXT NOT NULL, points TEXT NOT NULL, version BIGINT NOT NULL, PRIMARY KEY (programme, points))",
        "CREATE TABLE IF NOT EXISTS view_points ("
        "programme TEXT NOT NULL, points TEXT NOT NULL, member TEXT NOT NULL, "
        + ", ".join(f"{name} BIGINT NOT NULL" for name in PointsBalances._fields)
        + ", PRIMARY KEY (programme, points, member))",
        "CREATE INDEX IF NOT EXISTS view_points_of_member ON view_points (programme, member, points)",
    ],
    own=_APPLY,
)
