"""Sales through commission on PostgreSQL: for members with three levels above them, and with thirty.

A programme for each, in one network whose services keep everything in PostgreSQL. The reference of the first is a bare
gRPC server that does nothing with the sales; of the others, the first.
"""

import asyncio
import socket
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from fenxiao.api.commission.v1 import commission_pb2 as commission_pb
from fenxiao.api.membership.v1 import membership_pb2 as membership_pb
from fenxiao.client import Client
from libs.localnet.home import Home
from libs.localnet.network import LocalNetwork, service_command
from tests.bench.append import postgresql
from tests.bench.callers import BATCH
from tests.bench.sale import CALLERS, PATIENCE, PROCESSES, SECONDS, STARTS, Callers, spawn, token
from tests.bench.table import RUNS, Row, row, say

SERVICES = ("membership", "commission")
SELLERS = 100
BATCHES = 8

Figures = dict[str, list[float]]


class Shape(NamedTuple):
    """A programme: how many stand above each seller, and how many levels are paid."""

    above: int
    paid: int

    @property
    def id(self) -> str:
        """Its name for the services."""
        return f"above{self.above}paid{self.paid}"

    @property
    def title(self) -> str:
        """Its name on the table."""
        return f"streaming, {self.above} above, {self.paid} levels paid"


SHAPES = (Shape(3, 3), Shape(30, 3), Shape(30, 30))


async def run() -> list[Row]:
    """Single sales and batches, for each in turn."""
    figures: Figures = defaultdict(list)
    async with AsyncExitStack() as stack:
        address, echo, callers = await _open(stack)
        for number in range(1, RUNS + 1):
            async with asyncio.timeout(PATIENCE):
                calls, seconds, _ = await callers[SHAPES[0]].work(echo, callers=CALLERS, seconds=SECONDS)
                figures["echo"].append(calls / seconds)
                for shape, mine in callers.items():
                    parent = f"programmes/{shape.id}"
                    sales, seconds, _ = await mine.work(address, callers=CALLERS, seconds=SECONDS, parent=parent)
                    figures[shape.title].append(sales / seconds)
                    sales, seconds, _ = await mine.work(address, callers=4, batches=BATCHES, parent=parent)
                    figures[f"{shape.title}, batches"].append(sales / seconds)
            say(
                f"streaming, run {number}: "
                + ", ".join(f"{name} {rates[-1]:,.0f}/s" for name, rates in figures.items())
            )
    few = SHAPES[0].title
    rows = [row(few, "sales/s", figures[few], figures["echo"])]
    rows += [row(shape.title, "sales/s", figures[shape.title], figures[few]) for shape in SHAPES[1:]]
    rows += [row(f"{few}, batches of {BATCH}", "sales/s", figures[f"{few}, batches"])]
    return rows + [
        row(
            f"{shape.title}, batches of {BATCH}",
            "sales/s",
            figures[f"{shape.title}, batches"],
            figures[f"{few}, batches"],
        )
        for shape in SHAPES[1:]
    ]


async def _open(stack: AsyncExitStack) -> tuple[str, str, dict[Shape, Callers]]:
    """Where commission and the bare server are, and who calls them."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    fresh = stack.enter_context(postgresql())
    databases = {service: fresh()[0] for service in SERVICES}
    home = Home.at(folder)
    network = LocalNetwork(home, services=SERVICES, command=lambda service: _command(service, databases))
    await stack.enter_async_context(network)
    async with Client.from_home(folder) as client:
        sellers = {shape: await _programme(client, shape) for shape in SHAPES}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        echo = f"127.0.0.1:{probe.getsockname()[1]}"
    await spawn(stack, "echo", echo)
    processes = [await spawn(stack, "call") for _ in range(PROCESSES)]
    tokens = [token(home, f"merchant-{number}") for number in range(PROCESSES)]
    callers = {shape: Callers(processes, tokens, members) for shape, members in sellers.items()}
    return network.endpoints.services["commission"], echo, callers


def _command(service: str, databases: Mapping[str, str]) -> Sequence[str]:
    """A service on a database of its own, in place of the file that the network gives it."""
    return ("env", f"FENXIAO_DATABASE_URL={databases[service]}", *service_command(service))


async def _programme(client: Client, shape: Shape) -> list[str]:
    """A line of members, and sellers below its last one."""
    parent = f"programmes/{shape.id}"
    programme = membership_pb.Programme(display_name="Bench", currency="GBP", time_zone="UTC")
    programme.start_time.FromDatetime(STARTS)
    await client.membership.CreateProgramme(
        membership_pb.CreateProgrammeRequest(programme_id=shape.id, programme=programme)
    )
    plan = f"""
plan: Bench
version: "1"
currency: GBP
effective_from: "2010-12-01T00:00:00Z"
rounding: half_up
jurisdictions: []
return_window: 14
components: [{{id: u, type: unilevel, levels: [{", ".join(["1%"] * shape.paid)}]}}]
"""
    await client.commission.PublishPlan(commission_pb.PublishPlanRequest(parent=parent, document=plan.encode()))
    batch = membership_pb.BatchEnrolMembersRequest(parent=parent)
    for number in range(shape.above + SELLERS):
        member = batch.members.add(
            reference=f"m{number}",
            sponsor_reference=f"m{min(number, shape.above) - 1}" if number else "",
            display_name=f"Member {number}",
        )
        member.join_time.FromDatetime(STARTS)
    answer = await client.membership.BatchEnrolMembers(batch)
    # The callers' own calls carry no consistency token: the view has to be there.
    await client.commission.ListSales(commission_pb.ListSalesRequest(parent=parent))
    return [result.name for result in answer.results[shape.above :]]
