"""The network with its real NATS and chain; only the services are stand-ins."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from fenxiao.proofs.hashes import keccak256, programme_key
from libs.localnet import chain, health, ports
from libs.localnet.home import Home, HomeError
from libs.localnet.network import CHAIN, NATS, LocalNetwork, State
from libs.localnet.process import ProcessFailed

SERVICES = ("membership", "chain_bridge")
FAKE = Path(__file__).with_name("fake_service.py")


def fake(home: Home, service: str) -> Sequence[str]:
    return (sys.executable, str(FAKE), str(told_file(home, service)))


def told_file(home: Home, service: str) -> Path:
    return home.root / f"{service}.told.json"


def make(home: Home) -> LocalNetwork:
    return LocalNetwork(home, services=SERVICES, command=lambda service: fake(home, service))


@pytest.fixture(autouse=True)
def own_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the fixed ports to a network that may be running on this machine."""
    monkeypatch.setattr(ports, "FIRST", 19101)


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[LocalNetwork]:
    async with make(Home.at(tmp_path / "home")) as network:
        yield network


def funded(network: LocalNetwork, programme: str) -> int:
    """Ask the vault."""
    deployment = network.endpoints.deployment
    data = keccak256(b"funded(bytes32,address)")[:4] + programme_key(programme)
    data += bytes.fromhex(deployment.token.address[2:]).rjust(32, b"\0")
    call = {"to": deployment.vault.address, "data": "0x" + data.hex()}
    return int(chain.Rpc(network.endpoints.rpc_url).call("eth_call", call, "latest"), 16)


def pids(network: LocalNetwork) -> dict[str, int]:
    content = network.home.read_network()
    assert content is not None
    return content["pids"]


async def test_all_of_it_is_up_and_says_where(network: LocalNetwork) -> None:
    endpoints, home = network.endpoints, network.home
    written = home.read_network()
    assert written is not None
    assert written["services"] == endpoints.services
    assert written["vault"] == endpoints.deployment.vault.address
    assert set(written["pids"]) == {NATS, CHAIN, *SERVICES}
    for address in endpoints.services.values():
        assert await health.service_ready(address)
    told = json.loads(told_file(home, "chain_bridge").read_text())
    assert told["FENXIAO_VAULT_ADDRESS"] == endpoints.deployment.vault.address
    assert told["FENXIAO_RPC_URL"] == endpoints.rpc_url
    assert told["FENXIAO_DATABASE_URL"] == f"sqlite:///{home.data}/chain_bridge.db"
    assert "FENXIAO_MASTER_KEY_FILE" not in told
    assert "FENXIAO_MASTER_KEY_FILE" in json.loads(told_file(home, "membership").read_text())


@pytest.mark.parametrize("name", ["membership", NATS])
async def test_what_is_killed_comes_back_at_the_same_place(network: LocalNetwork, name: str) -> None:
    before = pids(network)
    network.kill(name)
    await asyncio.wait_for(network.wait_ready(name), 30)
    await asyncio.sleep(0)  # the supervisor writes it down in the same turn
    after = pids(network)
    assert after.pop(name) != before.pop(name)
    assert after == before
    assert await health.service_ready(network.endpoints.services["membership"])


async def test_the_chain_stopped_and_started_has_kept_what_was_paid_in(network: LocalNetwork) -> None:
    await network.fund("gift", 12_345)
    await network.stop_process(CHAIN)
    assert not await health.chain_ready(network.endpoints.rpc_url)
    await network.start_process(CHAIN)
    assert funded(network, "gift") == 12_345
    await network.fund("gift", 55)
    assert funded(network, "gift") == 12_400


async def test_the_next_start_finds_the_same_network_again(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    async with make(home) as network:
        first = network.endpoints
        await network.fund("gift", 1)
    assert pids(network) == {}
    async with make(home) as network:
        assert network.endpoints == first
        assert funded(network, "gift") == 1


async def test_a_fresh_start_has_an_empty_chain_and_the_old_keys(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    async with make(home) as network:
        proposer = network.endpoints.deployment.proposer
        await network.fund("gift", 1)
    again = make(home)
    await again.start(fresh=True)
    assert funded(again, "gift") == 0
    assert again.endpoints.deployment.proposer == proposer
    await again.stop()


async def test_a_chain_that_lost_its_state_is_not_passed_over(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    async with make(home):
        pass
    (home.chain / "state.json").unlink()
    with pytest.raises(chain.ChainError, match="its state was lost"):
        await make(home).start()
    assert not home.in_use()


async def test_a_second_network_in_the_same_home_is_refused_and_harms_nothing(network: LocalNetwork) -> None:
    with pytest.raises(HomeError, match="already running"):
        await make(network.home).start()
    for address in network.endpoints.services.values():
        assert await health.service_ready(address)


async def test_two_homes_do_not_meet(network: LocalNetwork, tmp_path: Path) -> None:
    async with make(Home.at(tmp_path / "other")) as other:
        addresses = [*network.endpoints.services.values(), *other.endpoints.services.values()]
        assert len(set(addresses)) == len(addresses)


async def test_a_part_that_cannot_start_stops_the_rest(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    news: list[tuple[str, State]] = []
    broken = (sys.executable, "-c", "raise SystemExit('no database')")
    network = LocalNetwork(home, services=SERVICES, command=lambda _: broken)
    with pytest.raises(ProcessFailed, match=r"(?s)exit code 1.*no database"):
        await network.start(lambda name, state, detail="", seconds=0.0: news.append((name, state)))
    assert ("membership", "failed") in news
    assert not home.in_use()
    port = int((home.network / "nats.conf").read_text().split("127.0.0.1:")[1].split('"')[0])
    assert ports.is_free(port)
