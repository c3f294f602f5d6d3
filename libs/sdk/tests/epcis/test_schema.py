"""The strict profile beside the standard's schema itself, on documents made wrong in every way one could think of."""

import copy
import json
import random
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.epcis import WIDE, EpcisError, Profile, read_document
from libs.sdk.tests.epcis.reference_schema import accepts
from libs.sdk.tests.epcis.samples import (
    CONTEXT,
    FULL,
    LOT,
    REPORT,
    SHARED,
    answer,
    document,
    event,
    full,
    needs_shared,
    shared_documents,
)

VALUES: list[Any] = [
    None, True, 0, 2.5, "", "x", "urn:x:1", "ex:y", "not a uri", "http://[::1]/", "http://a/[x]", "a:", "http://a/%zz",
    "2025-01-01T00:00:00Z", "2025-01-01T00:00:00", "2025-02-30T00:00:00Z", "2025-01-01t00:00:00+23:59",
    "2016-12-31T23:59:60Z", "2016-12-31T12:59:60Z", "+01:00", "+14:00", "+14:01", "-13:59", "Z", [], {}, ["urn:x:1"],
    ["urn:x:1", "urn:x:1"], [1, 1.0], [{}], {"id": "urn:x:1", "any": 1}, {"id": 1}, {"ex:a": 1}, {"a": 1}, "ADD",
    "OBSERVE", "DELETE", "add", "shipping", "urn:epcglobal:cbv:bizstep:shipping", "https://ref.gs1.org/cbv/BizStep-x",
    "https://ns.gs1.org/cbv/BizStep-shipping", "gs1:Temperature", "https://gs1.org/voc/Temperature", "in_transit",
    *FULL, "EPCISDocument", "EPCISQueryDocument", "ex:OwnEvent", "BirthdayEvent", [{"epcClass": LOT}],
    [{"epcClass": LOT, "quantity": "1"}], [{"epcClass": LOT, "uom": "kg"}], [{"epcClass": LOT, "ex:a": 1}],
    [{"bizTransaction": "urn:x:1", "type": "foo"}], [{"type": "location", "source": "urn:x:1"}], {"set": ["active"]},
    {"set": []}, {"unset": ["active", "active"]}, {"reason": "did_not_occur"}, [{"sensorReport": []}],
    {"declarationTime": "2025-01-01T00:00:00Z", "reason": "foo"}, [{"sensorReport": [{"type": "Mass", "value": "1"}]}],
    [{"sensorReport": [{"value": 1}]}], {"vocabularyList": [{"type": "urn:x:1"}]}, {"vocabularyList": [{}]}, "2.x",
    [{"type": "urn:x:1", "vocabularyElementList": [{"id": "urn:x", "attributes": [{"id": "urn:x", "attribute": []}]}]}],
]  # fmt: skip
NAMES = sorted({
    "foo", "ex:foo", "@context", "id", "schemaVersion", "creationDate", "sender", "epcisHeader", "epcisBody",
    "epcisMasterData", "queryResults", "resultsBody", "eventList", "vocabularyList", "queryName", "subscriptionID",
    "set", "unset", "sensorMetadata", "sensorReport", "source", "destination", "quantity", *REPORT,
    *(name for fields in FULL.values() for name in fields),
})  # fmt: skip


def containers(value: Any) -> list[Any]:
    if not isinstance(value, dict | list):
        return []
    whole = cast("Any", value)
    inner: Any = whole if isinstance(value, list) else whole.values()
    return [whole, *(found for item in inner for found in containers(item))]


def spoil(whole: Any, chance: random.Random) -> None:
    """Change one thing."""
    part = chance.choice(containers(whole))
    names: list[Any] = list(part)
    roll = chance.random()
    if hasattr(part, "keys"):
        if names and roll < 0.3:
            part.pop(chance.choice(names))
        elif names and roll < 0.65:
            part[chance.choice(names)] = copy.deepcopy(chance.choice(VALUES))
        elif names and roll < 0.75:
            name = chance.choice(names)
            part[chance.choice([name + "s", name.upper(), *NAMES])] = part.pop(name)
        else:
            part[chance.choice(NAMES)] = copy.deepcopy(chance.choice(VALUES))
    elif names and roll < 0.5:
        part[chance.randrange(len(part))] = copy.deepcopy(chance.choice(VALUES))
    elif names and roll < 0.7:
        part.append(copy.deepcopy(part[0]))
    elif names and roll < 0.85:
        part.pop()
    else:
        part.append(copy.deepcopy(chance.choice(VALUES)))


STARTS = [
    *(document(event(kind), full(kind)) for kind in FULL),
    answer(event("AggregationEvent"), full("TransformationEvent")),
    *({"@context": CONTEXT, **full(kind)} for kind in FULL),
    document(event("ex:OwnEvent", anything=[1])),
]


@pytest.fixture(scope="session")
def schema() -> Any:
    return json.loads((SHARED / "schema" / "epcis-json-schema.json").read_bytes())


def verdict(data: bytes, profile: Profile = Profile.STRICT) -> bool | None:
    """Whether it is valid; None where it is not for the schema to say."""
    try:
        read_document(data, WIDE, profile)
    except EpcisError as error:
        beyond = {"UNKNOWN_CONTEXT"}
        return None if {issue.rule for issue in error.issues} <= beyond else False
    return True


@needs_shared
@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(range(len(STARTS))), st.integers(1, 3))
def test_strict_accepts_what_the_schema_accepts(chance: random.Random, start: int, times: int):
    schema = json.loads((SHARED / "schema" / "epcis-json-schema.json").read_bytes())
    for _ in range(5):
        whole = copy.deepcopy(STARTS[start])
        for _ in range(times):
            spoil(whole, chance)
        mine = verdict(json.dumps(whole).encode())
        assert mine in (None, accepts(schema, whole)), json.dumps(whole)


@needs_shared
@pytest.mark.parametrize("path", shared_documents("gs1-examples"), ids=lambda path: path.stem)
def test_the_standards_examples_spoilt(path: Any, schema: Any):
    chance = random.Random(path.stem)
    whole = json.loads(path.read_bytes())
    assert accepts(schema, whole)
    for _ in range(40):
        bad = copy.deepcopy(whole)
        spoil(bad, chance)
        assert verdict(json.dumps(bad).encode()) in (None, accepts(schema, bad)), json.dumps(bad)


@given(st.randoms(use_true_random=False), st.sampled_from(range(len(STARTS))))
@settings(max_examples=100, deadline=None)
def test_lenient_takes_what_strict_takes_under_the_same_hash(chance: random.Random, start: int):
    whole = copy.deepcopy(STARTS[start])
    spoil(whole, chance)
    data = json.dumps(whole).encode()
    if verdict(data):
        strict, lenient = (read_document(data, WIDE, profile).events for profile in Profile)
        assert [one.hash for one in strict] == [one.hash for one in lenient]
    else:
        assert verdict(data, Profile.LENIENT) in (True, False, None)  # and nothing else is raised
