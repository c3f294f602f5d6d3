"""HTTP beside gRPC: who gets in, and how a refusal looks from outside."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from fenxiao.credentials import Issuer, generate_issuer, issue, load_jwks
from fenxiao.errors import Kind, Refusal
from libs.eventlog import EventTypes
from libs.servicekit import Call, Command, Query, Running, Service, Settings
from libs.servicekit.access import Access
from libs.servicekit.consistency import METADATA_KEY, decode
from libs.servicekit.lifecycle import open_log
from libs.servicekit.service import Resources
from libs.servicekit.web import Route, Site, WebServer, pieces


async def who(_running: Running, _request: web.Request, call: Call) -> web.Response:
    return web.json_response({"subject": call.claims.subject, "programme": call.programme})


async def refuse(_running: Running, request: web.Request, _call: Call) -> web.Response:
    raise Refusal("NOT_TODAY", "come back tomorrow", field="day", kind=Kind[request.match_info["kind"]])


async def crash(_running: Running, _request: web.Request, _call: Call) -> web.Response:
    raise RuntimeError("secret inside")


async def measure(_running: Running, request: web.Request, _call: Call) -> web.Response:
    return web.json_response(sum([len(piece) async for piece in pieces(request, 1000)]))


async def read(_running: Running, request: web.Request, _call: Call) -> web.Response:
    return web.json_response(len(await request.read()))


SITE = Site(
    [
        Route("GET", "/open", who),
        Route("GET", "/{programme}/who", who, scope="trace.read"),
        Route("GET", "/refuse/{kind}", refuse),
        Route("GET", "/crash", crash),
        Route("POST", "/measure", measure),
        Route("POST", "/read", read),
    ],
    problem_type=lambda refusal: f"problem:{refusal.reason}",
    headers={"X-House": "fenxiao"},
)

API = pb.DESCRIPTOR.services_by_name["TraceabilityService"]
SERVICE = Service(
    name="traceability",
    api=API,
    events=EventTypes([]),
    commands={"Capture": Command(lambda *_: None, scope="trace.write")},
    queries={method.name: Query(lambda *_: None, scope="x") for method in API.methods if method.name != "Capture"},
    site=SITE,
)


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return generate_issuer(tmp_path)


@pytest.fixture
async def base(tmp_path: Path, issuer: Issuer) -> AsyncIterator[str]:
    settings = Settings(
        service_address="127.0.0.1:1",
        database_url=f"sqlite:///{tmp_path}/service.db",
        nats_url="nats://127.0.0.1:1",
        jwks_file=tmp_path / "jwks.json",
    )
    log = open_log(SERVICE, settings.database_url)
    running = Running(SERVICE, settings, log, Resources([]), {})
    server = WebServer(running, Access(load_jwks(settings.jwks_file)), SITE)
    await server.start("127.0.0.1:0")
    yield f"http://{server.addresses[0]}"
    await server.stop()
    await log.close()


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


def bearer(issuer: Issuer, programme: str = "gift", scopes: tuple[str, ...] = ("trace.read",)) -> dict[str, str]:
    token = issue(
        issuer.private_pem,
        issuer.kid,
        subject="anna",
        programme=programme,
        role="partner",
        scopes=scopes,
        ttl=timedelta(hours=1),
    )
    return {"Authorization": f"Bearer {token}"}


async def test_what_is_open_needs_no_credential(base: str, http: ClientSession) -> None:
    async with http.get(f"{base}/open") as answer:
        assert answer.status == 200
        assert answer.headers["X-House"] == "fenxiao"
        assert await answer.json() == {"subject": "anonymous", "programme": ""}


async def test_a_credential_is_for_its_programme_and_scope(base: str, http: ClientSession, issuer: Issuer) -> None:
    async with http.get(f"{base}/gift/who", headers=bearer(issuer)) as answer:
        assert await answer.json() == {"subject": "anna", "programme": "gift"}
        assert "traceability" in decode(answer.headers[METADATA_KEY])
    for headers, status, title in [
        ({}, 401, "NO_CREDENTIAL"),
        ({"Authorization": "Bearer nonsense"}, 401, "CREDENTIAL_INVALID"),
        (bearer(issuer, programme="other"), 403, "OTHER_PROGRAMME"),
        (bearer(issuer, scopes=("trace.write",)), 403, "SCOPE_MISSING"),
    ]:
        async with http.get(f"{base}/gift/who", headers=headers) as answer:
            assert (answer.status, (await answer.json(content_type=None))["title"]) == (status, title)
            assert ("WWW-Authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    ("kind", "status"), [("INVALID", 400), ("NOT_FOUND", 404), ("FAILED_PRECONDITION", 409), ("UNAVAILABLE", 503)]
)
async def test_a_refusal_is_a_problem(base: str, http: ClientSession, kind: str, status: int) -> None:
    async with http.get(f"{base}/refuse/{kind}") as answer:
        assert answer.status == status
        assert answer.content_type == "application/problem+json"
        assert answer.headers["X-House"] == "fenxiao"
        assert json.loads(await answer.read()) == {
            "type": "problem:NOT_TODAY",
            "title": "NOT_TODAY",
            "status": status,
            "detail": "come back tomorrow",
            "field": "day",
        }


async def test_a_stranger_sees_no_stack_trace(base: str, http: ClientSession) -> None:
    async with http.get(f"{base}/crash") as answer:
        body = await answer.text()
        assert answer.status == 500
        assert "secret" not in body
        assert "Traceback" not in body


async def test_paths_and_methods_that_are_not_there(base: str, http: ClientSession) -> None:
    async with http.get(f"{base}/nowhere") as answer:
        assert (answer.status, (await answer.json(content_type=None))["title"]) == (404, "NO_SUCH_PATH")
    async with http.delete(f"{base}/open") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET")


async def test_a_body_may_be_so_large(base: str, http: ClientSession) -> None:
    async with http.post(f"{base}/measure", data=b"x" * 1000) as answer:
        assert await answer.json() == 1000
    async with http.post(f"{base}/measure", data=b"x" * 1001) as answer:
        assert (answer.status, (await answer.json(content_type=None))["title"]) == (413, "BODY_TOO_LARGE")
    async with http.post(f"{base}/read", data=b"x" * (4 * 2**20 + 1)) as answer:
        assert (answer.status, (await answer.json(content_type=None))["title"]) == (413, "BODY_TOO_LARGE")


async def test_a_body_that_stalls_is_given_up(base: str, http: ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.servicekit.web.IDLE", 0.05)

    async def slowly() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(1)

    async with http.post(f"{base}/measure", data=slowly()) as answer:
        assert (answer.status, (await answer.json(content_type=None))["title"]) == (408, "BODY_STALLED")
