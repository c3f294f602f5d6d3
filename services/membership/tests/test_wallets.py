"""Wallets through the service: only their owner binds them, and only as often as he signs."""

import pytest
from coincurve import PrivateKey

from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import events_pb2
from fenxiao.api.membership.v1 import membership_pb2 as pb
from fenxiao.errors import Refusal
from fenxiao.proofs.hashes import checksum_address, keccak256
from services.membership.tests.conftest import PARENT, Membership
from services.membership.tests.test_signatures import sign

KEYS = [bytes([number]) * 32 for number in (1, 2, 3)]


def account_of(key: bytes) -> str:
    return checksum_address(keccak256(PrivateKey(key).public_key.format(compressed=False)[1:])[-20:])


A, B, C = map(account_of, KEYS)
KEY_OF = dict(zip((A, B, C), KEYS, strict=True))


async def signed(shop: Membership, name: str, account: str) -> bytes:
    return sign(await shop.challenge(name, account), KEY_OF[account])


async def test_a_proposed_wallet_is_proved(shop: Membership) -> None:
    member = await shop.enrol("1", wallet=A)
    assert not member.wallet.proven
    bound = await shop.bind(member.name, A.lower(), await signed(shop, member.name, A))
    assert (bound.wallet.account, bound.wallet.proven) == (A, True)
    assert (await shop.member(member.name)).wallet == bound.wallet
    (event,) = [e for e in await shop.harness.published() if isinstance(e, events_pb2.WalletBound)]
    assert (event.account, event.payee) == (A, member.payee)
    recorded = (await shop.harness.recorded())[-1]
    assert recorded.meta.signature, "the proof is kept"


async def test_again_is_the_same_and_replaced_is_new(shop: Membership) -> None:
    name = (await shop.enrol("1")).name
    first = await signed(shop, name, A)
    for _ in range(2):
        await shop.bind(name, A, first)
    assert (await shop.topics()).count("WalletBound") == 1
    await shop.bind(name, B, await signed(shop, name, B))
    with pytest.raises(Refusal, match="WRONG_SIGNER"):
        await shop.bind(name, A, first)
    assert (await shop.member(name)).wallet.account == B
    await shop.bind(name, A, await signed(shop, name, A))
    assert (await shop.member(name)).wallet.account == A
    assert (await shop.topics()).count("WalletBound") == 3


async def test_a_signature_for_something_else_binds_nothing(shop: Membership) -> None:
    one, two = [(await shop.enrol(reference)).name for reference in "12"]
    good = await signed(shop, one, A)
    text = await shop.challenge(one, A)
    for name, account, signature, reason in [
        (two, A, good, "WRONG_SIGNER"),
        (one, B, good, "WRONG_SIGNER"),
        (one, A, sign(text, KEY_OF[B]), "WRONG_SIGNER"),
        (one, A, sign(text.replace("shop", "other"), KEY_OF[A]), "WRONG_SIGNER"),
        (one, A, good[:-1], "INVALID_SIGNATURE"),
        (one, A, b"", "INVALID_SIGNATURE"),
        (one, A[:-1], good, "INVALID_ADDRESS"),
        (one, A.swapcase().replace("0X", "0x"), good, "INVALID_ADDRESS"),
        (f"{PARENT}/members/7", A, good, "MEMBER_NOT_FOUND"),
    ]:
        with pytest.raises(Refusal) as caught:
            await shop.bind(name, account, signature)
        assert caught.value.reason == reason
    assert "WalletBound" not in await shop.topics()


async def test_a_batch_binds_each_for_itself(shop: Membership) -> None:
    one, two = [(await shop.enrol(reference)).name for reference in "12"]
    item = pb.BatchBindWalletsRequest.Item
    first, second = await signed(shop, one, A), await signed(shop, two, B)
    request = pb.BatchBindWalletsRequest(
        parent=PARENT,
        wallets=[
            item(name=one, account=A, signature=first),
            item(name=two, account=B, signature=first),
            item(name=two, account=B, signature=second),
            item(name=one, account=A, signature=first),
            item(name=one.replace("shop", "other"), account=A, signature=first),
        ],
    )
    results = (await shop.harness.command("BatchBindWallets", request)).results
    assert [result.problem.reason or result.outcome for result in results] == [
        common_pb2.OUTCOME_TAKEN,
        "WRONG_SIGNER",
        common_pb2.OUTCOME_TAKEN,
        common_pb2.OUTCOME_REPEATED,
        "OTHER_PROGRAMME",
    ]
    assert [result.name for result in results] == [one, "", two, one, ""]
    again = (await shop.harness.command("BatchBindWallets", request)).results
    assert [result.outcome for result in again].count(common_pb2.OUTCOME_REPEATED) == 3
