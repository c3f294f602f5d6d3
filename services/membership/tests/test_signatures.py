"""Signatures of wallets: those of common wallets are read, those that were tampered with are refused."""

import pytest
from coincurve import PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.proofs.hashes import keccak256
from services.membership.adapters.signatures import signer_of

# The first account of the well-known test mnemonic.
KEY = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def sign(text: str, key: bytes = KEY) -> bytes:
    """As a wallet does."""
    data = text.encode()
    digest = keccak256(b"\x19Ethereum Signed Message:\n" + str(len(data)).encode() + data)
    signature = PrivateKey(key).sign_recoverable(digest, hasher=None)  # pyright: ignore[reportUnknownMemberType]
    return signature[:64] + bytes([27 + signature[64]])


def test_a_wallet_of_another_library() -> None:
    from eth_account import Account
    from eth_account.messages import encode_defunct

    signed = Account.sign_message(encode_defunct(text="Grüße an 会员\n"), KEY)  # pyright: ignore[reportUnknownMemberType]
    assert signer_of("Grüße an 会员\n", bytes(signed.signature)) == ADDRESS


@given(st.text(max_size=200))
def test_the_signer_is_found(text: str) -> None:
    signature = sign(text)
    assert signer_of(text, signature) == ADDRESS
    assert signer_of(text, signature[:64] + bytes([signature[64] - 27])) == ADDRESS


def test_another_text_has_another_signer() -> None:
    assert signer_of("a", sign("b")) != ADDRESS


def test_the_mirrored_signature_is_refused() -> None:
    signature = sign("a")
    mirrored = (ORDER - int.from_bytes(signature[32:64])).to_bytes(32)
    with pytest.raises(Refusal, match="upper half"):
        signer_of("a", signature[:32] + mirrored + bytes([55 - signature[64]]))


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        bytes(65),
        sign("a")[:64],
        sign("a") + b"\0",
        sign("a")[:64] + b"\x1d",
        sign("a")[:64] + b"\x02",
        b"\xff" * 32 + sign("a")[32:],
        sign("a")[:32] + bytes(32) + b"\x1b",
    ],
)
def test_what_is_no_signature_is_refused(signature: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        signer_of("a", signature)
    assert caught.value.reason == "INVALID_SIGNATURE"
