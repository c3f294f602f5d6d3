"""The shop, open and with its plan."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.servicekit.testing import Harness
from services.commission.tests.shop import Shop
from services.commission.wiring import SERVICE


@pytest.fixture
async def bare(tmp_path: Path) -> AsyncIterator[Shop]:
    """Members, but no plan."""
    async with Harness(SERVICE, tmp_path) as service:
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
