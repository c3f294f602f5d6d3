"""Pages of results: how many, in which order, and behind what the next one begins."""

from itertools import islice
from typing import Final, NamedTuple

from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader
from services.traceability.domain.query import By, Order, Query, sort_key
from services.traceability.shared.reading import Show
from services.traceability.shared.searching import Found, Place, Search

SORTED: Final = 10_000
"""Events that are ordered by a partner's own field at most."""

BYTES: Final = 4 * 1024 * 1024
"""Of a page: behind them it ends short."""


class Cursor(NamedTuple):
    """Where a page of results ends."""

    place: Place
    given: int
    """Results so far."""

    @property
    def key(self) -> str:
        """The cursor as text."""
        return f"{self.given}:{self.place.key}"

    @classmethod
    def parse(cls, key: str) -> "Cursor | None":
        """The opposite of `key`; None for nothing. Raises `Refusal` INVALID_PAGE_TOKEN."""
        given, _, place = key.partition(":")
        return cls(Place.parse(place), int(given) if given.isdecimal() else 0) if key else None


class Answer(NamedTuple):
    """A page of results."""

    found: list[Found]
    following: Cursor | None
    """Behind which the next page begins; None on the last."""


def answer(
    reader: Reader, programme: str, query: Query, show: Show, *, size: int, after: Cursor | None, most: int = 0
) -> Answer:
    """A page. Raises `Refusal` QUERY_TOO_LARGE or QUERY_TOO_COMPLEX."""
    place, given = after or (None, 0)
    if query.most is not None and after is None:
        _check_count(Search(reader, programme, query, show, None, most), query.most)
    if query.first is not None:
        size = min(size, query.first - given)
        if size <= 0:
            return Answer([], None)
    if query.order.by is By.FIELD:
        found, behind = _sorted_page(Search(reader, programme, query, show, None, most), query.order, size, place)
    else:
        found, behind = _page(Search(reader, programme, query, show, place, most), size)
    given += len(found)
    if behind is None or (query.first is not None and given >= query.first):
        return Answer(found, None)
    return Answer(found, Cursor(behind, given))


_Page = tuple[list[Found], Place | None]


def _page(search: Search, size: int) -> _Page:
    found: list[Found] = []
    read = 0
    for one in search:
        if len(found) == size or (found and read > BYTES):
            return found, found[-1].place
        found.append(one)
        read += len(one.event.event.document)
    return found, None if search.done else search.place


def _check_count(search: Search, most: int) -> None:
    count = sum(1 for _ in islice(search, most + 1))
    if count > most:
        message = f"there are more than {most} such events; narrow the query down, or raise maxEventCount"
        raise Refusal("QUERY_TOO_LARGE", message, field="maxEventCount", kind=Kind.FAILED_PRECONDITION)
    if not search.done:
        raise _too_complex()


def _too_complex() -> Refusal:
    message = "too many events have to be looked at for this; narrow it down, by time for example"
    return Refusal("QUERY_TOO_COMPLEX", message, kind=Kind.FAILED_PRECONDITION)


def _sorted_page(search: Search, order: Order, size: int, after: Place | None) -> _Page:
    events = list(islice(search, SORTED + 1))
    if not search.done:
        raise _too_complex()
    with_field = [(key, one) for one in events if (key := sort_key(one.facts, order.field))[0] < 2]
    with_field.sort(key=lambda pair: pair[0], reverse=order.descending)
    without = [one for one in events if sort_key(one.facts, order.field)[0] == 2]
    ordered = [*(one for _, one in with_field), *without]
    start = 0
    if after is not None:
        start = next((i + 1 for i, one in enumerate(ordered) if one.event.position == after.position), len(ordered))
    found = ordered[start : start + size]
    return found, found[-1].place if len(ordered) > start + size else None
