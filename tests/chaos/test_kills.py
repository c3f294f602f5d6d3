"""Bad luck in the middle of the main job: whatever is killed at whatever moment, the totals are the right ones."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2
from fenxiao.api.settlement.v1 import settlement_pb2
from fenxiao.client import Client, imports
from fenxiao.client.imports import ImportResult, Progress, import_members, import_sales
from fenxiao.verify import Chain
from libs.localnet.home import Home
from libs.localnet.network import CHAIN, NATS, LocalNetwork, State
from libs.localnet.scenarios import gift_wholesale
from libs.localnet.services import SERVICES
from tests.support import books, bus, gift, stores
from tests.support.shop import stamp
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.network

Blow = Callable[[], None]


@dataclass
class Arena:
    """A network, and what is done to it."""

    network: LocalNetwork
    planned: list[str] = field(default_factory=list[str])
    """The parts that were to die, each as often as it was to."""
    died: list[str] = field(default_factory=list[str])
    """Those that the supervisor saw die."""
    under_way: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])
    """Blows that have begun."""

    def note(self, name: str, state: State, detail: str = "", seconds: float = 0.0) -> None:
        """Hears what the supervisor says."""
        if state == "note" and "SIGKILL" in detail:
            self.died.append(name)

    def kill(self, name: str, after: float = 0.0) -> Blow:
        """kill -9 a part, at once or a moment later, in the middle of what has begun meanwhile."""

        async def strike() -> None:
            await asyncio.sleep(after)
            await self.network.wait_ready(name)  # it may not be back from the last time
            self.network.kill(name)

        def blow() -> None:
            self.planned.append(name)
            self.under_way.append(asyncio.create_task(strike()))

        return blow

    def stop_and_start(self, name: str) -> Blow:
        """Stops a part in good order, and starts it again as soon as it has stopped."""

        async def both() -> None:
            await self.network.stop_process(name)
            await self.network.start_process(name)

        def blow() -> None:
            self.under_way.append(asyncio.create_task(both()))

        return blow

    async def settled(self) -> None:
        """Waits until everything that was hurt is back."""

        async def all_died() -> bool:
            return sorted(self.died) == sorted(self.planned)

        await until(all_died, what=f"{self.planned} die and are noticed")
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*self.under_way)
            for name in self.network.names:
                await self.network.wait_ready(name)


def at_lines(blows: Mapping[int, Blow]) -> tuple[Callable[[Progress], None], list[int]]:
    """What an import is to report to: it strikes when so many lines are through. And the blows that are left."""
    left = sorted(blows)

    def report(progress: Progress) -> None:
        while left and progress.lines >= left[0]:
            blows[left.pop(0)]()

    return report, left


@pytest.fixture
async def arena(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Arena]:
    # Small batches: there are more moments to be hit at, and more calls under way.
    monkeypatch.setattr(imports, "BATCH_LINES", 50)
    arena = Arena(LocalNetwork(Home.at(tmp_path / "home")))
    await arena.network.start(arena.note)
    try:
        yield arena
    finally:
        await arena.network.stop()


async def bring_in(
    arena: Arena,
    what: Callable[..., Awaitable[ImportResult]],
    name: str,
    lines: int,
    blows: Mapping[int, Blow],
) -> None:
    """Imports a file under blows. A batch that was committed just before its service died comes back as repeated."""
    report, left = at_lines(blows)
    async with Client.from_home(arena.network.home.root) as client:
        result = await asyncio.wait_for(what(client, gift.PROGRAMME, gift.file(name), report=report), 2 * PATIENCE)
    assert (result.taken + result.repeated, result.refused) == (lines, 0), result.problems[:3]
    assert left == []
    await arena.settled()


async def settle(arena: Arena, steps: Mapping[str, Blow]) -> None:
    """Settles under blows: when the distribution is closed, when a payment is sent, and when somebody is paid."""
    waiting = dict(steps)
    async with Client.from_home(arena.network.home.root) as client:
        request = settlement_pb2.CloseDistributionRequest(
            parent=gift.PARENT, currency=gift.CURRENCY, as_of=stamp(gift_wholesale.AS_OF), request_id="chaos"
        )
        if blow := waiting.pop("closing", None):
            blow()
        name = (await client.settlement.CloseDistribution(request)).name

        def strike(step: str) -> None:
            if blow := waiting.pop(step, None):
                blow()

        async def paid() -> settlement_pb2.Distribution | None:
            listed = chain_bridge_pb2.ListTransactionsRequest(parent=gift.PARENT, page_size=100)
            states = {t.state for t in (await client.chain_bridge.ListTransactions(listed)).transactions if t.payees}
            found = await client.settlement.GetDistribution(settlement_pb2.GetDistributionRequest(name=name))
            strike("closed")
            if states - {chain_bridge_pb2.TRANSACTION_STATE_PLANNED}:
                strike("sent")
            if found.paid_payees or chain_bridge_pb2.TRANSACTION_STATE_FINAL in states:
                strike("paid")
            return found if found.state == settlement_pb2.DISTRIBUTION_STATE_PAID else None

        found = await until(paid, what="everybody is paid", seconds=2 * PATIENCE)
    assert found is not None
    assert (found.paid_payees, found.paid_minor) == (gift.RIGHT["paid_members"], gift.RIGHT["paid"])
    assert waiting == {}
    await arena.settled()


async def check_everything(arena: Arena, tmp_path: Path) -> None:
    """The demo's right answer, and the invariants below it."""
    network, home = arena.network, arena.network.home
    demo = gift.quiet(network)
    await gift_wholesale.verify_all(demo)
    assert {name: demo.figures[name] for name in gift.RIGHT} == gift.RIGHT
    assert stores.parked(home, SERVICES) == []

    async with Client.from_home(home.root) as client:
        for service in SERVICES:
            store = await bus.in_store(client, service)
            messages = await bus.carried(network, service, store)
            assert bus.gaps(messages) == []
            assert bus.facts_of(messages) == store

    ledger = books.add_up(await books.read_ledger(stores.copy(home.database("settlement"), tmp_path / "ledger.db")))
    assert ledger.problems == []
    assert books.against_vault(ledger, network.endpoints, gift.PROGRAMME, gift.CURRENCY) == []

    deployment = network.endpoints.deployment
    chain = Chain(network.endpoints.rpc_url, deployment.vault.address, deployment.token.address, deployment.block)
    paid = [t.receiver for t in chain.transfers(chain.final_block()) if t.sender == chain.vault]
    assert len(paid) == len(set(paid)) == gift.RIGHT["paid_members"]


async def test_each_service_killed_in_turn(arena: Arena, tmp_path: Path) -> None:
    demo, kill = gift.quiet(arena.network), arena.kill
    await gift_wholesale.open_programme(demo)
    await bring_in(
        arena,
        import_members,
        "members.csv",
        gift.MEMBERS,
        {
            100: kill("membership"),
            300: kill("commission", 0.02),
            400: kill("settlement"),
            500: kill("chain_bridge"),
            600: kill("traceability"),
            800: kill("membership", 0.01),
        },
    )
    await gift_wholesale.bind_wallets(demo)
    await bring_in(
        arena,
        import_sales,
        "sales.csv",
        gift.LINES_OF_SALES,
        {
            150: kill("commission"),
            400: kill("settlement"),
            700: kill("membership", 0.01),
            1_000: kill("commission", 0.03),
            1_300: kill("settlement", 0.05),
        },
    )
    await gift_wholesale.fund_vault(demo)
    await settle(
        arena,
        {
            "closing": kill("settlement", 0.01),
            "closed": kill("chain_bridge"),
            "sent": kill("chain_bridge"),
            "paid": kill("settlement"),
        },
    )
    await check_everything(arena, tmp_path)


async def test_bus_and_chain_lost_on_the_way(arena: Arena, tmp_path: Path) -> None:
    demo, kill, stop_and_start = gift.quiet(arena.network), arena.kill, arena.stop_and_start
    await gift_wholesale.open_programme(demo)
    await bring_in(
        arena,
        import_members,
        "members.csv",
        gift.MEMBERS,
        {200: kill(NATS), 500: stop_and_start(CHAIN)},
    )
    await gift_wholesale.bind_wallets(demo)
    await bring_in(
        arena,
        import_sales,
        "sales.csv",
        gift.LINES_OF_SALES,
        {300: kill(NATS), 600: stop_and_start(CHAIN), 1_200: kill(NATS, 0.02)},
    )
    await gift_wholesale.fund_vault(demo)
    await settle(
        arena,
        {"closing": kill(NATS), "closed": stop_and_start(CHAIN), "sent": stop_and_start(CHAIN), "paid": kill(NATS)},
    )
    await check_everything(arena, tmp_path)
