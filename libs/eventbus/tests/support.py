"""A real NATS server, and a shop with members to tell of."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import sysconfig
import uuid
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from nats.aio.client import Client
from pydantic import BaseModel, ConfigDict

from fenxiao.api.membership.v1 import events_pb2 as membership
from libs.eventbus import TABLES, Connection, Consumer, Received, Relay
from libs.eventlog import EventLog, EventTypes, Meta, Recorded, Tx

WHEN = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


class NatsServer:
    """`nats-server` with JetStream on a free loopback port."""

    def __init__(self, folder: Path, *, users: str = "") -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"nats://127.0.0.1:{self.port}"
        self._config = folder / "nats.conf"
        folder.mkdir(parents=True, exist_ok=True)
        self._config.write_text(
            f'listen: "127.0.0.1:{self.port}"\n'
            f'jetstream {{ store_dir: "{folder / "jetstream"}", sync_interval: always }}\n{users}'
        )
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Starts it and waits until it answers."""
        program = Path(sysconfig.get_path("scripts")) / "nats-server"
        with (self.folder / "nats.log").open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                program, "-c", str(self._config), stdout=output, stderr=output
            )
        for _ in range(200):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            await asyncio.sleep(0.05)
        raise TimeoutError("nats-server does not answer")

    async def kill(self) -> None:
        """Kills it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    def forget(self) -> None:
        """Loses all its data."""
        shutil.rmtree(self.folder / "jetstream", ignore_errors=True)

    async def connect(self, service: str = "tests", **options: Any) -> Connection:
        """A connection that never gives up."""

        async def quiet(_: Exception) -> None:
            """Lost connections are what these tests are about."""

        return await Connection.open(self.url, service, reconnect_time_wait=0.1, error_cb=quiet, **options)


class Enrolled(BaseModel):
    """A domain event that is told once."""

    model_config = ConfigDict(frozen=True)
    number: int


class Moved(BaseModel):
    """A domain event that is told twice."""

    model_config = ConfigDict(frozen=True)
    number: int


class Noted(BaseModel):
    """A domain event that stays private."""

    model_config = ConfigDict(frozen=True)
    text: str


def publish_enrolled(recorded: Recorded[Enrolled]) -> list[Message]:
    return [membership.MemberEnrolled(member=str(recorded.stream), payee=str(recorded.event.number))]


def publish_moved(recorded: Recorded[Moved]) -> list[Message]:
    return [
        membership.SponsorChanged(member=str(recorded.stream), sponsor=str(recorded.event.number)),
        membership.MemberSuspended(member=str(recorded.stream)),
    ]


PUBLISHES: dict[type, Callable[[Recorded[Any]], list[Message]]] = {Enrolled: publish_enrolled, Moved: publish_moved}


def open_source(folder: Path) -> EventLog:
    """The store of membership."""
    return EventLog.open(
        f"sqlite:///{folder}/membership.db", events=EventTypes([Enrolled, Moved, Noted]), public=PUBLISHES.keys()
    )


def open_target(url: str) -> EventLog:
    """The database of commission, where what arrives is written down: once more would be seen."""
    return EventLog.open(
        url,
        events=EventTypes([]),
        tables=[*TABLES, "CREATE TABLE IF NOT EXISTS arrived (position BIGINT, n BIGINT, subject_key TEXT, text TEXT)"],
    )


async def enrol(log: EventLog, count: int, *, first: int = 0, programme: str = "shop") -> list[UUID]:
    """Enrols so many members, each its own aggregate; returns them."""
    members = [uuid.uuid4() for _ in range(count)]
    meta = Meta(programme, "tester", correlation_id="c1")

    def work(tx: Tx) -> None:
        for number, member in enumerate(members, first):
            tx.append(member, [Enrolled(number=number)], after=0, meta=meta, occurred_at=WHEN)

    await log.write(work)
    return members


async def move(log: EventLog, member: UUID, number: int, after: int, programme: str = "shop") -> None:
    """Tells twice of a member, in one position."""
    meta = Meta(programme, "tester")
    event = Moved(number=number)
    await log.write(lambda tx: tx.append(member, [event], after=after, meta=meta, occurred_at=WHEN))


async def note(log: EventLog) -> None:
    """Appends something private."""
    meta = Meta("shop", "tester")
    await log.write(lambda tx: tx.append(uuid.uuid4(), [Noted(text="private")], after=0, meta=meta, occurred_at=WHEN))


def write_down(tx: Tx, received: Received) -> None:
    """The handler of all messages."""
    event = received.event
    text = event.payee if isinstance(event, membership.MemberEnrolled) else type(event).__name__
    tx.run("INSERT INTO arrived VALUES (?, ?, ?, ?)", (received.position, received.n, received.key, text))


HANDLERS: dict[type[Message], list[Callable[[Tx, Received], None]]] = {
    membership.MemberEnrolled: [write_down],
    membership.SponsorChanged: [write_down],
    membership.MemberSuspended: [write_down],
}


def relay(log: EventLog, nc: Client) -> Relay:
    """Membership's relay."""
    return Relay(log, nc, "membership", PUBLISHES)


def consumer(log: EventLog, nc: Client, **options: Any) -> Consumer:
    """Commission's consumer of membership."""
    return Consumer(log, nc, "commission", "membership", options.pop("handlers", HANDLERS), **options)


async def arrived(log: EventLog) -> list[tuple[Any, ...]]:
    """What has arrived, in the order in which it was applied."""
    return await log.read(lambda reader: reader.all("SELECT position, n, subject_key, text FROM arrived"))


@contextlib.asynccontextmanager
async def running(*parts: Relay | Consumer) -> AsyncGenerator[None]:
    """Runs relays and consumers for a while."""
    tasks = [asyncio.create_task(part.run()) for part in parts]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Waits until something is true."""
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError("it did not come true")
