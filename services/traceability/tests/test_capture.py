"""Taking documents in."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from fenxiao.api.traceability.v1 import events_pb2
from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from fenxiao.epcis import canonical_identifier
from fenxiao.errors import Refusal
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.tests.conftest import LOT, OLIVE_OIL, PARENT, Traceability, document, event


async def test_captured_shown_and_published(trace: Traceability) -> None:
    answer = await trace.capture(OLIVE_OIL)
    assert (len(answer.trace_events), answer.repeated_count) == (7, 0)
    shown = await trace.event(answer.trace_events[2])
    assert shown.name == answer.trace_events[2]
    assert shown.event_id == "ni:///sha-256;24ac0d0eabc5c9e3db6f012da540362523d8d3a6243168f8a66e1383693ec41d?ver=CBV2.0"
    assert shown.event_time.ToDatetime(UTC) == datetime(2025, 11, 17, 6, 30, tzinfo=UTC)
    assert (shown.action, shown.biz_step, shown.disposition) == ("OBSERVE", "shipping", "in_transit")
    assert (shown.read_point, shown.biz_location) == ("https://id.gs1.org/414/9521141000014", "")
    assert list(shown.epcs) == [canonical_identifier(LOT)]
    published = [one for one in await trace.harness.published() if isinstance(one, events_pb2.TraceEventCaptured)]
    assert len(published) == 7
    assert isinstance(published[2], events_pb2.TraceEventCaptured)
    assert published[2].trace_event == shown.name.rsplit("/", 1)[1]
    assert (published[2].event_hash, published[2].biz_step) == (shown.event_id, "shipping")
    assert published[2].event_time == shown.event_time
    assert list(published[2].biz_transactions) == [
        "urn:epcglobal:cbv:bt:9521321000001:PO-2207",
        "urn:epcglobal:cbv:bt:9521141000007:DA-1131",
    ]
    (recorded, *_) = await trace.harness.recorded()
    assert recorded.occurred_at == datetime(2025, 11, 8, 15, 40, tzinfo=UTC)
    assert (recorded.meta.programme, recorded.meta.actor) == ("olives", "tester")


async def test_original_bytes_are_kept(trace: Traceability) -> None:
    original = '{ "ex:place":"橄榄\\u6cb9",\n' + json.dumps(event(eventID="urn:uuid:1"))[1:]
    answer = await trace.capture(document("HERE").replace(b'"HERE"', original.encode()))
    shown = await trace.event(answer.trace_events[0])
    assert shown.document == original.encode()
    assert shown.event_id == "urn:uuid:1"


async def test_words_and_transactions_are_published_in_one_form(trace: Traceability) -> None:
    transactions = [
        {"bizTransaction": "urn:epc:id:gdti:9521321.00001.77"},
        {"bizTransaction": "https://example.org/253/952132100001877"},
    ]
    fields: dict[str, Any] = {"bizStep": "cbv:BizStep-shipping", "disposition": "https://ex.example.com/disp/tasted"}
    answer = await trace.capture(document(event(bizTransactionList=transactions, **fields)))
    published, _ = await trace.harness.published()
    assert (published.biz_step, list(published.biz_transactions)) == (
        "shipping",
        ["https://id.gs1.org/253/952132100001877"],
    )
    assert (await trace.event(answer.trace_events[0])).disposition == "https://ex.example.com/disp/tasted"


async def test_captured_again_it_is_the_same(trace: Traceability) -> None:
    first = await trace.capture(OLIVE_OIL)
    again = await trace.capture(OLIVE_OIL)
    assert list(again.trace_events) == list(first.trace_events)
    assert again.repeated_count == 7
    captured = [one for one in await trace.harness.recorded() if isinstance(one.event, TraceEventCaptured)]
    assert len(captured) == 7


async def test_an_event_is_known_however_it_is_written(trace: Traceability) -> None:
    first = await trace.capture(document(event()))
    other = event(
        eventTime="2025-11-08T15:00:00.000Z",
        epcList=["https://shop.example/gtin/9521141123454/ser/1"],
        recordTime="2026-01-01T00:00:00Z",
    )
    both = await trace.capture(document(other, event(), event(minute=1)))
    assert both.repeated_count == 2
    assert [name == first.trace_events[0] for name in both.trace_events] == [True, True, False]


async def test_twice_in_one_document_is_once(trace: Traceability) -> None:
    answer = await trace.capture(document(event(), event()))
    assert answer.trace_events[0] == answer.trace_events[1]
    assert (answer.repeated_count, len(await trace.harness.recorded())) == (1, 1)


async def test_a_correction_is_not_swallowed(trace: Traceability) -> None:
    declaration = {"declarationTime": "2025-11-09T08:00:00Z", "reason": "did_not_occur"}
    await trace.capture(document(event()))
    answer = await trace.capture(document(event(errorDeclaration=declaration)))
    assert answer.repeated_count == 0
    one, other = await trace.harness.published()
    assert one.event_hash == other.event_hash
    assert one.trace_event != other.trace_event
    assert (await trace.capture(document(event(errorDeclaration=declaration)))).repeated_count == 1


async def test_a_repeated_request_gets_the_first_answer(trace: Traceability) -> None:
    first = await trace.capture(document(event()), request_id="r1")
    again = await trace.capture(document(event()), request_id="r1")
    assert (again, again.repeated_count) == (first, 0)
    with pytest.raises(Refusal, match="REQUEST_ID_REUSED"):
        await trace.capture(document(event(minute=1)), request_id="r1")


async def test_many_callers_at_once(trace: Traceability) -> None:
    request = pb.CaptureRequest(parent=PARENT, document=OLIVE_OIL)
    answers = await trace.harness.commands("Capture", [request] * 5)
    assert sorted(answer.repeated_count for answer in answers) == [0, 7, 7, 7, 7]


async def test_each_programme_has_its_own(trace: Traceability) -> None:
    one = await trace.capture(document(event()))
    other = await trace.capture(document(event()), parent="programmes/other")
    assert other.repeated_count == 0
    stolen = one.trace_events[0].replace(PARENT, "programmes/other")
    assert stolen not in other.trace_events
    with pytest.raises(Refusal, match="TRACE_EVENT_NOT_FOUND"):
        await trace.event(stolen)


HUGE: dict[str, Any] = {"ex:huge": 0}
LACKING = {key: value for key, value in event().items() if key != "eventTime"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "INVALID_JSON"),
        (OLIVE_OIL[:-10], "INVALID_JSON"),
        (b"\xff\xfe", "NOT_UTF8"),
        (document(event(type="AggregationEvent")), "UNKNOWN_FIELD"),
        (document(event(), type="EPCISQueryDocument"), "UNKNOWN_FIELD"),
        (document(LACKING), "MISSING_FIELD"),
        (document(event(eventTime="2025-11-08T16:40:00")), "MISSING_OFFSET"),
        (document(event(eventTimeZoneOffset="Rome")), "WRONG_FORM"),
        (document(event(action="LOOK")), "UNKNOWN_WORD"),
        (document(event()).replace(b'"action"', b'"action": "ADD", "action"'), "REPEATED_KEY"),
        (document(event(**HUGE)).replace(b": 0", b": " + b"[" * 10_000), "TOO_DEEP"),
        (document(event(**HUGE)).replace(b": 0", b": " + b"9" * 10_000), "NUMBER_OUT_OF_RANGE"),
        (document(event(**HUGE)).replace(b": 0", b": 1e999999999"), "NUMBER_OUT_OF_RANGE"),
        (document(*[event(minute=n, **{"ex:a": "x" * 900_000}) for n in range(5)]), "DOCUMENT_TOO_LARGE"),
        (document(*[event()] * 1001), "TOO_MANY_EVENTS"),
        (
            document(event(bizTransactionList=[{"bizTransaction": f"urn:x:{n}"} for n in range(101)])),
            "TOO_MANY_BIZ_TRANSACTIONS",
        ),
    ],
)
async def test_bad_documents_leave_nothing(trace: Traceability, data: bytes, reason: str) -> None:
    with pytest.raises(Refusal) as caught:
        await trace.capture(data)
    assert (caught.value.reason, caught.value.field) == (reason, "document")
    assert await trace.harness.recorded() == []


@pytest.mark.parametrize("bad", [event(action="LOOK"), 7, event(epcList=["x"])])
async def test_one_bad_event_refuses_the_good_ones(trace: Traceability, bad: Any) -> None:
    with pytest.raises(Refusal, match="event 2, "):
        await trace.capture(document(event(), bad, event(minute=2)))
    assert await trace.harness.recorded() == []


async def test_the_most_that_is_taken(trace: Traceability) -> None:
    events = [event(minute=n % 60, epcList=[f"urn:epc:id:sgtin:9521141.012345.{n}"]) for n in range(500)]
    assert len((await trace.capture(document(*events))).trace_events) == 500
    assert (await trace.capture(document(*events))).repeated_count == 500


@pytest.mark.parametrize("name", ["programmes/olives/traceEvents/nothing", f"{PARENT}/traceEvents/{'0' * 32}"])
async def test_unknown_events(trace: Traceability, name: str) -> None:
    with pytest.raises(Refusal, match="TRACE_EVENT_NOT_FOUND"):
        await trace.event(name)
