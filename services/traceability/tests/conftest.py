"""A traceability service on a store of its own, and documents for it."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from libs.servicekit.testing import Harness
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


@pytest.fixture
async def trace(tmp_path: Path) -> AsyncIterator[Traceability]:
    async with Harness(SERVICE, tmp_path) as harness:
        yield Traceability(harness)
