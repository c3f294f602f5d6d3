"""A chain with our contracts for each test that asks for one, and a bridge on it."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import eth_keyfile
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from libs.localnet import chain
from libs.localnet.contracts import Contracts
from services.chain_bridge.tests.world import KEY, Node, World

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def contracts() -> Contracts:
    found = Contracts(ROOT / "contracts")
    if not found.installed() or not found.built():
        pytest.skip("the contracts are not built")
    return found


@pytest.fixture(scope="session")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    encrypt = eth_keyfile.create_keyfile_json  # pyright: ignore[reportPrivateImportUsage]
    (folder / "password").write_text("a password")
    (folder / "keystore.json").write_text(json.dumps(encrypt(KEY, b"a password", kdf="scrypt", iterations=2)))
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    (folder / "log.pem").write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder


@pytest.fixture
def node(contracts: Contracts, tmp_path: Path) -> Iterator[Node]:
    with Node(contracts, tmp_path) as node:
        yield node


@pytest_asyncio.fixture
async def world(node: Node, keystore: Path, tmp_path: Path) -> AsyncIterator[World]:
    node.deploy()
    world = World(node, keystore, tmp_path)
    yield world
    await world.stop()


@pytest.fixture
def long_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute in which a guardian can veto, on the chain's clock."""
    monkeypatch.setattr(chain, "ACTIVATION_DELAY", 60)
