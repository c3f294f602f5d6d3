"""Published plan versions."""

from datetime import datetime
from typing import NamedTuple

from fenxiao.plans import Plan, read_plan
from libs.eventlog import Reader, Recorded, Tx, View
from services.commission.domain.events import PlanPublished
from services.commission.domain.plans import Published, Version
from services.commission.views.moments import from_micros, micros

_COLUMNS = "hash, version, currency, effective_from, published, document"

# Reading a document takes milliseconds, and its hash says all of it: an entry stays true whatever happens to the table.
_read: dict[str, Plan] = {}
_READ_AT_MOST = 1_000


class PlanRow(NamedTuple):
    """A version as it is shown."""

    hash: str
    version: str
    currency: str
    effective_from: datetime
    published_at: datetime
    document: bytes


def _published(tx: Tx, recorded: Recorded[PlanPublished]) -> None:
    event = recorded.event
    tx.run(
        "INSERT INTO view_plans (programme, hash, plan, version, currency, effective_from, published, document)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            recorded.meta.programme,
            event.hash,
            event.plan,
            event.version,
            event.currency,
            micros(event.effective_from),
            micros(recorded.recorded_at),
            event.document,
        ),
    )


PLANS = View(
    "plans",
    [
        "CREATE TABLE IF NOT EXISTS view_plans (programme TEXT NOT NULL, hash TEXT NOT NULL, plan TEXT NOT NULL,"
        " version TEXT NOT NULL, currency TEXT NOT NULL, effective_from BIGINT NOT NULL, published BIGINT NOT NULL,"
        " document BYTEA NOT NULL, PRIMARY KEY (programme, effective_from))",
        "CREATE UNIQUE INDEX IF NOT EXISTS view_plans_hash ON view_plans (programme, hash)",
    ],
    own={PlanPublished: _published},
)


def version_of(reader: Reader, programme: str, plan_hash: str) -> Version | None:
    """The version of this hash; None for the empty one, under which nothing is rated."""
    if not plan_hash:
        return None
    plan = _read.get(plan_hash)
    if plan is None:
        row = reader.one("SELECT document FROM view_plans WHERE programme = ? AND hash = ?", (programme, plan_hash))
        if row is None:
            raise LookupError(f"no plan {plan_hash} in {programme}")
        if len(_read) >= _READ_AT_MOST:
            _read.clear()
        plan = _read[plan_hash] = read_plan(row[0])
    return Version(plan_hash, plan)


def published(reader: Reader, programme: str) -> list[Published]:
    """Every version of a programme, the earliest first."""
    rows = reader.all(
        "SELECT hash, plan, version, effective_from FROM view_plans WHERE programme = ? ORDER BY effective_from",
        (programme,),
    )
    return [Published(plan_hash, plan, version, from_micros(at)) for plan_hash, plan, version, at in rows]


def plan_row(reader: Reader, programme: str, plan_hash: str) -> PlanRow | None:
    """One version by its hash."""
    row = reader.one(
        f"SELECT {_COLUMNS} FROM view_plans WHERE programme = ? AND hash = ?",  # noqa: S608 # our own text
        (programme, plan_hash),
    )
    return _row(*row) if row else None


def plan_row_in_force(reader: Reader, programme: str, at: datetime) -> PlanRow | None:
    """The version in force at a moment."""
    row = reader.one(
        f"SELECT {_COLUMNS} FROM view_plans WHERE programme = ? AND effective_from <= ?"  # noqa: S608 # our own text
        " ORDER BY effective_from DESC LIMIT 1",
        (programme, micros(at)),
    )
    return _row(*row) if row else None


def plan_rows(reader: Reader, programme: str, after: int, limit: int) -> list[PlanRow]:
    """Versions that come into force behind a moment (in microseconds), the earliest first."""
    rows = reader.all(
        f"SELECT {_COLUMNS} FROM view_plans WHERE programme = ? AND effective_from > ?"  # noqa: S608 # our own text
        " ORDER BY effective_from LIMIT ?",
        (programme, after, limit),
    )
    return [_row(*row) for row in rows]


def _row(plan_hash: str, version: str, currency: str, effective: int, published_at: int, document: bytes) -> PlanRow:
    return PlanRow(plan_hash, version, currency, from_micros(effective), from_micros(published_at), document)
