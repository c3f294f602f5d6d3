"""From a sale accepted over gRPC to its lines held in settlement: how many a second, and how soon.

The services on the way run as `fenxiao up` starts them. The reference of single sales is a bare gRPC server that does
nothing with them. That of batches is the slowest of the stages, each of which is also measured alone, with the others
at rest: commission accepts while NATS and settlement are stopped, then its relay carries what has piled up, then
settlement holds it.
"""

import asyncio
import json
import socket
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc.aio
from nats.errors import Error as NatsError

from fenxiao.api.commission.v1 import commission_pb2 as commission_pb
from fenxiao.api.membership.v1 import membership_pb2 as membership_pb
from fenxiao.api.settlement.v1 import settlement_pb2, settlement_pb2_grpc
from fenxiao.client import Client
from fenxiao.credentials import ANY_PROGRAMME, ANY_SCOPE, issue, load_issuer
from libs.eventbus import Connection, inbox_prefix
from libs.eventbus.stream import last_sequence
from libs.localnet.home import Home
from libs.localnet.network import NATS, LocalNetwork, repository_root
from libs.servicekit.consistency import METADATA_KEY as TOKEN
from libs.servicekit.consistency import decode
from tests.bench.callers import BATCH, Caller
from tests.bench.table import RUNS, Row, row, say

PROGRAMME = "bench"
PARENT = f"programmes/{PROGRAMME}"
SERVICES = ("membership", "commission", "settlement")
STARTS = datetime(2010, 12, 1, tzinfo=UTC)
MEMBERS = 300
PROCESSES = 2
CALLERS = 64
SECONDS = 3
BATCHES = 20
RATE = 50
LATENCY_SECONDS = 4
PATIENCE = 120
"""Seconds after which a run that does not come to its end is given up."""

Figures = dict[str, list[float]]


class Callers:
    """Merchants' processes, which stay for the whole benchmark."""

    def __init__(self, processes: list[Process], tokens: list[str], members: list[str]) -> None:
        self._processes = processes
        self._tokens = tokens
        self._members = members

    async def work(
        self, address: str, *, callers: int, seconds: float = 0, batches: int = 0, parent: str = PARENT
    ) -> tuple[int, float, str]:
        """How many sales were taken, in which time, and the newest consistency token."""
        share = len(self._processes)
        for process, token in zip(self._processes, self._tokens, strict=True):
            job = {
                "address": address,
                "token": token,
                "parent": parent,
                "members": self._members,
                "callers": max(1, callers // share),
                "seconds": seconds,
                "batches": batches // share,
            }
            _stdin(process).write(json.dumps(job).encode() + b"\n")
        done = [json.loads(await _line(process)) for process in self._processes]
        newest = max((one["seen"] for one in done), key=_position)
        return sum(one["sales"] for one in done), max(one["seconds"] for one in done), newest


class Settlement:
    """Asks settlement, and waits for what a consistency token names and for nothing else."""

    def __init__(self, address: str, token: str) -> None:
        # It is stopped and started: look for it often.
        options = [("grpc.max_reconnect_backoff_ms", 100), ("grpc.initial_reconnect_backoff_ms", 100)]
        self._channel = grpc.aio.insecure_channel(address, options=options)
        stub: Any = settlement_pb2_grpc.SettlementServiceStub(self._channel)
        self._totals = stub.GetTotals
        self._credential = ("authorization", f"Bearer {token}")

    async def lines(self, seen: str = "") -> int:
        """The lines that are held; with a token, once everything up to it is."""
        request = settlement_pb2.GetTotalsRequest(parent=PARENT, currency="GBP")
        metadata = (self._credential, (TOKEN, seen)) if seen else (self._credential,)
        while True:
            try:
                return (await self._totals(request, metadata=metadata, wait_for_ready=True)).lines
            except grpc.aio.AioRpcError as error:
                # After a while a call says that it has waited long enough.
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise

    async def close(self) -> None:
        """Closes the channel."""
        await self._channel.close()


@dataclass(frozen=True)
class Bench:
    """One network with a programme, and who measures it."""

    network: LocalNetwork
    callers: Callers
    single: Caller
    echo: Caller
    settlement: Settlement

    @property
    def commission(self) -> str:
        """Where sales are reported."""
        return self.network.endpoints.services["commission"]


async def run() -> list[Row]:
    """Every stage, several times over, in one network."""
    figures: Figures = defaultdict(list)
    async with AsyncExitStack() as stack:
        bench, echo_address = await _open(stack)
        for number in range(1, RUNS + 1):
            async with asyncio.timeout(PATIENCE):
                await _singles(bench, echo_address, figures)
                await _latency(bench, figures)
                await _batches(bench, figures)
                await _stages(bench, figures)
            say(f"sale, run {number}: " + ", ".join(f"{name} {values[-1]:,.5g}" for name, values in figures.items()))
    return _rows(figures)


def _rows(figures: Figures) -> list[Row]:
    stages = ("accepted alone", "relayed alone", "held alone")
    slowest = [min(values) for values in zip(*(figures[stage] for stage in stages), strict=True)]
    accepting = "sale accepted, 64 callers"
    return [
        row(accepting, "sales/s", figures["accepted"], figures["echo"]),
        row("sale held, 64 callers", "sales/s", figures["held"], figures["echo"]),
        row(f"sale latency p50 at {RATE}/s", "ms", figures["p50"], figures["echo p50"]),
        row(f"sale latency p99 at {RATE}/s", "ms", figures["p99"], figures["echo p99"]),
        row(f"sale accepted, batches of {BATCH}", "sales/s", figures["accepted in batches"], slowest),
        row(f"sale held, batches of {BATCH}", "sales/s", figures["held in batches"], slowest),
        *(row(f"sale stage: {stage}", "sales/s", figures[stage], slowest) for stage in stages),
    ]


async def _singles(bench: Bench, echo: str, figures: Figures) -> None:
    """One sale a call."""
    calls, seconds, _ = await bench.callers.work(echo, callers=CALLERS, seconds=SECONDS)
    figures["echo"].append(calls / seconds)
    since = time.perf_counter()
    sales, seconds, seen = await bench.callers.work(bench.commission, callers=CALLERS, seconds=SECONDS)
    figures["accepted"].append(sales / seconds)
    await bench.settlement.lines(seen)
    figures["held"].append(sales / (time.perf_counter() - since))


async def _latency(bench: Bench, figures: Figures) -> None:
    """From the call to the lines, at a pace; the reference is two bare calls, one after the other."""

    async def whole() -> None:
        await bench.single.one()
        await bench.settlement.lines(bench.single.seen)

    async def bare() -> None:
        await bench.echo.one()
        await bench.echo.one()

    for prefix, action in (("", whole), ("echo ", bare)):
        taken = await _paced(action)
        figures[f"{prefix}p50"].append(taken[len(taken) // 2])
        figures[f"{prefix}p99"].append(taken[len(taken) * 99 // 100])


async def _paced(action: Callable[[], Awaitable[None]]) -> list[float]:
    """Milliseconds that each of some seconds' actions takes, started at the rate whatever the others do."""
    taken: list[float] = []

    async def timed() -> None:
        start = time.perf_counter()
        await action()
        taken.append((time.perf_counter() - start) * 1000)

    begin = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(RATE * LATENCY_SECONDS):
            await asyncio.sleep(max(0.0, begin + number / RATE - time.perf_counter()))
            group.create_task(timed())
    return sorted(taken)


async def _batches(bench: Bench, figures: Figures) -> None:
    """As an import does it."""
    since = time.perf_counter()
    sales, seconds, seen = await bench.callers.work(bench.commission, callers=4, batches=BATCHES)
    figures["accepted in batches"].append(sales / seconds)
    await bench.settlement.lines(seen)
    figures["held in batches"].append(sales / (time.perf_counter() - since))


async def _stages(bench: Bench, figures: Figures) -> None:
    """Each stage alone: what one has piled up is what the next begins with."""
    network = bench.network
    lines = await bench.settlement.lines()
    nc = await _bus(network)
    before = await last_sequence(nc, "commission")
    await nc.close()
    await network.stop_process("settlement")
    await network.stop_process(NATS)
    sales, seconds, seen = await bench.callers.work(bench.commission, callers=4, batches=BATCHES)
    figures["accepted alone"].append(sales / seconds)

    await network.start_process(NATS)
    nc = await _bus(network)
    # A sale is two messages: itself, and its lines.
    figures["relayed alone"].append(await _drained(lambda: last_sequence(nc, "commission"), before, 2 * sales) / 2)
    await nc.close()

    await network.start_process("settlement")
    begun, since = await _moved(bench.settlement.lines, lines)
    await bench.settlement.lines(seen)
    taken = time.perf_counter() - since
    whole = await bench.settlement.lines() - lines
    figures["held alone"].append(sales * (whole - (begun - lines)) / whole / taken)


async def _drained(look: Callable[[], Awaitable[int]], before: int, count: int) -> float:
    """How many a second arrive, from the first that shows to the last."""
    first, since = await _moved(look, before)
    while (await look()) < before + count:  # noqa: ASYNC110 # it is another process that does it
        await asyncio.sleep(0.01)
    return (before + count - first) / (time.perf_counter() - since)


async def _moved(look: Callable[[], Awaitable[int]], before: int) -> tuple[int, float]:
    """The first value behind the one before, and when it was seen."""
    while (value := await look()) <= before:  # noqa: ASYNC110 # as above
        await asyncio.sleep(0.01)
    return value, time.perf_counter()


async def _open(stack: AsyncExitStack) -> tuple[Bench, str]:
    """Starts the network, the callers and the bare server, and opens a programme with members and a plan."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    home = Home.at(folder)
    network = await stack.enter_async_context(LocalNetwork(home, services=SERVICES))
    async with Client.from_home(folder) as client:
        members = await _programme(client)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    await spawn(stack, "echo", address)
    processes = [await spawn(stack, "call") for _ in range(PROCESSES)]
    tokens = [token(home, f"merchant-{number}") for number in range(PROCESSES)]
    services = network.endpoints.services
    bench = Bench(
        network,
        Callers(processes, tokens, members),
        Caller(services["commission"], tokens[0], PARENT, members),
        Caller(address, tokens[0], PARENT, members),
        Settlement(services["settlement"], tokens[0]),
    )
    for part in (bench.single, bench.echo, bench.settlement):
        stack.push_async_callback(part.close)
    return bench, address


async def _programme(client: Client) -> list[str]:
    """A programme under the example's plan; each member stands below the one with a third of his number."""
    programme = membership_pb.Programme(display_name="Bench", currency="GBP", time_zone="UTC")
    programme.start_time.FromDatetime(STARTS)
    await client.membership.CreateProgramme(
        membership_pb.CreateProgrammeRequest(programme_id=PROGRAMME, programme=programme)
    )
    plan = repository_root() / "examples" / "gift_wholesale" / "plan.yaml"
    await client.commission.PublishPlan(commission_pb.PublishPlanRequest(parent=PARENT, document=plan.read_bytes()))
    batch = membership_pb.BatchEnrolMembersRequest(parent=PARENT)
    for number in range(MEMBERS):
        member = batch.members.add(
            reference=f"m{number}",
            sponsor_reference=f"m{(number - 1) // 3}" if number else "",
            display_name=f"Member {number}",
        )
        member.join_time.FromDatetime(STARTS)
    answer = await client.membership.BatchEnrolMembers(batch)
    # The callers' own calls carry no consistency token: the view has to be there.
    await client.commission.ListSales(commission_pb.ListSalesRequest(parent=PARENT))
    return [result.name for result in answer.results]


async def spawn(stack: AsyncExitStack, *arguments: str) -> Process:
    command = (sys.executable, "-m", "tests.bench.callers", *arguments)
    process = await asyncio.create_subprocess_exec(*command, cwd=repository_root(), stdin=PIPE, stdout=PIPE)

    async def end() -> None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    stack.push_async_callback(end)
    await _line(process)
    return process


async def _line(process: Process) -> bytes:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError("a process of the benchmark has ended; look at what it printed")
    return line


def _stdin(process: Process) -> asyncio.StreamWriter:
    assert process.stdin is not None
    return process.stdin


async def _bus(network: LocalNetwork) -> Any:
    """A connection that may look at commission's stream."""
    seed = str(network.home.nkey_seed("commission"))
    nc = Connection()
    while True:
        with suppress(OSError, NatsError):
            await nc.connect(
                network.endpoints.nats_url,
                nkeys_seed=seed,
                inbox_prefix=inbox_prefix("commission"),
                allow_reconnect=False,
            )
            return nc
        await asyncio.sleep(0.05)


def token(home: Home, subject: str) -> str:
    """A credential of its own for each process: calls are counted by subject."""
    issuer = load_issuer(home.keys)
    return issue(
        issuer.private_pem,
        issuer.kid,
        subject=subject,
        programme=ANY_PROGRAMME,
        role="operator",
        scopes=[ANY_SCOPE],
        ttl=timedelta(hours=1),
    )


def _position(token: str) -> int:
    """The position in commission's store that a consistency token names."""
    return decode(token)["commission"][1] if token else 0
