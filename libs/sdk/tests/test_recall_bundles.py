"""Bundles of a recall: verified with the log's key alone, and anything changed in them shows."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fenxiao.epcis.names import STANDARD_CONTEXT
from fenxiao.errors import Refusal
from fenxiao.proofs.checkpoints import Checkpoint, key_of, sign
from fenxiao.proofs.event_proofs import EventProof
from fenxiao.proofs.fields import Opened, field_hashes, redact, salts
from fenxiao.proofs.log_tree import LogTree
from fenxiao.proofs.recall_bundles import (
    Affected,
    Bundle,
    Included,
    Step,
    identifiers,
    read_bundle,
    verify_bundle,
    write_bundle,
)

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "log.test"
KEY = key_of(ORIGIN, PRIVATE)
LOT = "https://id.gs1.org/01/09521141123454/10/TANK-1"
BOTTLE = "https://id.gs1.org/01/09521141123454/21/7"
CASE = "https://id.gs1.org/00/095211410000000012"


def event(number: int, fields: list[tuple[str, str]], hidden: tuple[int, ...] = ()) -> EventProof:
    key = bytes([number]) * 32
    drawn = salts(key, len(fields))
    shown = [Opened(n, path, text, drawn[n]) for n, (path, text) in enumerate(fields) if n not in hidden]
    uuid = f"00000000-0000-4000-8000-{number:012d}"
    return EventProof(
        f"programmes/olives/traceEvents/{uuid}", f"ni:///{number}", uuid, redact(field_hashes(key, fields), shown)
    )


FILLED = event(
    1,
    [
        ("/type", '"TransformationEvent"'),
        ("/inputQuantityList/0/epcClass", json.dumps(LOT)),
        ("/outputEPCList/0", json.dumps("urn:epc:id:sgtin:9521141.012345.7")),
        ("/price", '"secret"'),
    ],
    hidden=(3,),
)
PACKED = event(2, [("/parentID", json.dumps(CASE)), ("/childEPCs/0", json.dumps(BOTTLE))])


def bundle(**changes: Any) -> Bundle:
    tree = LogTree([b"\x00" * 32, FILLED.entry, b"\x01" * 32, PACKED.entry, b"\x02" * 32])
    steps = (
        Step(LOT, BOTTLE, "transformation", FILLED.trace_event),
        Step(BOTTLE, CASE, "contents", PACKED.trace_event),
    )
    made = Bundle(
        LOT,
        (Affected(BOTTLE, {"holder": "x"}, steps[:1]), Affected(CASE, {}, steps)),
        {one.trace_event: one for one in (FILLED, PACKED)},
        {
            FILLED.trace_event: Included(1, tuple(tree.inclusion(1))),
            PACKED.trace_event: Included(3, tuple(tree.inclusion(3))),
        },
        sign(Checkpoint(ORIGIN, 5, tree.root()), PRIVATE),
    )
    return made._replace(**changes)


def written(made: Bundle) -> bytes:
    return b"".join(write_bundle(made))


def test_a_stranger_verifies_it() -> None:
    read = read_bundle(written(bundle()))
    assert read == bundle()
    report = verify_bundle(read, KEY)
    assert report.right
    assert (report.events, report.in_log, report.items, report.steps) == (2, 2, 2, 3)
    assert report.checkpoint == Checkpoint(ORIGIN, 5, report.checkpoint.root if report.checkpoint else b"")
    assert "secret" not in written(bundle()).decode()


def test_what_stands_in_no_checkpoint_is_said_to_be_unchecked() -> None:
    report = verify_bundle(bundle(places={}, checkpoint=""), KEY)
    assert report.right
    assert report.in_log == 0
    assert any("2 of 2 events" in one for one in report.unchecked)


@pytest.mark.parametrize(
    "changed",
    [
        bundle(affected=(Affected("https://id.gs1.org/01/09521141123454/21/8", {}, bundle().affected[0].steps),)),
        bundle(affected=(Affected(CASE, {}, bundle().affected[1].steps[1:]),)),
        bundle(affected=(Affected(BOTTLE, {}, ()),)),
        bundle(affected=(Affected(BOTTLE, {}, (bundle().affected[0].steps[0]._replace(trace_event="x"),)),)),
        bundle(
            affected=(Affected(BOTTLE, {}, (bundle().affected[0].steps[0]._replace(trace_event=PACKED.trace_event),)),)
        ),
        bundle(recalled=BOTTLE),
        bundle(places={**bundle().places, PACKED.trace_event: bundle().places[FILLED.trace_event]}),
        bundle(checkpoint=""),
        bundle(events={PACKED.trace_event: PACKED}),
    ],
)
def test_what_does_not_follow_shows(changed: Bundle) -> None:
    assert not verify_bundle(changed, KEY).right


def test_another_logs_checkpoint_is_refused() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    with pytest.raises(Refusal, match="has not signed"):
        verify_bundle(bundle(), key_of(ORIGIN, other))


def test_a_changed_field_shows_when_it_is_read() -> None:
    with pytest.raises(Refusal) as refused:
        read_bundle(written(bundle()).replace(b"0000000012", b"0000000029"))
    assert refused.value.reason in ("FIELDS_NOT_PROVED", "INVALID_PROOF")


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"format":"fenxiao-recall-bundle-1"}', b"[" * 100_000])
def test_what_is_no_bundle(data: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        read_bundle(data)
    assert refused.value.reason == "INVALID_BUNDLE"


def test_identifiers_in_every_form() -> None:
    proof = event(
        3,
        [
            (
                "@context",
                json.dumps([STANDARD_CONTEXT, {"x": "urn:x:"}]),
            ),
            ("/epcList/0", json.dumps("urn:epc:id:sgtin:9521141.012345.7")),
            ("/quantityList/0/epcClass", json.dumps("urn:epc:class:lgtin:9521141.012345.TANK-1")),
            ("/childQuantityList/1/epcClass", json.dumps("urn:epc:class:lgtin:9521141.012345.TANK-2")),
            ("/ilmd/cbvmda:lotNumber", json.dumps("TANK-9")),
            ("/readPoint", json.dumps({"id": "urn:epc:id:sgln:9521141.00001.0"})),
        ],
    )
    assert identifiers(proof) == {BOTTLE, LOT, LOT.replace("TANK-1", "TANK-2"), "lot:TANK-9"}


def test_fields_that_are_no_events_are_borne() -> None:
    fields = [("parentID", "["), ("epcList", "3"), ("quantityList", '["x", null]'), ("ilmd", "7"), ("@context", '"x:"')]
    assert BOTTLE not in identifiers(event(4, fields))
