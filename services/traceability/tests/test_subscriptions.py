"""Named queries and subscriptions: each event that is asked for arrives, in order, whatever fails between."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError, web

from fenxiao.epcis import read_document
from services.traceability.adapters.webhooks import is_inside_literal, is_outside
from services.traceability.domain.events import Schedule
from services.traceability.domain.subscriptions import next_due, read_schedule
from services.traceability.policies.when_captured_then_notify import when_captured_then_notify
from services.traceability.tests.conftest import Rest, document, event, header, place

SECRET = "13df38d8275b13f05704629e5f1cf3d45d6132d5"


@dataclass
class Endpoint:
    """Takes what is sent, or refuses it."""

    url: str = ""
    answers: list[int] = field(default_factory=list[int])
    """Status of the next answers; then 200."""
    bodies: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    signatures: list[str] = field(default_factory=list[str])
    calls: int = 0

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.calls += 1
        status = self.answers.pop(0) if self.answers else 200
        if status == 302:
            return web.Response(status=302, headers={"Location": self.url + "/elsewhere"})
        if status == 200:
            read_document(body)
            wanted = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
            self.signatures.append("right" if request.headers.get("GS1-Signature") == wanted else "none")
            self.bodies.append(json.loads(body)["epcisBody"]["queryResults"])
        return web.Response(status=status)

    @property
    def minutes(self) -> list[str]:
        return [one["eventTime"][14:16] for body in self.bodies for one in body["resultsBody"]["eventList"]]

    async def until(self, count: int, calls: int = 0) -> None:
        async with asyncio.timeout(20):
            while len(self.minutes) < count or self.calls < calls:  # noqa: ASYNC110 - a server's answers
                await asyncio.sleep(0.01)


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    found = Endpoint()
    app = web.Application()
    app.router.add_post("/{tail:.*}", found.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = "http://{}:{}/hook".format(*runner.addresses[0])
    yield found
    await runner.cleanup()


async def define(rest: Rest, query: dict[str, Any], name: str = "shipments", status: int = 201) -> dict[str, Any]:
    body = {"name": name, "query": query}
    async with rest.session.post(f"{rest.base}/olives/epcis/queries", json=body) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json(content_type=None)


async def subscribe(rest: Rest, status: int = 201, **fields: Any) -> str:
    url = f"{rest.base}/olives/epcis/queries/shipments/subscriptions"
    async with rest.session.post(url, json=fields) as answer:
        assert answer.status == status, await answer.text()
        if status != 201:
            return (await answer.json(content_type=None))["type"]
        return answer.headers["Location"].partition("/epcis")[2]


async def ship(rest: Rest, *minutes: int, step: str = "shipping") -> None:
    done = await rest.done(await rest.capture(document(*(event(minute=minute, bizStep=step) for minute in minutes))))
    assert done["success"]


SHIPPING = {"EQ_bizStep": ["shipping"], "eventType": ["ObjectEvent"]}


async def test_named_queries(rest: Rest) -> None:
    await ship(rest, 1, 2)
    await ship(rest, 3, step="receiving")
    made = await define(rest, SHIPPING)
    assert made == {"name": "shipments", "query": SHIPPING} == await rest.url("/queries/shipments")
    assert await rest.url("/queries") == [made]
    shown = await rest.url("/queries/shipments/events?perPage=10")
    results = shown["epcisBody"]["queryResults"]
    assert results["queryName"] == "shipments"
    assert [one["eventTime"][14:16] for one in results["resultsBody"]["eventList"]] == ["01", "02"]
    assert (await define(rest, SHIPPING, status=409))["type"] == "epcisException:DuplicateNameException"
    assert (await define(rest, {"EQ_step": ["x"]}, "b", 400))["field"] == "EQ_step"
    assert (await define(rest, {}, "no name", 400))["type"] == "epcisException:QueryValidationException"
    await rest.session.delete(f"{rest.base}/olives/epcis/queries/shipments")
    assert (await rest.url("/queries/shipments", 404))["type"] == "epcisException:NoSuchNameException"
    await define(rest, {"@context": {"ex": "https://ns.example.com/"}, "EXISTS_ex:colour": None})
    assert (await rest.url("/queries/shipments/events"))["epcisBody"]["queryResults"]["resultsBody"]["eventList"] == []


async def test_a_stream_brings_what_is_captured(rest: Rest, endpoint: Endpoint) -> None:
    await define(rest, SHIPPING)
    await ship(rest, 1)
    place = await subscribe(rest, dest=endpoint.url, stream=True, signatureToken=SECRET)
    await ship(rest, 2, 3)
    await ship(rest, 4, step="receiving")
    await ship(rest, 5)
    await endpoint.until(3)
    assert endpoint.minutes == ["02", "03", "05"]
    assert set(endpoint.signatures) == {"right"}
    assert endpoint.bodies[0]["subscriptionID"] in place
    shown = await rest.url(place)
    assert (shown["dest"], shown["stream"], shown["signatureToken"]) == (endpoint.url, True, "…")
    assert SECRET not in json.dumps([one.event.model_dump(mode="json") for one in await rest.harness.recorded()])
    assert [one["subscriptionID"] for one in await rest.url(place.rpartition("/")[0])] == [shown["subscriptionID"]]
    async with rest.session.delete(f"{rest.base}/olives/epcis{place}") as answer:
        assert answer.status == 204
    await rest.url(place, 404)
    await ship(rest, 6)
    await asyncio.sleep(0.1)
    assert "06" not in endpoint.minutes


async def test_what_was_recorded_before(rest: Rest, endpoint: Endpoint) -> None:
    await define(rest, SHIPPING)
    await ship(rest, 1, 2)
    await subscribe(rest, dest=endpoint.url, stream=True, initialRecordTime="2020-01-01T00:00:00Z")
    await endpoint.until(2)
    assert endpoint.minutes == ["01", "02"]
    assert endpoint.signatures == ["none"]


async def test_who_refuses_is_tried_again(rest: Rest, endpoint: Endpoint) -> None:
    await define(rest, SHIPPING)
    await subscribe(rest, dest=endpoint.url, stream=True)
    endpoint.answers = [500, 302]
    await ship(rest, 1)
    await endpoint.until(1)
    assert (endpoint.calls, endpoint.minutes) == (3, ["01"])


async def test_what_is_never_taken_becomes_a_dead_letter(rest: Rest, endpoint: Endpoint) -> None:
    await define(rest, SHIPPING)
    place = await subscribe(rest, dest=endpoint.url, stream=True)
    endpoint.answers = [500, 500, 503]
    await ship(rest, 1)
    await endpoint.until(0, calls=3)
    await ship(rest, 2)
    await endpoint.until(1)
    assert endpoint.minutes == ["02"]
    (letter,) = await rest.url(f"{place}/deadLetters")
    assert letter == {"number": 1, "events": 1, "tries": 3, "problem": "HTTP 503"}
    retry = f"{rest.base}/olives/epcis{place}/deadLetters"
    endpoint.answers = [500]
    async with rest.session.post(f"{retry}/1") as answer:
        assert answer.status == 202
    await endpoint.until(1, calls=5)
    async with asyncio.timeout(5):
        while (await rest.url(f"{place}/deadLetters"))[0]["tries"] != 4:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    await rest.session.post(f"{retry}/1")
    await endpoint.until(2)
    assert endpoint.minutes == ["02", "01"]
    async with asyncio.timeout(5):
        while await rest.url(f"{place}/deadLetters"):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    async with rest.session.post(f"{retry}/1") as answer:
        assert answer.status == 404


async def test_too_much_at_once(rest: Rest, endpoint: Endpoint) -> None:
    await define(rest, SHIPPING)
    endpoint.answers = [413, 413]
    await subscribe(rest, dest=endpoint.url, stream=True)
    await ship(rest, *range(8))
    await endpoint.until(8)
    assert endpoint.minutes == [f"{minute:02}" for minute in range(8)]
    assert [len(body["resultsBody"]["eventList"]) for body in endpoint.bodies] == [2, 2, 2, 2]


async def test_nothing_is_left_out_after_a_crash(rest: Rest, endpoint: Endpoint) -> None:
    """Killed while it delivers, the service sends that again and goes on behind it."""
    await define(rest, SHIPPING)
    await subscribe(rest, dest=endpoint.url, stream=True)
    endpoint.answers = [500] * 2
    worker = asyncio.create_task(when_captured_then_notify(rest.harness.running))
    await ship(rest, 1, 2)
    await endpoint.until(0, calls=1)
    worker.cancel()
    await ship(rest, 3)
    await endpoint.until(3)
    first = dict.fromkeys(endpoint.minutes)
    assert list(first) == ["01", "02", "03"]


async def test_by_schedule(rest: Rest, endpoint: Endpoint) -> None:
    await define(rest, SHIPPING)
    every_second = {"second": "[0-59]"}
    await subscribe(rest, dest=endpoint.url, schedule=every_second, reportIfEmpty=True)
    await endpoint.until(0, calls=1)
    await ship(rest, 1, 2)
    await endpoint.until(2)
    assert endpoint.minutes == ["01", "02"]
    assert endpoint.bodies[0]["resultsBody"]["eventList"] == []


async def test_a_websocket(rest: Rest) -> None:
    await define(rest, SHIPPING)
    url = f"{rest.base}/olives/epcis/queries/shipments/events"
    async with rest.session.ws_connect(f"{url}?stream=true") as socket:
        await ship(rest, 1, 2)
        await ship(rest, 3, step="receiving")
        await ship(rest, 4)
        minutes: list[str] = []
        async with asyncio.timeout(10):
            while len(minutes) < 3:
                body = (await socket.receive_str()).encode()
                minutes += [str(one.fields["eventTime"])[14:16] for one in read_document(body).events]
        assert minutes == ["01", "02", "04"]
        await rest.session.delete(f"{rest.base}/olives/epcis/queries/shipments")
        assert (await socket.receive(timeout=10)).data == 1000
    with pytest.raises(WSServerHandshakeError) as caught:
        await rest.session.ws_connect(f"{url}?stream=true")
    assert caught.value.status == 404
    await define(rest, SHIPPING)
    for controls in ("", "?stream=true&hour=1", "?stream=maybe", "?hour=25", "?nonsense=1"):
        with pytest.raises(WSServerHandshakeError) as caught:
            await rest.session.ws_connect(url + controls)
        assert caught.value.status == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"dest": "https://partner.example/x"},
        {"dest": "https://partner.example/x", "stream": False},
        {"dest": "https://partner.example/x", "stream": True, "schedule": {"hour": "1"}},
        {"dest": "https://partner.example/x", "schedule": {"hour": "24"}},
        {"dest": "https://partner.example/x", "schedule": {"month": "2", "dayOfMonth": "30"}},
        {"dest": "https://partner.example/x", "schedule": {"our": "2"}},
        {"dest": "https://partner.example/x", "schedule": {}},
        {"dest": "file:///etc/passwd", "stream": True},
        {"dest": "https://me:word@partner.example/", "stream": True},
        {"dest": 7, "stream": True},
        {"stream": True},
        {"dest": "https://partner.example/x", "stream": True, "signatureToken": "short"},
        {"dest": "https://partner.example/x", "stream": True, "reportIfEmpty": "yes"},
        {"dest": "https://partner.example/x", "stream": True, "initialRecordTime": "yesterday"},
        {"dest": "https://partner.example/x", "stream": True, "colour": "red"},
    ],
)
async def test_subscriptions_that_cannot_be(rest: Rest, fields: dict[str, Any]) -> None:
    await define(rest, SHIPPING)
    assert await subscribe(rest, status=400, **fields) == "epcisException:SubscriptionControlsException"


@pytest.mark.parametrize(
    ("fields", "after", "due"),
    [
        ({"hour": "1", "minute": "5"}, "2025-11-08T01:04:59", "2025-11-08T01:05:00"),
        ({"hour": "1", "minute": "5"}, "2025-11-08T01:05:00", "2025-11-09T01:05:00"),
        ({"minute": "0,30"}, "2025-11-08T01:05:00", "2025-11-08T01:30:00"),
        ({"second": "[10-12]"}, "2025-11-08T01:05:12", "2025-11-08T01:06:10"),
        ({"dayOfWeek": "1"}, "2025-11-08T01:05:12", "2025-11-10T00:00:00"),
        ({"dayOfMonth": "29", "month": "2"}, "2025-11-08T00:00:00", "2028-02-29T00:00:00"),
        ({"month": "12"}, "2025-11-08T00:00:00", "2025-12-01T00:00:00"),
    ],
)
def test_when_a_schedule_is_due(fields: dict[str, str], after: str, due: str) -> None:
    schedule = read_schedule(dict(fields))
    assert next_due(schedule, datetime.fromisoformat(after + "+00:00")) == datetime.fromisoformat(due + "+00:00")


def test_a_schedule_by_the_second_is_what_a_clock_shows() -> None:
    schedule = Schedule(second="[5-7]", minute="3", day_of_week="6")
    found = next_due(schedule, datetime(2025, 11, 8, 5, 3, 6, tzinfo=UTC))
    assert found == datetime(2025, 11, 8, 5, 3, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("address", "outside"),
    [
        ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.1", False), ("0.0.0.0", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("224.0.0.1", False), ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False), ("::ffff:127.0.0.1", False), ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False),
        ("::", False),
        ("8.8.8.8", True), ("2606:4700:4700::1111", True), ("::ffff:8.8.8.8", True),
    ],
)  # fmt: skip
def test_addresses_inside(address: str, outside: bool) -> None:
    assert is_outside(address) == outside
    host = f"[{address.partition('%')[0]}]" if ":" in address else address
    assert is_inside_literal(f"http://{host}:80/x") != outside


async def test_master_data_is_asked_for_as_it_is_when_an_event_comes(rest: Rest, endpoint: Endpoint) -> None:
    await define(rest, {"EQATTR_readPoint_name": ["Gate"]})
    await subscribe(rest, dest=endpoint.url, stream=True)
    await rest.done(await rest.capture(document(event(1, readPoint={"id": "urn:x:gate"}))))
    head = header(place("urn:x:gate", name="Gate"), kind="ReadPoint")
    await rest.done(await rest.capture(document(event(2, readPoint={"id": "urn:x:gate"}), epcisHeader=head)))
    await rest.done(await rest.capture(document(event(3, readPoint={"id": "urn:x:gate"}))))
    await endpoint.until(1)
    assert endpoint.minutes[-1] == "03"
