"""One document of many events, uploaded to a service in a process of its own.

`python -m tests.bench.upload URL EVENTS` prints how long it took from the last byte on, and the most memory that the
service has had, and the process in which it reads; `capture` runs it.
"""

import asyncio
import json
import resource
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fenxiao.credentials import ANY_SCOPE, Claims
from fenxiao.epcis import Profile
from libs.servicekit.lifecycle import collect_rarely
from libs.servicekit.service import Call
from libs.servicekit.testing import Harness
from services.traceability.domain.events import Behaviour
from services.traceability.features.receive_document import keep
from services.traceability.policies.when_document_received_then_capture import capture_body
from services.traceability.views.captures import capture_of
from services.traceability.wiring import SERVICE
from tests.bench.capture import event

PROGRAMME = "olives"


async def document(events: int) -> AsyncIterator[bytes]:
    """A document of so many events, a few at a time."""
    yield (
        b'{"@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"], "type": "EPCISDocument",'
        b' "schemaVersion": "2.0", "creationDate": "2025-12-20T18:00:00Z", "epcisBody": {"eventList": ['
    )
    for number in range(events):
        yield (b", " if number else b"") + json.dumps(event(number)).encode()
    yield b"]}}"


async def upload(url: str, events: int) -> dict[str, float]:
    """Capture it, all of it or nothing."""
    collect_rarely()
    claims = Claims("bench", PROGRAMME, "operator", frozenset({ANY_SCOPE}), datetime.now(UTC) + timedelta(hours=1))
    with tempfile.TemporaryDirectory() as folder:
        async with Harness(SERVICE, Path(folder), url=url) as harness:
            running = harness.running
            call = Call(PROGRAMME, claims, uuid.uuid4().hex, "bench", datetime.now(UTC), running.resources)
            capture = await keep(running, document(events), call, Behaviour.ROLLBACK, Profile.STRICT)
            begun = time.perf_counter()
            await capture_body(running, capture, PROGRAMME)
            seconds = time.perf_counter() - begun
            found = await harness.log.read(lambda reader: capture_of(reader, PROGRAMME, capture))
            if found is None or found.result is None or found.result.captured != events:
                raise RuntimeError(f"captured: {found}")
    own, beside = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {"seconds": seconds, "own": own, "beside": beside}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(upload(sys.argv[1], int(sys.argv[2])))))
