"""When events have been captured, it is told what has been delivered, or has not been after all."""

from collections.abc import Sequence
from uuid import UUID

from libs.eventlog import Meta, Tx
from services.traceability.domain.business import (
    Move,
    awaited,
    decide_delivery,
    delivered_by_receipt,
    delivered_by_shipment,
    delivery_stream,
    destinations_of,
    keys_of_objects,
    keys_of_transactions,
    move_of,
    places_of,
)
from services.traceability.domain.capture import stream_of
from services.traceability.domain.events import GoodsDelivered, TraceEventCaptured
from services.traceability.domain.facts import Facts
from services.traceability.shared.reading import read_again
from services.traceability.views.movements import first_receipts, movements_at, voided


def when_captured_then_deliver(tx: Tx, events: Sequence[TraceEventCaptured], meta: Meta) -> None:
    """Brings every delivery on which these events bear to what follows from all events now."""
    touched = _touched(tx, events, meta.programme)
    if not touched:
        return
    streams = {one: stream_of(meta.programme, one, "") for one in dict.fromkeys(event for _, event in touched)}
    originals = tx.load_all(list(streams.values()))
    void = voided(tx, meta.programme, list(streams))
    said = tx.load_all([delivery_stream(meta.programme, *one) for one in touched])
    for way, event_hash in touched:
        found = originals.get(streams[event_hash])
        facts = read_again(found[0].event) if found and event_hash not in void else None
        follows = _follows(tx, way, event_hash, facts, meta.programme) if facts else None
        stream = delivery_stream(meta.programme, way, event_hash)
        _append(tx, stream, [one.event for one in said.get(stream, [])], follows, meta)


def _touched(tx: Tx, events: Sequence[TraceEventCaptured], programme: str) -> list[tuple[Move, str]]:
    """Whose delivery may have changed: receipts and shipments by their hash."""
    touched: dict[tuple[Move, str], None] = {}
    arrived: set[bytes] = set()
    shipped: set[bytes] = set()
    for event in events:
        facts = read_again(event)
        match move_of(facts):
            case Move.RECEIVED:
                if facts.transactions:
                    touched[Move.RECEIVED, event.event_hash] = None
                for keys in keys_of_objects(facts, programme, places_of(facts)).values():
                    arrived |= keys
            case Move.SHIPPED if facts.transactions and (to := destinations_of(facts)):
                touched[Move.SHIPPED, event.event_hash] = None
                shipped |= keys_of_transactions(facts, programme, to)
            case _:
                pass
    for way, other, keys in ((Move.SHIPPED, Move.SHIPPED, arrived), (Move.RECEIVED, Move.RECEIVED, shipped)):
        touched.update(dict.fromkeys((way, one.hash) for one in movements_at(tx, other, keys)))
    return list(touched)


def _follows(tx: Tx, way: Move, event_hash: str, facts: Facts, programme: str) -> GoodsDelivered | None:
    if way is Move.SHIPPED:
        keys = {key for keys in awaited(facts, programme).values() for key in keys}
        return delivered_by_shipment(event_hash, facts, programme, first_receipts(tx, keys, facts.time))
    times: list[int] = []
    if facts.biz_step == "arriving":
        at = keys_of_transactions(facts, programme, places_of(facts))
        times = [shipment.time for shipment in movements_at(tx, Move.SHIPPED, at)]
    return delivered_by_receipt(event_hash, facts, times)


def _append(tx: Tx, stream: UUID, said: Sequence[object], follows: GoodsDelivered | None, meta: Meta) -> None:
    last = said[-1] if said else None
    events = decide_delivery(last, follows)  # pyright: ignore[reportArgumentType] # a delivery's stream has nothing else
    occurred_at = follows.delivered_at if follows else getattr(last, "delivered_at", None)
    if events and occurred_at is not None:
        tx.append(stream, events, after=len(said), meta=meta, occurred_at=occurred_at)
