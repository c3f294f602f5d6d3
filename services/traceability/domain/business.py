"""What captured events mean in business: goods shipped, goods received, goods delivered.

**Shipped**: an event with the step `shipping` or `departing`. **Received**: `receiving`, `accepting` or `arriving`.

**Delivered** is what others release money on, so it is exact. It comes about in two ways:

1. *By a receipt that names the sale.* A receipt names business transactions: what it received is delivered under them
   if its step is `receiving` or `accepting` (unless it gives a destination that is another place), or if it is
   `arriving`, at a destination of a shipment that names one of them, not before that shipment.
2. *By a shipment whose goods have come.* A shipment names business transactions, destinations and objects (containers
   and serial numbers), 1,000 at most: once each of the objects was received at one of its destinations, not before the
   shipment, by one receipt or several, they are delivered under the shipment's transactions, at the moment of the
   receipt that made it complete. Goods that are named by class or lot only say too little to tell one shipment from
   another: there the receipt has to name the transaction. Part of a shipment is not a delivery; a part shipment is its
   own sale, with a transaction of its own.

A **destination** is an entry of the destination list. A receipt is *at* it when its read point or business location is
that location (or lies in it by its identifier), or when its own destination list names the same party.

All of this follows from the set of captured events, whatever their order. An event that is declared erroneous does not
count, whichever of the two is captured first.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from fenxiao.money import plain
from services.traceability.domain.events import DeliveryWithdrawn, Goods, GoodsDelivered
from services.traceability.domain.facts import Facts, Item, Role
from services.traceability.domain.terms import places_above

_NAMESPACE = UUID("5b0b5f1e-0f8e-4a53-9d1e-3a8a6cf0d6b2")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

MOST_GOODS: Final = 1000
"""Goods that a fact names, and objects of a shipment that are waited for."""

_SHIPPED: Final = frozenset({"shipping", "departing"})
_RECEIVED: Final = frozenset({"receiving", "accepting", "arriving"})
_LOCATION: Final = "location"
_PARTIES: Final = frozenset({"possessing_party", "owning_party"})


class Move(StrEnum):
    """Which way goods go."""

    SHIPPED = "shipped"
    RECEIVED = "received"


def move_of(facts: Facts) -> Move | None:
    """Whether goods have been shipped or received."""
    if facts.biz_step in _SHIPPED:
        return Move.SHIPPED
    return Move.RECEIVED if facts.biz_step in _RECEIVED else None


def transactions_of(facts: Facts) -> tuple[str, ...]:
    """The business transactions that an event names, each once."""
    return tuple(dict.fromkeys(one.id for one in facts.transactions))


def goods_of(facts: Facts) -> list[Item]:
    """The goods that were moved: a container stands for what is in it."""
    containers = [item for item in facts.items if item.role is Role.PARENT]
    return containers or [item for item in facts.items if item.role in {Role.EPC, Role.CHILD}]


def destinations_of(facts: Facts) -> set[tuple[str, str]]:
    """Where goods are sent, as type and id."""
    return {(one.type, one.id) for one in facts.destinations if one.type == _LOCATION or one.type in _PARTIES}


def places_of(facts: Facts) -> set[tuple[str, str]]:
    """The destinations at which a receipt is."""
    here = {(_LOCATION, wider) for place in (facts.read_point, facts.biz_location) for wider in places_above(place)}
    return here | {one for one in destinations_of(facts) if one[0] in _PARTIES}


def key_of(programme: str, kind: str, one: str, destination: tuple[str, str]) -> bytes:
    """Something at a destination, as one key of 128 bits."""
    text = "\0".join((programme, kind, one, *destination))
    return hashlib.sha256(text.encode()).digest()[:16]


def keys_of_transactions(facts: Facts, programme: str, at: Iterable[tuple[str, str]]) -> set[bytes]:
    """Each transaction at each destination."""
    return {key_of(programme, "transaction", one, place) for place in at for one in transactions_of(facts)}


def keys_of_objects(facts: Facts, programme: str, at: Iterable[tuple[str, str]]) -> dict[str, set[bytes]]:
    """Each object that was moved, at each destination."""
    places = list(at)
    objects = dict.fromkeys(item.id for item in goods_of(facts) if not item.is_class) if places else {}
    return {one: {key_of(programme, "object", one, place) for place in places} for one in objects}


def awaited(facts: Facts, programme: str) -> dict[str, set[bytes]]:
    """The objects of a shipment that are waited for, each by its keys; empty where it cannot deliver by itself."""
    if move_of(facts) is not Move.SHIPPED or not facts.transactions:
        return {}
    if any(item.is_class for item in goods_of(facts)):
        return {}
    found = keys_of_objects(facts, programme, destinations_of(facts))
    return found if len(found) <= MOST_GOODS else {}


def entries(facts: Facts, programme: str) -> Iterator[bytes]:
    """By what a shipment is found when goods arrive, and a receipt when a shipment becomes known."""
    match move_of(facts):
        case Move.SHIPPED if facts.transactions:
            yield from keys_of_transactions(facts, programme, destinations_of(facts))
            yield from {key for keys in awaited(facts, programme).values() for key in keys}
        case Move.RECEIVED:
            here = places_of(facts)
            if facts.biz_step == "arriving":
                yield from keys_of_transactions(facts, programme, here)
            yield from {key for keys in keys_of_objects(facts, programme, here).values() for key in keys}
        case _:
            return


class Receipt(NamedTuple):
    """A receipt of something: when, and the hash of its event."""

    time: int
    hash: str


def delivered_by_receipt(event_hash: str, facts: Facts, shipped: Iterable[int]) -> GoodsDelivered | None:
    """What a receipt that names transactions delivers (1). `shipped`: times of the shipments to where it is."""
    if move_of(facts) is not Move.RECEIVED or not facts.transactions:
        return None
    if facts.biz_step == "arriving":
        right = any(time <= facts.time for time in shipped)
    else:
        meant = {one for one in destinations_of(facts) if one[0] == _LOCATION}
        right = not meant or bool(meant & places_of(facts)) or not (facts.read_point or facts.biz_location)
    return _delivered(facts, Receipt(facts.time, event_hash), "") if right else None


def delivered_by_shipment(
    event_hash: str, facts: Facts, programme: str, receipts: Mapping[bytes, Receipt]
) -> GoodsDelivered | None:
    """What the receipts of a shipment's objects deliver (2). `receipts`: the first not before it, by key."""
    objects = awaited(facts, programme)
    last: Receipt | None = None
    for keys in objects.values():
        found = [receipts[key] for key in keys if key in receipts]
        if not found:
            return None
        first = min(found)
        last = first if last is None else max(last, first)
    return None if last is None else _delivered(facts, last, event_hash)


def _delivered(facts: Facts, receipt: Receipt, shipment: str) -> GoodsDelivered:
    goods = goods_of(facts)
    return GoodsDelivered(
        receipt=receipt.hash,
        shipment=shipment,
        biz_transactions=transactions_of(facts),
        goods=tuple(map(goods_named, goods[:MOST_GOODS])),
        goods_count=len(goods),
        delivered_at=EPOCH + timedelta(microseconds=receipt.time),
    )


def goods_named(item: Item) -> Goods:
    """Goods as a fact names them."""
    return Goods(id=item.id, quantity="" if item.quantity is None else plain(item.quantity), uom=item.uom)


def delivery_stream(programme: str, way: Move, event_hash: str) -> UUID:
    """A receipt or a shipment delivers once: its delivery is a stream of its own."""
    return uuid5(_NAMESPACE, f"{programme}/{way}/{event_hash}")


DeliveryEvent = GoodsDelivered | DeliveryWithdrawn


def decide_delivery(
    known: GoodsDelivered | DeliveryWithdrawn | None, follows: GoodsDelivered | None
) -> list[DeliveryEvent]:
    """Bring what was said last of a delivery to what follows from the events now."""
    said = known if isinstance(known, GoodsDelivered) else None
    if said == follows:
        return []
    withdrawn: list[DeliveryEvent] = []
    if said is not None:
        withdrawn = [DeliveryWithdrawn(receipt=said.receipt, biz_transactions=said.biz_transactions)]
    return withdrawn if follows is None else [*withdrawn, follows]
