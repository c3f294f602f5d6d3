"""Every version of every event that was ever stored can still be read. Lines are added to the file, never changed."""

import json
from pathlib import Path
from typing import Any

import pytest

from fenxiao.api.traceability.v1 import rules_pb2
from libs.eventlog import Reader
from services.traceability.domain import events
from services.traceability.domain.events import (
    CaptureFinished,
    CaptureReceived,
    TimeAdvanced,
    TraceEventWatched,
    TraceRuleRemoved,
    TraceRuleSet,
)
from services.traceability.tests.conftest import OLIVE_OIL, PARENT, Traceability, document, event, header, place
from services.traceability.wiring import PUBLISHES, SERVICE

OF_QUERIES = {
    events.QueryDefined,
    events.QueryDeleted,
    events.SubscriptionCreated,
    events.SubscriptionDeleted,
    events.ResultsDelivered,
    events.DeliveryGivenUp,
    events.DeliveryRetried,
}

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden_events.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("topic", GOLDEN)
def test_stored_events_are_read(topic: str) -> None:
    event, version = SERVICE.events.decode(topic, json.dumps(GOLDEN[topic]).encode())
    assert topic == f"{type(event).__name__}.v{version}"
    if version == SERVICE.events.version(type(event)):
        assert json.loads(SERVICE.events.encode(event)) == GOLDEN[topic]


def test_every_version_stands_in_the_file() -> None:
    assert {topic for cls in SERVICE.events.all() for topic in SERVICE.events.topics(cls)} == set(GOLDEN)


def test_every_event_that_concerns_others_is_published() -> None:
    kept = {*OF_QUERIES, *events.naming.EVENTS, CaptureReceived, CaptureFinished}
    kept |= {TraceRuleSet, TraceRuleRemoved, TraceEventWatched, TimeAdvanced, events.MasterDataDefined}
    kept |= {events.VisibilitySet}
    assert set(PUBLISHES) == set(SERVICE.events.all()) - kept


async def test_rebuilt_views_are_the_same(trace: Traceability) -> None:
    def rows(reader: Reader) -> list[tuple[Any, ...]]:
        tables = [table for view in SERVICE.views for table in view.tables]
        return sorted((table, *row) for table in tables for row in reader.all(f"SELECT * FROM {table}"))

    rule = b"kind: sensor\nmeasured: Temperature\nmax: {value: 8, uom: CEL}"
    request = rules_pb2.SetTraceRuleRequest(name=f"{PARENT}/traceRules/cold", document=rule)
    await trace.harness.command("SetTraceRule", request)
    warm = [{"sensorReport": [{"type": "Temperature", "value": 9, "uom": "CEL"}]}]
    await trace.capture(document(event(sensorElementList=warm)))
    await trace.capture(OLIVE_OIL)
    await trace.capture(document(epcisHeader=header(place("urn:x:1", name="Mill", children=["urn:x:2"]))))
    await trace.capture(document(epcisHeader=header(place("urn:x:1", name="Mulino", size=7))))
    before = await trace.harness.log.read(rows)
    await trace.harness.log.rebuild()
    assert before
    assert await trace.harness.log.read(rows) == before
