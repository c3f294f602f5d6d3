"""A service in a test: its real handlers, views and policies on a real store, without the network around it."""

import asyncio
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from fenxiao.credentials import ANY_SCOPE, Claims
from libs.eventbus import Received, public_events
from libs.eventbus.inbox import Inbox, Progress
from libs.eventlog import Meta, Recorded, Tx
from libs.servicekit.commands import Commands
from libs.servicekit.lifecycle import open_log
from libs.servicekit.names import programme_of
from libs.servicekit.server import make_call, query
from libs.servicekit.service import Call, Resources, Running, Service
from libs.servicekit.settings import Settings

ALL = 1_000_000


class Harness:
    """Runs one service's handlers as the server would. `async with Harness(SERVICE, tmp_path) as service: …`."""

    def __init__(self, service: Service, folder: Path, *, url: str = "", **extra: str) -> None:
        """`url` names another database than a SQLite file in the folder; `extra` are settings of the service alone."""
        self.settings = Settings(
            service_address="127.0.0.1:1",
            database_url=url or f"sqlite:///{folder}/{service.name}.db",
            nats_url="nats://127.0.0.1:1",
            jwks_file=folder / "jwks.json",
            environment="development",
            others=extra,
        )
        self.service = service
        self.log = open_log(service, self.settings.database_url)
        opened: list[object] = [make(self.settings) for make in service.resources]
        self.running = Running(service, self.settings, self.log, Resources(opened), {})
        opened.append(self.running)
        self._commands = {
            method: Commands(
                self.running, method, entry, GetMessageClass(service.api.methods_by_name[method].output_type)
            )
            for method, entry in service.commands.items()
        }
        self._sources = service.sources
        self._positions: dict[str, int] = {}

    async def __aenter__(self) -> "Harness":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.log.close()
        self.running.resources.close()

    def call(
        self, request: Any, programme: str = "", actor: str = "tester", role: str = "operator",
        parties: tuple[str, ...] = (),
    ) -> Call:  # fmt: skip
        """A call as the server would hand it on."""
        expires = datetime.now(UTC) + timedelta(hours=1)
        claims = Claims(actor, programme or "*", role, frozenset({ANY_SCOPE}), expires, parties)
        named = getattr(request, "parent", "") or getattr(request, "name", "")
        return make_call(self.running, claims, programme_of(named) if named else programme, request)

    async def command(self, method: str, request: Any, **caller: Any) -> Any:
        """Runs a command and returns its answer. `caller`: as for `call`. Raises `Refusal`."""
        return await self._commands[method].run(request, self.call(request, **caller))

    async def commands(self, method: str, requests: Sequence[Any], **keywords: Any) -> list[Any]:
        """Runs commands concurrently; refusals stand in the list as exceptions."""
        return await asyncio.gather(
            *(self.command(method, request, **keywords) for request in requests), return_exceptions=True
        )

    async def query(self, method: str, request: Any, **caller: Any) -> Any:
        """Runs a query."""
        entry = self.service.queries[method]
        call = self.call(request, **caller)
        return await self.log.read(lambda reader: query(reader, entry, request, call))

    async def receive(
        self,
        event: Message,
        *,
        source: str,
        programme: str,
        key: uuid.UUID | None = None,
        occurred_at: datetime | None = None,
    ) -> uuid.UUID:
        """Applies another service's public event to views and policies, as its arrival on the bus would: its id."""
        position = self._positions.get(source, 0) + 1
        self._positions[source] = position
        now = datetime.now(UTC)
        recorded = Recorded(
            event=event,
            id=uuid.uuid4(),
            stream=key or uuid.uuid4(),
            version=1,
            position=position,
            meta=Meta(programme, "tester"),
            occurred_at=occurred_at or now,
            recorded_at=now,
            schema_version=1,
        )
        (outgoing,) = public_events(source, "test", [recorded], {type(event): lambda one: [one.event]})
        received = Received(outgoing.subject, outgoing.headers(), outgoing.payload, self.service.name)

        def work(tx: Tx) -> None:
            for handler in self._sources.get(source, {}).get(type(event), ()):
                handler(tx, received)
            for follow in self.service.follows.get(source, ()):
                follow(tx, [received])
            Inbox(source, self.service.name).advance(tx, Progress(received.place, position))

        await self.log.write(work)
        return received.id

    async def recorded(self) -> list[Recorded[Any]]:
        """Every domain event so far."""
        return await self.log.read(lambda reader: reader.after(0, ALL))

    async def published(self) -> list[Any]:
        """Every public event so far."""
        publishes = self.service.publishes
        return [
            message
            for recorded in await self.recorded()
            if type(recorded.event) in publishes
            for message in publishes[type(recorded.event)](recorded)
        ]
