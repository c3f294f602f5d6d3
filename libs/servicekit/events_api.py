"""The event API that every service serves: its public events, straight from the store."""

from collections.abc import AsyncIterator

from fenxiao.api.events.v1 import events_pb2
from fenxiao.errors import Refusal
from libs.eventbus import public_events
from libs.eventlog import Reader
from libs.servicekit.paging import Page, page
from libs.servicekit.service import Call, Running

SCAN = 500
"""Events read from the store at once."""


def _after(token: str) -> int:
    """The store's position in `<store>:<position>:<n>`, or in a page token; 0 for none."""
    if not token:
        return 0
    parts = token.split(":")
    number = parts[1] if len(parts) == 3 else token
    if not number.isdecimal():
        raise Refusal("INVALID_POSITION", "the position is not one that this service gave out", field="after_position")
    return int(number)


def _scan(
    reader: Reader, running: Running, programme: str, after: int, most: int
) -> tuple[list[events_pb2.Event], int, bool]:
    """Public events of a programme behind a position, the last position looked at, whether more may come."""
    found: list[events_pb2.Event] = []
    publishes, previous = running.service.publishes, ""
    while len(found) < most:
        batch = reader.after(after, SCAN)
        for recorded in batch:
            after = recorded.position
            outgoing = public_events(running.name, running.log.store_id, [recorded], publishes, previous)
            if outgoing:
                previous = str(outgoing[-1].place)
            if recorded.meta.programme == programme:
                found.extend(one.event() for one in outgoing)
                if len(found) >= most:
                    return found, after, True
        if len(batch) < SCAN:
            break
    return found, after, False


def list_events(reader: Reader, request: events_pb2.ListEventsRequest, call: Call) -> events_pb2.ListEventsResponse:
    """A page of events; the token is a position in the store."""
    wanted = page(request.page_size, request.page_token)
    running = call.use(Running)
    events, last, more = _scan(reader, running, call.programme, _after(wanted.after), wanted.size)
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
                lambda reader, after=position: _scan(reader, running, call.programme, after, SCAN)
            )
            for event in events:
                yield event
            if not more:
                await news.wait()
    finally:
        running.log.unsubscribe(news)
