"""Origins, destinations and whereabouts, of real documents through the whole service."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from services.traceability.domain.facts import micros
from services.traceability.domain.trace import lay_out
from services.traceability.shared.genealogies import stamp_of
from services.traceability.tests.conftest import OLIVE_OIL, PARENT, Traceability, document, event
from services.traceability.wiring import SERVICE

GTIN = "https://id.gs1.org/01/09521141123454"
OIL, BOTTLES = f"{GTIN}/10/OIL", f"{GTIN}/10/BOTTLES"
GROVE = "https://id.gs1.org/01/09521141000020/10/GROVE-1"
CASE, PALLET = "https://id.gs1.org/00/095211410000000010", "https://id.gs1.org/00/095211410000000027"
SHOP, MILL = "https://id.gs1.org/414/9521999000075", "https://id.gs1.org/414/9521141000013"


def bottle(number: int) -> str:
    return f"{GTIN}/21/{number}"


def made(minute: int, inputs: dict[str, int], outputs: dict[str, int], **fields: Any) -> dict[str, Any]:
    one = event(minute, type="TransformationEvent", **fields)
    for key in ("action", "epcList"):
        del one[key]
    for key, amounts in (("inputQuantityList", inputs), ("outputQuantityList", outputs)):
        if amounts:
            one[key] = [{"epcClass": name, "quantity": amount, "uom": "KGM"} for name, amount in amounts.items()]
    return one


def commissioned(minute: int, lot: str, *epcs: str) -> dict[str, Any]:
    ilmd = {"cbvmda:lotNumber": lot}
    return event(minute, action="ADD", epcList=list(epcs), ilmd=ilmd, bizStep="commissioning", bizLocation={"id": MILL})


def packed(minute: int, parent: str, *children: str, action: str = "ADD", **fields: Any) -> dict[str, Any]:
    one = event(minute, type="AggregationEvent", action=action, parentID=parent, childEPCs=list(children), **fields)
    del one["epcList"]
    return one


def moved(minute: int, *epcs: str, **fields: Any) -> dict[str, Any]:
    return event(minute, epcList=list(epcs), **fields)


def wrong(one: dict[str, Any], *correctives: str) -> dict[str, Any]:
    declared = {"declarationTime": "2025-11-09T00:00:00Z", "reason": "incorrect_data"}
    return {
        **one,
        "errorDeclaration": {**declared, "correctiveEventIDs": list(correctives)} if correctives else declared,
    }


CHAIN = [
    made(1, {GROVE: 100}, {OIL: 20}),
    made(2, {OIL: 20}, {BOTTLES: 18}),
    commissioned(3, "BOTTLES", bottle(1), bottle(2)),
    commissioned(4, "OTHER", bottle(3)),
    packed(5, CASE, bottle(1), bottle(3)),
    packed(6, PALLET, CASE),
    moved(
        7, PALLET, bizStep="shipping", disposition="in_transit", readPoint={"id": MILL},
        sourceList=[{"type": "possessing_party", "source": "https://id.gs1.org/417/9521141000006"}],
        destinationList=[
            {"type": "possessing_party", "destination": "https://id.gs1.org/417/9521999000006"},
            {"type": "location", "destination": SHOP},
        ],
    ),
    moved(8, PALLET, bizStep="receiving", disposition="in_progress", bizLocation={"id": SHOP}),
]  # fmt: skip


async def asked(trace: Traceability, epc: str, direction: Any = pb.TRACE_DIRECTION_BOTH, **fields: Any) -> Any:
    request = pb.TraceRequest(parent=PARENT, epc=epc, direction=direction, **fields)
    return await trace.harness.query("Trace", request)


def drawn(answer: pb.TraceResponse) -> set[tuple[str, str, str]]:
    return {
        (answer.nodes[one.source].epc, answer.nodes[one.target].epc, pb.LinkKind.Name(one.kind)[10:])
        for one in answer.links
    }


async def located(trace: Traceability, epc: str, **fields: Any) -> list[pb.Whereabouts]:
    request = pb.LocateRequest(parent=PARENT, epc=epc, **fields)
    return list((await trace.harness.query("Locate", request)).whereabouts)


async def streamed(trace: Traceability, method: str, request: Any) -> list[Any]:
    handler = SERVICE.streams[method].handler
    call = trace.harness.call(request, "", "tester", "operator")
    return [part async for part in handler(trace.harness.running, request, call)]


async def test_from_the_grove_to_the_shop(trace: Traceability) -> None:
    await trace.capture(document(*CHAIN))
    answer = await asked(trace, GROVE, pb.TRACE_DIRECTION_FORWARD, with_events=True)
    assert drawn(answer) == {
        (GROVE, OIL, "TRANSFORMATION"), (OIL, BOTTLES, "TRANSFORMATION"), (BOTTLES, bottle(1), "LOT"),
        (BOTTLES, bottle(2), "LOT"), (bottle(1), CASE, "CONTENTS"), (CASE, PALLET, "CONTENTS"),
    }  # fmt: skip
    nodes = {node.epc: node for node in answer.nodes}
    assert {name: node.layer for name, node in nodes.items()} == {
        GROVE: 0, OIL: 1, BOTTLES: 2, bottle(1): 3, bottle(2): 3, CASE: 4, PALLET: 5,
    }  # fmt: skip
    assert (answer.complete, answer.layers, answer.rows) == (True, 6, 2)
    assert [name for name, node in nodes.items() if node.carried] == [CASE, PALLET]
    assert nodes[OIL].kind == pb.NODE_KIND_LOT
    assert nodes[CASE].kind == pb.NODE_KIND_CONTAINER
    assert nodes[bottle(1)].kind == pb.NODE_KIND_OBJECT
    assert list(nodes[OIL].quantities) == ["output 20 KGM", "input 20 KGM"]
    assert (nodes[GROVE].start, nodes[OIL].start) == (True, False)
    assert [one.type for one in answer.events][:2] == ["TransformationEvent"] * 2
    assert answer.events_complete
    assert {one.trace_event for one in answer.links} == {one.trace_event for one in answer.events}
    back = await asked(trace, bottle(1), pb.TRACE_DIRECTION_BACKWARD)
    assert {node.epc for node in back.nodes} == {bottle(1), BOTTLES, OIL, GROVE, CASE, PALLET}
    both = await asked(trace, OIL)
    assert drawn(both) == drawn(answer)


async def test_bounds(trace: Traceability) -> None:
    await trace.capture(document(*CHAIN))
    near = await asked(trace, GROVE, depth=1)
    assert ({node.epc for node in near.nodes}, near.complete) == ({GROVE, OIL}, False)
    few = await asked(trace, GROVE, max_nodes=3)
    assert (len(few.nodes), few.complete) == (3, False)
    early = await asked(trace, GROVE, until=stamp_of(micros("2025-11-08T16:03:00+01:00")))
    assert ({node.epc for node in early.nodes}, early.complete) == ({GROVE, OIL, BOTTLES}, True)
    for fields, reason in (
        ({"depth": 101}, "INVALID_DEPTH"), ({"max_nodes": -1}, "INVALID_MAX_NODES"), ({"epc": "x"}, "INVALID_EPC"),
        ({"since": stamp_of(5), "until": stamp_of(5)}, "INVALID_TIME_RANGE"), ({"direction": 9}, "INVALID_DIRECTION"),
    ):  # fmt: skip
        with pytest.raises(Refusal, match=reason):
            await trace.harness.query("Trace", pb.TraceRequest(parent=PARENT, **{"epc": GROVE, **fields}))  # pyright: ignore[reportArgumentType]


async def test_a_trade_item_stands_for_all_that_is_known_of_it(trace: Traceability) -> None:
    await trace.capture(document(*CHAIN))
    answer = await asked(trace, GTIN, pb.TRACE_DIRECTION_BACKWARD)
    assert {node.epc for node in answer.nodes if node.start} == {OIL, BOTTLES, *map(bottle, (1, 2, 3))}
    assert GROVE in {node.epc for node in answer.nodes}


async def test_what_nobody_has_linked_stands_alone(trace: Traceability) -> None:
    (node,) = (await asked(trace, "urn:x:nothing")).nodes
    assert (node.epc, node.start, node.kind) == ("urn:x:nothing", True, pb.NODE_KIND_OBJECT)
    await trace.capture(OLIVE_OIL)
    answer = await asked(trace, "urn:epc:class:lgtin:9521141.012345.OLIO-2025-11")
    assert [node.kind for node in answer.nodes] == [pb.NODE_KIND_LOT]
    assert not (await asked(trace, GROVE)).links


async def test_attached_parts_go_where_the_phone_goes(trace: Traceability) -> None:
    phone, battery = bottle(100), "https://id.gs1.org/8004/9521141B1"
    attach = packed(1, phone, battery)
    await trace.capture(document({**attach, "type": "AssociationEvent"}, packed(2, CASE, phone)))
    answer = await asked(trace, battery, pb.TRACE_DIRECTION_FORWARD)
    assert drawn(answer) == {(battery, phone, "ATTACHED"), (phone, CASE, "CONTENTS")}
    away = {**packed(3, phone, battery, action="DELETE"), "type": "AssociationEvent"}
    await trace.capture(document(away))
    late = stamp_of(micros("2025-11-08T16:04:00+01:00"))
    assert not (await asked(trace, battery, pb.TRACE_DIRECTION_FORWARD, since=late)).links


async def test_what_is_declared_erroneous_is_gone_and_its_correction_counts(trace: Traceability) -> None:
    mistaken = packed(5, CASE, bottle(1))
    await trace.capture(document(mistaken, moved(6, CASE, bizLocation={"id": SHOP})))
    (before,) = await located(trace, bottle(1))
    assert (before.place, list(before.containers)) == (SHOP, [CASE])
    await trace.capture(document(packed(5, CASE, bottle(2), eventID="urn:x:right"), wrong(mistaken, "urn:x:right")))
    assert drawn(await asked(trace, CASE)) == {(bottle(2), CASE, "CONTENTS")}
    with pytest.raises(Refusal, match="NOTHING_REPORTED"):
        await located(trace, bottle(1))
    (after,) = await located(trace, bottle(2))
    assert (after.place, list(after.containers)) == (SHOP, [CASE])


async def test_containers_in_a_ring_are_reported(trace: Traceability) -> None:
    third = "https://id.gs1.org/00/095211410000000034"
    await trace.capture(document(packed(1, CASE, PALLET), packed(2, PALLET, third), packed(3, third, CASE)))
    await trace.capture(document(packed(4, CASE, CASE)))
    for direction in (pb.TRACE_DIRECTION_FORWARD, pb.TRACE_DIRECTION_BACKWARD, pb.TRACE_DIRECTION_BOTH):
        answer = await asked(trace, CASE, direction)
        assert {node.epc for node in answer.nodes} == {CASE, PALLET, third}
        assert answer.complete
        assert any(link.ring for link in answer.links)
    (found,) = await located(trace, PALLET)
    assert found.containers_contradict


async def test_where_it_is_and_who_has_it(trace: Traceability) -> None:
    await trace.capture(document(*CHAIN))
    (found,) = await located(trace, bottle(1))
    assert (found.place, found.in_transit, found.holder) == (SHOP, False, "https://id.gs1.org/417/9521999000006")
    assert (list(found.containers), found.disposition, found.active) == ([CASE, PALLET], "in_progress", True)
    assert len(found.trace_events) == 3
    (then,) = await located(trace, bottle(1), time=stamp_of(micros("2025-11-08T16:07:30+01:00")))
    assert (then.place, then.in_transit, then.towards) == (MILL, True, SHOP)
    assert then.holder == "https://id.gs1.org/417/9521141000006"
    amounts = {(one.quantity, one.uom) for one in await located(trace, BOTTLES)}
    assert amounts == {("18", "KGM")}
    with pytest.raises(Refusal, match="NOTHING_REPORTED"):
        await located(trace, bottle(1), time=stamp_of(0))


async def test_the_olive_oil_in_stock(trace: Traceability) -> None:
    await trace.capture(OLIVE_OIL)
    request = pb.ListInventoryRequest(parent=PARENT, product="urn:epc:idpat:sgtin:9521141.012345.*", page_size=2)
    lines: list[pb.InventoryLine] = []
    while True:
        answer = await trace.harness.query("ListInventory", request)
        lines += answer.lines
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    assert {(one.holder[-13:], one.place[-13:], one.quantity, one.in_transit) for one in lines} == {
        ("9521141000014", "9521141000014", "120", False), ("9521321000001", "9521321000018", "444", False),
        ("9521999000075", "9521999000075", "34", False),
    }  # fmt: skip
    assert sum(int(one.quantity) for one in lines) == 598
    for column in ("holder", "place"):
        one = pb.ListInventoryRequest(parent=PARENT, **{column: getattr(lines[0], column)})
        assert lines[0] in (await trace.harness.query("ListInventory", one)).lines


async def test_a_stream_says_the_same(trace: Traceability) -> None:
    await trace.capture(document(*CHAIN))
    whole = await asked(trace, GROVE, pb.TRACE_DIRECTION_FORWARD)
    request = pb.StreamTraceRequest(parent=PARENT, epc=GROVE, direction=pb.TRACE_DIRECTION_FORWARD)
    parts = await streamed(trace, "StreamTrace", request)
    together = pb.TraceResponse()
    for part in parts:
        together.nodes.extend(part.nodes)
        together.links.extend(part.links)
    assert drawn(together) == drawn(whole)
    assert {node.epc for node in together.nodes} == {node.epc for node in whole.nodes}
    assert parts[-1].complete
    request.direction = pb.TRACE_DIRECTION_BOTH
    with pytest.raises(Refusal, match="INVALID_DIRECTION"):
        await streamed(trace, "StreamTrace", request)


async def test_rebuilt_views_are_the_same(trace: Traceability) -> None:
    def rows(reader: Reader) -> list[tuple[Any, ...]]:
        tables = [
            table
            for view in SERVICE.views
            if view.name in ("genealogy", "inventory", "recalls")
            for table in view.tables
        ]
        # Up to when something captured is late is a bound, which may be later than it need be.
        return sorted(
            (table, *(re.sub(r"\[[-0-9]+,\w+,[0-9]+\]", "", str(value)) for value in row))
            for table in tables
            for row in reader.all(f"SELECT * FROM {table}")
        )

    for one in reversed(CHAIN):
        await trace.capture(document(one))
    await trace.capture(document(wrong(CHAIN[4])))
    await trace.harness.command(
        "OpenRecall", pb.OpenRecallRequest(parent=PARENT, epc=OIL, reason=pb.RECALL_REASON_QUALITY)
    )
    before = await trace.harness.log.read(rows)
    await trace.harness.log.rebuild()
    assert await trace.harness.log.read(rows) == before


_links = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=25)


@given(_links)
@settings(max_examples=100, deadline=None)
def test_every_link_leads_to_a_later_layer_unless_it_is_in_a_ring(links: list[tuple[int, int]]) -> None:
    places = lay_out(range(10), links)
    assert lay_out(range(10), links) == places
    reach = {(a, b) for a, b in links}
    for k in range(10):
        reach |= {(a, b) for a in range(10) for b in range(10) if (a, k) in reach and (k, b) in reach}
    for source, target in links:
        if (target, source) not in reach:
            assert places[source].layer < places[target].layer
    assert len({*places.values()}) == 10
    for layer in {place.layer for place in places.values()}:
        rows = sorted(place.row for place in places.values() if place.layer == layer)
        assert rows == list(range(len(rows)))
