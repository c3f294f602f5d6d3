"""What every event can be found by: an inverted index over all that it says.

A **term** is a name and a value: `bizStep shipping`, `input https://id.gs1.org/01/…/10/L1`. It stands here as 63 bits
of a hash over programme, name and value, with time and position of each event that says it, so one small table in one
order answers for any field, partners' own ones included, as quickly among millions of events as among few. Two terms
can share a number by accident: whoever finds an event here looks at what it says (`domain/facts.py`) before it
counts.

Numbers and times that are compared by size stand in a second table, under the term of their name.
"""

import hashlib
from fractions import Fraction
from math import inf
from typing import Final

from libs.eventlog import Recorded, Tx, View
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.domain.terms import ANY, numbers_of, terms_of
from services.traceability.shared.reading import read_again

_DDL: Final = [
    "CREATE TABLE IF NOT EXISTS view_trace_terms (term BIGINT NOT NULL, event_time BIGINT NOT NULL,"
    " position BIGINT NOT NULL, PRIMARY KEY (term, event_time, position))",
    "CREATE TABLE IF NOT EXISTS view_trace_numbers (term BIGINT NOT NULL, value DOUBLE PRECISION NOT NULL,"
    " event_time BIGINT NOT NULL, position BIGINT NOT NULL, PRIMARY KEY (term, event_time, position, value))",
    "CREATE INDEX IF NOT EXISTS view_trace_numbers_by_value ON view_trace_numbers (term, value)",
]


def term(programme: str, name: str, value: str = ANY) -> int:
    """The number of a term."""
    digest = hashlib.blake2b(f"{programme}\0{name}\0{value}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def own_terms(event: TraceEventCaptured) -> tuple[tuple[str, str], ...]:
    """What an event is found by beside what it says."""
    return ("eventID", event.event_id), ("hash", event.event_hash)


def _captured(tx: Tx, recorded: Recorded[TraceEventCaptured]) -> None:
    facts, programme = read_again(recorded.event), recorded.meta.programme
    numbers = {term(programme, *one) for one in (*own_terms(recorded.event), *terms_of(facts))}
    tx.run_many(
        "INSERT INTO view_trace_terms VALUES (?, ?, ?)",
        [(number, facts.time, recorded.position) for number in sorted(numbers)],
    )
    values = {(term(programme, name), as_float(value)) for name, value in numbers_of(facts)}
    tx.run_many(
        "INSERT INTO view_trace_numbers VALUES (?, ?, ?, ?)",
        [(number, value, facts.time, recorded.position) for number, value in sorted(values)],
    )


def as_float(number: Fraction) -> float:
    """A number as it stands in the index; one that is too large for it at its end."""
    try:
        return float(number)
    except OverflowError:
        return inf if number > 0 else -inf


VIEW = View("terms", _DDL, own={TraceEventCaptured: _captured})
