"""A shop to do wrong in, and the proof that nothing of it was done."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio

from fenxiao.client import Client
from fenxiao.errors import Kind, Refusal
from libs.localnet.network import LocalNetwork
from libs.localnet.services import SERVICES
from tests.support.bus import drained
from tests.support.shop import Shop, new_member, new_sale
from tests.support.stores import row_counts


@dataclass(frozen=True)
class World:
    """A shop with three members in a line and a sale of 100.00, of which 40.00 came back; and a shop next door."""

    shop: Shop
    root: str
    middle: str
    leaf: str
    sale: str
    other: Shop
    other_member: str
    other_sale: str


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(network: LocalNetwork) -> AsyncGenerator[World]:
    """Made once; what tests add to it they name themselves, and leave its members and its sale as they are."""
    async with Client.from_home(network.home.root) as client:
        shop = await Shop.open(client, network.endpoints, "strict-shop")
        root = await shop.enrol(new_member("ROOT", name="Root"))
        middle = await shop.enrol(new_member("MIDDLE", "ROOT"))
        leaf = await shop.enrol(new_member("LEAF", "MIDDLE"))
        sale = await shop.record(new_sale("SALE", leaf, "100.00"))
        await shop.record(new_sale("RETURN", leaf, "40.00", returned=True, original="SALE"))
        other = await Shop.open(client, network.endpoints, "next-door")
        other_member = await other.enrol(new_member("NEIGHBOUR"))
        other_sale = await other.record(new_sale("THEIR-SALE", other_member))
        await shop.totals()
        await drained(network, client)
        yield World(shop, root, middle, leaf, sale.name, other, other_member, other_sale.name)


Refused = Callable[..., AbstractAsyncContextManager[None]]


@pytest.fixture
def refused(network: LocalNetwork, world: World) -> Refused:
    """Expects a refusal for a reason, and nothing done: no row more or less in any table of any service."""

    @asynccontextmanager
    async def expect(reason: str, kind: Kind | None = None, field: str | None = None) -> AsyncGenerator[None]:
        await world.shop.caught_up()
        before = row_counts(network.home, SERVICES)
        with pytest.raises(Refusal) as caught:
            yield
        refusal = caught.value
        assert refusal.reason == reason, refusal
        assert kind is None or refusal.kind is kind, refusal.kind
        assert field is None or refusal.field == field, refusal.field
        # A sentence for people, with no trace of the code that said it.
        assert len(refusal.message) > 20
        assert "Traceback" not in refusal.message
        assert row_counts(network.home, SERVICES) == before

    return expect
