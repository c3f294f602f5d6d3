"""How far each distribution has come, and which payees could not be paid."""

from datetime import datetime
from typing import NamedTuple

from libs.eventlog import Reader, Recorded, Row, Tx, View
from services.settlement.domain.distribution import Standing
from services.settlement.domain.events import (
    DistributionBlocked,
    DistributionClosed,
    DistributionProposed,
    PayoutParked,
    PayoutsBooked,
)
from services.settlement.views.columns import from_micros, to_micros


class DistributionRow(NamedTuple):
    """A distribution."""

    currency: str
    number: int
    as_of: datetime
    root: str
    data_hash: str
    due_payees: int
    due_minor: int
    cumulative_units: str
    proposed: bool
    active_at: int
    paid_payees: int
    paid_minor: int
    problem: str

    @property
    def standing(self) -> Standing:
        """What decisions look at."""
        return Standing(self.number, self.root, self.proposed, self.problem, self.due_minor, self.paid_minor)


_COLUMNS = (
    "currency, number, as_of, root, data_hash, due_payees, due_minor, cumulative_units, proposed, active_at,"
    " paid_payees, paid_minor, problem"
)


def distribution_of(reader: Reader, programme: str, currency: str, number: int) -> DistributionRow | None:
    """One distribution."""
    row = reader.one(
        f"SELECT {_COLUMNS} FROM view_distributions WHERE programme=? AND currency=? AND number=?",  # noqa: S608 # our own columns
        (programme, currency, number),
    )
    return _row(row) if row else None


def newest_distribution(reader: Reader, programme: str, currency: str) -> DistributionRow | None:
    """The last one closed."""
    row = reader.one(
        f"SELECT {_COLUMNS} FROM view_distributions WHERE programme=? AND currency=? ORDER BY number DESC LIMIT 1",  # noqa: S608 # our own columns
        (programme, currency),
    )
    return _row(row) if row else None


def distributions_after(
    reader: Reader, programme: str, currency: str, number: int, limit: int
) -> list[DistributionRow]:
    """Those behind one, by currency and number."""
    rows = reader.all(
        f"SELECT {_COLUMNS} FROM view_distributions WHERE programme=?"  # noqa: S608 # our own columns
        " AND (currency>? OR (currency=? AND number>?)) ORDER BY currency, number LIMIT ?",
        (programme, currency, currency, number, limit),
    )
    return [_row(row) for row in rows]


def newest_active(reader: Reader, programme: str, currency: str, now: int) -> int:
    """Number of the newest distribution that the vault pays by; 0 if it pays by none yet."""
    row = reader.one(
        "SELECT MAX(number) FROM view_distributions"
        " WHERE programme=? AND currency=? AND proposed=1 AND (active_at<=? OR paid_minor>0)",
        (programme, currency, now),
    )
    return (row[0] or 0) if row else 0


def parked_of(reader: Reader, programme: str, currency: str, number: int) -> tuple[int, str]:
    """How many payees a distribution could not pay, and why the first of them."""
    row = reader.one(
        "SELECT COUNT(*), MIN(reason) FROM view_parked WHERE programme=? AND currency=? AND number=?",
        (programme, currency, number),
    )
    return (row[0], row[1] or "") if row else (0, "")


def _row(row: Row) -> DistributionRow:
    return DistributionRow._make((*row[:2], from_micros(row[2]), *row[3:8], bool(row[8]), *row[9:]))


def _closed(tx: Tx, recorded: Recorded[DistributionClosed]) -> None:
    event = recorded.event
    tx.run(
        "INSERT INTO view_distributions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, '')",
        (
            recorded.meta.programme,
            event.currency,
            event.number,
            to_micros(event.as_of),
            event.root,
            event.data_hash,
            event.due_payees,
            event.due_minor,
            str(event.cumulative_minor * event.scale),
        ),
    )


def _proposed(tx: Tx, recorded: Recorded[DistributionProposed]) -> None:
    event = recorded.event
    tx.run(
        "UPDATE view_distributions SET proposed=1, active_at=?, problem=''"
        " WHERE programme=? AND currency=? AND number=?",
        (event.active_at, recorded.meta.programme, event.currency, event.number),
    )


def _blocked(tx: Tx, recorded: Recorded[DistributionBlocked]) -> None:
    event = recorded.event
    tx.run(
        "UPDATE view_distributions SET problem=? WHERE programme=? AND currency=? AND number=?",
        (f"{event.purpose}: {event.reason}", recorded.meta.programme, event.currency, event.number),
    )


def _booked(tx: Tx, recorded: Recorded[PayoutsBooked]) -> None:
    event, programme = recorded.event, recorded.meta.programme
    tx.run_many(
        "UPDATE view_distributions SET paid_payees=paid_payees+?, paid_minor=paid_minor+?"
        " WHERE programme=? AND currency=? AND number=?",
        [(part.payees, part.amount_minor, programme, event.currency, part.number) for part in event.progress],
    )
    tx.run_many(
        "DELETE FROM view_parked WHERE programme=? AND currency=? AND payee=?",
        [(programme, event.currency, payment.payee) for payment in event.payments],
    )


def _parked(tx: Tx, recorded: Recorded[PayoutParked]) -> None:
    event = recorded.event
    tx.run(
        "INSERT INTO view_parked VALUES (?, ?, ?, ?, ?) ON CONFLICT (programme, currency, payee)"
        " DO UPDATE SET number=excluded.number, reason=excluded.reason",
        (recorded.meta.programme, event.currency, event.payee, event.number, event.reason),
    )


DISTRIBUTIONS = View(
    name="distributions",
    ddl=[
        "CREATE TABLE IF NOT EXISTS view_distributions ("
        "programme TEXT NOT NULL, currency TEXT NOT NULL, number BIGINT NOT NULL, as_of BIGINT NOT NULL,"
        " root TEXT NOT NULL, data_hash TEXT NOT NULL, due_payees BIGINT NOT NULL, due_minor BIGINT NOT NULL,"
        " cumulative_units TEXT NOT NULL, proposed BIGINT NOT NULL, active_at BIGINT NOT NULL,"
        " paid_payees BIGINT NOT NULL, paid_minor BIGINT NOT NULL, problem TEXT NOT NULL,"
        " PRIMARY KEY (programme, currency, number))",
        "CREATE TABLE IF NOT EXISTS view_parked ("
        "programme TEXT NOT NULL, currency TEXT NOT NULL, payee TEXT NOT NULL, number BIGINT NOT NULL,"
        " reason TEXT NOT NULL, PRIMARY KEY (programme, currency, payee))",
    ],
    own={
        DistributionClosed: _closed,
        DistributionProposed: _proposed,
        DistributionBlocked: _blocked,
        PayoutsBooked: _booked,
        PayoutParked: _parked,
    },
)
