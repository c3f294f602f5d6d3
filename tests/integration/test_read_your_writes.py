"""What one run of a client has written, the next one finds: it carries on what the first has seen, in a file."""

import asyncio
import os
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fenxiao.client import Client, Consistency, read_credential
from fenxiao.client.home import consistency_file
from fenxiao.client.imports import ImportResult, import_members, import_sales
from fenxiao.errors import Refusal
from libs.localnet.home import Home
from libs.localnet.network import NATS, LocalNetwork
from tests.support.shop import Shop, new_member, new_sale
from tests.support.waiting import until

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]

ROUNDS = 20
MEMBERS_A_ROUND = 5


def write_members(folder: Path, number: int) -> Path:
    names = [f"M{number}-{k}" for k in range(MEMBERS_A_ROUND)]
    rows = [f"{name},{names[0] if k else ''},2024-01-02T00:00:00Z" for k, name in enumerate(names)]
    path = folder / f"members-{number}.csv"
    path.write_text("\n".join(["member_id,sponsor_id,joined_at", *rows]) + "\n", encoding="utf-8")
    return path


def write_sales(folder: Path, number: int) -> Path:
    rows = [f"S{number}-{k},M{number}-{k},sale,2024-02-01T12:00:00Z,10.00,GBP" for k in range(MEMBERS_A_ROUND)]
    path = folder / f"sales-{number}.csv"
    path.write_text("\n".join(["sale_id,member_id,kind,occurred_at,amount,currency", *rows]) + "\n", encoding="utf-8")
    return path


@contextmanager
def frozen(network: LocalNetwork, name: str) -> Generator[Callable[[], None]]:
    """Holds a part still, so that nothing can be quick enough; gives what lets it go on."""
    found = network.home.read_network()
    assert found is not None
    pid = int(found["pids"][name])
    os.kill(pid, signal.SIGSTOP)
    try:
        yield lambda: os.kill(pid, signal.SIGCONT)
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_sales_at_once_behind_members_are_never_too_quick(
    network: LocalNetwork, client: Client, tmp_path: Path
) -> None:
    shop = await Shop.open(client, network.endpoints, "quick-shop")
    client.consistency.save()
    for number in range(ROUNDS):
        async with Client.from_home(network.home.root) as first:
            taken = await import_members(first, shop.programme, write_members(tmp_path, number))
        assert (taken.taken, taken.refused) == (MEMBERS_A_ROUND, 0)
        async with Client.from_home(network.home.root) as second:
            taken = await import_sales(second, shop.programme, write_sales(tmp_path, number))
        assert (taken.taken, taken.refused) == (MEMBERS_A_ROUND, 0), taken.problems
    async with Client.from_home(network.home.root) as third:
        totals = await Shop(third, shop.programme).totals()
    assert totals.members == ROUNDS * MEMBERS_A_ROUND


async def test_a_sale_waits_for_its_member_as_long_as_the_bus_takes(
    network: LocalNetwork, client: Client, home: Home, tmp_path: Path
) -> None:
    shop = await Shop.open(client, network.endpoints, "slow-shop")
    await shop.totals()  # the programme itself has arrived everywhere
    client.consistency.save()
    with frozen(network, NATS) as thaw:
        async with Client.from_home(home.root) as first:
            await import_members(first, shop.programme, write_members(tmp_path, 0))
            member = await shop.enrol(new_member("seen-by-nobody-else-yet"))

        # Who has seen nothing is told what the view says now.
        async with Client(client.services, token=read_credential(home.root)) as stranger:
            with pytest.raises(Refusal) as caught:
                await Shop(stranger, shop.programme).record(new_sale("too-quick", member))
        assert caught.value.reason == "UNKNOWN_MEMBER"

        # Who carries the first run's file waits instead.
        assert Consistency(consistency_file(home.root)).position("membership")
        async with Client.from_home(home.root) as second:
            sales = write_sales(tmp_path, 0)
            waiting: asyncio.Task[ImportResult] = asyncio.create_task(import_sales(second, shop.programme, sales))
            done, _ = await asyncio.wait({waiting}, timeout=1)
            assert not done
            thaw()
            result = await asyncio.wait_for(waiting, 30)
            assert (result.taken, result.refused) == (MEMBERS_A_ROUND, 0), result.problems

    async def there() -> bool:
        try:
            await shop.record(new_sale("too-quick", member))
        except Refusal:
            return False
        return True

    await until(there, what="the refused sale is taken once its member is known", seconds=20)
    client.consistency.save()
    async with Client.from_home(home.root) as third:
        totals = await Shop(third, shop.programme).totals()
    assert totals.lines == MEMBERS_A_ROUND + (MEMBERS_A_ROUND - 1) + 1
