"""Recalls: what they reach, as messages, as CSV and over HTTP, and what they make public."""

import csv
import io
import json
from typing import Any

import pytest

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from fenxiao.errors import Refusal
from services.traceability.features import open_recall
from services.traceability.features import recall as recall_feature
from services.traceability.tests.conftest import PARENT, Rest, Traceability, document
from services.traceability.tests.test_trace import BOTTLES, CHAIN, OIL, SHOP, bottle, streamed


async def recalled(trace: Traceability, epc: str, **fields: Any) -> tuple[list[pb.RecalledItem], pb.RecallTotal]:
    parts = await streamed(trace, "Recall", pb.RecallRequest(parent=PARENT, epc=epc, **fields))
    return [item for part in parts for item in part.items], parts[-1].total


async def test_a_recall_reaches_what_is_affected_and_nothing_else(
    trace: Traceability, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_feature, "PART", 2)
    await trace.capture(document(*CHAIN))
    items, total = await recalled(trace, OIL, with_proofs=True)
    assert {item.epc for item in items} == {OIL, BOTTLES, bottle(1), bottle(2)}
    assert (total.item_count, total.holder_count, total.complete) == (4, 2, True)
    found = {item.epc: item for item in items}
    assert (found[bottle(1)].place, found[bottle(1)].quantity) == (SHOP, "1")
    assert found[bottle(1)].holder == "https://id.gs1.org/417/9521999000006"
    assert not found[OIL].active
    steps = found[bottle(1)].proof
    assert [(step.source, step.target) for step in steps] == [(OIL, BOTTLES), (BOTTLES, bottle(1))]
    for step in steps:
        shown = await trace.event(step.trace_event)
        assert shown.event_id == step.event_hash
    parts = await streamed(trace, "Recall", pb.RecallRequest(parent=PARENT, epc=OIL, format=pb.RECALL_FORMAT_CSV))
    table = list(csv.DictReader(io.StringIO(b"".join(part.csv for part in parts).decode())))
    assert {row["epc"] for row in table} == set(found)
    assert {row["kind"] for row in table} == {"lot", "object"}


async def test_recalls_are_opened_and_closed(trace: Traceability) -> None:
    await trace.capture(document(*CHAIN))
    request = pb.OpenRecallRequest(parent=PARENT, epc=OIL, reason=pb.RECALL_REASON_SAFETY, request_id="r1")
    opened = await trace.harness.command("OpenRecall", request)
    assert await trace.harness.command("OpenRecall", request) == opened
    assert (opened.epc, opened.item_count, opened.HasField("close_time")) == (OIL, 4, False)
    request.request_id = "r2"
    with pytest.raises(Refusal, match="RECALL_OPEN"):
        await trace.harness.command("OpenRecall", request)
    with pytest.raises(Refusal, match="INVALID_REASON"):
        await trace.harness.command("OpenRecall", pb.OpenRecallRequest(parent=PARENT, epc=OIL))
    published = [one for one in await trace.harness.published() if type(one).__name__ == "Recalled"]
    assert [(one.reason, one.part, one.parts, len(one.items)) for one in published] == [("SAFETY", 1, 1, 4)]

    async def listed(**fields: Any) -> list[str]:
        asked = pb.ListRecallsRequest(parent=PARENT, **fields)
        return [one.name for one in (await trace.harness.query("ListRecalls", asked)).recalls]

    assert await listed(epc=bottle(2)) == [opened.name]
    assert await listed(epc=bottle(3)) == []
    assert await trace.harness.query("GetRecall", pb.GetRecallRequest(name=opened.name)) == opened
    closed = await trace.harness.command("CloseRecall", pb.CloseRecallRequest(name=opened.name))
    assert closed.HasField("close_time")
    assert (await listed(open_only=True), await listed()) == ([], [opened.name])
    with pytest.raises(Refusal, match="RECALL_CLOSED"):
        await trace.harness.command("CloseRecall", pb.CloseRecallRequest(name=opened.name))
    with pytest.raises(Refusal, match="RECALL_NOT_FOUND"):
        await trace.harness.command("CloseRecall", pb.CloseRecallRequest(name=f"{PARENT}/recalls/x"))


async def test_what_a_recall_has_named_stays(trace: Traceability, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_recall, "PART", 3)
    await trace.capture(document(*CHAIN[:-1]))
    request = pb.OpenRecallRequest(parent=PARENT, epc=OIL, reason=pb.RECALL_REASON_SAFETY)
    opened = await trace.harness.command("OpenRecall", request)

    async def listed(size: int) -> list[str]:
        asked = pb.ListRecalledItemsRequest(parent=opened.name, page_size=size)
        found: list[str] = []
        while True:
            page = await trace.harness.query("ListRecalledItems", asked)
            assert 0 < len(page.items) <= size
            found += page.items
            if not page.next_page_token:
                return found
            asked.page_token = page.next_page_token

    named = await listed(100)
    assert (named[0], len(named)) == (OIL, opened.item_count)
    await trace.capture(document(*CHAIN))
    assert await listed(100) == await listed(2) == await listed(len(named)) == named
    for parent, token, reason in (
        (f"{PARENT}/recalls/x", "", "RECALL_NOT_FOUND"),
        (opened.name, "MXg", "INVALID_PAGE_TOKEN"),
    ):
        wrong = pb.ListRecalledItemsRequest(parent=parent, page_token=token)
        with pytest.raises(Refusal, match=reason):
            await trace.harness.query("ListRecalledItems", wrong)
    with pytest.raises(Refusal, match="RECALL_NOT_FOUND"):
        await trace.harness.query("GetRecall", pb.GetRecallRequest(name=f"{PARENT}/recalls/x"))


async def test_a_recall_is_downloaded(rest: Rest) -> None:
    await rest.done(await rest.capture(document(*CHAIN)))
    query = {"epc": OIL, "proofs": "true", "since": "2025-01-01T00:00:00Z"}
    async with rest.session.get(f"{rest.base}/olives/recall", params=query) as answer:
        lines = [json.loads(line) for line in (await answer.text()).splitlines()]
    assert (answer.status, len(lines), lines[-1]["total"]["itemCount"]) == (200, 5, "4")
    async with rest.session.get(f"{rest.base}/olives/recall", params={**query, "format": "csv"}) as answer:
        table = list(csv.DictReader(io.StringIO(await answer.text())))
    assert [row["epc"] for row in table] == [line["epc"] for line in lines[:-1]]
    assert all(row["proof"].startswith("ni:///sha-256;") for row in table if row["epc"] != OIL)
    for wrongly in ({"format": "xml"}, {"proofs": "1"}, {"since": "today"}, {"lot": "x"}):
        async with rest.session.get(f"{rest.base}/olives/recall", params={"epc": OIL, **wrongly}) as answer:
            assert (answer.status, (await answer.json(content_type=None))["title"]) == (400, "QUERY_PARAMETER")
