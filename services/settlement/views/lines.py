"""Every line, with what of it is still held; and the plans by which the lines were computed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from libs.eventlog import Reader, Recorded, Tx, View
from services.settlement.domain.conditions import until
from services.settlement.domain.events import LinesHeld, LinesReleased
from services.settlement.domain.holding import HeldLine
from services.settlement.views.columns import to_micros

_PAGE: Final = 64
"""Held lines read at once: a clawback rarely takes from more."""


class LineRow(NamedTuple):
    """A line as statements show it; times in microseconds since 1970, `hold_until` None for a line without a window."""

    line: str
    source: str
    occurred_at: int
    component: str
    level: int
    rate: str
    base: str
    amount_minor: int
    hold_until: int | None


def lines_of(
    reader: Reader,
    programme: str,
    currency: str,
    member: str,
    start: datetime | None = None,
    end: datetime | None = None,
) -> list[LineRow]:
    """A member's lines that occurred in [start, end), oldest first."""
    sql = (
        "SELECT line, source, occurred_at, component, level, rate, base, amount_minor, hold_until FROM view_lines"
        " WHERE programme=? AND currency=? AND member=?"
    )
    params: list[object] = [programme, currency, member]
    if start is not None:
        sql += " AND occurred_at>=?"
        params.append(to_micros(start))
    if end is not None:
        sql += " AND occurred_at<?"
        params.append(to_micros(end))
    return [LineRow(*row) for row in reader.all(sql + " ORDER BY occurred_at, line", params)]


def held_line(reader: Reader, programme: str, currency: str, line: str) -> HeldLine | None:
    """What is held of a line; None if the ledger does not know it."""
    row = reader.one(
        "SELECT line, member, held_minor FROM view_lines WHERE programme=? AND currency=? AND line=?",
        (programme, currency, line),
    )
    return HeldLine(*row) if row else None


def held_of(reader: Reader, programme: str, currency: str, member: str, need: int) -> dict[str, int]:
    """Lines of a member of which something is held, the one released last first, as many as hold `need` together."""
    found: dict[str, int] = {}
    left = need
    while left > 0:
        rows = reader.all(
            "SELECT line, held_minor FROM view_lines WHERE programme=? AND currency=? AND member=? AND held_minor>0"
            " ORDER BY hold_until DESC, line DESC LIMIT ? OFFSET ?",
            (programme, currency, member, _PAGE, len(found)),
        )
        for line, amount in rows:
            found[line] = amount
            left -= amount
        if len(rows) < _PAGE:
            break
    return found


def due_lines(reader: Reader, programme: str, currency: str, time: datetime) -> list[HeldLine]:
    """Held lines whose conditions are fulfilled at a time, by member."""
    rows = reader.all(
        "SELECT line, member, held_minor FROM view_lines"
        " WHERE programme=? AND currency=? AND held_minor>0 AND hold_until<=? ORDER BY member, line",
        (programme, currency, to_micros(time)),
    )
    return [HeldLine(*row) for row in rows]


def due_sums(reader: Reader, programme: str, currency: str, time: datetime) -> dict[str, int]:
    """The same summed up by member."""
    rows = reader.all(
        "SELECT member, SUM(held_minor) FROM view_lines"
        " WHERE programme=? AND currency=? AND held_minor>0 AND hold_until<=? GROUP BY member",
        (programme, currency, to_micros(time)),
    )
    return {member: int(amount) for member, amount in rows}


def plan_hashes_of(reader: Reader, programme: str, currency: str) -> list[str]:
    """Hashes of all plans that lines were computed by, in ascending order."""
    rows = reader.all("SELECT hash FROM view_line_plans WHERE programme=? AND currency=?", (programme, currency))
    return sorted(plan for (plan,) in rows)


def _held(tx: Tx, recorded: Recorded[LinesHeld]) -> None:
    entry, programme = recorded.event, recorded.meta.programme
    occurred_at = to_micros(entry.occurred_at)
    tx.run_many(
        "INSERT INTO view_lines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                programme,
                entry.currency,
                line.line,
                line.member,
                entry.source,
                occurred_at,
                line.component,
                line.level,
                line.rate,
                line.base,
                line.amount_minor,
                to_micros(until(line.conditions)),
                entry.held(line),
            )
            for line in entry.lines
        ],
    )
    _take(tx, programme, ((part.line, part.amount_minor) for part in entry.cancelled))
    if entry.plan_hash:
        tx.run(
            "INSERT INTO view_line_plans VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (programme, entry.currency, entry.plan_hash),
        )


def _released(tx: Tx, recorded: Recorded[LinesReleased]) -> None:
    _take(tx, recorded.meta.programme, ((part.line, part.amount_minor) for part in recorded.event.lines))


def _take(tx: Tx, programme: str, parts: Iterable[tuple[str, int]]) -> None:
    tx.run_many(
        "UPDATE view_lines SET held_minor=held_minor-? WHERE programme=? AND line=?",
        [(amount, programme, line) for line, amount in parts],
    )


LINES = View(
    name="lines",
    ddl=[
        "CREATE TABLE IF NOT EXISTS view_lines ("
        "programme TEXT NOT NULL, currency TEXT NOT NULL, line TEXT NOT NULL, member TEXT NOT NULL,"
        " source TEXT NOT NULL, occurred_at BIGINT NOT NULL, component TEXT NOT NULL, level BIGINT NOT NULL,"
        " rate TEXT NOT NULL, base TEXT NOT NULL, amount_minor BIGINT NOT NULL, hold_until BIGINT,"
        " held_minor BIGINT NOT NULL, PRIMARY KEY (programme, line))",
        "CREATE INDEX IF NOT EXISTS view_lines_statement"
        " ON view_lines (programme, currency, member, occurred_at, line)",
        "CREATE INDEX IF NOT EXISTS view_lines_due ON view_lines (programme, currency, hold_until) WHERE held_minor>0",
        "CREATE INDEX IF NOT EXISTS view_lines_held ON view_lines (programme, currency, member, hold_until, line)"
        " WHERE held_minor>0",
        "CREATE TABLE IF NOT EXISTS view_line_plans ("
        "programme TEXT NOT NULL, currency TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (programme, currency, hash))",
    ],
    own={LinesHeld: _held, LinesReleased: _released},
)
