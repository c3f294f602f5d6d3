"""A server, a connection, a store that publishes and a database that consumes, for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nats.aio.client import Client

from libs.eventbus.tests.support import NatsServer, open_source, open_target
from libs.eventlog import EventLog


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    server = NatsServer(tmp_path / "nats")
    await server.start()
    yield server
    await server.kill()


@pytest.fixture
async def nc(server: NatsServer) -> AsyncIterator[Client]:
    connection = await server.connect()
    yield connection
    await connection.close()


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[EventLog]:
    log = open_source(tmp_path)
    yield log
    await log.close()


@pytest.fixture
async def target(tmp_path: Path) -> AsyncIterator[EventLog]:
    log = open_target(f"sqlite:///{tmp_path}/commission.db")
    yield log
    await log.close()
