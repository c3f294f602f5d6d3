"""One network for all tests that leave it whole, with the demo's business done on it once."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from fenxiao.client import Client
from libs.localnet import ports
from libs.localnet.demo import Demo
from libs.localnet.home import Home
from libs.localnet.network import LocalNetwork
from tests.support.gift import whole_demo


@pytest.fixture(scope="session", autouse=True)
def own_ports() -> Iterator[None]:
    """Leave the fixed ports to a network that may be running on this machine, and others to other test runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ports, "FIRST", 20_000 + os.getpid() % 1_000 * 10)
        # The credential is the home's own, whatever the shell says.
        for name in [name for name in os.environ if name.startswith("FENXIAO_")]:
            patch.delenv(name)
        yield


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def network(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalNetwork]:
    """The whole network, up for as long as the tests run."""
    async with LocalNetwork(Home.at(tmp_path_factory.mktemp("network") / "home")) as network:
        yield network


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def demo(network: LocalNetwork) -> Demo:
    """The demo's business, done once."""
    return await whole_demo(network)


@pytest_asyncio.fixture(loop_scope="session")
async def client(network: LocalNetwork) -> AsyncIterator[Client]:
    """An operator's client, as the command line would make it."""
    async with Client.from_home(network.home.root) as client:
        yield client


@pytest.fixture
def home(network: LocalNetwork) -> Home:
    """Where the network lives."""
    return network.home
