"""JetStream only carries: lost altogether, it is filled again from the stores, and nobody reads anything twice."""

import shutil

import pytest

from fenxiao.client import Client
from libs.localnet.demo import Demo
from libs.localnet.home import Home
from libs.localnet.network import NATS, LocalNetwork
from libs.localnet.services import SERVICES
from tests.support import bus, gift
from tests.support.shop import Shop, new_member, new_sale
from tests.support.stores import content, copy, differences, parked

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]


async def test_streams_are_rebuilt_from_the_stores_and_consumers_go_on(
    demo: Demo, network: LocalNetwork, client: Client, home: Home, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("wiped")
    shop = await Shop.open(client, network.endpoints, "surviving-shop")
    a = await shop.enrol(new_member("A"))
    await shop.record(new_sale("S1", a))
    assert (await shop.totals()).lines == 1
    known = {service: await bus.in_store(client, service) for service in SERVICES}
    # The bridge notes each block: its views stay as they are all the same.
    before = content(copy(home.database("chain_bridge"), folder / "chain_bridge.before"))

    await network.stop_process(NATS)
    shutil.rmtree(home.nats)
    home.nats.mkdir()
    # What is written while there is no bus is not lost either.
    b = await shop.enrol(new_member("B", "A"))
    await network.start_process(NATS)

    for service in SERVICES:
        store = await bus.in_store(client, service)
        messages = await bus.carried(network, service, store)
        assert bus.gaps(messages) == []
        assert bus.facts_of(messages) == store
        assert store[: len(known[service])] == known[service]
    assert len(known["commission"]) > 2 * gift.LINES_OF_SALES

    # The consumers go on where they were: what is new arrives, once, and nothing old a second time.
    await shop.record(new_sale("S2", b))
    totals = await shop.totals()
    assert (totals.lines, totals.accrued_minor, totals.members) == (1 + 2, 8_00 + 8_00 + 4_00, 2)
    demo_totals = await Shop(client, gift.PROGRAMME).totals()
    assert (demo_totals.lines, demo_totals.paid_minor) == (gift.RIGHT["lines"], gift.RIGHT["paid"])
    assert parked(home, SERVICES) == []
    # Of members and sales it only enters in the log that there was something: behind what stood there.
    after = content(copy(home.database("chain_bridge"), folder / "chain_bridge.after"))
    for table in [*before]:
        if table.startswith("view_log_") or table == "view_versions":
            old, new = before.pop(table), after.pop(table)
            assert table not in ("view_log_nodes", "view_log_entries") or {*old} <= {*new}
    assert differences(before, after) == []
