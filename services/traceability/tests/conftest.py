"""A traceability service on a store of its own, and documents for it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession

from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from fenxiao.credentials import generate_issuer, issue, load_jwks
from libs.servicekit.access import Access
from libs.servicekit.testing import Harness
from libs.servicekit.web import WebServer
from services.traceability.policies.when_captured_then_notify import when_captured_then_notify
from services.traceability.policies.when_document_received_then_capture import when_document_received_then_capture
from services.traceability.policies.when_due_then_notify import when_due_then_notify
from services.traceability.wiring import SERVICE

PARENT = "programmes/olives"
LOT = "urn:epc:class:lgtin:9521141.012345.OLIO-2025-11"
OLIVE_OIL = (Path(__file__).parents[3] / "examples" / "olive_oil_lot" / "lot.jsonld").read_bytes()


def event(minute: int = 0, **fields: Any) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventTime": f"2025-11-08T16:{minute:02}:00+01:00",
        "eventTimeZoneOffset": "+01:00",
        "action": "OBSERVE",
        "epcList": ["urn:epc:id:sgtin:9521141.012345.1"],
        **fields,
    }


def document(*events: Any, **fields: Any) -> bytes:
    return json.dumps(
        {
            "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2025-12-20T18:00:00Z",
            "epcisBody": {"eventList": list(events)},
            **fields,
        }
    ).encode()


VTYPE = "urn:epcglobal:epcis:vtype:"


def header(*elements: Any, kind: str = "BusinessLocation") -> dict[str, Any]:
    """A header with elements of a vocabulary."""
    listed = [{"type": VTYPE + kind, "vocabularyElementList": list(elements)}]
    return {"epcisMasterData": {"vocabularyList": listed}}


def place(place_id: str, children: list[str] | None = None, **attributes: Any) -> dict[str, Any]:
    """An element with attributes of the CBV."""
    said = [{"id": f"cbvmda:{name}", "attribute": value} for name, value in attributes.items()]
    return {"id": place_id, "attributes": said} | ({} if children is None else {"children": children})


@dataclass
class Traceability:
    """The calls that the tests make often."""

    harness: Harness

    async def capture(self, data: bytes, parent: str = PARENT, request_id: str = "") -> pb.CaptureResponse:
        request = pb.CaptureRequest(parent=parent, document=data, request_id=request_id)
        return await self.harness.command("Capture", request)

    async def path(self, epc: str, parent: str = PARENT, size: int = 0, token: str = "") -> pb.GetPathResponse:
        request = pb.GetPathRequest(parent=parent, epc=epc, page_size=size, page_token=token)
        return await self.harness.query("GetPath", request)

    async def event(self, name: str) -> pb.TraceEvent:
        return await self.harness.query("GetTraceEvent", pb.GetTraceEventRequest(name=name))


@dataclass
class Rest:
    """The REST binding of a service."""

    harness: Harness
    session: ClientSession
    base: str

    async def capture(self, body: bytes, **headers: str) -> ClientResponse:
        return await self.session.post(f"{self.base}/olives/epcis/capture", data=body, headers=headers)

    async def done(self, answer: ClientResponse) -> dict[str, Any]:
        """The capture, once it is finished."""
        assert answer.status == 202, await answer.text()
        place = answer.headers["Location"]
        async with asyncio.timeout(60):
            while True:
                shown = await self.get(place)
                if not shown["running"]:
                    return shown
                await asyncio.sleep(0.02)

    async def url(self, path: str, status: int = 200, **headers: str) -> Any:
        """What stands at a path below the programme's EPCIS resources."""
        async with self.session.get(f"{self.base}/olives/epcis{path}", headers=headers) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json(content_type=None)

    async def get(self, path: str) -> Any:
        async with self.session.get(self.base + path) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()


@pytest.fixture
async def rest(tmp_path: Path) -> AsyncIterator[Rest]:
    issuer = generate_issuer(tmp_path)
    token = issue(
        issuer.private_pem,
        issuer.kid,
        subject="mill",
        programme="olives",
        role="partner",
        scopes=["*"],
        ttl=timedelta(hours=1),
    )
    assert SERVICE.site
    masters = tmp_path / "masters"
    masters.touch(mode=0o600)
    masters.write_text("5a" * 32 + "\n", encoding="ascii")
    settings = {
        "key_database_url": f"sqlite:///{tmp_path}/keys.db",
        "master_key_file": str(masters),
        "webhooks_inside": "allowed",
        "webhooks_tries": "3",
        "webhooks_pause": "0.02",
    }
    async with Harness(SERVICE, tmp_path, **settings) as harness:
        server = WebServer(harness.running, Access(load_jwks(tmp_path / "jwks.json")), SERVICE.site)
        await server.start("127.0.0.1:0")
        work = (when_document_received_then_capture, when_captured_then_notify, when_due_then_notify)
        workers = [asyncio.create_task(policy(harness.running)) for policy in work]
        async with ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
            yield Rest(harness, session, f"http://{server.addresses[0]}")
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        await server.stop()


@pytest.fixture
async def trace(tmp_path: Path) -> AsyncIterator[Traceability]:
    async with Harness(SERVICE, tmp_path) as harness:
        yield Traceability(harness)
