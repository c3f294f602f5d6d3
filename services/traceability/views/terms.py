"""What every event can be found by: an inverted index over all that it says.

A **term** is a name and a value: `bizStep shipping`, `input https://id.gs1.org/01/…/10/L1`. It stands here as 63 bits
of a hash over programme, name and value, with time and position of each event that says it, so one small table in one
order answers for any field, partners' own ones included, as quickly among millions of events as among few. Two terms
can share a number by accident: whoever finds an event here looks at what it says (`domain/facts.py`) before it
counts.

Numbers and times that are compared by size stand in a second table, under the term of their name.
"""

from collections.abc import Sequence
from typing import Final

from libs.eventlog import Recorded, Tx, View
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.shared.reading import entries_again, read_again

_DDL: Final = [
    "CREATE TABLE IF NOT EXISTS view_trace_terms (term BIGINT NOT NULL, event_time BIGINT NOT NULL,"
    " position BIGINT NOT NULL, PRIMARY KEY (term, event_time, position))",
    "CREATE TABLE IF NOT EXISTS view_trace_numbers (term BIGINT NOT NULL, value DOUBLE PRECISION NOT NULL,"
    " event_time BIGINT NOT NULL, position BIGINT NOT NULL, PRIMARY KEY (term, event_time, position, value))",
    "CREATE INDEX IF NOT EXISTS view_trace_numbers_by_value ON view_trace_numbers (term, value)",
]


def _captured(tx: Tx, captured: Sequence[Recorded[TraceEventCaptured]]) -> None:
    terms: list[tuple[object, ...]] = []
    numbers: list[tuple[object, ...]] = []
    for recorded in captured:
        time, position = read_again(recorded.event).time, recorded.position
        entries = entries_again(recorded.event, recorded.meta.programme)
        terms += [(number, time, position) for number in entries.terms]
        numbers += [(number, value, time, position) for number, value in entries.numbers]
    # In the order of the table's key, where neighbours lie together.
    tx.run_many("INSERT INTO view_trace_terms VALUES (?, ?, ?)", sorted(terms))
    tx.run_many("INSERT INTO view_trace_numbers VALUES (?, ?, ?, ?)", numbers)


VIEW = View("terms", _DDL, together={TraceEventCaptured: _captured})
