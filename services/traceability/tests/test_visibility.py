"""Who sees what: by policy, by relation, through every question."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fenxiao.api.traceability.v1 import goods_pb2, privacy_pb2, proofs_pb2
from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from fenxiao.errors import Refusal
from libs.servicekit.testing import Harness
from services.traceability.domain.visibility import Audience, read_policy
from services.traceability.tests.conftest import PARENT, document
from services.traceability.wiring import PARTIES, QUERIES, SERVICE

NS = "https://mill.example/epcis/"
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"mill": NS}]
MILL, HAULIER, SHOP, OTHER = (f"https://id.gs1.org/417/{number}" for number in (
    "9521141000014", "9521141000021", "9521141000038", "9521141000045"))  # fmt: skip
MILL_PLACE, SHOP_PLACE = (f"https://id.gs1.org/414/{number}" for number in ("9521141000014", "9521141000038"))
LOT = "https://id.gs1.org/01/09521141123454/10/L1"
MADE = "https://id.gs1.org/01/09521141123454/10/L2"
CRATE = "https://id.gs1.org/00/095211411234567892"
ORDER = "urn:epcglobal:cbv:bt:9521321000001:PO-1"


def lot_event(minute: int, step: str, place: str, **fields: Any) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventTime": f"2025-11-08T16:{minute:02}:00+01:00",
        "eventTimeZoneOffset": "+01:00",
        "action": "OBSERVE",
        "bizStep": step,
        "quantityList": [{"epcClass": LOT, "quantity": 480, "uom": "KGM"}],
        "readPoint": {"id": place},
        "mill:press": f"press {minute}",
        **fields,
    }


def sold(seller: str, buyer: str) -> dict[str, Any]:
    return {
        "sourceList": [{"type": "owning_party", "source": seller}],
        "destinationList": [{"type": "owning_party", "destination": buyer}],
        "bizTransactionList": [{"type": "po", "bizTransaction": ORDER}],
    }


EVENTS = [
    lot_event(1, "commissioning", MILL_PLACE, action="ADD", ilmd={"cbvmda:countryOfOrigin": "IT", "mill:acid": "0.2"}),
    lot_event(2, "shipping", MILL_PLACE, **sold(MILL, SHOP)),
    lot_event(3, "transporting", "https://id.gs1.org/414/9521141000021"),
    lot_event(4, "receiving", SHOP_PLACE, disposition="in_progress"),
]
MADE_OF = {
    "type": "TransformationEvent",
    "eventTime": "2025-11-08T17:00:00+01:00",
    "eventTimeZoneOffset": "+01:00",
    "inputQuantityList": [{"epcClass": LOT, "quantity": 10, "uom": "KGM"}],
    "outputQuantityList": [{"epcClass": MADE, "quantity": 9, "uom": "KGM"}],
    "readPoint": {"id": SHOP_PLACE},
}


@dataclass
class Privacy:
    """The calls that these tests make, as one caller or another."""

    harness: Harness

    async def capture(self, *events: dict[str, Any], actor: str = "programme") -> list[str]:
        request = pb.CaptureRequest(parent=PARENT, document=document(*events, **{"@context": CONTEXT}))
        return list((await self.harness.command("Capture", request, actor=actor)).trace_events)

    async def set(self, **policy: Any) -> privacy_pb2.Visibility:
        request = privacy_pb2.SetVisibilityRequest(name=f"{PARENT}/visibility", document=json.dumps(policy).encode())
        return await self.harness.command("SetVisibility", request)

    async def get(self, name: str, **caller: Any) -> dict[str, Any]:
        shown = await self.harness.query("GetTraceEvent", pb.GetTraceEventRequest(name=name), **caller)
        return json.loads(shown.document)

    async def proof(self, name: str, **caller: Any) -> proofs_pb2.EventProof:
        return await self.harness.query("GetEventProof", proofs_pb2.GetEventProofRequest(name=name), **caller)

    async def asked(
        self, parties: tuple[str, ...] = (), role: str = "operator", **parameters: str
    ) -> list[dict[str, Any]]:
        request = pb.QueryEventsRequest(parent=PARENT)
        for name, value in parameters.items():
            request.parameters[name].values.append(value)
        found = await self.harness.query("QueryEvents", request, parties=parties, role=role, actor="a caller")
        return [json.loads(one.document) for one in found.events]


@pytest.fixture
async def privacy(tmp_path: Path) -> AsyncIterator[Privacy]:
    masters = tmp_path / "masters"
    masters.touch(mode=0o600)
    masters.write_text("5a" * 32 + "\n", encoding="ascii")
    settings = {"key_database_url": f"sqlite:///{tmp_path}/keys.db", "master_key_file": str(masters)}
    async with Harness(SERVICE, tmp_path, **settings) as harness:
        yield Privacy(harness)


PUBLIC = {"type", "eventTime", "eventTimeZoneOffset", "action", "bizStep", "quantityList", "readPoint"}


async def test_by_default_each_sees_what_concerns_him(privacy: Privacy) -> None:
    made, shipped, carried, received = await privacy.capture(*EVENTS)
    whole = json.loads(json.dumps(EVENTS[1]))
    for caller in ({}, {"role": "regulator"}, {"parties": (MILL,)}, {"parties": (SHOP,)}):
        assert await privacy.get(shipped, **caller, actor="x") == whole
    # The haulier comes next: one step down. Who has nothing to do with it sees what everybody sees.
    assert await privacy.get(shipped, parties=(HAULIER,)) == whole
    shown = await privacy.get(shipped, parties=(OTHER,))
    assert set(shown) == PUBLIC
    assert shown["quantityList"] == [{"epcClass": LOT}]
    assert (await privacy.get(made, parties=(OTHER,)))["ilmd"] == {"cbvmda:countryOfOrigin": "IT"}
    # Two steps away is too far: the shop is no party of what happened before it was shipped, but for the shipment.
    assert "mill:press" in await privacy.get(made, parties=(SHOP,))
    assert "mill:press" in await privacy.get(carried, parties=(SHOP,))
    assert "mill:press" not in await privacy.get(received, parties=(MILL,))


async def test_who_reported_it_is_a_party(privacy: Privacy) -> None:
    (name,) = await privacy.capture(EVENTS[2], actor="driver")
    assert "mill:press" in await privacy.get(name, parties=(OTHER,), actor="driver")
    assert "mill:press" not in await privacy.get(name, parties=(OTHER,), actor="drivers")


async def test_where_nobody_has_named_it_a_party_finds_what_concerns_it(privacy: Privacy) -> None:
    await privacy.capture(*EVENTS)
    assert len(await privacy.asked()) == 4
    assert await privacy.asked((OTHER,)) == []
    assert [event["bizStep"] for event in await privacy.asked((MILL,))] == ["commissioning", "shipping", "transporting"]
    path = await privacy.harness.query("GetPath", pb.GetPathRequest(parent=PARENT, epc=LOT), parties=(OTHER,))
    assert [step.biz_step for step in path.steps] == [event["bizStep"] for event in EVENTS]


@pytest.mark.parametrize(
    "hidden", [{"EQ_bizTransaction_po": ORDER}, {f"EQ_{NS}press": "p"}, {"EQ_disposition": "in_progress"}]
)
async def test_a_query_is_no_oracle_for_what_it_does_not_show(privacy: Privacy, hidden: dict[str, str]) -> None:
    alike = {**sold(MILL, SHOP), "mill:press": "p", "disposition": "in_progress"}
    await privacy.capture(*(lot_event(minute, "shipping", MILL_PLACE, **alike) for minute in (1, 2)))
    assert len(await privacy.asked((SHOP,), "operator", **hidden)) == 2
    rules = [
        {"fields": ["bizTransactionList", f"{{{NS}}}*", "disposition"], "readers": ["programme"]},
        {"fields": ["*"], "readers": [one.value for one in Audience]},
    ]
    await privacy.set(fields=rules)
    assert await privacy.asked((SHOP,), "operator", **hidden) == []
    assert await privacy.asked((SHOP,), "operator", **hidden, maxEventCount="1") == []
    assert len(await privacy.asked((SHOP,), EQ_bizStep="shipping")) == 2
    assert len(await privacy.asked((), "operator", **hidden)) == 2
    with pytest.raises(Refusal, match="QUERY_TOO_LARGE"):
        await privacy.asked((), "operator", **hidden, maxEventCount="1")


async def test_events_as_a_whole_are_hidden(privacy: Privacy) -> None:
    made, shipped, *_ = await privacy.capture(*EVENTS)
    await privacy.set(
        events=[
            {"when": {"steps": ["shipping"]}, "readers": ["programme"]},
            {"readers": ["party", "adjacent", "programme", "regulator"]},
        ],
        fields=[{"fields": ["*"], "readers": [one.value for one in Audience]}],
    )
    assert len(await privacy.asked()) == 4
    assert len(await privacy.asked(role="regulator")) == 3
    for caller in ({"parties": (SHOP,)}, {"role": "regulator"}):
        for call in (privacy.get, privacy.proof):
            with pytest.raises(Refusal, match="TRACE_EVENT_NOT_FOUND"):
                await call(shipped, **caller)
    with pytest.raises(Refusal, match="TRACE_EVENT_NOT_FOUND"):
        await privacy.get(made, parties=(OTHER,))


async def traced(privacy: Privacy, epc: str, **caller: Any) -> goods_pb2.TraceResponse:
    request = goods_pb2.TraceRequest(parent=PARENT, epc=epc, with_events=True)
    return await privacy.harness.query("Trace", request, **caller)


async def test_links_that_are_not_seen_are_not_followed(privacy: Privacy) -> None:
    await privacy.capture(*EVENTS, MADE_OF)
    everybody = [one.value for one in Audience]
    inside = [one.value for one in Audience if one is not Audience.PUBLIC]
    whole = await traced(privacy, LOT)
    assert {node.epc for node in whole.nodes} == {LOT, MADE}
    assert whole.hidden_events == 0
    seen = await traced(privacy, LOT, parties=(OTHER,))
    assert {node.epc for node in seen.nodes} == {LOT, MADE}
    assert not any(node.quantities for node in seen.nodes)
    assert all("quantity" not in str(json.loads(one.document)["inputQuantityList"]) for one in seen.events)
    await privacy.set(
        fields=[{"fields": ["inputQuantityList"], "readers": inside}, {"fields": ["*"], "readers": everybody}]
    )
    assert {node.epc for node in (await traced(privacy, LOT)).nodes} == {LOT, MADE}
    assert {node.epc for node in (await traced(privacy, LOT, parties=(SHOP,))).nodes} == {LOT, MADE}
    for epc in (LOT, MADE):
        seen = await traced(privacy, epc, parties=(OTHER,))
        assert ([node.epc for node in seen.nodes], len(seen.links), seen.hidden_events) == ([epc], 0, 1)
    stream = SERVICE.streams["StreamTrace"].handler
    request = goods_pb2.StreamTraceRequest(parent=PARENT, epc=LOT, direction=goods_pb2.TRACE_DIRECTION_FORWARD)
    call = privacy.harness.call(request, parties=(OTHER,))
    parts = [part async for part in stream(privacy.harness.running, request, call)]
    assert (parts[-1].hidden_events, sum(len(part.nodes) for part in parts)) == (1, 0)


async def test_a_class_does_not_tell_strangers_its_lots(privacy: Privacy) -> None:
    await privacy.capture(*EVENTS, MADE_OF)
    name = "https://id.gs1.org/01/09521141123454"
    assert len((await traced(privacy, name)).nodes) > 1
    assert [node.epc for node in (await traced(privacy, name, parties=(OTHER,))).nodes] == [name]


async def test_inventory_and_recall_are_a_partys_own(privacy: Privacy) -> None:
    await privacy.capture(*EVENTS, MADE_OF)

    async def holders(**caller: Any) -> set[str]:
        request = goods_pb2.ListInventoryRequest(parent=PARENT)
        return {line.holder for line in (await privacy.harness.query("ListInventory", request, **caller)).lines}

    async def recalled(**caller: Any) -> tuple[set[str], int]:
        request = goods_pb2.RecallRequest(parent=PARENT, epc=LOT)
        call = privacy.harness.call(request, **caller)
        handler = SERVICE.streams["Recall"].handler
        parts = [part async for part in handler(privacy.harness.running, request, call)]
        return {item.holder for part in parts for item in part.items}, parts[-1].total.item_count

    assert SHOP in await holders()
    assert await holders(parties=(SHOP,)) == {SHOP}
    assert await holders(parties=(OTHER,)) == set()
    assert SHOP in (await recalled())[0]
    assert (await recalled(parties=(SHOP,)))[0] == {SHOP}
    assert await recalled(parties=(OTHER,)) == (set(), 0)
    await privacy.set(
        fields=[
            {"fields": ["quantityList"], "readers": ["programme"]},
            {"fields": ["*"], "readers": ["regulator", "programme"]},
        ]
    )
    with pytest.raises(Refusal, match="NOT_VISIBLE"):
        await holders(role="regulator")
    with pytest.raises(Refusal, match="NOT_VISIBLE"):
        await recalled(role="regulator")
    assert SHOP in await holders()


async def test_where_it_is_follows_from_what_is_seen(privacy: Privacy) -> None:
    await privacy.capture(*EVENTS)
    request = goods_pb2.LocateRequest(parent=PARENT, epc=LOT)
    whole = (await privacy.harness.query("Locate", request)).whereabouts
    assert (SHOP_PLACE, "480") in {(one.place, one.quantity) for one in whole}
    seen = (await privacy.harness.query("Locate", request, parties=(OTHER,))).whereabouts
    assert not any(one.quantity not in ("", "0") for one in seen)


def test_everything_else_is_closed_to_parties() -> None:
    closed = {"SetVisibility", "EraseTraceData", "SetTraceRule", "OpenRecall", "SetLinks", "AdvanceTo", "ListAlerts",
              "GetAlert", "ListCaptures", "ListTraceRules", "ListRecalledItems"}  # fmt: skip
    assert not closed & PARTIES
    methods = {*SERVICE.commands, *SERVICE.queries, *SERVICE.streams, *SERVICE.uploads}
    assert methods > PARTIES


@pytest.mark.parametrize("method", sorted({*QUERIES} - PARTIES))
async def test_a_party_is_refused_what_is_about_the_programme(privacy: Privacy, method: str) -> None:
    with pytest.raises(Refusal, match="PARTY_CREDENTIAL"):
        await privacy.harness.query(method, pb.GetPathRequest(parent=PARENT), parties=(MILL,))


async def test_setting_it_again_changes_nothing(privacy: Privacy) -> None:
    name = f"{PARENT}/visibility"

    async def shown(version: int = 0) -> privacy_pb2.Visibility:
        request = privacy_pb2.GetVisibilityRequest(name=name, version=version)
        return await privacy.harness.query("GetVisibility", request)

    default = await shown()
    assert (default.version, default.HasField("set_time")) == (0, False)
    rules: list[dict[str, Any]] = [{"fields": ["*"], "readers": ["programme"]}]
    assert [(await privacy.set(fields=rules)).version for _ in range(2)] == [1, 1]
    assert (await privacy.set(**json.loads(default.document))).version == 2
    assert (await shown()).document == default.document
    assert json.loads((await shown(1)).document)["fields"][0]["readers"] == ["programme"]
    with pytest.raises(Refusal, match="NO_SUCH_VISIBILITY"):
        await shown(3)


ALL = {"fields": ["*"], "readers": ["programme"]}


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ({}, "fields: Field required"),
        ({"fields": [{"fields": ["bizStep"], "readers": ["public"]}]}, "last rule under fields"),
        ({"fields": [{**ALL, "measured": ["Temperature"]}]}, "last rule under fields"),
        ({"fields": [{**ALL, "when": {"steps": ["shipping"]}}]}, "last rule under fields"),
        ({"fields": [ALL], "events": [{"when": {"types": ["ObjectEvent"]}, "readers": ["party"]}]}, "under events"),
        ({"fields": [{"fields": ["bizstep"], "readers": ["public"]}, ALL]}, "bizstep is no member"),
        ({"fields": [{"fields": ["eventTime"], "readers": ["programme"]}, ALL]}, "seen by all"),
        ({"fields": [{"fields": ["bizStep"], "readers": []}, ALL]}, "at least 1"),
        ({"fields": [{"fields": ["bizStep"], "readers": ["everybody"]}, ALL]}, "Input should be"),
        ({"fields": [{"fields": ["epcList"], "readers": ["party"], "seal": "item"}, ALL]}, "epcList cannot be sealed"),
        ({"fields": [{"fields": ["*"], "readers": ["party"], "seal": "owner"}]}, r"\* cannot be sealed"),
        (
            {
                "fields": [
                    {"fields": ["ilmd/{urn:epcglobal:cbv:mda:}lotNumber"], "readers": ["party"], "seal": "item"},
                    ALL,
                ]
            },
            "traced to their lot",
        ),
        ({"fields": [ALL], "more": 1}, "more: Extra"),
    ],
)
def test_policies_that_cannot_be(policy: dict[str, Any], why: str) -> None:
    with pytest.raises(Refusal, match=why) as found:
        read_policy(json.dumps(policy).encode())
    assert found.value.reason == "INVALID_VISIBILITY"


def test_the_example_in_the_docs_is_taken() -> None:
    text = (Path(__file__).parents[3] / "docs" / "privacy.md").read_text(encoding="utf-8")
    policy = read_policy(text.partition("```yaml\n")[2].partition("```")[0].encode())
    assert policy.seals
    assert not policy.shows_all(frozenset({Audience.PUBLIC, Audience.REGULATOR}))


async def test_many_ask_at_once(privacy: Privacy) -> None:
    names = await privacy.capture(*EVENTS)
    shown = await asyncio.gather(*(privacy.get(name, parties=(OTHER,)) for name in names * 5))
    assert all(set(one) <= PUBLIC | {"ilmd", "disposition"} for one in shown)
