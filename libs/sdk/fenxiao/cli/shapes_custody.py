"""Custody in the stable JSON of the command line (docs/cli.md)."""

from collections.abc import Iterable, Mapping
from typing import Any

from fenxiao.api.traceability.v1 import custody_pb2
from fenxiao.cli.session import id_of, time_text


def members_in(offers: Iterable[custody_pb2.CustodyOffer]) -> set[str]:
    """Give the names of the members on both sides."""
    return {name for one in offers for name in (one.transfer.offerer, one.transfer.receiver)}


def offer(message: custody_pb2.CustodyOffer, members: Mapping[str, str]) -> dict[str, Any]:
    """Give an offer; `members` are the merchant's numbers by resource name."""
    transfer = message.transfer
    answered = message.HasField("answer_time")
    return {
        "offer": id_of(message.name),
        "state": custody_pb2.CustodyState.Name(message.state).removeprefix("CUSTODY_STATE_").lower(),
        "offerer": id_of(transfer.offerer),
        "offerer_id": members.get(transfer.offerer, ""),
        "receiver": id_of(transfer.receiver),
        "receiver_id": members.get(transfer.receiver, ""),
        "items": [{"item": one.id, "quantity": one.quantity, "uom": one.uom} for one in transfer.items],
        "place": transfer.place,
        "biz_transactions": list(transfer.biz_transactions),
        "expires_at": time_text(transfer.expire_time),
        "digest": message.digest,
        "offerer_account": message.offerer_account,
        "offerer_signature": _hex(message.offerer_signature),
        "receiver_account": message.receiver_account,
        "receiver_signature": _hex(message.receiver_signature),
        "offered_at": time_text(message.offer_time),
        "answered_at": time_text(message.answer_time) if answered else None,
    }


def holding(message: custody_pb2.CustodyHolding, members: Mapping[str, str]) -> dict[str, Any]:
    """Give who has something."""
    return {
        "member": id_of(message.member),
        "member_id": members.get(message.member, ""),
        "quantity": message.quantity,
        "uom": message.uom,
    }


def _hex(signature: bytes) -> str:
    return f"0x{signature.hex()}" if signature else ""
