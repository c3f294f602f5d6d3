"""From a store over the bus into another database, when nothing goes wrong."""

import asyncio

from nats.aio.client import Client

from libs.eventbus import Place, replay
from libs.eventbus.stream import tail
from libs.eventbus.tests.support import arrived, consumer, enrol, move, note, open_target, relay, running, until
from libs.eventlog import EventLog


async def test_everything_public_arrives_once_and_in_order(source: EventLog, target: EventLog, nc: Client) -> None:
    members = await enrol(source, 1500)
    await note(source)
    await move(source, members[0], 7, after=1)
    sending, receiving = relay(source, nc), consumer(target, nc)
    async with running(sending, receiving):
        assert await receiving.wait_for(source.store_id, source.public_position, 30)
        await enrol(source, 20, first=1500)
        assert await receiving.wait_for(source.store_id, source.public_position, 30)
    rows = await arrived(target)
    expected = [(n + 1, 0, str(member), str(n)) for n, member in enumerate(members)]
    expected += [(1502, 0, str(members[0]), "SponsorChanged"), (1502, 1, str(members[0]), "MemberSuspended")]
    assert rows[:1502] == expected
    assert [text for *_, text in rows[1502:]] == [str(n) for n in range(1500, 1520)]
    assert (sending.lag, receiving.parked, sending.last_error, receiving.last_error) == (0, 0, "", "")


async def test_a_relay_goes_on_where_the_stream_ends(source: EventLog, target: EventLog, nc: Client) -> None:
    for round_number in range(3):
        members = await enrol(source, 3, first=3 * round_number)
        await move(source, members[0], 1, after=1)
        await note(source)
        sending = relay(source, nc)
        async with running(sending):
            await until(lambda sending=sending: sending.position == source.public_position + 1)
    assert (await tail(nc, "membership")).sequence == 15
    receiving = consumer(target, nc)
    async with running(receiving):
        assert await receiving.wait_for(source.store_id, source.public_position, 30)
    assert [n for *_, n in await arrived(target) if n.isdigit()] == [str(n) for n in range(9)]


async def test_the_stream_need_not_exist_yet(source: EventLog, target: EventLog, nc: Client) -> None:
    receiving = consumer(target, nc)
    async with running(receiving):
        await asyncio.sleep(0.2)
        assert receiving.last_error == ""
        await enrol(source, 1)
        async with running(relay(source, nc)):
            assert await receiving.wait_for(source.store_id, 1, 30)


async def test_a_fresh_database_starts_from_the_beginning(
    source: EventLog, target: EventLog, nc: Client, tmp_path: object
) -> None:
    await enrol(source, 600)
    async with running(relay(source, nc), receiving := consumer(target, nc)):
        assert await receiving.wait_for(source.store_id, 600, 30)
    # The durable consumer of the same service is far ahead by now.
    fresh = open_target(f"sqlite:///{tmp_path}/fresh.db")
    async with running(again := consumer(fresh, nc)):
        assert await again.wait_for(source.store_id, 600, 30)
    assert await arrived(fresh) == await arrived(target)
    await fresh.close()


async def test_who_waits_is_woken_by_exactly_what_he_waits_for(source: EventLog, target: EventLog, nc: Client) -> None:
    (member,) = await enrol(source, 1)
    await move(source, member, 1, after=1)
    receiving = consumer(target, nc)
    one, two, three = (asyncio.create_task(receiving.wait_for(source.store_id, n, 30)) for n in (1, 2, 3))
    elsewhere = asyncio.create_task(receiving.wait_for("another-store", 1, 0.5))
    async with running(relay(source, nc), receiving):
        assert await asyncio.gather(one, two) == [True, True]
        assert len(await arrived(target)) == 3
        assert not three.done()
        await enrol(source, 1)
        assert await three
        assert not await elsewhere
        assert not await receiving.wait_for(source.store_id, 99, 0.05)
        assert await receiving.wait_for(source.store_id, 1, 0)
        assert await receiving.wait_for("another-store", 0, 0)


async def test_the_past_can_be_replayed(source: EventLog, nc: Client) -> None:
    members = await enrol(source, 1200)
    async with running(sending := relay(source, nc)):
        await until(lambda: sending.position == 1200)
    upto = Place(source.store_id, 1100, 0)
    some = [received async for received in replay(nc, "membership", upto, "commission")]
    assert [received.key for received in some] == [str(member) for member in members[:1100]]
    whole = [received.event.payee async for received in replay(nc, "membership", None, "commission")]
    assert whole == [str(n) for n in range(1200)]
