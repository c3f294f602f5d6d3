"""What others see of traceability's events: what happened and when, and by which business transactions it is found."""

from datetime import timedelta

from fenxiao.api.traceability.v1 import events_pb2 as pb
from libs.eventlog import Recorded
from libs.servicekit.times import to_timestamp
from services.traceability.domain.business import (
    EPOCH,
    MOST_GOODS,
    Move,
    goods_named,
    goods_of,
    move_of,
    transactions_of,
)
from services.traceability.domain.events import (
    AlertCleared,
    AlertRaised,
    CustodyAccepted,
    CustodyOffered,
    CustodyOfferWithdrawn,
    CustodyRejected,
    DeliveryWithdrawn,
    Goods,
    GoodsDelivered,
    GoodsRecalled,
    RecallClosed,
    TraceDataErased,
    TraceEventCaptured,
)
from services.traceability.domain.facts import Facts
from services.traceability.shared.reading import read_again

Moved = pb.Shipped | pb.Received | pb.ShipmentWithdrawn | pb.ReceiptWithdrawn


def trace_event_captured(recorded: Recorded[TraceEventCaptured]) -> list[pb.TraceEventCaptured | Moved]:
    """The event's name, hash and business transactions; then what it means in business. Its content stays here."""
    event, facts = recorded.event, read_again(recorded.event)
    captured = pb.TraceEventCaptured(
        trace_event=str(recorded.stream),
        event_hash=event.event_hash,
        event_time=to_timestamp(event.event_time),
        biz_step=facts.biz_step,
        biz_transactions=transactions_of(facts),
        commitment_root=bytes.fromhex(event.committed.root) if event.committed else b"",
        commitment_size=event.committed.size if event.committed else 0,
    )
    move = move_of(facts)
    return [captured] if move is None else [captured, _moved(event, facts, move)]


def _moved(event: TraceEventCaptured, facts: Facts, move: Move) -> Moved:
    transactions = transactions_of(facts)
    if facts.declaration is not None:
        withdrawn = pb.ShipmentWithdrawn if move is Move.SHIPPED else pb.ReceiptWithdrawn
        return withdrawn(
            event_hash=event.event_hash,
            declare_time=to_timestamp(EPOCH + timedelta(microseconds=facts.declaration.time)),
            reason=facts.declaration.reason,
            biz_transactions=transactions,
        )
    items = goods_of(facts)
    goods, time = [_goods(goods_named(item)) for item in items[:MOST_GOODS]], to_timestamp(event.event_time)
    if move is Move.SHIPPED:
        return pb.Shipped(
            event_hash=event.event_hash,
            ship_time=time,
            biz_transactions=transactions,
            goods=goods,
            goods_count=len(items),
        )
    return pb.Received(
        event_hash=event.event_hash,
        receive_time=time,
        biz_transactions=transactions,
        goods=goods,
        goods_count=len(items),
    )


def trace_data_erased(recorded: Recorded[TraceDataErased]) -> list[pb.TraceDataErased]:
    """That something cannot be read again; whose it was is said of items only."""
    return [pb.TraceDataErased(kind=recorded.event.kind, subject=recorded.event.subject)]


def goods_delivered(recorded: Recorded[GoodsDelivered]) -> list[pb.Delivered]:
    """The delivery, by which others release what waited for it."""
    event = recorded.event
    return [
        pb.Delivered(
            delivery=str(recorded.stream),
            biz_transactions=event.biz_transactions,
            goods=map(_goods, event.goods),
            goods_count=event.goods_count,
            delivery_time=to_timestamp(event.delivered_at),
            receipt_hash=event.receipt,
            shipment_hash=event.shipment,
        )
    ]


def delivery_withdrawn(recorded: Recorded[DeliveryWithdrawn]) -> list[pb.DeliveryWithdrawn]:
    """The delivery that has not happened, or not so."""
    return [pb.DeliveryWithdrawn(delivery=str(recorded.stream), biz_transactions=recorded.event.biz_transactions)]


def alert_raised(recorded: Recorded[AlertRaised]) -> list[pb.Alerted]:
    """The alert."""
    event = recorded.event
    return [
        pb.Alerted(
            alert=str(recorded.stream),
            rule=event.rule,
            rule_version=event.rule_version,
            kind=event.kind,
            severity=event.severity,
            items=event.items,
            event_hashes=event.event_hashes,
            alert_time=to_timestamp(event.alerted_at),
            message_en=event.message_en,
            message_zh=event.message_zh,
        )
    ]


def alert_cleared(recorded: Recorded[AlertCleared]) -> list[pb.AlertCleared]:
    """That it is none."""
    return [pb.AlertCleared(alert=str(recorded.stream), rule=recorded.event.rule)]


def goods_recalled(recorded: Recorded[GoodsRecalled]) -> list[pb.Recalled]:
    """A part of the recall: whoever holds one of the items, or is paid for it, stops."""
    event = recorded.event
    return [
        pb.Recalled(
            recall=str(recorded.stream),
            epc=event.epc,
            reason=event.reason,
            part=event.part,
            parts=event.parts,
            items=event.items,
        )
    ]


def recall_closed(recorded: Recorded[RecallClosed]) -> list[pb.RecallClosed]:
    """That it is over."""
    return [pb.RecallClosed(recall=str(recorded.stream), epc=recorded.event.epc)]


def custody_offered(recorded: Recorded[CustodyOffered]) -> list[pb.CustodyOffered]:
    """The offer with all that is signed."""
    event = recorded.event
    return [
        pb.CustodyOffered(
            offer=event.offer,
            offerer=event.offerer,
            receiver=event.receiver,
            items=[pb.HandedOver(id=one.id, quantity=one.quantity, uom=one.uom) for one in event.items],
            place=event.place,
            biz_transactions=event.biz_transactions,
            expire_time=to_timestamp(EPOCH + timedelta(seconds=event.expires)),
            digest=event.digest,
            account=event.account,
            signature=bytes.fromhex(event.signature),
        )
    ]


def custody_accepted(recorded: Recorded[CustodyAccepted]) -> list[pb.CustodyAccepted]:
    """That custody has gone over, with both signatures."""
    event = recorded.event
    return [
        pb.CustodyAccepted(
            offer=event.offer,
            offerer=event.offerer,
            receiver=event.receiver,
            digest=event.digest,
            offerer_account=event.offerer_account,
            offerer_signature=bytes.fromhex(event.offerer_signature),
            receiver_account=event.receiver_account,
            receiver_signature=bytes.fromhex(event.receiver_signature),
        )
    ]


def custody_rejected(recorded: Recorded[CustodyRejected]) -> list[pb.CustodyRejected]:
    """That it has not, with both signatures."""
    event = recorded.event
    return [
        pb.CustodyRejected(
            offer=event.offer,
            digest=event.digest,
            offerer_account=event.offerer_account,
            offerer_signature=bytes.fromhex(event.offerer_signature),
            account=event.account,
            signature=bytes.fromhex(event.signature),
        )
    ]


def custody_offer_withdrawn(recorded: Recorded[CustodyOfferWithdrawn]) -> list[pb.CustodyOfferWithdrawn]:
    """That the offer is taken back."""
    event = recorded.event
    return [
        pb.CustodyOfferWithdrawn(
            offer=event.offer, digest=event.digest, account=event.account, signature=bytes.fromhex(event.signature)
        )
    ]


def _goods(goods: Goods) -> pb.Goods:
    return pb.Goods(id=goods.id, quantity=goods.quantity, uom=goods.uom)
