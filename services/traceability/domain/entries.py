"""What stands in the index for an event: its terms as numbers, and what is compared by size (`views/terms.py`)."""

import hashlib
from fractions import Fraction
from functools import lru_cache
from math import inf
from typing import NamedTuple

from services.traceability.domain.events import TraceEventCaptured
from services.traceability.domain.facts import Facts
from services.traceability.domain.terms import ANY, numbers_of, terms_of


class Entries(NamedTuple):
    """Of one event."""

    terms: tuple[int, ...]
    numbers: tuple[tuple[int, float], ...]
    """Under the term of their name."""


def entries_of(event: TraceEventCaptured, facts: Facts, programme: str) -> Entries:
    """All that an event is found by, in order."""
    terms = {term(programme, *one) for one in (*own_terms(event), *terms_of(facts))}
    numbers = {(term(programme, name), as_float(value)) for name, value in numbers_of(facts)}
    return Entries(tuple(sorted(terms)), tuple(sorted(numbers)))


@lru_cache(maxsize=20_000)
def term(programme: str, name: str, value: str = ANY) -> int:
    """The number of a term."""
    digest = hashlib.blake2b(f"{programme}\0{name}\0{value}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def own_terms(event: TraceEventCaptured) -> tuple[tuple[str, str], ...]:
    """What an event is found by beside what it says."""
    return ("eventID", event.event_id), ("hash", event.event_hash)


def as_float(number: Fraction) -> float:
    """A number as it stands in the index; one that is too large for it at its end."""
    try:
        return float(number)
    except OverflowError:
        return inf if number > 0 else -inf
