"""Signed checkpoints: a published vector, and nothing else than what the log has signed."""

import base64
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.proofs.checkpoints import Checkpoint, LogKey, key_of, open_note, sign, verify_checkpoint

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
ORIGIN = "fenxiao.example/log"
KEY = key_of(ORIGIN, PRIVATE)
CHECKPOINT = Checkpoint(ORIGIN, 7, b"\x07" * 32)
NOTE = sign(CHECKPOINT, PRIVATE)


def test_a_published_note() -> None:
    """The example in the documentation of golang.org/x/mod/sumdb/note."""
    text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    key = LogKey.parse(text)
    assert key.text == text
    said = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    assert open_note(f"{said}\n— PeterNeumann {signature}\n", key) == said


def test_what_is_signed_is_read_again() -> None:
    assert verify_checkpoint(NOTE, KEY) == CHECKPOINT
    assert LogKey.parse(KEY.text) == KEY


def test_cosignatures_stand_beside_it() -> None:
    witness = sign(Checkpoint("witness.example", 7, b"\x07" * 32), OTHER).rpartition("\n\n")[2]
    assert verify_checkpoint(NOTE + witness, KEY) == CHECKPOINT
    text, _, own = NOTE.rpartition("\n\n")
    assert verify_checkpoint(f"{text}\n\n{witness}{own}", KEY) == CHECKPOINT


@given(st.integers(0, len(NOTE) - 1), st.characters())
def test_any_other_character_spoils_it(place: int, character: str) -> None:
    if character == NOTE[place]:
        return
    changed = NOTE[:place] + character + NOTE[place + 1 :]
    with suppress(Refusal):
        assert verify_checkpoint(changed, KEY) == CHECKPOINT, "the same may be said with other signatures beside it"


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n\n",
        CHECKPOINT.text,
        NOTE.replace("7\n", "07\n", 1),
        NOTE.replace("7\n", "-7\n", 1),
        sign(CHECKPOINT, OTHER),
        sign(Checkpoint("other.example/log", 7, b"\x07" * 32), PRIVATE),
        NOTE.replace(base64.b64encode(b"\x07" * 32).decode(), base64.b64encode(b"\x08" * 32).decode()),
        "x" * 70_000,
    ],
)
def test_others_are_refused(note: str) -> None:
    with pytest.raises(Refusal, match="checkpoint is not valid"):
        verify_checkpoint(note, KEY)


@pytest.mark.parametrize("text", ["", "a+b", "name+00000000+" + base64.b64encode(b"\x01" + bytes(32)).decode()])
def test_no_key_of_a_log(text: str) -> None:
    with pytest.raises(Refusal, match="no key of a log"):
        LogKey.parse(text)
