"""Finding the events that a query asks for, page by page.

A condition that few events fulfil leads: its events are looked at. If there is none, events are looked at along the
time by which they are ordered, those of the condition that leads or all, in windows that grow; each row of a window
says whether the index has the event under all other conditions too. So the time that a page takes depends on what is
looked at, not on how much there is, and what is looked at is bounded: behind that a page ends short, with a link to the
next.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple, Self, TypeVar

from fenxiao.errors import Refusal
from libs.eventlog import Reader, Recorded
from services.traceability.domain.entries import own_terms
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.domain.facts import Facts
from services.traceability.domain.query import By, Condition, InRange, OneOf, Order, Query, Span
from services.traceability.shared.index_sql import Sql, exists, span_of, wheres
from services.traceability.shared.lookups import resolved
from services.traceability.shared.reading import Show, read_again
from services.traceability.views.trace_events import recorded_micros

FEW: Final = 1000
"""Events of a condition that can lead whatever the order."""

LOOKED_AT: Final = 20_000
"""Events that are looked at for one page at most."""


_T = TypeVar("_T")


FIRST: Final = 64
"""Events in the first window."""
_WINDOW: Final = 2000
_READ: Final = 32
"""Events that are read together."""
_PARTS: Final = 100


class Found(NamedTuple):
    """An event that was asked for."""

    event: Recorded[TraceEventCaptured]
    facts: Facts
    time: int
    """By which it is ordered."""

    @property
    def place(self) -> "Place":
        """Where it stands in the order."""
        return Place(self.time, self.event.position)


class Place(NamedTuple):
    """A place among events: time and position."""

    time: int
    position: int

    @property
    def key(self) -> str:
        """The place as text."""
        return f"{self.time}/{self.position}"

    @classmethod
    def parse(cls, key: str) -> Self:
        """The opposite of `key`. Raises `Refusal` INVALID_PAGE_TOKEN."""
        try:
            time, position = key.split("/")
            # No more than fits into a BIGINT, whatever a stranger sends.
            return cls(*(max(-(2**62), min(int(text[:40]), 2**62)) for text in (time, position)))
        except ValueError:
            message = "page_token is not one that this service gave out"
            raise Refusal("INVALID_PAGE_TOKEN", message, field="page_token") from None


def search(
    reader: Reader, programme: str, query: Query, show: Show, *, after: Place | None, limit: int
) -> Iterator[Found]:
    """The next events behind a place, `limit` at most, however many have to be looked at."""
    while limit > 0:
        found = Search(reader, programme, query, show, after)
        for one in islice(found, limit):
            limit -= 1
            yield one
        if found.done:
            return
        after = found.place


class _Row(NamedTuple):
    time: int
    event_time: int
    position: int
    hit: int


class Search:
    """Looks for events behind a place until it has looked at enough.

    The index knows what events say and proposes them; what counts is what the caller sees of them.
    """

    def __init__(
        self, reader: Reader, programme: str, query: Query, show: Show, after: Place | None, most: int = 0
    ) -> None:
        """`most`: how many are looked at, if not as many as for others."""
        self._reader = reader
        self._show = show
        self._most = most or LOOKED_AT
        self._programme = programme
        self._query = resolved(reader, programme, query)
        self._order = query.order if query.order.by is not By.FIELD else Order()
        self._leading: Condition | None = None
        self._lead = self._find_lead()
        self.place = after
        """The last event that was looked at."""
        self.done = False
        """Whether there are no more."""

    def __iter__(self) -> Iterator[Found]:
        size, looked_at = FIRST, 0
        while looked_at < self._most:
            rows = self._window(size)
            hits = _parts([row.position for row in rows if row.hit], _READ)
            events: dict[int, Recorded[TraceEventCaptured]] = {}
            for row in rows:
                self.place = Place(row.time, row.position)
                if row.hit:
                    if row.position not in events:
                        events = {one.position: one for one in self._reader.at(next(hits))}
                    if found := self._checked(events[row.position], row.time):
                        yield found
            if len(rows) < size:
                self.done = True
                return
            looked_at += len(rows)
            size = min(size * 4, _WINDOW)

    def _checked(self, event: Recorded[TraceEventCaptured], time: int) -> Found | None:
        shown = self._show(event)
        if shown is None:
            return None
        facts = read_again(shown.event)
        matches = self._query.matches(facts, own_terms(shown.event), recorded_micros(shown))
        return Found(shown, facts, time) if matches else None

    def _find_lead(self) -> list[Sql]:
        """Where candidates are read: everything, the events of a term, or the few of some condition."""
        best: OneOf | None = None
        for condition in self._query.conditions:
            if isinstance(condition, OneOf) and (condition.patterns or len(condition.terms) > _PARTS * 10):
                continue
            if self._count(condition) < FEW:
                self._leading = condition
                return self._starts(condition)
            if isinstance(condition, OneOf) and (best is None or len(condition.terms) < len(best.terms)):
                best = condition
        if best is None or self._order.by is By.RECORD_TIME:
            time = "recorded" if self._order.by is By.RECORD_TIME else "event_time"
            text = f"SELECT {time} AS time, event_time, position FROM view_trace_events AS s WHERE s.programme=?"  # noqa: S608 - built of constants
            return [Sql(text, (self._programme,))]
        self._leading = best
        return self._starts(best)

    def _count(self, condition: Condition) -> int:
        """Events that fulfil a condition, within the time that is asked for; as far as `FEW`."""
        bounds = span_of("event_time", self._query.event_time)
        count = 0
        for where in wheres(self._programme, condition):
            sql = f"SELECT count(*) FROM (SELECT 1 FROM {where.text}{bounds.text} LIMIT ?) AS probe"  # noqa: S608 - built of constants
            (row,) = self._reader.all(sql, (*where.params, *bounds.params, FEW))
            count += int(row[0])
            if count >= FEW:
                break
        return count

    def _starts(self, condition: Condition) -> list[Sql]:
        if self._order.by is By.RECORD_TIME:
            column, join = "e.recorded", " JOIN view_trace_events AS e ON e.position=s.position"
        else:
            column, join = "s.event_time", ""
        distinct = "DISTINCT " if isinstance(condition, InRange) else ""
        starts: list[Sql] = []
        for where in wheres(self._programme, condition):
            table, _, rest = where.text.partition(" WHERE ")
            text = f"SELECT {distinct}{column} AS time, s.event_time, s.position FROM {table}{join} WHERE {rest}"  # noqa: S608 - built of constants
            starts.append(Sql(text, where.params))
        return starts

    def _window(self, size: int) -> list[_Row]:
        """The next candidates in order."""
        descending = self._order.descending
        direction = "DESC" if descending else "ASC"
        bounds, flags = self._bounds(), self._flags()
        order = f"ORDER BY time {direction}, s.position {direction}"
        rows: dict[_Row, None] = {}
        for starts in _parts(self._lead, _PARTS):
            parts = [
                f"SELECT * FROM ({start.text}{bounds.text} {order} LIMIT ?) AS p{i}"  # noqa: S608 - built of constants
                for i, start in enumerate(starts)
            ]
            sql = (
                f"SELECT time, event_time, position, {flags.text} FROM ({' UNION '.join(parts)}) AS d"  # noqa: S608 - built of constants
                f" ORDER BY time {direction}, position {direction} LIMIT ?"
            )
            params = [value for start in starts for value in (*start.params, *bounds.params, size)]
            rows |= dict.fromkeys(map(_Row._make, self._reader.all(sql, (*flags.params, *params, size))))
        found = list(rows)
        if len(self._lead) > _PARTS:
            found.sort(key=lambda row: (row.time, row.position), reverse=descending)
        return found[:size]

    def _bounds(self) -> Sql:
        by_record = self._order.by is By.RECORD_TIME
        column = "recorded" if by_record else "s.event_time"
        span = span_of(column, self._query.record_time if by_record else self._query.event_time)
        if self.place is None:
            return span
        sign = "<" if self._order.descending else ">"
        text = f"{span.text} AND ({column}, s.position) {sign} (?, ?)"
        return Sql(text, (*span.params, self.place.time, self.place.position))

    def _flags(self) -> Sql:
        """Whether the index has a candidate under all conditions, beside the one that leads."""
        conditions = [one for one in self._query.conditions if one is not self._leading and not _open(one)]
        tests = [exists(self._programme, one) for one in conditions]
        if self._order.by is By.RECORD_TIME:
            span = span_of("d.event_time", self._query.event_time)
            tests.append(Sql(f"(1=1{span.text})", span.params))
        elif self._query.record_time != Span():
            span = span_of("e.recorded", self._query.record_time)
            text = f"EXISTS (SELECT 1 FROM view_trace_events AS e WHERE e.position=d.position{span.text})"  # noqa: S608 - built of constants
            tests.append(Sql(text, span.params))
        text = " AND ".join(test.text for test in tests) or "1=1"
        return Sql(f"CASE WHEN {text} THEN 1 ELSE 0 END", tuple(value for test in tests for value in test.params))


def _parts(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _open(condition: Condition) -> bool:
    """Whether the index cannot tell."""
    return isinstance(condition, OneOf) and bool(condition.patterns or len(condition.terms) > _PARTS * 10)
