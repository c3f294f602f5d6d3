"""Whatever is killed, lost or doubled: every event arrives, in order, and takes effect once."""

import asyncio
import signal
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest
from nats.aio.client import Client

from libs.eventbus import Consumer, Outgoing, Place, public_events
from libs.eventbus.jetstream import api
from libs.eventbus.publish import Fenced, batches, publish
from libs.eventbus.stream import ensure_stream, last_sequence, sequence_after, tail
from libs.eventbus.tests.support import (
    PUBLISHES,
    NatsServer,
    arrived,
    consumer,
    enrol,
    move,
    open_source,
    open_target,
    relay,
    running,
    until,
)
from libs.eventlog import EventLog


async def die(moment: str, server: NatsServer, folder: Path) -> None:
    """Runs a process until it has been killed at the moment."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "libs.eventbus.tests.victim", moment, server.url, str(folder)
    )
    assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL


async def outgoing(source: EventLog) -> Sequence[Outgoing]:
    recorded = await source.read(lambda reader: reader.after(0, 10_000))
    return public_events("membership", source.store_id, recorded, PUBLISHES)


async def everything_arrived(source: EventLog, target: EventLog, receiving: Consumer) -> None:
    assert await receiving.wait_for(source.store_id, source.public_position, 60)
    expected = [(event.place.position, event.place.n) for event in await outgoing(source)]
    assert [(position, n) for position, n, *_ in await arrived(target)] == expected


async def test_a_consumer_killed_between_commit_and_ack(
    source: EventLog, nc: Client, server: NatsServer, tmp_path: Path
) -> None:
    await enrol(source, 1300)
    async with running(sending := relay(source, nc)):
        await until(lambda: sending.position == 1300)
    for _ in range(3):
        await die("before-ack", server, tmp_path)
    target = open_target(f"sqlite:///{tmp_path}/commission.db")
    assert len(await arrived(target)) >= 3
    async with running(receiving := consumer(target, nc)):
        await everything_arrived(source, target, receiving)
    await target.close()


@pytest.mark.parametrize("moment", ["before-answer", "after-answer"])
@pytest.mark.parametrize("size", [1, 1300])
async def test_a_relay_killed_around_a_publish(
    moment: str, size: int, target: EventLog, nc: Client, server: NatsServer, tmp_path: Path
) -> None:
    source = open_source(tmp_path)
    for _ in range(2):
        await enrol(source, size)
        await source.close()
        await die(moment, server, tmp_path)
        source = open_source(tmp_path)
    async with running(relay(source, nc), receiving := consumer(target, nc)):
        await everything_arrived(source, target, receiving)
    assert (await tail(nc, "membership")).sequence == 2 * size
    await source.close()


async def test_nats_killed_in_the_middle(source: EventLog, target: EventLog, nc: Client, server: NatsServer) -> None:
    async with running(relay(source, nc), receiving := consumer(target, nc)):
        for number in range(40):
            await enrol(source, 50, first=50 * number)
            if number in (10, 25):
                await server.kill()
                await asyncio.sleep(0.3)
                await server.start()
            await asyncio.sleep(0.01)
        await everything_arrived(source, target, receiving)
        await until(lambda: receiving.last_error == "")
    assert (await tail(nc, "membership")).sequence == 2000


async def test_nats_loses_everything(source: EventLog, target: EventLog, nc: Client, server: NatsServer) -> None:
    members = await enrol(source, 700)
    async with running(relay(source, nc), receiving := consumer(target, nc)):
        await everything_arrived(source, target, receiving)
        await server.kill()
        server.forget()
        await server.start()
        await move(source, members[0], 1, after=1)
        await everything_arrived(source, target, receiving)
        assert (await tail(nc, "membership")).sequence == 702


async def test_a_deleted_stream_is_filled_again_from_the_store(source: EventLog, target: EventLog, nc: Client) -> None:
    await enrol(source, 700)
    async with running(sending := relay(source, nc), receiving := consumer(target, nc)):
        await everything_arrived(source, target, receiving)
        await api(nc, "STREAM.DELETE.FX_MEMBERSHIP")
        # Nothing new is published: the idle relay notices by itself.
        await until(lambda: sending.last_error != "")
        await until(lambda: sending.last_error == "")
        assert await last_sequence(nc, "membership") == 700
        await enrol(source, 5)
        await everything_arrived(source, target, receiving)


async def test_two_relays_at_once(source: EventLog, target: EventLog, nc: Client, server: NatsServer) -> None:
    other = await server.connect()
    async with running(relay(source, nc), relay(source, other), receiving := consumer(target, nc)):
        for number in range(60):
            await enrol(source, 7, first=7 * number)
            await asyncio.sleep(0.01)
        await everything_arrived(source, target, receiving)
    assert (await tail(nc, "membership")).sequence == 420
    await other.close()


async def test_two_consumers_at_once(source: EventLog, target: EventLog, nc: Client, server: NatsServer) -> None:
    other = await server.connect()
    first, second = consumer(target, nc), consumer(target, other)
    async with running(relay(source, nc), first, second):
        for number in range(10):
            await enrol(source, 100, first=100 * number)
            await asyncio.sleep(0.05)
        await asyncio.wait(
            [
                asyncio.create_task(part.wait_for(source.store_id, source.public_position, 60))
                for part in (first, second)
            ],
            return_when=asyncio.FIRST_COMPLETED,
        )
    expected = [(position, 0) for position in range(1, 1001)]
    assert [(position, n) for position, n, *_ in await arrived(target)] == expected
    await other.close()


async def test_a_batch_is_stored_once(source: EventLog, nc: Client) -> None:
    await enrol(source, 10)
    events = await outgoing(source)
    await ensure_stream(nc, "membership")
    assert await publish(nc, events, 0) == 10
    with pytest.raises(Fenced):
        await publish(nc, events, 0)
    with pytest.raises(Fenced):
        await publish(nc, events[:1], 0)
    # With the right fence, the message ids still tell; one known message refuses the whole batch.
    with pytest.raises(Fenced, match="duplicate"):
        await publish(nc, events, 10)
    with pytest.raises(Fenced):
        await publish(nc, events[9:], 10)
    assert await last_sequence(nc, "membership") == 10


async def test_batches_are_bounded(source: EventLog) -> None:
    await enrol(source, 2300)
    assert [len(batch) for batch in batches(await outgoing(source))] == [1000, 1000, 300]


async def test_a_gap_in_the_stream_stops_the_consumer_until_the_stream_is_repaired(
    source: EventLog, target: EventLog, nc: Client
) -> None:
    await enrol(source, 20)
    events = await outgoing(source)
    await ensure_stream(nc, "membership")
    await publish(nc, [*events[:8], *events[10:]], 0)
    async with running(receiving := consumer(target, nc)):
        await until(lambda: "gap" in receiving.last_error)
        assert len(await arrived(target)) == 8
        await api(nc, "STREAM.DELETE.FX_MEMBERSHIP")
        async with running(relay(source, nc)):
            await everything_arrived(source, target, receiving)


async def test_messages_lost_on_the_way_are_read_again(source: EventLog, target: EventLog, nc: Client) -> None:
    await enrol(source, 20)
    async with running(relay(source, nc), receiving := consumer(target, nc)):
        await everything_arrived(source, target, receiving)
        # Somebody else takes messages of our durable consumer: they never come here.
        stolen = await nc.subscribe("thief")  # pyright: ignore[reportUnknownMemberType] # untyped upstream
        for _ in range(3):
            await nc.publish("$JS.API.CONSUMER.MSG.NEXT.FX_MEMBERSHIP.commission", b'{"batch": 3}', reply="thief")
        for number in range(10):
            await enrol(source, 3, first=20 + number)
        await everything_arrived(source, target, receiving)
        assert stolen.pending_msgs > 0


async def test_another_store_does_not_write_into_the_stream(source: EventLog, nc: Client, tmp_path: Path) -> None:
    await enrol(source, 3)
    async with running(sending := relay(source, nc)):
        await until(lambda: sending.position == 3)
    stranger = open_source(tmp_path / "elsewhere")
    await enrol(stranger, 5)
    async with running(wrong := relay(stranger, nc)):
        await until(lambda: "Diverged" in wrong.last_error)
    assert await last_sequence(nc, "membership") == 3
    await stranger.close()


async def test_a_closed_connection_ends_both_sides_and_freezes_nothing(
    source: EventLog, target: EventLog, server: NatsServer
) -> None:
    nc = await server.connect()
    tasks = [asyncio.create_task(part.run()) for part in (relay(source, nc), consumer(target, nc))]
    await enrol(source, 1)
    await asyncio.sleep(0.3)
    await nc.close()
    await enrol(source, 1)
    results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 30)
    assert [type(result).__name__ for result in results] == ["ConnectionClosedError"] * 2


async def test_positions_are_found_in_a_stream_by_halving(source: EventLog, nc: Client) -> None:
    (member,) = await enrol(source, 1)
    for number in range(30):
        await move(source, member, number, after=number + 1)
    async with running(sending := relay(source, nc)):
        await until(lambda: sending.position == 31)
    store = source.store_id
    found = [
        await sequence_after(nc, "membership", place)
        for place in (
            None,
            Place(store, 1, 0),
            Place(store, 2, 0),
            Place(store, 2, 1),
            Place(store, 31, 1),
            Place(uuid.uuid4().hex, 9, 0),
        )
    ]
    assert found == [1, 2, 3, 4, 62, 1]
