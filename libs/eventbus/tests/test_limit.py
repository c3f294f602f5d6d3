"""What is too large for the bus is refused before it is recorded; what is recorded can be published."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf.message import Message
from nats.aio.client import Client
from pydantic import BaseModel, ConfigDict

from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.errors import Refusal
from libs.eventbus import MESSAGE_LIMIT, Relay, limit
from libs.eventbus.stream import last_sequence
from libs.eventbus.tests.support import PUBLISHES, WHEN, Enrolled, running, until
from libs.eventlog import EventLog, EventTypes, Guard, Meta, Recorded, Tx
from libs.localnet.nats import MAX_PAYLOAD

META = Meta("shop", "tester", "r" * 128, "c" * 128, str(uuid.uuid4()), bytes(64))


class Told(BaseModel):
    """A public event of any size."""

    model_config = ConfigDict(frozen=True)
    text: str


def publish_told(recorded: Recorded[Told]) -> list[Message]:
    return [membership.MemberEnrolled(payee="small"), membership.MemberEnrolled(payee=recorded.event.text)]


ALL = {**PUBLISHES, Told: publish_told}
GUARD = limit("membership", ALL)


def open_store(folder: Path, guard: Guard) -> EventLog:
    types = EventTypes([Enrolled, Told])
    return EventLog.open(f"sqlite:///{folder}/membership.db", events=types, public=ALL.keys(), guard=guard)


def tell(length: int) -> Callable[[Tx], None]:
    """Appends a small event and one with a text of so many characters."""

    def work(tx: Tx) -> None:
        for event in (Enrolled(number=1), Told(text="x" * length)):
            tx.append(uuid.uuid4(), [event], after=0, meta=META, occurred_at=WHEN)

    return work


def longest() -> int:
    """The longest text that is not refused."""
    low, high = 0, MESSAGE_LIMIT
    while low < high:
        middle = (low + high + 1) // 2
        try:
            GUARD.check(Recorded(Told(text="x" * middle), uuid.uuid4(), uuid.uuid4(), 1, 0, META, WHEN, WHEN, 1))
        except Refusal:
            high = middle - 1
        else:
            low = middle
    return low


def test_the_networks_own_servers_take_what_is_not_refused() -> None:
    assert MESSAGE_LIMIT <= MAX_PAYLOAD


async def test_the_largest_that_is_recorded_is_published_and_a_larger_one_is_not_recorded(
    nc: Client, tmp_path: Path
) -> None:
    assert nc.max_payload == MESSAGE_LIMIT  # a server that was told nothing
    log = open_store(tmp_path, GUARD)
    length = longest()
    assert length > MESSAGE_LIMIT - 4096
    await log.write(tell(length))
    with pytest.raises(Refusal, match="EVENT_TOO_LARGE"):
        await log.write(tell(length + 1))
    await log.write(tell(1))
    assert len(await log.read(lambda reader: reader.after(0, 100))) == 4
    async with running(sending := Relay(log, nc, "membership", ALL)):
        await until(lambda: sending.position == log.public_position)
    assert await last_sequence(nc, "membership") == 6
    await log.close()


async def test_a_message_that_was_recorded_before_there_was_a_limit_is_named(nc: Client, tmp_path: Path) -> None:
    log = open_store(tmp_path, Guard(2 * MESSAGE_LIMIT, lambda _: None))
    await log.write(tell(MESSAGE_LIMIT))
    async with running(sending := Relay(log, nc, "membership", ALL)):
        await until(lambda: "max_payload" in sending.last_error)
    assert f"{log.store_id}:2:1" in sending.last_error
    await log.close()


@pytest.mark.parametrize(("length", "looked_at"), [(1000, False), (MESSAGE_LIMIT // 2, True)])
async def test_only_large_events_are_written_down_twice(length: int, looked_at: bool, tmp_path: Path) -> None:
    seen: list[object] = []
    log = open_store(tmp_path, Guard(GUARD.above, seen.append))
    await log.write(tell(length))
    assert bool(seen) is looked_at
    await log.close()
