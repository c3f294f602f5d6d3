"""What rules have noted, by subject and time, and the part of it that bears on one moment.

What was noted by an event that was declared erroneous is passed over.
"""

from collections.abc import Collection
from typing import Any, Final, NamedTuple

from libs.eventlog import Reader, Recorded, Tx, View
from services.traceability.domain.events import TraceEventWatched
from services.traceability.domain.rules.documents import DwellRule, Rule, SensorRule, SerialsRule, TravelRule
from services.traceability.domain.rules.observations import Observation
from services.traceability.domain.rules.watching import Life

_DDL: Final = [
    "CREATE TABLE IF NOT EXISTS view_trace_watched (rule TEXT NOT NULL, subject TEXT NOT NULL, start BIGINT NOT NULL,"
    " hash TEXT NOT NULL, state SMALLINT NOT NULL, until BIGINT NOT NULL, place TEXT NOT NULL,"
    " latitude DOUBLE PRECISION, longitude DOUBLE PRECISION, value TEXT NOT NULL, programme TEXT NOT NULL,"
    " PRIMARY KEY (rule, subject, start, hash))",
    "CREATE INDEX IF NOT EXISTS view_trace_watched_states ON view_trace_watched (rule, subject, state, start, hash)",
    "CREATE INDEX IF NOT EXISTS view_trace_watched_by_time ON view_trace_watched (rule, state, start)",
    "CREATE INDEX IF NOT EXISTS view_trace_watched_of ON view_trace_watched (programme, hash)",
]
_SELECT: Final = (
    "SELECT start, hash, state, until, place, latitude, longitude, value FROM view_trace_watched AS w"
    " WHERE rule=? AND subject=?"
    " AND NOT EXISTS (SELECT 1 FROM view_trace_voided AS v WHERE v.programme=w.programme AND v.hash=w.hash)"
)
_FIRST: Final = " ORDER BY start, hash LIMIT 1"
_LAST: Final = " ORDER BY start DESC, hash DESC LIMIT 1"

Key = tuple[int, str]
EARLIEST: Final[Key] = (-(2**62), "")
LATEST: Final[Key] = (2**62, "")


class Mark(NamedTuple):
    """A moment at which a rule has noted something of a subject."""

    rule: str
    subject: str
    key: Key


class Around(NamedTuple):
    """The observations that bear on a moment, and between which keys the findings begin that follow from them."""

    observations: list[Observation]
    since: Key
    to: Key


def _watched(tx: Tx, recorded: Recorded[TraceEventWatched]) -> None:
    event, programme = recorded.event, recorded.meta.programme
    tx.run_many(
        "INSERT INTO view_trace_watched VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                one.rule, subject, one.start, event.event_hash, one.state, one.until, one.place,
                *(one.coordinates or (None, None)), one.value, programme,
            )
            for one in event.watched
            for subject in one.subjects
        ],
    )  # fmt: skip


VIEW = View("watched", _DDL, own={TraceEventWatched: _watched})


def marks_of(reader: Reader, programme: str, hashes: Collection[str]) -> list[Mark]:
    """What was noted by some events."""
    rows = reader.among(
        "SELECT rule, subject, start, hash FROM view_trace_watched WHERE programme=? AND hash = {keys}",
        (programme,),
        hashes,
    )
    return [Mark(str(rule), str(subject), (int(start), str(event))) for rule, subject, start, event in rows]


def marks_between(reader: Reader, rule: str, since: int, before: int) -> list[Mark]:
    """What was watched for and noted between two moments."""
    rows = reader.all(
        "SELECT subject, start, hash FROM view_trace_watched WHERE rule=? AND state=1 AND start>=? AND start<?"
        " ORDER BY start, hash",
        (rule, since, before),
    )
    return [Mark(rule, str(subject), (int(start), str(event))) for subject, start, event in rows]


def around(reader: Reader, rule: Rule, mark: Mark) -> Around:
    """What bears on a moment, by the kind of rule."""
    subject = _Subject(reader, mark.rule, mark.subject)
    match rule:
        case SensorRule():
            return subject.runs(mark.key, rule.tolerated)
        case DwellRule():
            return subject.runs(mark.key, rule.longest)
        case TravelRule():
            return subject.neighbours(mark.key)
        case SerialsRule():
            return subject.life()
        case _:
            return Around(subject.some("", (), " ORDER BY start, hash"), EARLIEST, LATEST)


class _Subject:
    def __init__(self, reader: Reader, rule: str, subject: str) -> None:
        self._reader = reader
        self._params = (rule, subject)

    def some(self, where: str, params: tuple[object, ...], order: str) -> list[Observation]:
        """Observations."""
        return [_observation(*row) for row in self._reader.all(_SELECT + where + order, (*self._params, *params))]

    def runs(self, key: Key, limit: int) -> Around:
        """The unbroken runs on both sides of a moment: as much of each as shows whether it is longer than the limit."""
        before = self.some(" AND state=0 AND (start, hash) < (?, ?)", key, _LAST)
        after = self.some(" AND state=0 AND (start, hash) > (?, ?)", key, _FIRST)
        here = self.some(" AND state=0 AND start=? AND hash=?", key, _FIRST)
        since, to = before[0].key if before else EARLIEST, after[0].key if after else LATEST
        found: list[Observation] = []
        for low, high in ((since, here[0].key), (here[0].key, to)) if here else ((since, to),):
            found += self._run(low, high, limit) + (here if here and high == here[0].key else [])
        return Around([*found, *after], since, to)

    def _run(self, low: Key, high: Key, limit: int) -> list[Observation]:
        inside = " AND state=1 AND (start, hash) > (?, ?) AND (start, hash) < (?, ?)"
        first = self.some(inside, (*low, *high), _FIRST)
        if not first:
            return []
        last = min(first[0].start + limit, LATEST[0])
        near = self.some(f"{inside} AND start<=?", (*low, *high, last), " ORDER BY start, hash")
        return near + self.some(f"{inside} AND start>?", (*low, *high, last), _FIRST)

    def neighbours(self, key: Key) -> Around:
        """The observations before and after a moment, and that of the moment itself."""
        before = self.some(" AND (start, hash) < (?, ?)", key, _LAST)
        here = self.some(" AND start=? AND hash=?", key, _FIRST)
        after = self.some(" AND (start, hash) > (?, ?)", key, _FIRST)
        return Around([*before, *here, *after], before[0].key if before else key, key)

    def life(self) -> Around:
        """The turns of an object's life, and what follows each end."""
        turns = self.some(" AND state<>?", (int(Life.SEEN),), " ORDER BY start, hash")
        found = {one.key: one for one in turns}
        for one in turns:
            if one.state in (Life.SOLD, Life.DESTROYED):
                found.update((after.key, after) for after in self.some(" AND start>?", (one.start,), _FIRST))
        return Around([found[key] for key in sorted(found)], EARLIEST, LATEST)


def _observation(*row: Any) -> Observation:
    start, event, state, until, place, latitude, longitude, value = row
    at = None if latitude is None else (float(latitude), float(longitude))
    return Observation(int(start), str(event), int(state), int(until), str(place), at, str(value))
