"""Every view of traceability made anew from the store, in events a second, beside reading the same events alone.

The store is the one that `capture` fills, `BENCH_REBUILD_EVENTS` (20,000 unless it is set) large.
"""

import os
import time
from io import BytesIO

from fenxiao.epcis import EventReader, Profile
from libs.eventlog import EventLog, Meta, Reader
from libs.servicekit.lifecycle import open_log
from services.traceability.shared.capturing import LIMITS, Prepared, prepare, store
from services.traceability.wiring import SERVICE
from tests.bench.append import DATABASES
from tests.bench.capture import DOCUMENT, document
from tests.bench.stores import forget
from tests.bench.table import RUNS, Row, row, say

EVENTS = int(os.environ.get("BENCH_REBUILD_EVENTS", "20000"))
PROGRAMME = "olives"
_PAGE = 1000


async def run() -> list[Row]:
    """A row for each database."""
    rows: list[Row] = []
    for database, serve in DATABASES.items():
        figures: list[float] = []
        references: list[float] = []
        with serve() as fresh:
            log = open_log(SERVICE, fresh()[0])
            await fill(log)
            for number in range(1, RUNS + 1):
                forget()
                begun = time.perf_counter()
                events = await log.rebuild()
                figures.append(events / (time.perf_counter() - begun))
                begun = time.perf_counter()
                events = await log.read(read_all)
                references.append(events / (time.perf_counter() - begun))
                say(f"rebuild {database}, run {number}: {figures[-1]:,.0f} events/s, read {references[-1]:,.0f}")
            await log.close()
        rows.append(row(f"rebuild {database}, beside reading alone", "events/s", figures, references))
    return rows


async def fill(log: EventLog) -> None:
    """Captures documents."""
    for first in range(0, EVENTS, DOCUMENT):
        reader = EventReader(BytesIO(document(first)), Profile.STRICT, LIMITS)
        events = [one for one in prepare(reader, PROGRAMME, None) if isinstance(one, Prepared)]
        await log.write(lambda tx, events=events: store(tx, events, Meta(PROGRAMME, "bench")))


def read_all(reader: Reader) -> int:
    """The reference: every event out of the store, and nothing made of it."""
    position = count = 0
    while page := reader.after(position, _PAGE):
        position = page[-1].position
        count += len(page)
    return count
