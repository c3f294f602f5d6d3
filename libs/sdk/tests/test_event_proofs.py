"""Proofs of single events as files."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.proofs.event_proofs import FORMAT, EventProof, read_proof, write_proof
from fenxiao.proofs.fields import Opened, field_hashes, redact, salts

FIELDS = [("/type", '"ObjectEvent"'), ("/action", '"ADD"'), ("/mill:press", '"价格"'), ("@context", "null")]
HASHES = field_hashes(b"key", FIELDS)
PROOF = EventProof(
    "programmes/olives/traceEvents/3b9aca00-0000-4000-8000-000000000001",
    "ni:///sha-256;00?ver=CBV2.0",
    "3b9aca00-0000-4000-8000-000000000002",
    redact(HASHES, [Opened(number, *FIELDS[number], salts(b"key", 4)[number]) for number in (0, 2)]),
)
FILE: dict[str, Any] = json.loads(write_proof(PROOF))


def test_what_is_written_is_read_and_verified() -> None:
    assert read_proof(write_proof(PROOF)) == PROOF


CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"format": "another"}, "INVALID_PROOF"),
    ({"hashes": FILE["hashes"][:-1]}, "FIELDS_NOT_PROVED"),
    ({"hashes": [*FILE["hashes"], "0x00"]}, "FIELDS_NOT_PROVED"),
    ({"fields": [{**FILE["fields"][0], "text": '"TransactionEvent"'}, FILE["fields"][1]]}, "FIELDS_NOT_PROVED"),
    ({"fields": FILE["fields"][:1]}, "FIELDS_NOT_PROVED"),
    ({"fields": FILE["fields"][::-1]}, "FIELDS_NOT_PROVED"),
    ({"fields": [{}]}, "INVALID_PROOF"),
    ({"commitment": {**FILE["commitment"], "size": 5}}, "FIELDS_NOT_PROVED"),
    ({"commitment": {**FILE["commitment"], "size": 2**80}}, "FIELDS_NOT_PROVED"),
    ({"commitment": {**FILE["commitment"], "size": True}}, "INVALID_PROOF"),
    ({"commitment": {**FILE["commitment"], "root": "zz"}}, "INVALID_PROOF"),
    ({"eventHash": 7}, "INVALID_PROOF"),
]


@pytest.mark.parametrize(("change", "reason"), CHANGES)
def test_what_was_changed_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        read_proof(json.dumps({**FILE, **change}).encode())


values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FILE, "size", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


files = st.dictionaries(st.sampled_from([*FILE]), values).map(lambda found: {**found, "format": FORMAT})


@given(files | values, st.binary(max_size=20))
def test_nothing_that_is_sent_crashes_it(document: Any, noise: bytes) -> None:
    for data in (json.dumps(document).encode(), noise):
        with pytest.raises(Refusal, match=r"INVALID_PROOF|FIELDS_NOT_PROVED"):
            read_proof(data)
