"""From a store over JetStream into a committed view: how many a second, and how soon.

The reference does the same with as little as possible: rows of a SQLite table, plain nats-py, another SQLite table;
no envelope, no protobuf, no places, no gaps, no parking. Both wait for the same disk in the same way.
"""

import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from nats.aio.client import Client
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from fenxiao.api.membership.v1 import events_pb2 as membership
from libs.eventbus import TABLES, Connection, Consumer, Received, Relay
from libs.eventbus.stream import ensure_stream, last_sequence
from libs.eventbus.tests.support import PUBLISHES, WHEN, Enrolled, NatsServer, open_source
from libs.eventlog import EventLog, EventTypes, Meta, Tx, View

EVENTS = 20_000
RUNS = 3
SECONDS = 4
RATES = (100, 300)

META = Meta("shop", "bench", request_id="r", correlation_id="c")


def enrolled(tx: Tx, received: Received) -> None:
    """A view of one row for each member."""
    event: membership.MemberEnrolled = received.event
    tx.run("INSERT INTO view_members VALUES (?, ?)", (event.member, event.payee))


MEMBERS = View(
    "members",
    ["CREATE TABLE IF NOT EXISTS view_members (id TEXT PRIMARY KEY, payee TEXT)"],
    others={membership.MemberEnrolled: enrolled},
)


class Ours:
    """The relay of one service and the consumer of another, as they run in the network."""

    def __init__(self, folder: Path, nc: Client) -> None:
        self.source = open_source(folder)
        self.target = EventLog.open(
            f"sqlite:///{folder}/target.db", events=EventTypes([]), views=[MEMBERS], tables=TABLES
        )
        self.relay = Relay(self.source, nc, "membership", PUBLISHES)
        handlers = {cls: [apply] for cls, apply in MEMBERS.others.items()}
        self.consumer = Consumer(self.target, nc, "bench", "membership", handlers)

    async def append(self, count: int) -> None:
        """Appends so many events."""
        members = [uuid.uuid4() for _ in range(count)]

        def work(tx: Tx) -> None:
            for member in members:
                tx.append(member, [Enrolled(number=1)], after=0, meta=META, occurred_at=WHEN)

        await self.source.write(work)

    async def one(self) -> None:
        """Appends an event and waits until the view that it changes is committed."""
        member = uuid.uuid4()

        def work(tx: Tx) -> None:
            tx.append(member, [Enrolled(number=1)], after=0, meta=META, occurred_at=WHEN)
            tx.flush()
            places.append(tx.positions[-1][0])

        places: list[int] = []
        await self.source.write(work)
        if not await self.consumer.wait_for(self.source.store_id, places[-1], 60):
            raise TimeoutError

    async def send(self) -> None:
        """The sending half."""
        await self.relay.run()

    async def receive(self) -> None:
        """The receiving half."""
        await self.consumer.run()

    async def caught_up(self) -> None:
        """Waits until everything in the store has been carried."""
        if not await self.consumer.wait_for(self.source.store_id, self.source.public_position, 120):
            raise TimeoutError

    async def close(self) -> None:
        """Closes both databases."""
        await self.source.close()
        await self.target.close()


class Minimal:
    """The least that does the same."""

    def __init__(self, folder: Path, nc: Client) -> None:
        self.nc = nc
        self.source = self._open(folder / "plain_source.db")
        self.target = self._open(folder / "plain_target.db")
        self.woken = asyncio.Event()
        self.lock = asyncio.Lock()
        self.applied = self.sequence = 0
        self.waiting: dict[int, asyncio.Future[None]] = {}

    def _open(self, path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS facts (id INTEGER PRIMARY KEY, data BLOB)")
        return connection

    def _insert(self, connection: sqlite3.Connection, rows: Sequence[tuple[int | None, bytes]]) -> int:
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO facts VALUES (?, ?)", rows)
        connection.execute("COMMIT")
        return int(connection.execute("SELECT MAX(id) FROM facts").fetchone()[0])

    async def append(self, count: int) -> None:
        """Appends so many rows."""
        await asyncio.to_thread(self._insert, self.source, [(None, b"x" * 120)] * count)

    async def one(self) -> None:
        """Appends a row and waits until its copy is committed."""
        async with self.lock:
            number = await asyncio.to_thread(self._insert, self.source, [(None, b"x" * 120)])
        self.woken.set()
        await self.until(number)

    async def send(self) -> None:
        """Publishes atomic batches."""
        self.sequence = await last_sequence(self.nc, "minimal")
        while True:
            rows = self.source.execute(
                "SELECT id, data FROM facts WHERE id > ? ORDER BY id LIMIT 1000", (self.sequence,)
            ).fetchall()
            if not rows:
                await self.woken.wait()
                self.woken.clear()
                continue
            batch = uuid.uuid4().hex
            for n, (number, data) in enumerate(rows[:-1], 1):
                headers = {"Nats-Msg-Id": str(number), "Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(n)}
                await self.nc.publish(f"fx.minimal.fact.{number}", data, headers=headers)
            number, data = rows[-1]
            headers = {"Nats-Msg-Id": str(number)}
            if len(rows) > 1:
                headers |= {
                    "Nats-Batch-Id": batch,
                    "Nats-Batch-Sequence": str(len(rows)),
                    "Nats-Batch-Commit": "1",
                }
            await self.nc.request(f"fx.minimal.fact.{number}", data, timeout=10, headers=headers)
            self.sequence = number

    async def receive(self) -> None:
        """Fetches pages and writes each in one transaction."""
        js: Any = self.nc.jetstream()  # pyright: ignore[reportUnknownMemberType] # untyped upstream
        await js.add_consumer(
            "FX_MINIMAL",
            ConsumerConfig(
                durable_name=f"bench{self.applied}",
                ack_policy=AckPolicy.ALL,
                max_ack_pending=2000,
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=self.applied + 1,
            ),
        )
        pull = await js.pull_subscribe_bind(f"bench{self.applied}", "FX_MINIMAL")
        while True:
            with suppress(NatsTimeoutError):
                messages = await pull.fetch(500, timeout=2)
                rows = [(int(m.headers["Nats-Msg-Id"]), m.data) for m in messages]
                self.applied = await asyncio.to_thread(self._insert, self.target, rows)
                await messages[-1].ack()
                for number, _ in rows:
                    if number in self.waiting:
                        self.waiting.pop(number).set_result(None)

    async def caught_up(self) -> None:
        """Waits until everything in the table has been carried."""
        await self.until(EVENTS)

    async def until(self, number: int) -> None:
        """Waits until the copy of a row is committed."""
        if self.applied < number:
            self.waiting[number] = asyncio.get_running_loop().create_future()
            await asyncio.wait_for(self.waiting[number], 120)

    async def close(self) -> None:
        """Closes both databases."""
        self.source.close()
        self.target.close()


async def paced(one: Callable[[], Awaitable[None]], rate: int) -> list[float]:
    """Milliseconds that each of some seconds' events takes, started at the rate whatever the others do."""
    taken: list[float] = []

    async def timed() -> None:
        start = time.perf_counter()
        await one()
        taken.append((time.perf_counter() - start) * 1000)

    begin = time.perf_counter()
    tasks: list[asyncio.Task[None]] = []
    for number in range(rate * SECONDS):
        await asyncio.sleep(max(0.0, begin + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(timed()))
    await asyncio.gather(*tasks)
    return sorted(taken)


SUBJECTS: dict[str, type[Ours] | type[Minimal]] = {"ours": Ours, "minimal": Minimal}


async def sender(name: str, url: str, folder: Path) -> None:
    """The sending half in a process of its own, as services are: begins when told to, ends when killed."""
    nc = await Connection.open(url, "sender")
    subject = SUBJECTS[name](folder, nc)
    told = await nc.subscribe("bench.go")  # pyright: ignore[reportUnknownMemberType] # untyped upstream
    await nc.flush()
    print("ready", flush=True)
    await told.next_msg(60)
    await subject.send()


async def catching_up(name: str, url: str, folder: Path, nc: Client, subject: Ours | Minimal) -> float:
    """Events a second, from a full store to the last event's row."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.eventbus", name, url, str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    receiving = asyncio.create_task(subject.receive())
    await asyncio.sleep(0.2)
    start = time.perf_counter()
    await nc.publish("bench.go")
    await subject.caught_up()
    taken = time.perf_counter() - start
    receiving.cancel()
    await asyncio.gather(receiving, return_exceptions=True)
    process.kill()
    await process.wait()
    return EVENTS / taken


async def _measure(name: str) -> dict[str, float]:
    """One run: catching up, then the paces."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        server = NatsServer(folder / "nats")
        await server.start()
        nc = await server.connect()
        for service in ("membership", "minimal"):
            await ensure_stream(nc, service)
        subject = SUBJECTS[name](folder, nc)
        await subject.append(EVENTS)
        figures["rate"] = await catching_up(name, server.url, folder, nc, subject)
        tasks = [asyncio.create_task(part) for part in (subject.send(), subject.receive())]
        await subject.one()
        for rate in RATES:
            taken = await paced(subject.one, rate)
            figures[f"p50 {rate}"] = taken[len(taken) // 2]
            figures[f"p99 {rate}"] = taken[len(taken) * 99 // 100]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await subject.close()
        await nc.close()
        await server.kill()
    return figures


async def run() -> list[dict[str, Any]]:
    """The figures, each the median of the runs."""
    ours: list[dict[str, float]] = []
    plain: list[dict[str, float]] = []
    for _ in range(RUNS):
        # In turns, so that whatever else the machine does weighs on both.
        ours.append(await _measure("ours"))
        plain.append(await _measure("minimal"))

    def row(name: str, key: str, unit: str) -> dict[str, Any]:
        figure = statistics.median(one[key] for one in ours)
        reference = statistics.median(one[key] for one in plain)
        return {
            "name": name,
            "figure": round(figure, 1),
            "unit": unit,
            "reference": round(reference, 1),
            "ratio": round(figure / reference, 2),
        }

    return [
        row("eventbus catching up", "rate", "events/s"),
        *(
            row(f"eventbus latency {percentile} at {rate}/s", f"{percentile} {rate}", "ms")
            for rate in RATES
            for percentile in ("p50", "p99")
        ),
    ]


if __name__ == "__main__":
    asyncio.run(sender(sys.argv[1], sys.argv[2], Path(sys.argv[3])))  # see `catching_up`
