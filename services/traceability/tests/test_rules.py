"""Rules over events: what each kind finds, in any order of arrival."""

import json
import random
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fenxiao.api.traceability.v1 import events_pb2
from fenxiao.api.traceability.v1 import rules_pb2 as pb
from fenxiao.epcis import EventReader, Profile, canonical_identifier
from fenxiao.errors import Refusal
from libs.servicekit.testing import Harness
from services.traceability.domain.facts import facts_of
from services.traceability.domain.rules.documents import read_rule
from services.traceability.domain.rules.finding import findings
from services.traceability.domain.rules.observations import Observation
from services.traceability.domain.rules.watching import observe
from services.traceability.tests.conftest import PARENT, Traceability, document, event
from services.traceability.wiring import SERVICE

ONE, TWO = "urn:epc:id:sgtin:9521141.012345.1", "urn:epc:id:sgtin:9521141.012345.2"
LOT = "urn:epc:class:lgtin:9521141.012345.L1"
ROME, PRATO, SHOP = "geo:41.9,12.5", "geo:43.88,11.1", "urn:epc:id:sgln:9521321.00001.0"
ERROR = {"declarationTime": "2025-11-09T08:00:00Z", "reason": "did_not_occur"}
COLD: dict[str, Any] = {
    "kind": "sensor",
    "measured": "Temperature",
    "max": {"value": 8, "uom": "CEL"},
    "severity": "critical",
}
_folders = count()


def rule(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def at(minute: int) -> str:
    return f"2025-11-08T16:{minute:02}:00+01:00"


def measured(minute: int, value: float | str, uom: str = "CEL", **fields: Any) -> dict[str, Any]:
    report = {"type": "Temperature", "value": value, "uom": uom}
    return event(minute, sensorElementList=[{"sensorReport": [report]}], **fields)


def seen(minute: int, place: str = "", **fields: Any) -> dict[str, Any]:
    return event(minute, **({"readPoint": {"id": place}} if place else {}), **fields)


async def setting(trace: Traceability, rule_id: str = "r", **fields: Any) -> pb.TraceRule:
    request = pb.SetTraceRuleRequest(name=f"{PARENT}/traceRules/{rule_id}", document=rule(**fields))
    return await trace.harness.command("SetTraceRule", request)


async def alerts(trace: Traceability, *events: dict[str, Any], **wanted: Any) -> list[pb.Alert]:
    for one in events:
        await trace.capture(document(one))
    only: dict[str, Any] = {"state": pb.ALERT_STATE_RAISED, **wanted}
    request = pb.ListAlertsRequest(parent=PARENT, **only)
    answer = await trace.harness.query("ListAlerts", request)
    return list(answer.alerts)


async def advance(trace: Traceability, minute: int) -> int:
    stamp = Timestamp()
    stamp.FromJsonString(f"2025-11-08T15:{minute:02}:00Z")
    answer = await trace.harness.command("AdvanceTo", pb.AdvanceToRequest(parent=PARENT, as_of=stamp))
    return answer.raised_count


# --- sensors


async def test_a_limit_that_is_exceeded_alerts_once(trace: Traceability) -> None:
    await setting(trace, **COLD)
    (one,) = await alerts(trace, measured(1, 7), measured(2, 9), measured(3, 9.5), measured(4, 8))
    assert (one.kind, one.severity, one.rule_version) == ("sensor", "critical", 1)
    assert one.alert_time.ToJsonString() == "2025-11-08T15:02:00Z"
    assert list(one.items) == [canonical_identifier(ONE)]
    assert "9 CEL" in one.message_en
    assert "9 CEL" in one.message_zh
    assert len(await alerts(trace, measured(5, 9))) == 2
    told = [one for one in await trace.harness.published() if isinstance(one, events_pb2.Alerted)]
    assert (len(told), told[0].event_hashes) == (2, one.event_hashes)
    shown = await trace.harness.query("GetAlert", pb.GetAlertRequest(name=one.name))
    assert shown == one


async def test_units_are_converted(trace: Traceability) -> None:
    await setting(trace, **COLD)
    assert await alerts(trace, measured(1, 46.4, "FAH"), measured(2, 281.15, "KEL"), measured(3, 5, "P1")) == []
    assert len(await alerts(trace, measured(4, 46.5, "FAH"))) == 1


async def test_extremes_count(trace: Traceability) -> None:
    await setting(trace, "r", **{**COLD, "min": {"value": 2, "uom": "CEL"}})
    report = {"type": "Temperature", "minValue": 1, "maxValue": 7, "uom": "CEL"}
    assert len(await alerts(trace, event(1, sensorElementList=[{"sensorReport": [report]}]))) == 1


async def test_some_time_above_the_limit_is_tolerated(trace: Traceability) -> None:
    await setting(trace, **COLD, tolerated="10 min")
    assert await alerts(trace, measured(0, 9), measured(10, 9)) == []
    (one,) = await alerts(trace, measured(11, 9), measured(12, 9))
    assert one.alert_time.ToJsonString() == "2025-11-08T15:00:00Z"
    # It was cold in between after all.
    assert await alerts(trace, measured(5, 4)) == []
    told = [one for one in await trace.harness.published() if isinstance(one, events_pb2.AlertCleared)]
    assert [each.alert for each in told] == [one.name.rsplit("/", 1)[1]]
    # No, it was not: the same alert again.
    (again,) = await alerts(trace, measured(5, 4, errorDeclaration=ERROR))
    assert again == one


async def test_a_late_event_bears_on_its_own_run_only(trace: Traceability) -> None:
    await setting(trace, **COLD)
    before = await alerts(trace, measured(1, 9), measured(5, 4), measured(9, 9))
    assert len(before) == 2
    assert await alerts(trace, measured(2, 9)) == before
    assert await alerts(trace, measured(10, 9)) == before
    assert not any(isinstance(one, events_pb2.AlertCleared) for one in await trace.harness.published())
    assert await alerts(trace, measured(1, 9, errorDeclaration=ERROR), measured(8, 4)) != before
    assert len(await alerts(trace)) == 2


async def test_a_report_over_some_time(trace: Traceability) -> None:
    await setting(trace, **COLD, tolerated="10 min")
    report = {"type": "Temperature", "value": 9, "uom": "CEL"}
    element = {"sensorMetadata": {"startTime": at(0), "endTime": at(11)}, "sensorReport": [report]}
    assert len(await alerts(trace, event(11, sensorElementList=[element]))) == 1


async def test_to_what_a_rule_applies(trace: Traceability) -> None:
    applies = {"products": ["https://id.gs1.org/01/09521141123454"], "places": [SHOP], "steps": ["storing"]}
    await setting(trace, **COLD, applies=applies)
    here: dict[str, Any] = {"readPoint": {"id": SHOP}, "bizStep": "storing"}
    others = [
        measured(1, 9, readPoint={"id": SHOP}),
        measured(2, 9, bizStep="storing", readPoint={"id": ROME}),
        measured(3, 9, **here, epcList=["urn:epc:id:sgtin:9521141.099999.1"]),
    ]
    assert await alerts(trace, *others) == []
    assert len(await alerts(trace, measured(4, 9, **here))) == 1


async def test_where_no_item_is_named_it_is_the_place(trace: Traceability) -> None:
    await setting(trace, **COLD)
    (one,) = await alerts(trace, measured(1, 9, epcList=[], readPoint={"id": SHOP}))
    assert list(one.items) == [canonical_identifier(SHOP)]


# --- geofences


@pytest.mark.parametrize(
    ("fields", "place", "expected"),
    [
        ({"allowed_places": [SHOP]}, SHOP, 0),
        ({"allowed_places": [SHOP]}, ROME, 1),
        ({"allowed_places": [SHOP]}, "", 0),
        ({"forbidden_places": [SHOP]}, SHOP, 1),
        ({"forbidden_places": [SHOP]}, ROME, 0),
        ({"allowed_areas": [{"centre": [43.9, 11.0], "radius_km": 20}]}, PRATO, 0),
        ({"allowed_areas": [{"centre": [43.9, 11.0], "radius_km": 20}]}, ROME, 1),
        ({"allowed_areas": [{"centre": [43.9, 11.0], "radius_km": 20}]}, SHOP, 0),
        ({"forbidden_areas": [{"corners": [[41, 12], [43, 12], [43, 13], [41, 13]]}]}, ROME, 1),
        ({"forbidden_areas": [{"corners": [[41, 12], [43, 12], [43, 13], [41, 13]]}]}, PRATO, 0),
        ({"allowed_places": [SHOP], "allowed_areas": [{"centre": [43.9, 11.0], "radius_km": 20}]}, PRATO, 0),
    ],
)
async def test_geofences(trace: Traceability, fields: dict[str, Any], place: str, expected: int) -> None:
    await setting(trace, kind="geofence", **fields)
    found = await alerts(trace, seen(1, place, quantityList=[{"epcClass": LOT, "quantity": 1}]))
    assert len(found) == expected
    if found:
        assert list(found[0].items) == [canonical_identifier(ONE), canonical_identifier(LOT)]


async def test_sensors_say_where_it_is(trace: Traceability) -> None:
    await setting(trace, kind="geofence", allowed_areas=[{"centre": [43.9, 11.0], "radius_km": 20}])

    def position(latitude: float, longitude: float) -> list[Any]:
        named = {"latitude": latitude, "longitude": longitude}
        return [
            {
                "sensorReport": [
                    {"type": "Angle", "component": key, "value": one, "uom": "DD"} for key, one in named.items()
                ]
            }
        ]

    assert len(await alerts(trace, event(1, sensorElementList=position(41.9, 12.5)))) == 1
    assert len(await alerts(trace, event(2, sensorElementList=position(43.88, 11.1)))) == 1


# --- stays


async def test_a_stay_ends_with_a_later_event(trace: Traceability) -> None:
    await setting(trace, kind="dwell", at=[SHOP], longest="10 min")
    assert await alerts(trace, seen(0, SHOP), seen(9, ROME), seen(20, SHOP)) == []
    (one,) = await alerts(trace, seen(31, ROME))
    assert one.alert_time.ToJsonString() == "2025-11-08T15:20:00Z"
    assert await alerts(trace, seen(25, ROME)) == []


async def test_a_stay_that_nothing_ends(trace: Traceability) -> None:
    await setting(trace, kind="dwell", in_steps=["storing"], longest="10 min")
    await trace.capture(document(seen(0, bizStep="storing", epcList=[ONE, TWO])))
    assert await advance(trace, 10) == 0
    assert await advance(trace, 11) == 2
    assert await advance(trace, 12) == 0
    assert len(await alerts(trace)) == 2
    (other,) = await alerts(trace, seen(5, bizStep="picking"))
    assert list(other.items) == [canonical_identifier(TWO)]
    with pytest.raises(Refusal, match="TIME_GOES_BACK"):
        await advance(trace, 11)
    assert len(await alerts(trace, seen(1, bizStep="storing", epcList=["urn:epc:id:sgtin:9521141.012345.3"]))) == 2


# --- journeys


async def test_impossible_travel(trace: Traceability) -> None:
    await setting(trace, kind="travel", fastest_kmh=120, coordinates={SHOP: [43.8, 11.2]})
    assert await alerts(trace, seen(0, ROME), seen(0, ROME, action="ADD"), seen(59, "geo:41.91,12.51")) == []
    there, back = await alerts(trace, seen(30, PRATO))  # 250 km in half an hour, and back
    assert "km" in there.message_en
    assert sorted(one.alert_time.ToJsonString()[14:16] for one in (there, back)) == ["00", "30"]
    assert len(await alerts(trace, seen(31, SHOP))) == 3


async def test_two_places_at_a_time(trace: Traceability) -> None:
    await setting(trace, kind="travel", within="5 min")
    assert await alerts(trace, seen(0, SHOP), seen(4, SHOP), seen(10, ROME)) == []
    assert len(await alerts(trace, seen(6, ROME))) == 1
    assert await alerts(trace, seen(6, ROME, errorDeclaration=ERROR)) == []


async def test_lots_may_be_everywhere(trace: Traceability) -> None:
    await setting(trace, kind="travel", within="5 min")
    lot = {"epcList": [], "quantityList": [{"epcClass": LOT, "quantity": 1}]}
    assert await alerts(trace, seen(0, SHOP, **lot), seen(1, ROME, **lot)) == []


# --- lives


async def test_commissioned_twice(trace: Traceability) -> None:
    await setting(trace, kind="serials")
    made = seen(1, SHOP, action="ADD", bizStep="commissioning")
    (one,) = await alerts(trace, made, seen(3, ROME), seen(5, ROME, action="ADD", bizStep="commissioning"))
    assert "second time" in one.message_en
    assert await alerts(trace, {**made, "errorDeclaration": ERROR}) == []


async def test_seen_after_its_end(trace: Traceability) -> None:
    await setting(trace, kind="serials")
    sold = seen(1, SHOP, bizStep="retail_selling")
    assert await alerts(trace, sold, seen(2, SHOP, disposition="returned"), seen(3, SHOP)) == []
    (one,) = await alerts(trace, seen(4, SHOP, bizStep="retail_selling"), seen(6, ROME), seen(7, ROME))
    assert "sold" in one.message_en
    gone = {"action": "DELETE", "bizStep": "destroying"}
    assert len(await alerts(trace, seen(8, SHOP, **gone), seen(9, SHOP, **gone))) == 1
    assert len(await alerts(trace, seen(10, SHOP))) == 2


# --- setting, listing


async def test_versions_and_removal(trace: Traceability) -> None:
    first = await setting(trace, **COLD)
    assert (await setting(trace, **COLD)) == first
    before = await alerts(trace, measured(1, 9))
    second = await setting(trace, "r", **{**COLD, "max": {"value": 20, "uom": "CEL"}})
    assert (first.version, second.version) == (1, 2)
    assert await alerts(trace, measured(2, 15)) == before
    await trace.harness.command("RemoveTraceRule", pb.RemoveTraceRuleRequest(name=first.name))
    assert await alerts(trace, measured(3, 25)) == before
    with pytest.raises(Refusal, match="UNKNOWN_RULE"):
        await trace.harness.command("RemoveTraceRule", pb.RemoveTraceRuleRequest(name=first.name))
    # What a removed rule has found can turn out to be wrong.
    assert await alerts(trace, measured(1, 9, errorDeclaration=ERROR)) == []
    assert (await setting(trace, **COLD)).version == 3


async def test_what_was_captured_before_is_not_watched(trace: Traceability) -> None:
    await trace.capture(document(measured(1, 9)))
    await setting(trace, **COLD)
    assert await alerts(trace, measured(1, 9)) == []


async def test_pages_and_filters(trace: Traceability) -> None:
    for number in range(3):
        await setting(trace, f"r{number}", **COLD)
    found = await alerts(trace, measured(1, 9), measured(1, 9, epcList=[TWO]))
    assert len(found) == 6
    assert len(await alerts(trace, item=ONE)) == 3
    assert len(await alerts(trace, item=ONE, rule=f"{PARENT}/traceRules/r1")) == 1
    assert len(await alerts(trace, severity="info")) == 0
    assert len(await alerts(trace, state=pb.ALERT_STATE_CLEARED)) == 0
    names: list[str] = []
    token = ""
    while True:
        answer = await trace.harness.query(
            "ListAlerts", pb.ListAlertsRequest(parent=PARENT, page_size=4, page_token=token)
        )
        names += [one.name for one in answer.alerts]
        token = answer.next_page_token
        if not token:
            break
    assert names == [one.name for one in found]
    rules: list[str] = []
    while True:
        page = await trace.harness.query(
            "ListTraceRules", pb.ListTraceRulesRequest(parent=PARENT, page_size=2, page_token=token)
        )
        rules += [one.name.rsplit("/", 1)[1] for one in page.trace_rules]
        token = page.next_page_token
        if not token:
            break
    assert rules == ["r0", "r1", "r2"]
    other = pb.ListAlertsRequest(parent="programmes/other")
    assert not (await trace.harness.query("ListAlerts", other)).alerts


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"kind": "unknown"},
        {"kind": "sensor", "measured": "Temperature"},
        {**COLD, "max": {"value": "NaN", "uom": "CEL"}},
        {**COLD, "max": {"value": 8, "uom": "degrees"}},
        {**COLD, "min": {"value": 9, "uom": "CEL"}},
        {**COLD, "min": {"value": 1, "uom": "KGM"}},
        {**COLD, "tolerated": "soon"},
        {**COLD, "tolerated": "-5 min"},
        {**COLD, "severity": "awful"},
        {**COLD, "more": 1},
        {**COLD, "applies": {"products": ["lot 7"]}},
        {"kind": "geofence"},
        {"kind": "geofence", "allowed_areas": [{"centre": [91, 0], "radius_km": 1}]},
        {"kind": "geofence", "allowed_areas": [{"corners": [[1, 1], [2, 2]]}]},
        {"kind": "dwell", "longest": "1 h"},
        {"kind": "dwell", "longest": "1 h", "at": [SHOP], "in_steps": ["storing"]},
        {"kind": "travel"},
        {"kind": "travel", "fastest_kmh": 0},
        {"kind": "travel", "fastest_kmh": "Infinity"},
        {"kind": "travel", "fastest_kmh": 1, "coordinates": {"shop": [0, 0]}},
    ],
)
async def test_bad_rules(trace: Traceability, fields: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as caught:
        await setting(trace, **fields)
    assert (caught.value.reason, caught.value.field) == ("INVALID_RULE", "document")
    assert await trace.harness.recorded() == []


@pytest.mark.parametrize(
    "text", [b"", b"\xff", b"- a", b"{", b"kind: {a: b", b"x" * 70_000, b"kind: sensor\nkind: dwell"]
)
def test_documents_that_are_none(text: bytes) -> None:
    with pytest.raises(Refusal, match="INVALID_RULE"):
        read_rule(text)


async def test_bad_requests(trace: Traceability) -> None:
    for name, reason in ((f"{PARENT}/traceRules/UPPER", "INVALID_RULE_ID"), (f"{PARENT}/rules/x", "INVALID_NAME")):
        with pytest.raises(Refusal, match=reason):
            await trace.harness.command("SetTraceRule", pb.SetTraceRuleRequest(name=name, document=rule(**COLD)))
    for wanted in ({"severity": "awful"}, {"item": "lot 7"}, {"page_token": "MWE"}, {"rule": "x"}):
        with pytest.raises(Refusal):
            await alerts(trace, **wanted)
    for name in ("nothing", "0" * 32):
        with pytest.raises(Refusal, match="UNKNOWN_ALERT"):
            await trace.harness.query("GetAlert", pb.GetAlertRequest(name=f"{PARENT}/alerts/{name}"))
    with pytest.raises(Refusal, match="INVALID_TIME"):
        await trace.harness.command("AdvanceTo", pb.AdvanceToRequest(parent=PARENT))


# --- any order

RULES: dict[str, dict[str, Any]] = {
    "cold": COLD,
    "tolerant": {**COLD, "tolerated": "3 min"},
    "dwell": {"kind": "dwell", "at": [SHOP], "longest": "3 min"},
    "fast": {"kind": "travel", "fastest_kmh": 1000, "within": "1 min"},
    "lives": {"kind": "serials"},
    "fence": {"kind": "geofence", "forbidden_places": [ROME]},
}


@st.composite
def sightings(draw: st.DrawFn) -> dict[str, Any]:
    made = event(
        draw(st.integers(0, 12)),
        epcList=draw(st.lists(st.sampled_from([ONE, TWO]), min_size=1, unique=True)),
        readPoint={"id": draw(st.sampled_from([SHOP, ROME, PRATO]))},
        action=draw(st.sampled_from(["OBSERVE", "OBSERVE", "ADD", "DELETE"])),
        bizStep=draw(st.sampled_from(["storing", "retail_selling", "inspecting"])),
    )
    if draw(st.booleans()):
        report = {"type": "Temperature", "value": draw(st.sampled_from([5, 9])), "uom": "CEL"}
        made["sensorElementList"] = [{"sensorReport": [report]}]
    return {**made, "errorDeclaration": ERROR} if draw(st.integers(0, 5)) == 0 else made


def reference(events: list[dict[str, Any]], as_of: int) -> set[tuple[str, str, int, str]]:
    """All that each rule finds in all observations of each subject."""
    read = list(EventReader(BytesIO(document(*events)), Profile.STRICT).read())
    wrong = {one.hash for one in read if "errorDeclaration" in one.fields}
    found: set[tuple[str, str, int, str]] = set()
    for rule_id, fields in RULES.items():
        made = read_rule(rule(**fields))
        noted: dict[str, set[Observation]] = {}
        for one in read:
            if one.hash not in wrong:
                for subject, each in observe(made, one.hash, facts_of(one.fields, one.names)):
                    noted.setdefault(subject, set()).add(each)
        for subject, each in noted.items():
            for finding in findings(made, sorted(each, key=lambda o: o.key), as_of):
                found.add((rule_id, subject, finding.first.start, finding.en))
    return found


def subject_of(alert: Any) -> str:
    return alert.event_hashes[0] if alert.kind == "geofence" else alert.items[0]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(sightings(), min_size=1, max_size=10), st.randoms(use_true_random=False), st.integers(0, 10))
async def test_any_order_of_arrival_gives_the_same(
    tmp_path: Path, events: list[dict[str, Any]], order: random.Random, pause: int
) -> None:
    shuffled = [*events, *events[:2]]
    order.shuffle(shuffled)
    folder = tmp_path / str(next(_folders))
    folder.mkdir()
    async with Harness(SERVICE, folder) as harness:
        trace = Traceability(harness)
        for rule_id, fields in RULES.items():
            await setting(trace, rule_id, **fields)
        for number, one in enumerate(shuffled):
            await trace.capture(document(one))
            if number == pause:
                await advance(trace, 9)
        await advance(trace, 14)
        published = await harness.published()
    held: dict[str, Any] = {}
    for one in published:
        if isinstance(one, events_pb2.Alerted):
            assert one.alert not in held
            held[one.alert] = one
        elif isinstance(one, events_pb2.AlertCleared):
            del held[one.alert]
    stamp = Timestamp()
    stamp.FromJsonString("2025-11-08T15:14:00Z")
    expected = reference(events, stamp.ToMicroseconds())
    got = {
        (
            one.rule,
            one.event_hashes[0] if one.kind == "geofence" else one.items[0],
            one.alert_time.ToMicroseconds(),
            one.message_en,
        )
        for one in held.values()
    }
    assert got == expected
