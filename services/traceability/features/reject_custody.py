"""Rejects custody of what was offered."""

from dataclasses import replace

from fenxiao.api.traceability.v1 import custody_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from services.traceability.domain.custody import decide_reject
from services.traceability.shared.transfers import known_member, load_offer, offer_message, offered_in, seconds, signed


def reject_custody(tx: Tx, request: pb.RejectCustodyRequest, call: Call) -> pb.CustodyOffer:
    """The receiver's wallet has signed the rejection."""
    known, now = load_offer(tx, call, request.name), seconds(tx, call.programme)
    transfer = offered_in(known, call.programme)
    event = decide_reject(
        [one.event for one in known],
        known_member(tx, call.programme, transfer.receiver, "name"),
        signed(transfer.rejection_digest(), request.signature),
        now,
    )
    meta = replace(call.meta(), signature=request.signature)
    tx.append(known[0].stream, [event], after=len(known), meta=meta, occurred_at=call.now)
    return offer_message(tx.load(known[0].stream), now)
