"""Every line, with what of it is still held; and the plans by which the lines were computed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from fenxiao.money import EXACT, minor_digits, plain
from libs.eventlog import Reader, Recorded, Row, Tx, View
from services.settlement.domain.conditions import only_window, terms_of
from services.settlement.domain.events import (
    LedgerLine,
    LinesHeld,
    LinesHeldAgain,
    LinesReleased,
    MoneyRedeemed,
)
from services.settlement.domain.holding import HeldLine
from services.settlement.domain.releasing import Ripe
from services.settlement.views.columns import to_micros
from services.settlement.views.deliveries import DELIVERED
from services.settlement.views.identities import CHECKED

_PAGE: Final = 64
"""Held lines read at once: a clawback rarely takes from more."""
_MEMBERS: Final = 400
"""Members of whom lines are read at once."""
_NO_WINDOW: Final = -(2**63)
"""When the window of a line ends that has conditions, but no window: before all others, in every database alike."""

_RIPE: Final = (
    "l.programme=? AND l.currency=? AND l.held_minor>0 AND l.hold_until<=?"
    f" AND (l.identity=0 OR {CHECKED}) AND (l.awaits=0 OR {DELIVERED})"
)
"""Lines that wait for nothing but their threshold; the time is given `_TIMES` times."""
_TIMES: Final = 4


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
    identity: int
    """1 if it waits for the member's identity where that is not checked, else 0."""
    threshold_minor: int
    """0 for none."""
    awaits: int
    """1 if it waits for a delivery, else 0."""
    held_minor: int


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
        "SELECT line, source, occurred_at, component, level, rate, base, amount_minor, hold_until, identity,"
        " threshold_minor, awaits, held_minor FROM view_lines WHERE programme=? AND currency=? AND member=?"
    )
    params: list[object] = [programme, currency, member]
    if start is not None:
        sql += " AND occurred_at>=?"
        params.append(to_micros(start))
    if end is not None:
        sql += " AND occurred_at<?"
        params.append(to_micros(end))
    return [_line_row(row) for row in reader.all(sql + " ORDER BY occurred_at, line", params)]


def _line_row(row: Row) -> LineRow:
    found = LineRow._make(row)
    return found._replace(hold_until=None if found.hold_until == _NO_WINDOW else found.hold_until)


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


def ripe_of(
    reader: Reader, programme: str, currency: str, time: datetime, members: Collection[str] | None = None
) -> dict[str, Ripe]:
    """What members have ripe at a time: of all, or of some."""
    found: dict[str, tuple[int, dict[int, int]]] = {}
    for narrowed, some in _of_members(members):
        rows = reader.all(
            "SELECT l.member, b.payable-b.debt, l.threshold_minor, SUM(l.held_minor) FROM view_lines l"  # noqa: S608 # our own
            " JOIN view_balances b ON b.programme=l.programme AND b.currency=l.currency AND b.member=l.member"
            f" WHERE {_RIPE}{narrowed} GROUP BY l.member, b.payable-b.debt, l.threshold_minor",
            (programme, currency, *(to_micros(time),) * _TIMES, *some),
        )
        for member, net, threshold, amount in rows:
            # PostgreSQL sums bigints to numerics, which arrive as decimals.
            found.setdefault(member, (net, {}))[1][threshold] = int(amount)
    return {member: Ripe(net, held) for member, (net, held) in found.items()}


def due_lines(
    reader: Reader, programme: str, currency: str, time: datetime, reached: Mapping[str, int] | None = None
) -> list[HeldLine]:
    """All ripe lines; or of some members those up to the threshold that each has reached."""
    found: list[HeldLine] = []
    for narrowed, some in _of_members(reached):
        rows = reader.all(
            "SELECT l.line, l.member, l.held_minor, l.threshold_minor FROM view_lines l"  # noqa: S608 # our own
            f" WHERE {_RIPE}{narrowed} ORDER BY l.member, l.line",
            (programme, currency, *(to_micros(time),) * _TIMES, *some),
        )
        found += [HeldLine(*row[:3]) for row in rows if reached is None or row[3] <= reached[row[1]]]
    return found


def _of_members(members: Collection[str] | None) -> Iterable[tuple[str, Sequence[str]]]:
    """What narrows a query down to some members, so many at once; nothing for all of them."""
    if members is None:
        return [("", ())]
    every = sorted(members)
    parts = (every[start : start + _MEMBERS] for start in range(0, len(every), _MEMBERS))
    return ((f" AND l.member IN ({', '.join('?' * len(some))})", some) for some in parts)


def plan_hashes_of(reader: Reader, programme: str, currency: str) -> list[str]:
    """Hashes of all plans that lines were computed by, in ascending order."""
    rows = reader.all("SELECT hash FROM view_line_plans WHERE programme=? AND currency=?", (programme, currency))
    return sorted(plan for (plan,) in rows)


def _held(tx: Tx, recorded: Recorded[LinesHeld]) -> None:
    entry, programme = recorded.event, recorded.meta.programme
    occurred_at = to_micros(entry.occurred_at)
    tx.run_many(
        "INSERT INTO view_lines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
                *_terms(line),
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


def _terms(line: LedgerLine) -> tuple[int | None, int, int, int]:
    conditions = line.conditions
    if window := only_window(conditions):
        return to_micros(window.until), 0, 0, 0
    terms = terms_of(conditions)
    none = _NO_WINDOW if conditions else None
    until = none if terms.until is None else to_micros(terms.until)
    return until, int(terms.identity), terms.threshold_minor, int(bool(terms.deliveries))


def _redeemed(tx: Tx, recorded: Recorded[MoneyRedeemed]) -> None:
    """What points were redeemed for stands among the lines, so that these add up to what was accrued."""
    entry, digits = recorded.event, minor_digits(recorded.event.currency)
    tx.run(
        "INSERT INTO view_lines (programme, currency, line, member, source, occurred_at, component, level, rate, base,"
        " amount_minor, hold_until, identity, threshold_minor, awaits, held_minor)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, NULL, 0, 0, 0, 0)",
        (
            recorded.meta.programme,
            entry.currency,
            entry.redemption,
            entry.member,
            entry.redemption,
            to_micros(entry.redeemed_at),
            f"reward:{entry.reward}",
            plain(Decimal(entry.each_minor).scaleb(-digits, EXACT)),
            str(entry.quantity),
            entry.amount_minor,
        ),
    )


def _released(tx: Tx, recorded: Recorded[LinesReleased]) -> None:
    _take(tx, recorded.meta.programme, ((part.line, part.amount_minor) for part in recorded.event.lines))


def _held_again(tx: Tx, recorded: Recorded[LinesHeldAgain]) -> None:
    _take(tx, recorded.meta.programme, ((part.line, -part.amount_minor) for part in recorded.event.lines))


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
        " identity BIGINT NOT NULL, threshold_minor BIGINT NOT NULL, awaits BIGINT NOT NULL,"
        " held_minor BIGINT NOT NULL, PRIMARY KEY (programme, line))",
        "CREATE INDEX IF NOT EXISTS view_lines_statement"
        " ON view_lines (programme, currency, member, occurred_at, line)",
        "CREATE INDEX IF NOT EXISTS view_lines_due ON view_lines (programme, currency, hold_until) WHERE held_minor>0",
        "CREATE INDEX IF NOT EXISTS view_lines_held ON view_lines (programme, currency, member, hold_until, line)"
        " WHERE held_minor>0",
        "CREATE TABLE IF NOT EXISTS view_line_plans ("
        "programme TEXT NOT NULL, currency TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (programme, currency, hash))",
    ],
    own={
        LinesHeld: _held,
        LinesReleased: _released,
        LinesHeldAgain: _held_again,
        MoneyRedeemed: _redeemed,
    },
)
