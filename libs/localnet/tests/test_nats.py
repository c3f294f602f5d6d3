"""What a service's NATS credential is good for, tried on a real server."""

# nats-py leaves its options untyped.
# pyright: reportUnknownMemberType=false

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NoAnswer
from nats.js.api import ConsumerConfig, StreamConfig
from nats.js.client import JetStreamContext

from libs.localnet import health, keys, ports
from libs.localnet.home import Home
from libs.localnet.nats import configuration, find_server, inbox_prefix, stream_of
from libs.localnet.process import Command, Process

SERVICES = ("membership", "settlement")

Connect = Callable[[str], Awaitable[Client]]


@pytest.fixture
async def address(home: Home) -> AsyncIterator[str]:
    """A server of its own, on any port."""
    keys.ensure_keys(home, SERVICES)
    port = ports.choose(["nats"], {})["nats"]
    config = home.network / "nats.conf"
    config.write_text(configuration(port=port, store=home.nats, users=keys.nats_users(home, SERVICES)))
    where = f"127.0.0.1:{port}"
    server = Process(
        Command(
            name="nats",
            arguments=(str(find_server()), "--config", str(config)),
            directory=home.root,
            log=home.log("nats"),
            pid_file=home.network / "nats.pid",
            ready=lambda: health.nats_ready(where),
        )
    )
    await server.start()
    yield where
    await server.stop()


@pytest.fixture
async def connect(home: Home, address: str) -> AsyncIterator[Connect]:
    clients: list[Client] = []

    async def refused(error: Exception) -> None:
        """Tell nobody: the tests see what a refusal does."""

    async def make(service: str) -> Client:
        seed = home.nkey_seed(service).read_text()
        clients.append(
            await nats.connect(
                f"nats://{address}", nkeys_seed_str=seed, inbox_prefix=inbox_prefix(service), error_cb=refused
            )
        )
        return clients[-1]

    yield make
    for client in clients:
        await client.close()


async def own_stream(client: Client, service: str, *, patience: float = 2) -> JetStreamContext:
    stream = client.jetstream(timeout=patience)
    await stream.add_stream(StreamConfig(name=stream_of(service), subjects=[f"fx.{service}.>"]))
    return stream


async def silent(*calls: Awaitable[object]) -> None:
    """A request that may not be made is dropped by the server: nobody answers."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(answer) for answer in answers] == [NoAnswer] * len(calls)


async def test_a_service_keeps_its_own_stream_and_reads_the_others_under_its_own_name(connect: Connect) -> None:
    membership = await own_stream(await connect("membership"), "membership")
    await membership.publish("fx.membership.MemberEnrolled.v1.gift.m1", b"1")

    settlement = await own_stream(await connect("settlement"), "settlement")
    assert (await settlement.stream_info("FX_MEMBERSHIP")).state.messages == 1
    assert (await settlement.get_msg("FX_MEMBERSHIP", seq=1)).data == b"1"
    consumer = await settlement.pull_subscribe("fx.membership.>", durable="settlement", stream="FX_MEMBERSHIP")
    (message,) = await consumer.fetch(1, timeout=2)
    await message.ack_sync(timeout=2)
    info = await consumer.consumer_info()
    assert (info.ack_floor and info.ack_floor.stream_seq, info.num_ack_pending) == (1, 0)


async def test_it_cannot_speak_for_another(connect: Connect) -> None:
    settlement = await own_stream(await connect("settlement"), "settlement")
    membership = (await connect("membership")).jetstream(timeout=0.25)
    await silent(membership.publish("fx.settlement.PayoutMade.v1.gift.m1", b"forged"))
    assert (await settlement.stream_info("FX_SETTLEMENT")).state.messages == 0


async def test_it_cannot_delete_or_empty_or_change_a_stream_of_another_and_not_even_delete_its_own(
    connect: Connect,
) -> None:
    settlement = await own_stream(await connect("settlement"), "settlement", patience=0.25)
    await settlement.publish("fx.settlement.DistributionClosed.v1.gift.d1", b"1")
    client = await connect("membership")
    membership = client.jetstream(timeout=0.25)
    limited = StreamConfig(name="FX_SETTLEMENT", subjects=["fx.settlement.>"], max_msgs=1)
    # A stream of its own over another's subjects would collect what is not meant for it.
    collecting = StreamConfig(name="FX_OTHER", subjects=["fx.settlement.>"])
    await silent(
        membership.delete_stream("FX_SETTLEMENT"),
        membership.purge_stream("FX_SETTLEMENT"),
        client.request("$JS.API.STREAM.MSG.DELETE.FX_SETTLEMENT", b'{"seq": 1}', timeout=0.25),
        membership.update_stream(limited),
        membership.add_stream(collecting),
        settlement.delete_stream("FX_SETTLEMENT"),
        settlement.purge_stream("FX_SETTLEMENT"),
    )
    assert (await settlement.stream_info("FX_SETTLEMENT")).state.messages == 1


async def test_it_cannot_take_what_is_meant_for_another(connect: Connect) -> None:
    settlement = await own_stream(await connect("settlement"), "settlement")
    await settlement.add_consumer("FX_SETTLEMENT", ConsumerConfig(name="settlement", durable_name="settlement"))
    membership = (await connect("membership")).jetstream(timeout=0.25)
    await silent(membership.add_consumer("FX_SETTLEMENT", ConsumerConfig(name="settlement", durable_name="settlement")))
    await silent(membership.delete_consumer("FX_SETTLEMENT", "settlement"))
    taken = await membership.pull_subscribe_bind(durable="settlement", stream="FX_SETTLEMENT")
    await settlement.publish("fx.settlement.DistributionClosed.v1.gift.d1", b"1")
    await silent(taken.fetch(1, timeout=0.25))


async def test_it_cannot_listen_in(connect: Connect) -> None:
    settlement, membership = await connect("settlement"), await connect("membership")
    heard = [await membership.subscribe(subject) for subject in ("fx.settlement.>", "_INBOX_settlement.>", ">")]
    await membership.flush()
    await (await own_stream(settlement, "settlement")).publish("fx.settlement.DistributionClosed.v1.gift.d1", b"1")
    for subscription in heard:
        with pytest.raises(NatsError):
            await subscription.next_msg(timeout=0.1)


async def test_without_a_credential_nobody_comes_in(address: str) -> None:
    async def refused(error: Exception) -> None:
        """Expected."""

    with pytest.raises(NatsError):
        await nats.connect(f"nats://{address}", allow_reconnect=False, error_cb=refused)
