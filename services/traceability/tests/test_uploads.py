"""Documents and queries over gRPC: uploaded in pieces, shown, listed; the events that are asked for."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from fenxiao.api.traceability.v1 import captures_pb2, traceability_pb2
from fenxiao.credentials import Claims
from fenxiao.errors import Refusal
from libs.servicekit.server import make_call
from services.traceability.features.capture_document import capture_document
from services.traceability.policies.when_document_received_then_capture import when_document_received_then_capture
from services.traceability.tests.conftest import PARENT, Traceability, document, event


def many(count: int) -> list[dict[str, Any]]:
    return [event(minute=n % 60, epcList=[f"urn:epc:id:sgtin:9521141.012345.{n}"]) for n in range(count)]


async def upload(trace: Traceability, body: bytes, **fields: Any) -> captures_pb2.DocumentCapture:
    async def others() -> AsyncIterator[captures_pb2.CaptureDocumentRequest]:
        for start in range(1000, len(body), 100_000):
            yield captures_pb2.CaptureDocumentRequest(chunk=body[start : start + 100_000])

    first = captures_pb2.CaptureDocumentRequest(parent=PARENT, chunk=body[:1000], **fields)
    running = trace.harness.running
    claims = Claims("mill", "olives", "partner", frozenset({"*"}), datetime.max.replace(tzinfo=UTC))
    call = make_call(running, claims, "olives", first)
    worker = asyncio.create_task(when_document_received_then_capture(running))
    try:
        async with asyncio.timeout(60):
            return await capture_document(running, first, others(), call)
    finally:
        worker.cancel()


async def test_a_large_document_in_pieces(trace: Traceability) -> None:
    done = await upload(trace, document(*many(1500)))
    assert (done.captured_count, done.refused_count, done.success) == (1500, 0, True)
    assert await trace.harness.query("GetCapture", captures_pb2.GetCaptureRequest(name=done.name)) == done
    again = await upload(trace, document(*many(1500)))
    assert (again.captured_count, again.repeated_count) == (0, 1500)
    request = captures_pb2.ListCapturesRequest(parent=PARENT, page_size=1)
    page = await trace.harness.query("ListCaptures", request)
    assert list(page.captures) == [again]
    request.page_token = page.next_page_token
    page = await trace.harness.query("ListCaptures", request)
    assert (list(page.captures), page.next_page_token) == ([done], "")


async def test_an_answer_at_once(trace: Traceability) -> None:
    started = await upload(trace, document(*many(3)), at_once=True)
    assert not started.HasField("finish_time")
    worker = asyncio.create_task(when_document_received_then_capture(trace.harness.running))
    request = captures_pb2.GetCaptureRequest(name=started.name)
    try:
        async with asyncio.timeout(60):
            found = started
            while not found.HasField("finish_time"):
                await asyncio.sleep(0.01)
                found = await trace.harness.query("GetCapture", request)
    finally:
        worker.cancel()
    assert (found.captured_count, found.success) == (3, True)


async def test_both_behaviours(trace: Traceability) -> None:
    body = document(*many(3), event(action="LOOK"))
    done = await upload(trace, body)
    assert (done.captured_count, done.refused_count, done.success) == (0, 4, False)
    assert (done.problems[0].event, done.problems[0].rule) == (4, "UNKNOWN_WORD")
    done = await upload(trace, body, behaviour=captures_pb2.CAPTURE_BEHAVIOUR_PROCEED)
    assert (done.captured_count, done.refused_count) == (3, 1)


async def test_what_cannot_be_uploaded_or_shown(trace: Traceability) -> None:
    with pytest.raises(Refusal, match="body"):
        await upload(trace, b"")
    with pytest.raises(Refusal, match="proceed"):
        await upload(trace, b"{}", behaviour=7)
    for name in (f"{PARENT}/captures/x", f"{PARENT}/captures/00000000-0000-4000-8000-000000000000"):
        with pytest.raises(Refusal) as caught:
            await trace.harness.query("GetCapture", captures_pb2.GetCaptureRequest(name=name))
        assert caught.value.reason == "NO_SUCH_CAPTURE"


async def test_events_by_parameters_or_by_json(trace: Traceability) -> None:
    await trace.capture(document(*many(5), event(minute=9, bizStep="shipping")))
    values = traceability_pb2.QueryValues
    for asked in (
        {
            "parameters": {
                "EQ_bizStep": values(values=["shipping"]),
                "EXISTS_errorDeclaration": values(values=["false"]),
            }
        },
        {"query": b'{"EQ_bizStep": ["shipping"], "orderBy": "eventTime"}'},
    ):
        request = traceability_pb2.QueryEventsRequest(parent=PARENT, **asked)  # pyright: ignore[reportArgumentType]
        answer = await trace.harness.query("QueryEvents", request)
        assert [one.biz_step for one in answer.events] == ["shipping"]
    request = traceability_pb2.QueryEventsRequest(parent=PARENT, page_size=4)
    first = await trace.harness.query("QueryEvents", request)
    request.page_token = first.next_page_token
    second = await trace.harness.query("QueryEvents", request)
    assert (len(first.events), len(second.events), second.next_page_token) == (4, 2, "")
    for wrong in (b'{"EQ_nothing": 1}', b"[]", b"{", b'{"maxEventCount": 1, "maxEventCount": 2}'):
        with pytest.raises(Refusal):
            await trace.harness.query("QueryEvents", traceability_pb2.QueryEventsRequest(parent=PARENT, query=wrong))
