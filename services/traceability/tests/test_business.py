"""What captured events mean in business: shipped, received, delivered."""

import random
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fenxiao.api.traceability.v1 import events_pb2
from fenxiao.epcis import canonical_identifier
from libs.servicekit.testing import Harness
from services.traceability.domain.business import decide_delivery
from services.traceability.domain.events import DeliveryWithdrawn, GoodsDelivered
from services.traceability.tests.conftest import OLIVE_OIL, Traceability, document, event
from services.traceability.wiring import SERVICE

PO, OTHER = "urn:epcglobal:cbv:bt:9521321000001:PO-1", "urn:epcglobal:cbv:bt:9521321000001:PO-2"
SHOP, HUB = "urn:epc:id:sgln:9521321.00001.0", "urn:epc:id:sgln:9521555.00001.0"
BUYER = "urn:epc:id:pgln:9521321.00000"
BOXES = ["urn:epc:id:sscc:9521141.1000000001", "urn:epc:id:sscc:9521141.1000000002"]
ERROR = {"declarationTime": "2025-11-09T08:00:00Z", "reason": "did_not_occur"}
_folders = count()


def named(*ids: str) -> list[dict[str, str]]:
    return [{"type": "po", "bizTransaction": one} for one in ids]


def to(place: str, kind: str = "location") -> list[dict[str, str]]:
    return [{"type": kind, "destination": place}]


def shipped(minute: int = 0, boxes: list[str] = BOXES, ids: tuple[str, ...] = (PO,), **fields: Any) -> dict[str, Any]:
    given = {"destinationList": to(SHOP), **fields}
    return event(minute, bizStep="shipping", epcList=boxes, bizTransactionList=named(*ids), **given)


def received(
    minute: int, boxes: list[str], place: str = SHOP, step: str = "receiving", **fields: Any
) -> dict[str, Any]:
    return event(minute, bizStep=step, epcList=boxes, readPoint={"id": place}, **fields)


def facts(published: list[Any], kind: type[Any]) -> list[Any]:
    return [one for one in published if isinstance(one, kind)]


def deliveries(published: list[Any]) -> dict[str, Any]:
    """Those that hold, as who listens would keep them; none is told twice or withdrawn unsaid."""
    held: dict[str, Any] = {}
    for one in published:
        if isinstance(one, events_pb2.Delivered):
            assert one.delivery not in held
            held[one.delivery] = one
        elif isinstance(one, events_pb2.DeliveryWithdrawn):
            assert list(held.pop(one.delivery).biz_transactions) == list(one.biz_transactions)
    return held


async def delivered(trace: Traceability, *events: dict[str, Any]) -> list[tuple[tuple[str, ...], int]]:
    """Transactions and minute of what is delivered."""
    for one in events:
        await trace.capture(document(one))
    held = deliveries(await trace.harness.published()).values()
    return sorted((tuple(one.biz_transactions), one.delivery_time.ToDatetime().minute) for one in held)


async def test_shipped_and_received_are_told(trace: Traceability) -> None:
    await trace.capture(OLIVE_OIL)
    published = await trace.harness.published()
    shipments, receipts = facts(published, events_pb2.Shipped), facts(published, events_pb2.Received)
    assert (len(shipments), len(receipts)) == (2, 2)
    assert list(shipments[0].biz_transactions) == [
        "urn:epcglobal:cbv:bt:9521321000001:PO-2207",
        "urn:epcglobal:cbv:bt:9521141000007:DA-1131",
    ]
    (goods,) = shipments[0].goods
    assert (goods.id, goods.quantity) == ("https://id.gs1.org/01/09521141123454/10/OLIO-2025-11", "480")
    assert receipts[0].receive_time.ToDatetime() > shipments[0].ship_time.ToDatetime()


@pytest.mark.parametrize("first", [0, 1])
async def test_what_is_declared_erroneous_is_withdrawn(trace: Traceability, first: int) -> None:
    both = [shipped(), shipped(errorDeclaration=ERROR)]
    for one in both if first == 0 else reversed(both):
        await trace.capture(document(one))
    published = await trace.harness.published()
    (one,), (gone,) = facts(published, events_pb2.Shipped), facts(published, events_pb2.ShipmentWithdrawn)
    assert (one.event_hash, gone.reason) == (gone.event_hash, "did_not_occur")
    assert list(gone.biz_transactions) == [PO]


async def test_a_container_stands_for_what_is_in_it(trace: Traceability) -> None:
    packed = shipped(type="AggregationEvent", parentID=BOXES[0], childEPCs=["urn:epc:id:sgtin:9521141.012345.1"])
    del packed["epcList"]
    await trace.capture(document(packed))
    (one,) = facts(await trace.harness.published(), events_pb2.Shipped)
    assert [goods.id for goods in one.goods] == [canonical_identifier(BOXES[0])]


async def test_a_receipt_that_names_the_sale(trace: Traceability) -> None:
    lot = [{"epcClass": "urn:epc:class:lgtin:9521141.012345.L1", "quantity": 5, "uom": "KGM"}]
    receipt = received(5, [], bizTransactionList=named(PO, OTHER), quantityList=lot)
    assert await delivered(trace, receipt) == [((PO, OTHER), 5)]
    (one,) = deliveries(await trace.harness.published()).values()
    assert [(g.id.rsplit("/", 1)[1], g.quantity, g.uom) for g in one.goods] == [("L1", "5", "KGM")]
    assert (one.goods_count, one.shipment_hash, bool(one.receipt_hash)) == (1, "", True)
    # Captured again it is told once; declared erroneous it is withdrawn.
    assert await delivered(trace, receipt) == [((PO, OTHER), 5)]
    assert await delivered(trace, {**receipt, "errorDeclaration": ERROR}) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"destinationList": to(HUB)}, []),
        ({"destinationList": to(SHOP)}, [((PO,), 5)]),
        ({"destinationList": to(BUYER, "possessing_party")}, [((PO,), 5)]),
        ({"step": "accepting"}, [((PO,), 5)]),
        ({"step": "arriving"}, []),
        ({"step": "inspecting"}, []),
        ({"place": f"{canonical_identifier(SHOP)}/254/7", "destinationList": to(SHOP)}, [((PO,), 5)]),
    ],
)
async def test_where_a_receipt_that_names_the_sale_must_be(
    trace: Traceability, fields: dict[str, Any], expected: list[Any]
) -> None:
    assert await delivered(trace, received(5, BOXES, bizTransactionList=named(PO), **fields)) == expected


async def test_an_arrival_at_the_destination_of_a_shipment_of_the_sale(trace: Traceability) -> None:
    arrival = received(5, ["urn:epc:id:giai:9521141.9"], step="arriving", bizTransactionList=named(PO))
    assert await delivered(trace, arrival) == []
    assert await delivered(trace, shipped(6)) == []  # later than the arrival
    assert await delivered(trace, shipped(4)) == [((PO,), 5)]
    assert await delivered(trace, shipped(4, errorDeclaration=ERROR)) == []


async def test_every_object_of_a_shipment_has_to_come(trace: Traceability) -> None:
    assert await delivered(trace, shipped(1), received(5, BOXES[:1])) == []
    assert await delivered(trace, received(7, BOXES[1:], place=HUB)) == []
    assert await delivered(trace, received(8, BOXES[1:])) == [((PO,), 8)]
    # An earlier receipt becomes known: it was delivered then. Later ones change nothing.
    assert await delivered(trace, received(9, BOXES)) == [((PO,), 8)]
    assert await delivered(trace, received(6, BOXES[1:])) == [((PO,), 6)]
    assert await delivered(trace, received(5, BOXES[:1], errorDeclaration=ERROR)) == [((PO,), 9)]


async def test_a_party_receives_wherever_it_is(trace: Traceability) -> None:
    sent = shipped(1, destinationList=to(BUYER, "owning_party"))
    assert await delivered(trace, sent, received(5, BOXES, place=HUB)) == []
    assert await delivered(trace, received(6, BOXES, place=HUB, destinationList=to(BUYER, "owning_party"))) == [
        ((PO,), 6)
    ]


async def test_goods_by_lot_only_do_not_tell_which_shipment_has_come(trace: Traceability) -> None:
    lot = [{"epcClass": "urn:epc:class:lgtin:9521141.012345.L1", "quantity": 5}]
    assert await delivered(trace, shipped(1, boxes=[], quantityList=lot), received(5, [], quantityList=lot)) == []
    assert await delivered(trace, shipped(2, quantityList=lot), received(6, BOXES)) == []


async def test_a_part_shipment_is_its_own_sale(trace: Traceability) -> None:
    await trace.capture(document(shipped(1, BOXES[:1], (PO,)), shipped(1, BOXES[1:], (OTHER,))))
    assert await delivered(trace, received(5, BOXES[:1])) == [((PO,), 5)]
    assert await delivered(trace, received(6, BOXES[1:])) == [((PO,), 5), ((OTHER,), 6)]


def test_nothing_is_said_twice() -> None:
    one = GoodsDelivered(
        receipt="r",
        shipment="",
        biz_transactions=(PO,),
        goods=(),
        goods_count=0,
        delivered_at=datetime(2025, 1, 1, tzinfo=UTC),
    )
    gone = DeliveryWithdrawn(receipt="r", biz_transactions=(PO,))
    other = one.model_copy(update={"receipt": "s"})
    assert decide_delivery(None, None) == decide_delivery(one, one) == decide_delivery(gone, None) == []
    assert decide_delivery(None, one) == decide_delivery(gone, one) == [one]
    assert decide_delivery(one, None) == [gone]
    assert decide_delivery(one, other) == [gone, other]


# --- any order


@st.composite
def moves(draw: st.DrawFn) -> dict[str, Any]:
    minute = draw(st.integers(0, 5))
    # In one order: the event hash leaves the order out, and so one event would stand here as two.
    boxes = sorted(draw(st.lists(st.sampled_from(BOXES), min_size=1, unique=True)))
    ids = sorted(draw(st.lists(st.sampled_from([PO, OTHER]), unique=True)))
    made = (
        shipped(minute, boxes, tuple(ids), destinationList=to(draw(st.sampled_from([SHOP, HUB]))))
        if draw(st.booleans())
        else received(
            minute, boxes, draw(st.sampled_from([SHOP, HUB])), draw(st.sampled_from(["receiving", "arriving"])),
            bizTransactionList=named(*ids),
        )
    )  # fmt: skip
    if not ids:
        del made["bizTransactionList"]
    return {**made, "errorDeclaration": ERROR} if draw(st.integers(0, 4)) == 0 else made


def reference(events: list[dict[str, Any]]) -> set[tuple[tuple[str, ...], int]]:
    """What is delivered, looked up among all events again and again."""

    def plain(one: dict[str, Any]) -> str:
        return repr(sorted((key, value) for key, value in one.items() if key != "errorDeclaration"))

    wrong = {plain(one) for one in events if "errorDeclaration" in one}
    right = [one for one in events if plain(one) not in wrong]

    def minute(one: dict[str, Any]) -> int:
        return int(one["eventTime"][14:16])

    def ids(one: dict[str, Any]) -> tuple[str, ...]:
        return tuple(each["bizTransaction"] for each in one.get("bizTransactionList", ()))

    def place(one: dict[str, Any]) -> str:
        return one["destinationList"][0]["destination"]

    shipments = [one for one in right if one["bizStep"] == "shipping" and ids(one)]
    receipts = [one for one in right if one["bizStep"] != "shipping"]
    found: set[tuple[tuple[str, ...], int]] = set()
    for one in receipts:
        fitting = [
            s for s in shipments
            if set(ids(s)) & set(ids(one)) and place(s) == one["readPoint"]["id"] and minute(s) <= minute(one)
        ]  # fmt: skip
        if ids(one) and (one["bizStep"] == "receiving" or fitting):
            found.add((ids(one), minute(one)))
    for one in shipments:
        times = [
            [minute(r) for r in receipts
             if box in r["epcList"] and r["readPoint"]["id"] == place(one) and minute(r) >= minute(one)]
            for box in one["epcList"]
        ]  # fmt: skip
        if all(times):
            found.add((ids(one), max(map(min, times))))
    return found


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(moves(), min_size=1, max_size=8), st.randoms(use_true_random=False), st.booleans())
async def test_any_order_of_arrival_gives_the_same(
    tmp_path: Path, events: list[dict[str, Any]], order: random.Random, together: bool
) -> None:
    shuffled = [*events, *events[:2]]
    order.shuffle(shuffled)
    folder = tmp_path / str(next(_folders))
    folder.mkdir()
    async with Harness(SERVICE, folder) as harness:
        trace = Traceability(harness)
        for part in [shuffled] if together else [[one] for one in shuffled]:
            await trace.capture(document(*part))
        published = await harness.published()
    held = deliveries(published).values()
    assert {(tuple(one.biz_transactions), one.delivery_time.ToDatetime().minute) for one in held} == reference(events)
    told = [
        (type(one), one.event_hash) for one in published if isinstance(one, events_pb2.Shipped | events_pb2.Received)
    ]
    assert len(told) == len(set(told))
