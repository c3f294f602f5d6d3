"""What cannot be applied is put aside with all that follows it, and taken up again later."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client

from fenxiao.api.membership.v1 import events_pb2 as membership
from libs.eventbus import Consumer, Received
from libs.eventbus.tests.support import (
    HANDLERS,
    arrived,
    consumer,
    enrol,
    move,
    open_target,
    relay,
    running,
    write_down,
)
from libs.eventlog import EventLog, Tx
from libs.eventlog.tests import conftest as postgres

postgres_server = postgres.postgres_server
fresh_postgres = postgres.fresh_postgres


@pytest.fixture(params=["sqlite", "postgres"])
async def both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[EventLog]:
    """A consuming database of each kind."""
    url = f"sqlite:///{tmp_path}/t.db" if request.param == "sqlite" else request.getfixturevalue("fresh_postgres")
    log = open_target(url)
    yield log
    await log.close()


class Faulty:
    """Handlers of which the one for enrolments fails for some numbers, after having written."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = {str(number) for number in numbers}
        self.runs = 0
        self.handlers: dict[Any, Any] = {**HANDLERS, membership.MemberEnrolled: [write_down, self.fail]}

    def fail(self, tx: Tx, received: Received) -> None:
        if received.event.payee in self.numbers:
            self.runs += 1
            raise RuntimeError(f"cannot take {received.event.payee}")


async def caught_up(source: EventLog, receiving: Consumer) -> None:
    assert await receiving.wait_for(source.store_id, source.public_position, 30)


async def test_a_key_is_parked_and_the_others_go_on(source: EventLog, both: EventLog, nc: Client) -> None:
    members = await enrol(source, 30)
    faulty = Faulty(4)
    async with running(relay(source, nc), receiving := consumer(both, nc, handlers=faulty.handlers)):
        await caught_up(source, receiving)
        await move(source, members[4], 1, after=1)
        await move(source, members[5], 1, after=1)
        await caught_up(source, receiving)
        assert receiving.parked == 3
        assert len(await arrived(both)) == 29 + 2
        parked = await receiving.parked_messages()
        assert {message.scope for message in parked} == {str(members[4])}
        assert [message.received.type.rsplit(".")[-1] for message in parked] == [
            "MemberEnrolled",
            "SponsorChanged",
            "MemberSuspended",
        ]
        assert "RuntimeError: cannot take 4" in parked[0].reason

        assert await receiving.retry_parked(str(members[4])) == 0
        assert receiving.parked == 3
        faulty.numbers.clear()
        assert await receiving.retry_parked(str(members[4])) == 3
        assert receiving.parked == 0
        await move(source, members[4], 2, after=2)
        await caught_up(source, receiving)
    mine = [(text, n) for _, n, key, text in await arrived(both) if key == str(members[4])]
    moved = [("SponsorChanged", 0), ("MemberSuspended", 1)]
    assert mine == [("4", 0), *moved, *moved]
    assert len(await arrived(both)) == 30 + 6


async def test_who_follows_sees_every_message_once_whatever_becomes_of_it(
    source: EventLog, both: EventLog, nc: Client
) -> None:
    members = await enrol(source, 30)
    faulty = Faulty(4, 17)

    def follow(tx: Tx, messages: Sequence[Received]) -> None:
        for received in messages:
            tx.run("INSERT INTO arrived VALUES (?, ?, ?, ?)", (received.position, received.n, received.key, "followed"))

    # Nobody handles what follows an enrolment, and two of these fail and are parked.
    handlers = {membership.MemberEnrolled: [faulty.fail]}
    receiving = consumer(both, nc, handlers=handlers, followers=[follow])
    async with running(relay(source, nc), receiving):
        await caught_up(source, receiving)
        await move(source, members[4], 1, after=1)
        await caught_up(source, receiving)
        faulty.numbers.clear()
        assert await receiving.retry_parked(str(members[4])) == 1
    assert [(position, n) for position, n, *_ in await arrived(both)] == [
        *((n, 0) for n in range(1, 31)),
        (31, 0),
        (31, 1),
    ]


async def test_what_is_parked_stays_parked_after_a_restart(source: EventLog, both: EventLog, nc: Client) -> None:
    members = await enrol(source, 3)
    faulty = Faulty(1)
    async with running(relay(source, nc)):
        async with running(first := consumer(both, nc, handlers=faulty.handlers)):
            await caught_up(source, first)
        faulty.numbers.clear()
        await move(source, members[1], 1, after=1)
        async with running(second := consumer(both, nc, handlers=faulty.handlers)):
            await caught_up(source, second)
            assert second.parked == 3


async def test_a_passing_failure_parks_nothing(source: EventLog, both: EventLog, nc: Client) -> None:
    await enrol(source, 10)
    faulty = Faulty(3)

    def recover(tx: Tx, received: Received) -> None:
        if faulty.runs >= 3:
            faulty.numbers.clear()

    handlers = {**faulty.handlers, membership.MemberEnrolled: [recover, write_down, faulty.fail]}
    async with running(relay(source, nc), receiving := consumer(both, nc, handlers=handlers)):
        await caught_up(source, receiving)
        assert receiving.parked == 0
    assert [text for *_, text in await arrived(both)] == [str(n) for n in range(10)]


async def test_a_service_that_moves_money_halts_the_programme(source: EventLog, both: EventLog, nc: Client) -> None:
    await enrol(source, 5, first=0, programme="shop")
    await enrol(source, 5, first=10, programme="market")
    await enrol(source, 5, first=20, programme="shop")
    faulty = Faulty(2)
    halting = consumer(both, nc, handlers=faulty.handlers, halt_programme=True)
    async with running(relay(source, nc), halting):
        await caught_up(source, halting)
        assert [text for *_, text in await arrived(both)] == ["0", "1", "10", "11", "12", "13", "14"]
        assert halting.parked == 8
        faulty.numbers.clear()
        assert await halting.retry_parked("shop") == 8
    texts = [text for *_, text in await arrived(both)]
    assert texts[7:] == ["2", "3", "4", "20", "21", "22", "23", "24"]


async def test_what_nobody_handles_only_moves_the_position(source: EventLog, target: EventLog, nc: Client) -> None:
    (member,) = await enrol(source, 1)
    await move(source, member, 1, after=1)
    async with running(relay(source, nc), receiving := consumer(target, nc, handlers={})):
        await caught_up(source, receiving)
    assert await arrived(target) == []
