"""Periods that have been sealed, and what their closings have posted."""

import json
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from fenxiao.plans.periods.closing import Key, Known, Row
from libs.eventlog import Reader, Recorded, Tx, View
from services.commission.domain.closing import Sealed, money_in, row_of
from services.commission.domain.events import (
    LinesPosted,
    MembersRated,
    PeriodClosed,
    PeriodSealed,
    PostedLine,
    RatedMember,
)
from services.commission.views.moments import BEGINNING, FOREVER, from_micros, micros

_SEALED = "start, ends, plan_hash, sales_cut, members_cut, engine_version, closing, closed"


class PeriodRow(NamedTuple):
    """A sealed period as it is shown."""

    sealed: Sealed
    closed: bool
    lines: int
    members: int
    posted_minor: int


def _period_sealed(tx: Tx, recorded: Recorded[PeriodSealed]) -> None:
    event = recorded.event
    tx.run(
        f"INSERT INTO view_periods (programme, {_SEALED}, lines, members, posted, position) VALUES"  # noqa: S608 # our own text
        " (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?)",
        (
            recorded.meta.programme,
            micros(event.start),
            micros(event.end),
            event.plan_hash,
            event.sales_cut,
            event.members_cut,
            event.engine_version,
            str(recorded.stream),
            recorded.position,
        ),
    )


def _lines_posted(tx: Tx, recorded: Recorded[LinesPosted]) -> None:
    event = recorded.event
    if event.posting is None:
        return  # posted with a sale or return
    programme, period, closing = recorded.meta.programme, micros(event.posting.period), micros(event.posting.closing)
    tx.run_many(
        "INSERT INTO view_period_lines (programme, period, rule_key, closing, line, amount) VALUES (?, ?, ?, ?, ?, ?)",
        [(programme, period, _text(line), closing, line.id, line.amount_minor) for line in event.lines],
    )
    tx.run(
        "UPDATE view_periods SET lines = lines + ?, posted = posted + ? WHERE programme = ? AND start = ?",
        (len(event.lines), money_in(event.lines), programme, closing),
    )


def _members_rated(tx: Tx, recorded: Recorded[MembersRated]) -> None:
    event = recorded.event
    programme, period, closing = recorded.meta.programme, micros(event.posting.period), micros(event.posting.closing)
    tx.run_many(
        "INSERT INTO view_ratings (programme, period, member, closing, rated, position) VALUES (?, ?, ?, ?, ?, ?)",
        [(programme, period, one.member, closing, one.model_dump_json(), recorded.position) for one in event.members],
    )
    tx.run(
        "UPDATE view_periods SET members = members + ? WHERE programme = ? AND start = ?",
        (len(event.members), programme, closing),
    )


def _period_closed(tx: Tx, recorded: Recorded[PeriodClosed]) -> None:
    tx.run(
        "UPDATE view_periods SET closed = 1 WHERE programme = ? AND start = ?",
        (recorded.meta.programme, micros(recorded.event.start)),
    )


PERIODS = View(
    "periods",
    [
        "CREATE TABLE IF NOT EXISTS view_periods (programme TEXT NOT NULL, start BIGINT NOT NULL, ends BIGINT NOT NULL,"
        " plan_hash TEXT NOT NULL, sales_cut BIGINT NOT NULL, members_cut TEXT NOT NULL, engine_version TEXT NOT NULL,"
        " closing TEXT NOT NULL, closed INTEGER NOT NULL, lines BIGINT NOT NULL, members BIGINT NOT NULL,"
        " posted BIGINT NOT NULL, position BIGINT NOT NULL, PRIMARY KEY (programme, start))",
        "CREATE INDEX IF NOT EXISTS view_periods_closing ON view_periods (closed) WHERE closed = 0",
        "CREATE TABLE IF NOT EXISTS view_period_lines (programme TEXT NOT NULL, period BIGINT NOT NULL,"
        " rule_key TEXT NOT NULL, closing BIGINT NOT NULL, line TEXT NOT NULL, amount BIGINT NOT NULL,"
        " PRIMARY KEY (programme, period, rule_key, closing))",
        "CREATE TABLE IF NOT EXISTS view_ratings (programme TEXT NOT NULL, period BIGINT NOT NULL,"
        " member TEXT NOT NULL, closing BIGINT NOT NULL, rated TEXT NOT NULL, position BIGINT NOT NULL,"
        " PRIMARY KEY (programme, period, member, closing))",
    ],
    own={
        PeriodSealed: _period_sealed,
        LinesPosted: _lines_posted,
        MembersRated: _members_rated,
        PeriodClosed: _period_closed,
    },
)


def newest_sealed(reader: Reader, programme: str) -> PeriodRow | None:
    """The last period that has been sealed; None before the first."""
    rows = _select(reader, "programme = ? ORDER BY start DESC LIMIT 1", (programme,))
    return rows[0] if rows else None


def period_between(reader: Reader, programme: str, start: datetime, end: datetime) -> PeriodRow | None:
    """The sealed period that begins in a span; the span's end is not in it."""
    which = "programme = ? AND start >= ? AND start < ? ORDER BY start LIMIT 1"
    rows = _select(reader, which, (programme, micros(start), micros(end)))
    return rows[0] if rows else None


def period_rows(reader: Reader, programme: str, after: int = BEGINNING, limit: int = FOREVER) -> list[PeriodRow]:
    """Sealed periods that begin behind a moment (in microseconds), the earliest first; all, if no limit is given."""
    return _select(reader, "programme = ? AND start > ? ORDER BY start LIMIT ?", (programme, after, limit))


def unfinished(reader: Reader) -> list[tuple[str, UUID]]:
    """Sealed periods whose lines have not all been posted: programme and closing."""
    rows = reader.all("SELECT programme, closing FROM view_periods WHERE closed = 0 ORDER BY programme")
    return [(programme, UUID(closing)) for programme, closing in rows]


def posted_before(reader: Reader, programme: str, period: Sealed, closing: Sealed) -> dict[Key, Known]:
    """What closings before this one have posted for a period, by key."""
    rows = reader.all(
        "SELECT rule_key, line, amount FROM view_period_lines WHERE programme = ? AND period = ? AND closing < ?"
        " ORDER BY closing",
        (programme, micros(period.start), micros(closing.start)),
    )
    found: dict[Key, Known] = {}
    for text, line, amount in rows:
        key = _key(text)
        known = found.get(key, Known(line, 0))
        found[key] = known._replace(amount_minor=known.amount_minor + amount)
    return found


def rows_before(reader: Reader, programme: str, period: Sealed, closing: Sealed) -> dict[str, Row]:
    """What members came to in a period, as closings before this one have given it."""
    return _rows(reader, programme, period, micros(closing.start) - 1)


def rows_at(reader: Reader, programme: str, period: Sealed, closing: Sealed) -> dict[str, Row]:
    """The same, as it stood when this one had been posted."""
    return _rows(reader, programme, period, micros(closing.start))


def _rows(reader: Reader, programme: str, period: Sealed, until: int) -> dict[str, Row]:
    rows = reader.all(
        "SELECT rated FROM view_ratings WHERE programme = ? AND period = ? AND closing <= ? ORDER BY closing",
        (programme, micros(period.start), until),
    )
    return {row.member: row for row in (row_of(RatedMember.model_validate_json(text)) for (text,) in rows)}


def rating_rows(reader: Reader, programme: str, start: datetime, member: str, after: str, limit: int) -> list[Row]:
    """What members came to in a period, as it stands now, by member; of one member if one is given."""
    which, who = ("AND member = ?", (member,)) if member else ("AND member > ?", (after,))
    rows = reader.all(
        "SELECT rated FROM view_ratings r WHERE programme = ? AND period = ? "  # noqa: S608 # our own text
        f"{which} AND closing = (SELECT MAX(closing) FROM view_ratings n WHERE n.programme = r.programme"
        " AND n.period = r.period AND n.member = r.member) ORDER BY member LIMIT ?",
        (programme, micros(start), *who, limit),
    )
    return [row_of(RatedMember.model_validate_json(text)) for (text,) in rows]


def sealing_position(reader: Reader, programme: str, start: datetime) -> int:
    """Where the sealing of a period stands in the store."""
    row = reader.one("SELECT position FROM view_periods WHERE programme = ? AND start = ?", (programme, micros(start)))
    assert row is not None, "a period that has lines was sealed"
    return int(row[0])


def rated_by(
    reader: Reader, programme: str, period: datetime, member: str, closing: datetime
) -> tuple[Row, int] | None:
    """What a member came to in a period as of a closing, and where that stands in the store."""
    row = reader.one(
        "SELECT rated, position FROM view_ratings WHERE programme = ? AND period = ? AND member = ? AND closing <= ?"
        " ORDER BY closing DESC LIMIT 1",
        (programme, micros(period), member, micros(closing)),
    )
    return (row_of(RatedMember.model_validate_json(row[0])), int(row[1])) if row else None


def posted_under(
    reader: Reader, programme: str, period: datetime, line: PostedLine, closing: datetime | None = None
) -> list[tuple[str, int]]:
    """What closings (those before one, if one is given) have posted under the key of a line: ids and amounts."""
    rows = reader.all(
        "SELECT line, amount FROM view_period_lines WHERE programme = ? AND period = ? AND rule_key = ? AND closing < ?"
        " ORDER BY closing",
        (programme, micros(period), _text(line), FOREVER if closing is None else micros(closing)),
    )
    return [(found, int(amount)) for found, amount in rows]


def _select(reader: Reader, which: str, params: tuple[object, ...]) -> list[PeriodRow]:
    rows = reader.all(
        f"SELECT {_SEALED}, lines, members, posted FROM view_periods WHERE {which}",  # noqa: S608 # our own text
        params,
    )
    return [
        PeriodRow(
            Sealed(UUID(closing), from_micros(start), from_micros(end), plan_hash, sales_cut, members_cut, engine),
            bool(closed),
            lines,
            members,
            posted,
        )
        for start, end, plan_hash, sales_cut, members_cut, engine, closing, closed, lines, members, posted in rows
    ]


def _text(line: PostedLine) -> str:
    key = Key(line.component, line.member, line.sale, line.level, line.other, line.rule)
    return json.dumps(key, ensure_ascii=False, separators=(",", ":"))


def _key(text: str) -> Key:
    return Key(*json.loads(text))
