"""The event hash, against vectors that the reference implementation of CBV 2.0 gives for documents of our own."""

import json
from pathlib import Path
from typing import Any

import pytest

from fenxiao.epcis import Profile, event_key, read_document
from libs.sdk.tests.epcis.samples import FULL, ROOT, full, needs_shared, read, shared_documents
from libs.sdk.tests.epcis.samples import document as whole_document

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
OLIVE_OIL = ROOT / "examples" / "olive_oil_lot" / "lot.jsonld"
OLIVE_OIL_HASHES = """
    de12af884b2d673121b94d370fb4d1482e77b94ac1c9cdff0b88a9811422bee6
    6a0e1ec90826a559f6660cb785c6f0d4b34bcbabe6f3342c063c157d577ff892
    24ac0d0eabc5c9e3db6f012da540362523d8d3a6243168f8a66e1383693ec41d
    967ad6de9fc3422d594e7a8afb9d308688b881279fa1f488e72150750de95dcf
    bc46f9fedc7219f7b447002248d89793f5e5bac30ec4c98cde9bb2c3902baaf8
    5d86b01fbbb16992c41e31dd2b3f95443ad32294b39045a70165a4767925e223
    d25f5b55cf7868c87cc5addbd6026d7959a7d32f4591b1ff731f673993fdcc48
"""


def document(event: dict[str, Any], context: Any = ()) -> bytes:
    return json.dumps(
        {
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", *context],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2025-12-20T18:00:00Z",
            "epcisBody": {"eventList": [event]},
        }
    ).encode()


def hash_of(context: Any = (), **fields: Any) -> str:
    event = {
        "type": "ObjectEvent",
        "eventTime": "2025-11-08T16:40:00+01:00",
        "eventTimeZoneOffset": "+01:00",
        "action": "OBSERVE",
        "epcList": ["urn:epc:id:sgtin:9521141.012345.1"],
        **fields,
    }
    (read,) = read_document(document(event, context)).events
    return read.hash


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["about"])
def test_as_the_reference_implementation(vector: dict[str, Any]):
    (read,) = read_document(document(vector["event"], vector["@context"][1:])).events
    assert read.hash == vector["hash"], vector["preHash"]


def test_a_whole_document():
    events = read_document(OLIVE_OIL.read_bytes()).events
    assert [event.hash for event in events] == [f"ni:///sha-256;{h}?ver=CBV2.0" for h in OLIVE_OIL_HASHES.split()]


NS = {"ex": "https://ex.example.com/ns/"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"epcList": ["https://id.gs1.org/01/09521141123454/21/1"]}, {}),
        ({"epcList": ["https://brand.example/some/gtin/9521141123454/lot/7/ser/1?a=b#c"]}, {}),
        ({"eventTime": "2025-11-08T15:40:00.0004Z"}, {}),
        ({"eventTime": "2025-11-08T15:39:59.9995Z"}, {}),
        ({"eventTime": "2025-11-08T15:40:00.0025Z"}, {"eventTime": "2025-11-08T15:40:00.003Z"}),  # half goes up
        ({"bizStep": "shipping"}, {"bizStep": "cbv:BizStep-shipping"}),
        ({"bizStep": "shipping"}, {"bizStep": "https://ref.gs1.org/cbv/BizStep-shipping"}),
        ({"ilmd": {"cbvmda:lotNumber": "A"}, "action": "ADD"}, {"ilmd": {"x:lotNumber": "A"}, "action": "ADD"}),
        ({"ex:a": True}, {"ex:a": "true"}),
        ({"ex:a": 1.50}, {"ex:a": "1.5"}),
        ({"ex:a": "12345678901234567890.10"}, {"ex:a": "12345678901234567890.1"}),
        ({"ex:a": None}, {}),
        ({"https://ex.example.com/ns/a": "1"}, {"ex:a": "1"}),
        ({"ex:a": ["2", "1"]}, {"ex:a": ["1", "2"]}),
        ({"eventID": "urn:uuid:1"}, {}),
        ({"@context": {"own": "https://ex.example.com/ns/"}, "own:a": "1"}, {"ex:a": "1"}),
        (
            {"bizTransactionList": [{"bizTransaction": "urn:x:1", "type": "po"}]},
            {"bizTransactionList": [{"type": "po", "bizTransaction": "urn:x:1"}]},
        ),
    ],
)
def test_one_event_has_one_hash_however_it_is_written(one: dict[str, Any], other: dict[str, Any]):
    context = [{**NS, "x": "urn:epcglobal:cbv:mda:"}]
    assert hash_of(context, **one) == hash_of(context, **other)


def test_another_event_has_another_hash():
    changes: list[dict[str, Any]] = [
        {},
        {"eventTime": "2025-11-08T15:40:00.0005Z"},
        {"eventTimeZoneOffset": "+00:00"},
        {"action": "DELETE"},
        {"epcList": ["urn:epc:id:sgtin:9521141.012345.2"]},
        {"ex:a": "12345678901234567891"},
        {"ex:a": "12345678901234567890"},
        {"ex:a": ["1", "2", "3"]},
        {"ex:a": [["1", "2"], "3"]},
        {"ex:a": {"ex:b": "1"}},
        {"ex:b": "1"},
        {"readPoint": {"id": "urn:x:1"}},
        {"readPoint": {"id": "urn:x:1", "hash:a": "1"}},  # a namespace that ends with no slash counts as well
        {"bizTransactionList": [{"bizTransaction": "urn:x:1"}]},
    ]
    context = [{**NS, "hash": "https://ex.example.com/ns#"}]
    assert len({hash_of(context, **change) for change in changes}) == len(changes)


def test_a_correction_has_its_originals_hash_and_another_identity():
    event = {
        "type": "ObjectEvent",
        "eventTime": "2025-11-08T16:40:00+01:00",
        "eventTimeZoneOffset": "+01:00",
        "action": "OBSERVE",
        "epcList": ["urn:epc:id:sgtin:9521141.012345.1"],
    }
    declared = [
        {**event, "errorDeclaration": {"declarationTime": time, "reason": reason}}
        for time, reason in [
            ("2025-11-09T08:00:00Z", "incorrect_data"),
            ("2025-11-09T09:00:00+01:00", "cbv:ER-incorrect_data"),
            ("2025-11-09T08:00:00Z", "did_not_occur"),
        ]
    ]
    plain, same, again, other = (read_document(document(each)).events[0] for each in [event, *declared])
    assert len({plain.hash, same.hash, other.hash}) == 1
    assert plain.declaration == ""
    assert same.declaration == again.declaration != other.declaration


@needs_shared
@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("path", shared_documents("event-hash"), ids=lambda path: path.stem)
def test_published_vectors(path: Path, profile: Profile):
    events = read_document(path.read_bytes(), profile=profile).events
    assert [event.hash for event in events] == path.with_suffix(".hashes").read_text().split()


# Two of the published files of pre-hashes are not what their own hashes are of.
SPOILT = {"epcisDocWithAllGS1Keys", "epcisDocWithCustomSchemaInContext"}


@needs_shared
@pytest.mark.parametrize("path", shared_documents("event-hash"), ids=lambda path: path.stem)
def test_published_pre_hashes(path: Path):
    events = read_document(path.read_bytes()).events
    published = path.with_suffix(".prehashes").read_text().strip().split("\n")
    assert ([event.pre_hash for event in events] == published) is (path.stem not in SPOILT)


@pytest.mark.parametrize("kind", FULL)
def test_every_field_of_every_type_counts(kind: str):
    whole = full(kind)
    uncounted = {"type", "eventID", "recordTime", "errorDeclaration"}
    needed = {"eventTime", "eventTimeZoneOffset", "action", "bizTransactionList"}
    if kind == "AssociationEvent":
        needed.add("parentID")
    (all_of_it,) = read(whole_document(whole)).events
    for name in whole.keys() - needed - {"type"}:
        (less,) = read(whole_document({key: value for key, value in whole.items() if key != name})).events
        assert (less.hash == all_of_it.hash) is (name in uncounted), name


def test_the_key_of_an_event_tells_corrections_apart():
    plain = {key: value for key, value in full("ObjectEvent").items() if key != "errorDeclaration"}
    (one,), (other,) = (read(whole_document(each)).events for each in (plain, full("ObjectEvent")))
    assert event_key(one.value, one.names) == one.hash == other.hash  # pyright: ignore[reportArgumentType]
    key = event_key(other.value, other.names)  # pyright: ignore[reportArgumentType]
    assert key == f"{other.hash}&errorDeclaration={other.declaration}"
