"""Where each posted line stands, and which lines of periods are earned on a sale."""

from typing import Any

from libs.eventlog import Reader, Recorded, Tx, View
from services.commission.domain.events import LinesPosted, PostedLine


def _lines_posted(tx: Tx, recorded: Recorded[LinesPosted]) -> None:
    tx.run_many(
        "INSERT INTO view_lines (line, position, sale, reverses, amount) VALUES (?, ?, ?, ?, ?)",
        [(line.id, recorded.position, line.sale, line.reverses, line.amount_minor) for line in recorded.event.lines],
    )


LINES = View(
    "lines",
    [
        "CREATE TABLE IF NOT EXISTS view_lines (line TEXT PRIMARY KEY, position BIGINT NOT NULL, sale TEXT NOT NULL,"
        " reverses TEXT NOT NULL, amount BIGINT NOT NULL)",
        "CREATE INDEX IF NOT EXISTS view_lines_reversing ON view_lines (reverses) WHERE reverses <> ''",
        "CREATE INDEX IF NOT EXISTS view_lines_by_sale ON view_lines (sale, position) WHERE sale <> ''",
    ],
    own={LinesPosted: _lines_posted},
)


def find_line(reader: Reader, programme: str, line: str) -> tuple[Recorded[LinesPosted], PostedLine] | None:
    """A line and the event that it was posted in; None for one that is not there, or is another programme's."""
    row = reader.one("SELECT position FROM view_lines WHERE line = ?", (line,))
    found = event_at(reader, row[0]) if row else None
    if found is None or found.meta.programme != programme:
        return None
    return found, next(one for one in found.event.lines if one.id == line)


def lines_on_sale(reader: Reader, sale: str) -> list[tuple[Recorded[LinesPosted], PostedLine]]:
    """The lines of periods and corrections that are on a sale, in the order in which they were posted."""
    rows = reader.all(
        "SELECT DISTINCT position FROM view_lines WHERE sale <> '' AND sale = ? ORDER BY position", (sale,)
    )
    events: list[Recorded[LinesPosted]] = [event_at(reader, position) for (position,) in rows]
    return [(event, line) for event in events for line in event.event.lines if line.sale == sale]


def taken_of(reader: Reader, line: str) -> int:
    """What other lines have taken back of a line, at least 0."""
    row = reader.one("SELECT SUM(amount) FROM view_lines WHERE reverses <> '' AND reverses = ?", (line,))
    return -int(row[0] or 0) if row else 0


def event_at(reader: Reader, position: int) -> Recorded[Any]:
    """The event at a position of the store."""
    (found,) = reader.after(position - 1, 1)
    return found
