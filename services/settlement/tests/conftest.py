"""A settlement service for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from libs.servicekit.testing import Harness
from services.settlement.tests.world import World
from services.settlement.wiring import SERVICE


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with Harness(SERVICE, tmp_path) as service:
        yield World(service)
