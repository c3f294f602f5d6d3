"""The event API: one programme's events, with their places in the whole of what is published."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import BaseModel

from fenxiao.api.events.v1 import events_pb2
from fenxiao.api.traceability.v1 import events_pb2 as public
from fenxiao.credentials import ANY_SCOPE, Claims
from fenxiao.errors import Refusal
from libs.eventbus import Place, public_events
from libs.eventlog import EventLog, EventTypes, Meta, Recorded, Tx
from libs.servicekit import Call, Running, events_api
from libs.servicekit.events_api import list_events, tail_events
from libs.servicekit.paging import Page
from libs.servicekit.server import make_call
from libs.servicekit.testing import Harness
from libs.servicekit.tests.test_server import SERVICE as SIMPLE

WHEN = datetime(2026, 1, 2, tzinfo=UTC)


class Noted(BaseModel):
    VERSION: ClassVar[int] = 2
    times: int


class Hidden(BaseModel):
    pass


def noted(recorded: Recorded[Noted]) -> list[public.TraceEventCaptured]:
    return [public.TraceEventCaptured(event_hash=str(n)) for n in range(recorded.event.times)]


SERVICE = replace(SIMPLE, events=EventTypes([Noted, Hidden], {("Noted", 1): lambda old: old}), publishes={Noted: noted})


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Harness]:
    async with Harness(SERVICE, tmp_path) as service:
        yield service


def call(running: Running, request: events_pb2.ListEventsRequest | events_pb2.TailEventsRequest) -> Call:
    claims = Claims("ann", "shop", "merchant", frozenset({ANY_SCOPE}), datetime.now(UTC) + timedelta(hours=1))
    return make_call(running, claims, "shop", request)


async def record(log: EventLog, programme: str, *events: BaseModel) -> None:
    def work(tx: Tx) -> None:
        tx.append(uuid.uuid4(), events, after=0, meta=Meta(programme, "ann"), occurred_at=WHEN)

    await log.write(work)


async def mixed(log: EventLog) -> None:
    """Two programmes, events with one and with several messages, and events that nobody else sees."""
    await record(log, "other", Noted(times=2))
    for n in range(6):
        await record(log, "shop", Noted(times=1 + n % 3), Hidden(), Noted(times=1))
        await record(log, "other", Hidden(), *[Noted(times=3)] * (n % 3), Hidden())


async def on_the_bus(service: Harness) -> list[tuple[str, str, str]]:
    """Id, place and place before of what the relay would publish, as far as it is the shop's."""
    everything = public_events(SERVICE.name, service.log.store_id, await service.recorded(), SERVICE.publishes)
    return [(str(e.id), str(e.place), e.previous) for e in everything if e.recorded.meta.programme == "shop"]


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
async def test_listed_events_say_of_their_places_what_the_bus_says(service: Harness, size: int) -> None:
    await mixed(service.log)
    seen: list[tuple[str, str, str]] = []
    token = ""
    while True:
        request = events_pb2.ListEventsRequest(parent="programmes/shop", page_size=size, page_token=token)
        answer = await service.log.read(
            lambda r, request=request: list_events(r, request, call(service.running, request))
        )
        seen += [(event.id, event.position, event.previous_position) for event in answer.events]
        token = answer.next_page_token
        if not token:
            break
    assert seen == await on_the_bus(service)
    assert all(previous for _, _, previous in seen), "another programme's event stands before the first"


async def test_reading_one_programme_reads_hardly_anything_of_the_others(
    service: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(100):
        await record(service.log, "other", Noted(times=1), Hidden(), Noted(times=1))
    await record(service.log, "shop", Noted(times=1))
    decoded: list[str] = []
    decode = EventTypes.decode

    def noting(self: EventTypes, topic: str, data: bytes) -> tuple[BaseModel, int]:
        decoded.append(topic)
        return decode(self, topic, data)

    monkeypatch.setattr(EventTypes, "decode", noting)
    request = events_pb2.ListEventsRequest(parent="programmes/shop")
    answer = await service.log.read(lambda reader: list_events(reader, request, call(service.running, request)))
    assert [event.programme for event in answer.events] == ["shop"]
    assert decoded == ["Noted.v2"] * 2, "the event itself, and the one that stands before it"


@pytest.mark.parametrize("position", ["s:x:0", "-1", "s:1", "9" * 30, "s:" + "9" * 19 + ":0"])
async def test_a_position_that_nobody_gave_out_is_refused(service: Harness, position: str) -> None:
    listing = events_pb2.ListEventsRequest(parent="programmes/shop", page_token=Page.token(position))
    with pytest.raises(Refusal, match="INVALID_POSITION"):
        await service.log.read(lambda reader: list_events(reader, listing, call(service.running, listing)))
    tailing = events_pb2.TailEventsRequest(parent="programmes/shop", after_position=position)
    with pytest.raises(Refusal, match="INVALID_POSITION"):
        await anext(tail_events(service.running, tailing, call(service.running, tailing)))


async def test_a_tail_goes_on_where_it_was_told_to(service: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_api, "PAGE", 2)
    await mixed(service.log)
    expected = await on_the_bus(service)
    (_, start, _) = expected[4]
    expected = [one for one in expected if Place.parse(one[1]).position > Place.parse(start).position]
    request = events_pb2.TailEventsRequest(parent="programmes/shop", after_position=start)
    tail = tail_events(service.running, request, call(service.running, request))
    seen = [await anext(tail) for _ in expected]
    assert [(event.id, event.position, event.previous_position) for event in seen] == expected
    following = asyncio.ensure_future(anext(tail))
    await record(service.log, "other", Noted(times=2))
    await asyncio.sleep(0.1)
    assert not following.done()
    await record(service.log, "shop", Noted(times=1))
    event = await asyncio.wait_for(following, 10)
    assert (event.id, event.position, event.previous_position) == (await on_the_bus(service))[-1]
    await tail.aclose()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] # it is a generator
