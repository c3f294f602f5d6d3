"""Documents of any size over HTTP: kept, captured next, and what became of them."""

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from services.traceability.policies.when_document_received_then_capture import when_document_received_then_capture
from services.traceability.tests.conftest import OLIVE_OIL, Rest, document, event


def many(count: int) -> list[dict[str, Any]]:
    return [event(minute=n % 60, epcList=[f"urn:epc:id:sgtin:9521141.012345.{n}"]) for n in range(count)]


async def test_a_document_is_captured_and_shown(rest: Rest) -> None:
    answer = await rest.capture(OLIVE_OIL)
    assert answer.headers["GS1-EPCIS-Version"] == "2.0.0"
    shown = await rest.done(answer)
    assert (shown["success"], shown["captureErrorBehaviour"], shown["errors"]) == (True, "rollback", [])
    assert (shown["captured"], shown["repeated"], shown["refused"]) == (7, 0, 0)
    again = await rest.done(await rest.capture(OLIVE_OIL))
    assert (again["captured"], again["repeated"]) == (0, 7)
    listed = await rest.get("/olives/epcis/capture?perPage=1")
    assert [one["captureID"] for one in listed] == [again["captureID"]]


@pytest.mark.parametrize("count", [10, 700])
async def test_a_rollback_stores_nothing(rest: Rest, count: int) -> None:
    shown = await rest.done(await rest.capture(document(*many(count), event(action="LOOK"))))
    assert (shown["success"], shown["captured"], shown["refused"]) == (False, 0, count + 1)
    (error,) = shown["errors"]
    assert (error["event"], error["title"]) == (count + 1, "UNKNOWN_WORD")
    kinds = {type(one.event).__name__ for one in await rest.harness.recorded()}
    assert kinds == {"CaptureReceived", "CaptureFinished"}


async def test_proceeding_stores_exactly_the_good_ones(rest: Rest) -> None:
    events = [*many(3), event(action="LOOK"), 7, event(minute=59)]
    shown = await rest.done(await rest.capture(document(*events), **{"GS1-Capture-Error-Behaviour": "proceed"}))
    assert (shown["success"], shown["captured"], shown["refused"]) == (False, 4, 2)
    assert {error["event"] for error in shown["errors"]} == {4, 5}


async def test_larger_than_any_message(rest: Rest) -> None:
    body = document(*many(6000), sender="x")
    shown = await rest.done(await rest.capture(body))
    assert (shown["captured"], shown["errors"]) == (6000, [])
    left = await rest.harness.log.read(lambda reader: reader.all("SELECT count(*) FROM capture_bodies"))
    assert left == [(0,)]


async def test_what_was_received_is_captured_after_a_crash(rest: Rest, tmp_path: Path) -> None:
    """Killed between two parts, it goes on where it was."""
    from services.traceability.policies import when_document_received_then_capture as policy

    stored = policy.store
    calls, crashed = 0, threading.Event()

    def crashing(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            crashed.set()
            raise RuntimeError("killed")
        return stored(*arguments)

    policy.store = crashing
    try:
        answer = await rest.capture(document(*many(1600)))
        await asyncio.wait_for(asyncio.to_thread(crashed.wait), 60)
    finally:
        policy.store = stored
    worker = asyncio.create_task(when_document_received_then_capture(rest.harness.running))
    shown = await rest.done(answer)
    worker.cancel()
    assert (shown["captured"], shown["repeated"]) == (1600, 0)


@pytest.mark.parametrize(
    ("headers", "body", "status", "title"),
    [
        ({}, b"", 400, "EMPTY_BODY"),
        ({"GS1-Capture-Error-Behaviour": "hope"}, b"{}", 400, "UNKNOWN_BEHAVIOUR"),
        ({"Fenxiao-Epcis-Profile": "kind"}, b"{}", 400, "UNKNOWN_PROFILE"),
    ],
)
async def test_what_cannot_be_received(
    rest: Rest, headers: dict[str, str], body: bytes, status: int, title: str
) -> None:
    answer = await rest.capture(body, **headers)
    problem = json.loads(await answer.read())
    assert (answer.status, problem["title"], problem["type"]) == (status, title, "epcisException:ValidationException")


async def test_unknown_captures(rest: Rest) -> None:
    for capture in ("nothing", "0" * 32):
        answer = await rest.session.get(f"{rest.base}/olives/epcis/capture/{capture}")
        assert (answer.status, (await answer.json(content_type=None))["type"]) == (
            404,
            "epcisException:NoSuchResourceException",
        )
