"""EPCIS in XML beside the same events in JSON: read, checked and hashed; captured on an empty store."""

import time
from io import BytesIO

from fenxiao.epcis import EventReader, Form, convert
from services.traceability.shared.capturing import LIMITS
from tests.bench.append import DATABASES
from tests.bench.capture import DOCUMENT, EVENTS, capture, document
from tests.bench.table import RUNS, Row, row, say


async def run() -> list[Row]:
    """Both forms in turns."""
    in_json = [document(first) for first in range(0, EVENTS, DOCUMENT)]
    in_xml = ["".join(convert(BytesIO(one), Form.XML)).encode() for one in in_json]
    assert read(in_xml[0])[1] == read(in_json[0])[1]
    figures: list[float] = []
    references: list[float] = []
    for _ in range(RUNS):
        figures.append(EVENTS / sum(read(one)[0] for one in in_xml))
        references.append(EVENTS / sum(read(one)[0] for one in in_json))
    rows = [row("xml read and hashed, beside JSON", "events/s", figures, references)]
    for database, serve in DATABASES.items():
        figures, references = [], []
        with serve() as fresh:
            for number in range(1, RUNS + 1):
                figures.append(await capture(fresh()[0], in_xml))
                references.append(await capture(fresh()[0], in_json))
                say(f"xml {database}, run {number}: {figures[-1]:,.0f} events/s")
        rows.append(row(f"xml captured {database}, beside JSON", "events/s", figures, references))
    return rows


def read(body: bytes) -> tuple[float, list[str]]:
    """Seconds that it takes, and the event IDs."""
    since = time.perf_counter()
    hashes = [event.hash for event in EventReader(BytesIO(body), limits=LIMITS).read()]
    return time.perf_counter() - since, hashes
