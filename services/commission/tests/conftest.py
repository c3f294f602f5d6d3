"""The shop, open and with its plan."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.servicekit.testing import Harness
from services.commission.tests.shop import Shop
from services.commission.wiring import SERVICE


def open_harness(folder: Path) -> Harness:
    """The service with a key store of its own."""
    master = folder / "master.key"
    if not master.exists():
        master.write_text(secrets.token_hex(32))
        master.chmod(0o600)
    keys = f"sqlite:///{folder}/commission.keys.db"
    return Harness(SERVICE, folder, master_key_file=str(master), key_database_url=keys)


@pytest.fixture
async def bare(tmp_path: Path) -> AsyncIterator[Shop]:
    """Members, but no plan."""
    async with open_harness(tmp_path) as service:
        shop = Shop(service)
        await shop.open()
        await shop.enrol("ann")
        await shop.enrol("bob", "ann")
        await shop.enrol("cai", "bob")
        yield shop


@pytest.fixture
async def shop(bare: Shop) -> Shop:
    """Members and a plan."""
    await bare.publish()
    return bare
