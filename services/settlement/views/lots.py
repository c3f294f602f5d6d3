"""Every lot: the points of one line, what is left of them, and when they are released and expire."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from libs.eventlog import Reader, Recorded, Row, Tx, View
from services.settlement.domain.conditions import terms_of
from services.settlement.domain.points import Lot, left_of
from services.settlement.domain.points_events import POINTS_ENTRIES, PointsEntry, PointsHeld
from services.settlement.views.columns import from_micros, to_micros

_PAGE: Final = 64
"""Lots read at once: redeeming and clawing back rarely take of more."""
_NEVER: Final = 2**63 - 1
"""When a lot expires that never does: behind all others, in every database alike."""
_AT_ONCE: Final = -(2**63)
"""When a lot is released that waits for nothing."""

_COLUMNS: Final = "line, member, earned_at, hold_until, expires_at, held, available, expired"
_TURN: Final = "expires_at, earned_at, line"
"""The order of redeeming."""


def lot_of(reader: Reader, programme: str, points: str, line: str) -> Lot | None:
    """One lot; None if the ledger does not know it."""
    row = reader.one(
        f"SELECT {_COLUMNS} FROM view_lots WHERE programme=? AND points=? AND line=?",  # noqa: S608 # our own columns
        (programme, points, line),
    )
    return _lot(row) if row else None


def lots_left(
    reader: Reader, programme: str, points: str, member: str, *, available: int = 0, held: int = 0
) -> list[Lot]:
    """Lots of a member in the order of redeeming, as many as have so much available, and so much held, together."""
    found: dict[str, Lot] = {}
    for column, need in (("available", available), ("held", held)):
        left, read = need, 0
        while left > 0:
            rows = reader.all(
                f"SELECT {_COLUMNS} FROM view_lots WHERE programme=? AND points=? AND member=? AND {column}>0"  # noqa: S608 # our own columns
                f" ORDER BY {_TURN} LIMIT ? OFFSET ?",
                (programme, points, member, _PAGE, read),
            )
            for row in rows:
                found[row[0]] = _lot(row)
                left -= row[6] if column == "available" else row[5]
            read += len(rows)
            if len(rows) < _PAGE:
                break
    return list(found.values())


def open_lots(reader: Reader, programme: str, points: str, member: str, limit: int) -> list[Lot]:
    """Lots of a member of which something is held or available, in the order of redeeming."""
    rows = reader.all(
        f"SELECT {_COLUMNS} FROM view_lots WHERE programme=? AND points=? AND member=? AND held+available>0"  # noqa: S608 # our own columns
        f" ORDER BY {_TURN} LIMIT ?",
        (programme, points, member, limit),
    )
    return [_lot(row) for row in rows]


def next_expiry(reader: Reader, programme: str, points: str, member: str) -> tuple[datetime, int] | None:
    """When something of a member expires next, and how much; None if nothing does."""
    row = reader.one(
        "SELECT expires_at, SUM(held+available) FROM view_lots"
        " WHERE programme=? AND points=? AND member=? AND held+available>0 AND expires_at<?"
        " GROUP BY expires_at ORDER BY expires_at LIMIT 1",
        (programme, points, member, _NEVER),
    )
    # PostgreSQL sums bigints to numerics, which arrive as decimals.
    return (from_micros(row[0]), int(row[1])) if row else None


def lots_to_release(reader: Reader, programme: str, points: str, time: datetime) -> list[Lot]:
    """Held lots whose conditions are fulfilled at a time, and before they expire."""
    rows = reader.all(
        f"SELECT {_COLUMNS} FROM view_lots"  # noqa: S608 # our own columns
        " WHERE programme=? AND points=? AND held>0 AND hold_until<=? AND hold_until<expires_at",
        (programme, points, to_micros(time)),
    )
    return [_lot(row) for row in rows]


def lots_to_expire(reader: Reader, programme: str, points: str, time: datetime) -> list[Lot]:
    """Lots that have expired by a time, of which something is left."""
    rows = reader.all(
        f"SELECT {_COLUMNS} FROM view_lots"  # noqa: S608 # our own columns
        " WHERE programme=? AND points=? AND held+available>0 AND expires_at<=?",
        (programme, points, to_micros(time)),
    )
    return [_lot(row) for row in rows]


def _lot(row: Row) -> Lot:
    line, member, earned_at, hold_until, expires_at, held, available, expired = row
    return Lot(
        line,
        member,
        from_micros(earned_at),
        None if hold_until == _AT_ONCE else from_micros(hold_until),
        None if expires_at == _NEVER else from_micros(expires_at),
        left_of(held, available, expired),
    )


def _entered(tx: Tx, recorded: Recorded[PointsEntry]) -> None:
    entry, programme = recorded.event, recorded.meta.programme
    if isinstance(entry, PointsHeld):
        _earned(tx, programme, entry)
    tx.run_many(
        "UPDATE view_lots SET held=held+?, available=available+?, expired=expired+? WHERE programme=? AND line=?",
        [(lot.held, lot.available, lot.expired, programme, lot.line) for lot in entry.lots],
    )


def _earned(tx: Tx, programme: str, entry: PointsHeld) -> None:
    earned_at = to_micros(entry.occurred_at)
    rows: list[tuple[object, ...]] = []
    for line in entry.lines:
        if line.amount > 0:
            until = terms_of(line.conditions).until
            hold_until = _AT_ONCE if until is None else to_micros(until)
            expires_at = _NEVER if line.expires_at is None else to_micros(line.expires_at)
            rows.append((programme, line.line, entry.points, line.member, earned_at, hold_until, expires_at))
    tx.run_many("INSERT INTO view_lots VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0)", rows)


_APPLY: Mapping[type, Callable[[Tx, Recorded[Any]], None]] = dict.fromkeys(POINTS_ENTRIES, _entered)

LOTS = View(
    name="lots",
    ddl=[
        "CREATE TABLE IF NOT EXISTS view_lots ("
        "programme TEXT NOT NULL, line TEXT NOT NULL, points TEXT NOT NULL, member TEXT NOT NULL,"
        " earned_at BIGINT NOT NULL, hold_until BIGINT NOT NULL, expires_at BIGINT NOT NULL, held BIGINT NOT NULL,"
        " available BIGINT NOT NULL, expired BIGINT NOT NULL, PRIMARY KEY (programme, line))",
        "CREATE INDEX IF NOT EXISTS view_lots_left"
        " ON view_lots (programme, points, member, expires_at, earned_at, line)"
        " WHERE held+available>0",
        "CREATE INDEX IF NOT EXISTS view_lots_held ON view_lots (programme, points, hold_until) WHERE held>0",
        "CREATE INDEX IF NOT EXISTS view_lots_expiring ON view_lots (programme, points, expires_at)"
        " WHERE held+available>0",
    ],
    own=_APPLY,
)
