"""`fund` and `wallets` from beside a running network: real services and chain, called as a user calls them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from fenxiao.cli import app
from fenxiao.proofs.hashes import programme_key
from fenxiao.verify import Chain
from libs.localnet import ports, wallets
from libs.localnet.home import Home
from libs.localnet.network import LocalNetwork

Run = Callable[..., Awaitable[tuple[int, Any]]]

MEMBERS = "member_id,sponsor_id,joined_at\nanna,,2026-01-05T09:00:00Z\nben,anna,2026-01-06T09:00:00Z\n"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "FIRST", 19101)
    for name in ("FENXIAO_HOME", "FENXIAO_PROGRAMME", "FENXIAO_TOKEN", "FENXIAO_LANG"):
        monkeypatch.setenv(name, "")


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[LocalNetwork]:
    async with LocalNetwork(Home.at(tmp_path / "home"), services=("membership", "settlement")) as network:
        yield network


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Call the command line; give its exit code and what it printed, of errors their reason."""
    home = Home.at(tmp_path / "home").root

    async def call(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = await asyncio.to_thread(app.run, [*arguments, "--json", "--home", str(home)])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else json.loads(err)["error"]["reason"]

    return call


async def open_shop(run: Run, tmp_path: Path, programme: str) -> None:
    (tmp_path / "members.csv").write_text(MEMBERS)
    assert (await run("programme", "create", programme, "--currency", "EUR", "--start", "2026-01-01"))[0] == 0
    assert (await run("members", "import", str(tmp_path / "members.csv"), "--programme", programme))[0] == 0


@pytest.mark.network
async def test_each_member_gets_a_wallet_once_and_proven_ones_stay(
    network: LocalNetwork, run: Run, tmp_path: Path
) -> None:
    assert await run("wallets") == (5, "NO_PROGRAMME")
    await open_shop(run, tmp_path, "shop")
    own, key = wallets.wallet(7)
    _, challenge = await run("members", "challenge", "anna", own)
    signature = "0x" + wallets.sign_message(key, challenge["message"]).hex()
    assert (await run("members", "bind", "anna", own, signature))[0] == 0

    assert await run("wallets") == (0, {"programme": "shop", "bound": 1, "kept": 1})
    assert await run("wallets") == (0, {"programme": "shop", "bound": 0, "kept": 2})
    _, anna = await run("members", "show", "anna")
    _, ben = await run("members", "show", "ben")
    assert (anna["wallet"], ben["wallet_proven"]) == (own, True)
    assert ben["wallet"] == wallets.wallet(1, wallets.programme_account("shop"))[0]

    await open_shop(run, tmp_path, "wine")
    assert await run("wallets", "--programme", "wine") == (0, {"programme": "wine", "bound": 2, "kept": 0})
    _, other = await run("members", "show", "ben", "--programme", "wine")
    assert other["wallet"] != ben["wallet"]


@pytest.mark.network
async def test_money_goes_into_the_vault_for_the_programme(network: LocalNetwork, run: Run, tmp_path: Path) -> None:
    await open_shop(run, tmp_path, "shop")
    assert await run("fund", "12.50") == (5, "ASSET_NOT_REGISTERED")
    assert (await run("asset", "register"))[0] == 0
    code, found = await run("fund", "12.50")
    assert (code, found["amount"], found["units"]) == (0, 1250, "1250")

    endpoints = network.endpoints
    vault, token = endpoints.deployment.vault.address, endpoints.deployment.token.address
    head = int(Chain(endpoints.rpc_url, vault, token).call("eth_blockNumber"), 16)
    assert Chain(endpoints.rpc_url, vault, token).funded(programme_key("shop"), head) == 1250
    for amount in ("0", "1.005", "1,000", "lots"):
        assert await run("fund", amount) == (1, "INVALID_AMOUNT")

    await open_shop(run, tmp_path, "wine")
    other = ["--vault", token, "--token", vault, "--decimals", "2"]
    assert (await run("asset", "register", "--programme", "wine", *other))[0] == 0
    assert await run("fund", "1", "--programme", "wine") == (1, "OTHER_ASSET")

    await network.stop_process("chain")
    assert await run("fund", "1", "--programme", "shop") == (3, "CHAIN_NOT_REACHABLE")


async def test_without_a_running_network_there_is_nothing_to_pay_into(run: Run) -> None:
    assert await run("fund", "1") == (3, "NOT_RUNNING")
    assert await run("wallets") == (3, "NOT_RUNNING")
