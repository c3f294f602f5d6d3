"""The event API that every service serves: its public events, straight from the store."""

from collections.abc import AsyncIterator
from typing import Any

from fenxiao.api.events.v1 import events_pb2
from fenxiao.errors import Refusal
from libs.eventbus import Place, public_events
from libs.eventlog import Reader, Recorded
from libs.servicekit.paging import Page, page
from libs.servicekit.service import Call, Running

PAGE = 500
"""Events that a tail reads from the store at once."""

_DIGITS = 18
"""Of a position at most: the databases count no further."""


def _after(token: str) -> int:
    """The store's position in `<store>:<position>:<n>`, or in a page token; 0 for none."""
    if not token:
        return 0
    parts = token.split(":")
    number = parts[1] if len(parts) == 3 else token
    if not number.isdecimal() or len(number) > _DIGITS:
        raise Refusal("INVALID_POSITION", "the position is not one that this service gave out", field="after_position")
    return int(number)


def _read(
    reader: Reader, running: Running, programme: str, after: int, most: int
) -> tuple[list[events_pb2.Event], int, bool]:
    """Public events of a programme behind a position, the position of the last one, whether more may come."""
    publishes, store = running.service.publishes, running.log.store_id
    found: list[events_pb2.Event] = []
    for recorded, before in reader.of_programme(programme, publishes, after, most):
        previous = _last_place(running, before) if before else ""
        found += [one.event() for one in public_events(running.name, store, [recorded], publishes, previous)]
        after = recorded.position
        if len(found) >= most:  # an event can have several messages, which stay together
            return found, after, True
    return found, after, False


def _last_place(running: Running, recorded: Recorded[Any]) -> str:
    """Where the last of an event's public messages stands."""
    messages = running.service.publishes[type(recorded.event)](recorded)
    return str(Place(running.log.store_id, recorded.position, len(messages) - 1))


def list_events(reader: Reader, request: events_pb2.ListEventsRequest, call: Call) -> events_pb2.ListEventsResponse:
    """A page of events; the token is a position in the store."""
    wanted = page(request.page_size, request.page_token)
    running = call.use(Running)
    events, last, more = _read(reader, running, call.programme, _after(wanted.after), wanted.size)
    return events_pb2.ListEventsResponse(events=events, next_page_token=Page.token(str(last)) if more else "")


async def tail_events(
    running: Running, request: events_pb2.TailEventsRequest, call: Call
) -> AsyncIterator[events_pb2.Event]:
    """Events as they come."""
    if request.only_new and request.after_position:
        raise Refusal("INVALID_ARGUMENT", "give only_new or after_position, not both", field="only_new")
    position = running.log.public_position if request.only_new else _after(request.after_position)
    news = running.log.subscribe()
    try:
        while True:
            news.clear()
            events, position, more = await running.log.read(
                lambda reader, after=position: _read(reader, running, call.programme, after, PAGE)
            )
            for event in events:
                yield event
            if not more:
                await news.wait()
    finally:
        running.log.unsubscribe(news)
