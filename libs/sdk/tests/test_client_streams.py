import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from fenxiao.api.events.v1 import events_pb2, events_pb2_grpc
from fenxiao.api.settlement.v1 import settlement_pb2, settlement_pb2_grpc
from fenxiao.client import Client
from fenxiao.client.streams import await_paid, tail_events, watch_distribution
from fenxiao.errors import Refusal

POSITIONS = ["db:1:0", "db:4:0", "db:4:1", "db:4:2", "db:9:0", "db:10:0"]


class Breaking(events_pb2_grpc.EventServiceServicer):
    """Breaks off behind so many events, each time."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.opened: list[str] = []

    async def ListEvents(self, request: Any, context: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        context.set_trailing_metadata((("fenxiao-consistency-token", "eyJtZW1iZXJzaGlwIjoiZGI6NCJ9"),))  # db:4
        return events_pb2.ListEventsResponse()

    async def TailEvents(self, request: Any, context: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.opened.append(request.after_position)
        after = int(request.after_position.split(":")[1]) if request.after_position else 0
        waiting = [position for position in POSITIONS if int(position.split(":")[1]) > after]
        for position in waiting[: self.most]:
            yield events_pb2.Event(id=position, position=position)
        await context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")


class Watched(settlement_pb2_grpc.SettlementServiceServicer):
    def __init__(self, *states: Any) -> None:
        self.states = list(states)

    async def WatchDistribution(self, request: Any, context: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        for state in self.states:
            if isinstance(state, grpc.StatusCode):
                self.states = self.states[self.states.index(state) + 1 :]
                await context.abort(state, "broken")
            elif isinstance(state, str):
                blocked = settlement_pb2.DISTRIBUTION_STATE_BLOCKED
                yield settlement_pb2.Distribution(name=request.name, state=blocked, problem=state)
            elif isinstance(state, float):
                await asyncio.sleep(state)
            else:
                yield settlement_pb2.Distribution(name=request.name, state=state)


@pytest.fixture
async def serve() -> AsyncIterator[Any]:
    server = grpc.aio.server()
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"

    async def start(patience: float = 5.0) -> Client:
        await server.start()
        return Client({"membership": address, "settlement": address}, patience=patience)

    yield server, start
    await server.stop(None)


@pytest.mark.parametrize("most", [4, 5])
async def test_every_event_comes_once_however_often_the_stream_breaks(serve: Any, most: int) -> None:
    server, start = serve
    service = Breaking(most)  # pyright: ignore[reportAbstractUsage] - abstract in the stubs only
    events_pb2_grpc.add_EventServiceServicer_to_server(service, server)
    found: list[str] = []
    async with await start() as client:
        async for event in tail_events(client, "membership", "gifts"):
            found.append(event.position)
            if len(found) == len(POSITIONS):
                break
    assert found == POSITIONS
    assert len(service.opened) > 1


async def test_only_new_events_begin_behind_what_is_committed(serve: Any) -> None:
    server, start = serve
    service = Breaking(100)  # pyright: ignore[reportAbstractUsage] - abstract in the stubs only
    events_pb2_grpc.add_EventServiceServicer_to_server(service, server)
    async with await start() as client:
        stream = tail_events(client, "membership", "gifts", only_new=True)
        assert [(await anext(stream)).position for _ in range(2)] == ["db:9:0", "db:10:0"]
        await stream.aclose()


async def test_a_distribution_is_watched_to_its_end_through_broken_connections(serve: Any) -> None:
    server, start = serve
    closed, active, paid = (
        settlement_pb2.DISTRIBUTION_STATE_CLOSED,
        settlement_pb2.DISTRIBUTION_STATE_ACTIVE,
        settlement_pb2.DISTRIBUTION_STATE_PAID,
    )
    service = Watched(closed, grpc.StatusCode.UNAVAILABLE, closed, active, grpc.StatusCode.UNAVAILABLE, paid)  # pyright: ignore[reportAbstractUsage]
    settlement_pb2_grpc.add_SettlementServiceServicer_to_server(service, server)
    async with await start() as client:
        states = [d.state async for d in watch_distribution(client, "programmes/gifts/distributions/GBP-1")]
    assert states == [closed, active, paid]


async def test_a_refused_stream_is_not_opened_again(serve: Any, tmp_path: Path) -> None:
    server, start = serve
    service = Watched(grpc.StatusCode.PERMISSION_DENIED)  # pyright: ignore[reportAbstractUsage]
    settlement_pb2_grpc.add_SettlementServiceServicer_to_server(service, server)
    async with await start() as client:
        with pytest.raises(Refusal, match="broken"):
            async for _ in watch_distribution(client, "programmes/gifts/distributions/GBP-1"):
                pass


PAID = settlement_pb2.DISTRIBUTION_STATE_PAID
CLOSED = settlement_pb2.DISTRIBUTION_STATE_CLOSED
FOR_EVER = 60.0


@pytest.mark.parametrize(
    ("course", "seen"),
    [
        (("short of 5 units", PAID), ["short of 5 units", ""]),
        (("short of 5 units", 0.2, "short of 3 units", 0.2, "short of 1 units", 0.2, PAID), [*"531", ""]),
        (("short of 5 units", 0.1, CLOSED, 0.5, PAID), ["5", "", ""]),
        ((CLOSED, 0.5, PAID), ["", ""]),
    ],
)
async def test_a_blocked_distribution_is_no_end_as_long_as_something_happens(
    serve: Any, course: tuple[Any, ...], seen: list[str]
) -> None:
    server, start = serve
    settlement_pb2_grpc.add_SettlementServiceServicer_to_server(Watched(*course), server)  # pyright: ignore[reportAbstractUsage]
    problems: list[str] = []
    async with await start(0.4) as client:
        end = await await_paid(client, "programmes/gifts/distributions/GBP-1", lambda d: problems.append(d.problem))
    assert end.state == PAID
    assert [have for have, wanted in zip(problems, seen, strict=True) if wanted not in have] == []


async def test_where_something_stays_in_the_way_patience_ends(serve: Any) -> None:
    server, start = serve
    course = (CLOSED, "paused", grpc.StatusCode.UNAVAILABLE, CLOSED, "paused", FOR_EVER)
    settlement_pb2_grpc.add_SettlementServiceServicer_to_server(Watched(*course), server)  # pyright: ignore[reportAbstractUsage]
    async with await start(0.4) as client:
        async with asyncio.timeout(10):
            end = await await_paid(client, "programmes/gifts/distributions/GBP-1", lambda _: None)
    assert (end.state, end.problem) == (settlement_pb2.DISTRIBUTION_STATE_BLOCKED, "paused")
