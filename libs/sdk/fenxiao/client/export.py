"""Exports a programme from running services: everything public of it, as files that `fenxiao.verify` reads.

What is exported is of one moment: it is read again if a service wrote meanwhile. `fenxiao.verify.export` describes the
files.
"""

import asyncio
import hashlib
import json
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message

from fenxiao.api.events.v1 import events_pb2
from fenxiao.api.membership.v1 import membership_pb2
from fenxiao.api.settlement.v1 import events_pb2 as settlement_events
from fenxiao.api.settlement.v1 import points_pb2, settlement_pb2
from fenxiao.api.traceability.v1 import events_pb2 as traceability_events
from fenxiao.client.client import Client, pages
from fenxiao.errors import Kind, Refusal
from fenxiao.verify.export import FORMAT  # loads the events' types too, without which they cannot be written as JSON

# Settlement last: asked with what the others have said, it answers when it has seen all of that.
_SERVICES: Final = ("membership", "commission", "chain_bridge", "traceability", "settlement")
_ONLY: Final = {
    # What money was released on. The rest says nothing of money, and there is as much of it as there are goods.
    "traceability": {
        traceability_events.Delivered.DESCRIPTOR.full_name,
        traceability_events.DeliveryWithdrawn.DESCRIPTOR.full_name,
    }
}
_ATTEMPTS: Final = 5
_PAUSE: Final = 0.5

Report = Callable[[str, int], None]
"""Told a file and how many lines of it are written."""


async def export(client: Client, programme: str, folder: Path, report: Report | None = None) -> None:
    """Write an export into a folder, in place of what it held."""
    new = folder.with_name(folder.name + ".new")
    for _ in range(_ATTEMPTS):
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        before = await _positions(client, programme)
        files = {name: await _write(new / name, rows, report) for name, rows in _contents(client, programme).items()}
        if await _positions(client, programme) != before:
            await asyncio.sleep(_PAUSE)
            continue
        created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        manifest = {"format": FORMAT, "programme": programme, "created": created, "files": files}
        (new / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        new.replace(folder)
        return
    message = "The services are writing all the time, so that no moment could be exported; try again when it is quiet."
    raise Refusal("NETWORK_BUSY", message, kind=Kind.UNAVAILABLE)


def _contents(client: Client, programme: str) -> dict[str, AsyncIterator[Message]]:
    currencies = set[str]()
    events = {f"{service}.jsonl": _events(client, service, programme, currencies) for service in _SERVICES}
    statements = _statements(client, programme, currencies)
    return {**events, "statements.jsonl": statements, "points.jsonl": _points(client, programme)}


async def _write(path: Path, rows: AsyncIterator[Message], report: Report | None) -> dict[str, Any]:
    digest, count = hashlib.sha256(), 0
    with path.open("wb") as file:
        async for row in rows:
            text = MessageToJson(row, indent=None, preserving_proto_field_name=True, ensure_ascii=False)
            line = text.encode() + b"\n"
            digest.update(line)
            file.write(line)
            count += 1
            if report and count % 500 == 0:
                report(path.name, count)
    if report:
        report(path.name, count)
    return {"rows": count, "sha256": digest.hexdigest()}


async def _positions(client: Client, programme: str) -> list[str]:
    """Where the services' stores stand: every answer says so."""
    request = events_pb2.ListEventsRequest(parent=f"programmes/{programme}", page_size=1)
    for service in _SERVICES:
        await client.events(service).ListEvents(request)
    return [client.consistency.position(service) for service in _SERVICES]


async def _events(client: Client, service: str, programme: str, currencies: set[str]) -> AsyncIterator[Message]:
    """Notes the currencies that are paid in."""
    asset, only = settlement_events.AssetRegistered(), _ONLY.get(service)
    request = events_pb2.ListEventsRequest(parent=f"programmes/{programme}", page_size=500)
    async for page in pages(client.events(service).ListEvents, request):
        for event in page.events:
            if event.data.Unpack(asset):
                currencies.add(asset.currency)
            if only is None or event.data.TypeName() in only:
                yield event


async def _statements(client: Client, programme: str, currencies: set[str]) -> AsyncIterator[Message]:
    """In the programme's currency, and in others that are paid in."""
    parent = f"programmes/{programme}"
    found = await client.membership.GetProgramme(membership_pb2.GetProgrammeRequest(name=parent))
    for currency in sorted({found.currency} | currencies):
        request = settlement_pb2.ListStatementsRequest(parent=parent, currency=currency, page_size=1000)
        async for page in pages(client.settlement.ListStatements, request):
            for statement in page.statements:
                yield statement


async def _points(client: Client, programme: str) -> AsyncIterator[Message]:
    request = points_pb2.ListPointsRequest(parent=f"programmes/{programme}", page_size=1000)
    async for page in pages(client.settlement.ListPoints, request):
        for points in page.points:
            yield points
