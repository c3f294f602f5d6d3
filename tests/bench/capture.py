"""Capturing EPCIS events: checked, hashed, committed to, stored, indexed and linked, on an empty store.

In documents of 500, from a few callers at once; then all in one document, with the most memory that the service has
had, beside that for a small document.

References of the same run, where they are installed: `jsonschema-rs`, which only validates the same documents, against
the standard's JSON schema that `SCHEMA` names; and `epcis-event-hash-generator`, which only hashes.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from libs.servicekit.lifecycle import collect_rarely
from libs.servicekit.testing import Harness
from services.traceability.wiring import SERVICE
from tests.bench.append import DATABASES
from tests.bench.table import RUNS, Row, row, say

EVENTS = int(os.environ.get("EVENTS", "10000"))
DOCUMENT = 500
CALLERS = 4
"""Documents on their way at once: while one is written, another is read."""
UPLOAD = int(os.environ.get("BENCH_UPLOAD_EVENTS", "100000"))
HASHED = 200
PARENT = "programmes/olives"


async def run() -> list[Row]:
    """Ours on both databases, and the references, in turns."""
    documents = [document(first) for first in range(0, EVENTS, DOCUMENT)]
    rows: list[Row] = []
    collect_rarely()
    for database, serve in DATABASES.items():
        figures: list[float] = []
        hashed: list[float] = []
        validated: list[float] = []
        with serve() as fresh:
            for number in range(1, RUNS + 1):
                figures.append(await capture(fresh()[0], documents))
                hashed += [hash_plainly(documents[0])] if find_spec("epcis_event_hash_generator") else []
                validated += [validate(documents)] if find_spec("jsonschema_rs") and os.environ.get("SCHEMA") else []
                say(f"capture {database}, run {number}: {figures[-1]:,.0f} events/s")
            small, large = await upload(fresh()[0], DOCUMENT), await upload(fresh()[0], UPLOAD)
        rows.append(row(f"capture {database}, beside the reference hasher", "events/s", figures, hashed))
        rows += [row(f"capture {database}, beside validation alone", "events/s", figures, validated)] * bool(validated)
        name = f"capture {database}, {UPLOAD:,} events in one document"
        rows.append(row(name, "events/s", [UPLOAD / large["seconds"]]))
        rows.append(row(f"{name}, memory beside 500", "MiB", [large["own"]], [small["own"]]))
        rows.append(row(f"{name}, memory of the process that reads", "MiB", [large["beside"]]))
    return rows


async def capture(url: str, documents: list[bytes]) -> float:
    """Events a second."""
    with tempfile.TemporaryDirectory() as folder:
        async with Harness(SERVICE, Path(folder), url=url) as harness:
            rest = iter(documents)

            async def call() -> None:
                for one in rest:
                    await harness.command("Capture", pb.CaptureRequest(parent=PARENT, document=one))

            # The process that reads is there.
            await harness.command("Capture", pb.CaptureRequest(parent=PARENT, document=document(10 * EVENTS)))
            since = time.perf_counter()
            await asyncio.gather(*(call() for _ in range(CALLERS)))
            return EVENTS / (time.perf_counter() - since)


async def upload(url: str, events: int) -> dict[str, float]:
    """Seconds, and the most memory (`upload.py`)."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.upload", url, str(events), stdout=asyncio.subprocess.PIPE
    )
    answer, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the upload has failed with {process.returncode}")
    return json.loads(answer.splitlines()[-1])  # before it the service has logged what it does


def validate(documents: list[bytes]) -> float:
    """Events a second that are parsed and validated, and nothing else."""
    schema = json.loads(Path(os.environ["SCHEMA"]).read_bytes())
    validator: Any = import_module("jsonschema_rs").validator_for(schema, validate_formats=True)
    since = time.perf_counter()
    for one in documents:
        assert validator.is_valid(json.loads(one))
    return EVENTS / (time.perf_counter() - since)


def hash_plainly(one: bytes) -> float:
    """Events a second that the reference implementation hashes."""
    reference: Any = import_module("epcis_event_hash_generator.hash_generator")
    reader: Any = import_module("epcis_event_hash_generator.json_to_py")
    content = json.loads(one)
    content["epcisBody"]["eventList"] = content["epcisBody"]["eventList"][:HASHED]
    since = time.perf_counter()
    hashes: Any = reference.epcis_hashes_from_events(reader.event_list_from_epcis_document_json(content))
    assert len(hashes[0]) == HASHED
    return HASHED / (time.perf_counter() - since)


def document(first: int) -> bytes:
    """A document of events of all the usual kinds."""
    return json.dumps(
        {
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2025-12-20T18:00:00Z",
            "epcisBody": {"eventList": [event(first + i) for i in range(DOCUMENT)]},
        }
    ).encode()


def event(i: int) -> dict[str, Any]:
    """Two observations, a packing, a transformation and a measurement, over and over."""
    where = {
        "eventTime": f"2025-11-{1 + i % 28:02}T16:{i % 60:02}:{i // 60 % 60:02}.{i % 1000:03}+01:00",
        "eventTimeZoneOffset": "+01:00",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "readPoint": {"id": f"urn:epc:id:sgln:9521141.{i % 99:05}.0"},
        "bizLocation": {"id": f"urn:epc:id:sgln:9521141.{i % 77:05}.0"},
    }
    match i % 5:
        case 0 | 1:
            order = {"type": "po", "bizTransaction": f"urn:epcglobal:cbv:bt:9521321000001:PO-{i}"}
            return {
                "type": "ObjectEvent",
                "action": "OBSERVE",
                "epcList": [serial(i), serial(i + 1)],
                "bizTransactionList": [order],
                **where,
            }
        case 2:
            return {
                "type": "AggregationEvent",
                "action": "ADD",
                "parentID": f"urn:epc:id:sscc:9521141.{i:010}",
                "childEPCs": [serial(i), serial(i - 1), serial(i - 2)],
                **where,
            }
        case 3:
            return {
                "type": "TransformationEvent",
                "inputQuantityList": [{"epcClass": lot(i), "quantity": 10, "uom": "KGM"}],
                "outputQuantityList": [{"epcClass": lot(i + 5), "quantity": 8, "uom": "KGM"}],
                **where,
            }
        case _:
            report = {"type": "Temperature", "value": 2 + i % 7, "uom": "CEL"}
            return {
                "type": "ObjectEvent",
                "action": "OBSERVE",
                "epcList": [serial(i)],
                "sensorElementList": [{"sensorReport": [report]}],
                **where,
            }


def serial(i: int) -> str:
    """An object."""
    return f"urn:epc:id:sgtin:9521141.012345.{i}"


def lot(i: int) -> str:
    """A lot."""
    return f"urn:epc:class:lgtin:9521141.012345.L{i}"
