"""Disputes, in the order in which they were opened."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from libs.eventlog import Reader, Recorded, Tx, View
from services.commission.domain.disputes import Dispute, State
from services.commission.domain.events import DisputeAnswered, DisputeOpened, DisputeResolved
from services.commission.views.moments import from_micros, micros

_COLUMNS = (
    "position, dispute, line, member, state, correction, correction_line, points, opened, answered, resolved,"
    " opened_by, answered_by, resolved_by"
)


class DisputeRow(NamedTuple):
    """A dispute as it is shown, without what was said."""

    position: int
    id: UUID
    dispute: Dispute
    points: str
    """Kind of points, if that is what the line is in."""
    opened_at: datetime
    answered_at: datetime | None
    resolved_at: datetime | None
    opened_by: str
    answered_by: str
    resolved_by: str


def _opened(tx: Tx, recorded: Recorded[DisputeOpened]) -> None:
    event = recorded.event
    tx.run(
        f"INSERT INTO view_disputes (programme, {_COLUMNS}) VALUES"  # noqa: S608 # our own text
        " (?, ?, ?, ?, ?, ?, 0, '', ?, ?, NULL, NULL, ?, '', '')",
        (
            recorded.meta.programme,
            recorded.position,
            str(recorded.stream),
            event.line,
            event.member,
            State.OPEN.value,
            event.points,
            micros(recorded.recorded_at),
            event.by,
        ),
    )


def _answered(tx: Tx, recorded: Recorded[DisputeAnswered]) -> None:
    tx.run(
        "UPDATE view_disputes SET state = ?, answered = ?, answered_by = ? WHERE dispute = ?",
        (State.ANSWERED.value, micros(recorded.recorded_at), recorded.event.by, str(recorded.stream)),
    )


def _resolved(tx: Tx, recorded: Recorded[DisputeResolved]) -> None:
    event = recorded.event
    tx.run(
        "UPDATE view_disputes SET state = ?, correction = ?, correction_line = ?, resolved = ?, resolved_by = ?"
        " WHERE dispute = ?",
        (
            event.outcome.value,
            event.correction_minor,
            event.correction_line,
            micros(recorded.recorded_at),
            event.by,
            str(recorded.stream),
        ),
    )


DISPUTES = View(
    "disputes",
    [
        "CREATE TABLE IF NOT EXISTS view_disputes (programme TEXT NOT NULL, position BIGINT NOT NULL,"
        " dispute TEXT PRIMARY KEY, line TEXT NOT NULL, member TEXT NOT NULL, state TEXT NOT NULL,"
        " correction BIGINT NOT NULL, correction_line TEXT NOT NULL, points TEXT NOT NULL, opened BIGINT NOT NULL,"
        " answered BIGINT, resolved BIGINT, opened_by TEXT NOT NULL, answered_by TEXT NOT NULL,"
        " resolved_by TEXT NOT NULL)",
        "CREATE INDEX IF NOT EXISTS view_disputes_in_order ON view_disputes (programme, position)",
        "CREATE INDEX IF NOT EXISTS view_disputes_by_line ON view_disputes (line)",
    ],
    own={
        DisputeOpened: _opened,
        DisputeAnswered: _answered,
        DisputeResolved: _resolved,
    },
)


def dispute_row(reader: Reader, programme: str, dispute: str) -> DisputeRow | None:
    """One dispute."""
    rows = _select(reader, "programme = ? AND dispute = ?", (programme, dispute))
    return rows[0] if rows else None


def under_way(reader: Reader, programme: str, line: str) -> DisputeRow | None:
    """The dispute of a line that is not resolved."""
    open_states = (State.OPEN.value, State.ANSWERED.value)
    rows = _select(reader, "programme = ? AND line = ? AND state IN (?, ?)", (programme, line, *open_states))
    return rows[0] if rows else None


def corrections_of(reader: Reader, line: str) -> list[int]:
    """What each dispute of a line has corrected, in minor units."""
    rows = reader.all("SELECT correction FROM view_disputes WHERE line = ? AND correction <> 0", (line,))
    return [int(row[0]) for row in rows]


def dispute_rows(reader: Reader, programme: str, wanted: dict[str, str], after: int, limit: int) -> list[DisputeRow]:
    """Disputes behind a position; `wanted` restricts columns to a value."""
    which = "".join(f" AND {column} = ?" for column in wanted)
    params = (programme, after, *wanted.values(), limit)
    return _select(reader, f"programme = ? AND position > ?{which} ORDER BY position LIMIT ?", params)


def _select(reader: Reader, which: str, params: tuple[object, ...]) -> list[DisputeRow]:
    rows = reader.all(f"SELECT {_COLUMNS} FROM view_disputes WHERE {which}", params)  # noqa: S608 # our own text
    return [_row(*row) for row in rows]


def _row(
    position: int,
    dispute: str,
    line: str,
    member: str,
    state: str,
    correction: int,
    correction_line: str,
    points: str,
    opened: int,
    answered: int | None,
    resolved: int | None,
    *by: Any,
) -> DisputeRow:
    found = Dispute(line, member, State(state), correction, correction_line)
    answered_at, resolved_at = (None if at is None else from_micros(at) for at in (answered, resolved))
    return DisputeRow(position, UUID(dispute), found, points, from_micros(opened), answered_at, resolved_at, *by)
