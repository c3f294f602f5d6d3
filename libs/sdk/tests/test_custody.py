"""What two members sign for goods to go over: as any wallet computes it."""

from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.proofs.custody import HandedOver, Transfer, went_over
from fenxiao.proofs.hashes import keccak256
from fenxiao.proofs.signatures import signer_of_digest

TEXT = st.text(max_size=30)
TRANSFERS = st.builds(
    Transfer,
    programme=TEXT,
    offer=TEXT,
    offerer=TEXT,
    receiver=TEXT,
    items=st.lists(st.builds(HandedOver, TEXT, TEXT, TEXT), max_size=3).map(tuple),
    place=TEXT,
    biz_transactions=st.lists(TEXT, max_size=3).map(tuple),
    expires=st.integers(0, 2**63),
)
ONE, OTHER = (Account.from_key(bytes([number]) * 32) for number in (1, 2))  # pyright: ignore[reportUnknownMemberType]


def digest(typed: dict[str, Any]) -> bytes:
    """As another library computes it."""
    message = {**typed["message"]}
    if "expires" in message:
        message["expires"] = int(message["expires"])
    signable = encode_typed_data(full_message={**typed, "message": message})  # pyright: ignore[reportUnknownMemberType]
    return keccak256(b"\x19\x01" + signable.header + signable.body)


def signed(account: Any, what: bytes) -> bytes:
    return bytes(account.unsafe_sign_hash(what).signature)


@settings(max_examples=50)
@given(TRANSFERS)
def test_digests_are_those_of_another_library(transfer: Transfer) -> None:
    assert transfer.digest() == digest(transfer.typed_data())
    assert transfer.rejection_digest() == digest(transfer.rejection_typed_data())
    assert transfer.withdrawal_digest() == digest(transfer.withdrawal_typed_data())


@settings(max_examples=50)
@given(TRANSFERS, TRANSFERS)
def test_another_transfer_has_another_digest(one: Transfer, other: Transfer) -> None:
    digests = [kind(each) for each in {one, other} for kind in (
        Transfer.digest, Transfer.rejection_digest, Transfer.withdrawal_digest)]  # fmt: skip
    assert len(set(digests)) == len(digests)


def test_both_have_to_sign() -> None:
    transfer = Transfer("olives", "1", "a", "b", (HandedOver("urn:x:1"),), "", (), 1)
    first, second = signed(ONE, transfer.digest()), signed(OTHER, transfer.digest())
    assert signer_of_digest(transfer.digest(), first) == ONE.address
    assert went_over(transfer, ONE.address, first, OTHER.address, second)
    assert not went_over(transfer, ONE.address, first, OTHER.address, first)
    assert not went_over(transfer, ONE.address, second, OTHER.address, second)
    assert not went_over(transfer, ONE.address, first, OTHER.address, signed(OTHER, transfer.rejection_digest()))
    for changed in (
        transfer._replace(programme="other"),
        transfer._replace(offer="2"),
        transfer._replace(receiver="c"),
        transfer._replace(items=(HandedOver("urn:x:1", "1"),)),
        transfer._replace(expires=2),
    ):
        assert not went_over(changed, ONE.address, first, OTHER.address, second)
    with pytest.raises(Refusal, match="INVALID_SIGNATURE"):
        went_over(transfer, ONE.address, b"", OTHER.address, second)
