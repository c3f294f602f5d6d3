"""Asking where something has been."""

from typing import Any

import pytest

from fenxiao.errors import Refusal
from libs.servicekit.paging import Page
from services.traceability.features import get_path
from services.traceability.tests.conftest import LOT, OLIVE_OIL, Traceability, document, event

SERIAL = "urn:epc:id:sgtin:9521141.012345.1"


async def test_a_lot_from_the_mill_to_the_shop(trace: Traceability) -> None:
    await trace.capture(OLIVE_OIL)
    answer = await trace.path(LOT)
    assert [step.biz_step for step in answer.steps] == [
        "commissioning", "inspecting", "shipping", "receiving", "shipping", "receiving", "retail_selling",
    ]  # fmt: skip
    assert answer.next_page_token == ""
    assert await trace.path("https://any.example/gtin/9521141123454/lot/OLIO-2025-11?x=1") == answer


async def test_order_is_that_of_the_events_times(trace: Traceability) -> None:
    late, early = event(50), event(10)
    await trace.capture(document(late, early))
    # The same moment as the earlier one, named in another zone: then the order of capture counts.
    same = event(eventTime="2025-11-08T23:10:00+08:00", action="DELETE")
    await trace.capture(document(event(30), same))
    answer = await trace.path(SERIAL)
    assert [(step.event_time.ToDatetime().minute, step.action) for step in answer.steps] == [
        (10, "OBSERVE"), (10, "DELETE"), (30, "OBSERVE"), (50, "OBSERVE"),
    ]  # fmt: skip


async def test_pages(trace: Traceability) -> None:
    # Two events share every moment, so pages are cut between equals too.
    events = [event(minute=n // 2, action=("ADD", "OBSERVE")[n % 2]) for n in range(7)]
    names = list((await trace.capture(document(*reversed(events)))).trace_events)
    seen: list[str] = []
    token = ""
    while True:
        answer = await trace.path(SERIAL, size=3, token=token)
        assert len(answer.steps) <= 3
        seen += [step.name for step in answer.steps]
        token = answer.next_page_token
        if not token:
            break
    assert sorted(seen) == sorted(names)
    whole = await trace.path(SERIAL)
    assert seen == [step.name for step in whole.steps]


async def test_pages_are_bounded_in_bytes(trace: Traceability, monkeypatch: pytest.MonkeyPatch) -> None:
    await trace.capture(document(event(1), event(2), event(3)))
    monkeypatch.setattr(get_path, "BYTES_A_PAGE", 1)
    first = await trace.path(SERIAL)
    assert len(first.steps) == 1
    second = await trace.path(SERIAL, token=first.next_page_token)
    assert [step.event_time.ToDatetime().minute for step in second.steps] == [2]


@pytest.mark.parametrize("key", ["nonsense", "1/2/3", "a/b"])
async def test_tokens_of_others(trace: Traceability, key: str) -> None:
    with pytest.raises(Refusal, match="INVALID_PAGE_TOKEN"):
        await trace.path(SERIAL, token=Page.token(key))


async def test_tokens_beyond_all_times(trace: Traceability) -> None:
    assert not (await trace.path(SERIAL, token=Page.token(f"{'9' * 40}/{'9' * 40}"))).steps


async def test_what_nobody_has_reported(trace: Traceability) -> None:
    await trace.capture(OLIVE_OIL)
    assert not (await trace.path("urn:epc:id:sgtin:9521141.012345.999")).steps
    assert not (await trace.path(LOT, parent="programmes/other")).steps
    for epc in ("", "lot 7", "urn:x:\0", "urn:x:" + "y" * 2000):
        with pytest.raises(Refusal, match="INVALID_EPC"):
            await trace.path(epc)


async def test_an_event_stands_once_on_a_path(trace: Traceability) -> None:
    await trace.capture(document(event(epcList=[SERIAL, "https://id.gs1.org/01/09521141123454/21/1"])))
    assert len((await trace.path(SERIAL)).steps) == 1


async def test_compact_uris_are_found_by_what_they_stand_for(trace: Traceability) -> None:
    fields: dict[str, Any] = {"@context": {"ex": "https://ex.example.com/"}, "epcList": ["ex:jar-1"]}
    await trace.capture(document(event(**fields)))
    (step,) = (await trace.path("https://ex.example.com/jar-1")).steps
    assert list(step.epcs) == ["https://ex.example.com/jar-1"]


async def test_events_about_no_object_are_on_no_path(trace: Traceability) -> None:
    sensed = event(readPoint={"id": "urn:x:1"}, sensorElementList=[{"sensorReport": [{"type": "Temperature"}]}])
    del sensed["epcList"]
    answer = await trace.capture(document(sensed))
    assert list((await trace.event(answer.trace_events[0])).epcs) == []
