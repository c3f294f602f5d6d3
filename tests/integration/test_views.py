"""Views are made from events and can be made from them again; the ledger's sums hold after every entry."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fenxiao.client import Client
from libs.localnet.demo import Demo
from libs.localnet.home import Home
from libs.localnet.network import LocalNetwork
from libs.localnet.services import SERVICES
from services.settlement.domain.accounts import Account, Posting
from services.settlement.domain.events import PayoutsBooked
from tests.support import books, bus, gift, stores
from tests.support.shop import JOINED, LATER, SOLD, Shop, new_member, new_sale
from tests.support.waiting import until

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]


async def lively(network: LocalNetwork, client: Client) -> None:
    """What the demo does not do: sponsors that change, returns that name their sale, a second distribution."""
    shop = await Shop.open(client, network.endpoints, "lively-shop")
    a = await shop.enrol(new_member("A"))
    b = await shop.enrol(new_member("B", "A"))
    c = await shop.enrol(new_member("C", "B"))
    await shop.move(c, a, SOLD)
    await shop.record(new_sale("S1", c, "1000.00"))
    await shop.record(new_sale("R1", c, "333.33", returned=True, original="S1"))
    for number, member in enumerate((a, b, c)):
        await shop.bind(member, 21_000 + number)
    await network.fund(shop.programme, 1_000_00)
    await shop.close()

    async def paid() -> bool:
        totals = await shop.totals()
        return totals.paid_minor > 0 and totals.in_distribution_minor == 0

    await until(paid, what="the first distribution is paid")
    await shop.record(new_sale("R2", c, "600.00", returned=True, original="S1", at=LATER))
    await shop.record(new_sale("S2", b, "50.00", at=JOINED))
    await shop.close(LATER.replace(day=20))
    await until(paid, what="the second distribution is paid")


async def test_views_rebuilt_from_the_stores_equal_the_live_ones(
    demo: Demo, network: LocalNetwork, client: Client, home: Home, tmp_path: Path
) -> None:
    await lively(network, client)
    await bus.drained(network, client)
    alone = asyncio.Semaphore(2)

    async def compare(service: str) -> list[str]:
        database = stores.copy(home.database(service), tmp_path / f"{service}.db")
        live = stores.content(database)
        assert any(live.values()), f"{service} has views with something in them"
        stores.spoil_views(database)
        async with alone:
            await stores.rebuild(network, service, database)
        return [f"{service}: {problem}" for problem in stores.differences(live, stores.content(database))]

    services = [service for service in SERVICES if service != "traceability"]  # nobody traces anything here
    problems = [problem for found in await asyncio.gather(*map(compare, services)) for problem in found]
    assert problems == []


async def test_the_ledger_balances_after_every_entry_and_equals_the_vault(
    demo: Demo, network: LocalNetwork, home: Home, tmp_path: Path
) -> None:
    ledger = books.add_up(await books.read_ledger(stores.copy(home.database("settlement"), tmp_path / "ledger.db")))
    assert ledger.problems == []
    assert ledger.entries > gift.LINES_OF_SALES
    sums = ledger.of(gift.PROGRAMME, gift.CURRENCY).values()
    found = {
        "accrued": sum(one.accrued for one in sums),
        "clawed_back": sum(one.clawed_back for one in sums),
        "paid": sum(one.paid for one in sums),
        "paid_members": sum(1 for one in sums if one.paid),
        "debt": sum(one.debt for one in sums),
        "debtors": sum(1 for one in sums if one.debt),
    }
    assert found == {name: gift.RIGHT[name] for name in found}
    assert books.against_vault(ledger, network.endpoints, gift.PROGRAMME, gift.CURRENCY) == []


async def test_books_that_are_a_penny_off_are_found(
    demo: Demo, network: LocalNetwork, home: Home, tmp_path: Path
) -> None:
    recorded = await books.read_ledger(stores.copy(home.database("settlement"), tmp_path / "ledger.db"))
    at = next(
        n
        for n, one in enumerate(recorded)
        if isinstance(one.event, PayoutsBooked) and one.meta.programme == gift.PROGRAMME
    )
    member = recorded[at].event.payments[0].member
    penny = (Posting(Account.IN_DISTRIBUTION, member, -1), Posting(Account.PAID, member, 1))
    doctored = recorded[at].event.model_copy(update={"postings": (*recorded[at].event.postings, penny[1])})
    object.__setattr__(recorded[at], "event", doctored)
    assert any("off by 1" in problem for problem in books.add_up(recorded).problems)
    # Money that was booked and did not move balances, and still does not fit the vault.
    balanced = doctored.model_copy(update={"postings": (*doctored.postings, penny[0])})
    object.__setattr__(recorded[at], "event", balanced)
    ledger = books.add_up(recorded)
    assert any("below zero" in problem for problem in ledger.problems)
    assert len(books.against_vault(ledger, network.endpoints, gift.PROGRAMME, gift.CURRENCY)) == 2


async def test_a_view_that_differs_in_one_row_is_found(demo: Demo, home: Home, tmp_path: Path) -> None:
    database = stores.copy(home.database("settlement"), tmp_path / "settlement.db")
    before = stores.content(database)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "UPDATE view_balances SET paid = paid + 1 WHERE member = (SELECT MIN(member) FROM view_balances)"
        )
    (problem,) = stores.differences(before, stores.content(database))
    assert problem.startswith("view_balances: ")
