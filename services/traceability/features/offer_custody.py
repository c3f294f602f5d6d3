"""Offers custody of goods to another member."""

from dataclasses import replace

from fenxiao.api.traceability.v1 import custody_pb2 as pb
from fenxiao.errors import Kind, Refusal
from fenxiao.proofs.hashes import to_hex
from libs.eventlog import Tx
from libs.servicekit import Call
from services.traceability.domain.custody import decide_offer, offer_stream
from services.traceability.shared.transfers import known_member, offer_message, read_transfer, seconds, signed
from services.traceability.views.custody import holdings_of, open_of


def offer_custody(tx: Tx, request: pb.OfferCustodyRequest, call: Call) -> pb.CustodyOffer:
    """The same offer again is the same; its id with another content is refused."""
    transfer = read_transfer(call.programme, request.transfer)
    by = signed(transfer.digest(), request.signature)
    stream, now = offer_stream(call.programme, transfer.offer), seconds(tx, call.programme)
    known = tx.load(stream)
    if known:
        if known[0].event.digest == to_hex(transfer.digest()) and known[0].event.account == by.account:
            return offer_message(known, now)
        message = "an offer with this id is there already, and another one; choose a new random UUID"
        raise Refusal("OFFER_ID_USED", message, field="transfer.offer", kind=Kind.EXISTS)
    items = [one.id for one in transfer.items]
    event = decide_offer(
        transfer,
        known_member(tx, call.programme, transfer.offerer, "transfer.offerer"),
        known_member(tx, call.programme, transfer.receiver, "transfer.receiver"),
        by,
        holdings_of(tx, call.programme, items),
        open_of(tx, call.programme, items, now),
        now,
    )
    meta = replace(call.meta(), signature=request.signature)
    tx.append(stream, [event], after=0, meta=meta, occurred_at=call.now)
    return offer_message(tx.load(stream), now)
