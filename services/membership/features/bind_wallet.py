"""Binds a wallet to a member, once its owner has signed for it."""

from dataclasses import replace
from uuid import UUID

from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from services.membership.adapters.signatures import signer_of
from services.membership.api import address, member_id
from services.membership.domain.wallet import challenge, decide_bind
from services.membership.features.shared import answer, load_member


def bind_wallet(tx: Tx, request: pb.BindWalletRequest, call: Call) -> pb.Member:
    """One wallet."""
    member, _ = bind(tx, call, request.name, request.account, request.signature)
    return answer(tx, call, member)


def bind(tx: Tx, call: Call, name: str, account: str, signature: bytes) -> tuple[UUID, bool]:
    """Gives the member's id and whether the binding is new. The envelope keeps the signature: it is the proof."""
    member = load_member(tx, call, member_id(call.programme, name))
    account = address(account)
    signer = signer_of(challenge(call.programme, member, account), signature)
    events = decide_bind(member, account, signer)
    meta = replace(call.meta(), signature=signature)
    tx.append(member.id, events, after=member.version, meta=meta, occurred_at=call.now)
    return member.id, bool(events)
