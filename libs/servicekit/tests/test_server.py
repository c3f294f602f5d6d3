"""The server built from tables: who gets in, what is answered once, how a refusal looks from outside."""

import base64
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from pydantic import BaseModel

from fenxiao.api.events.v1 import events_pb2, events_pb2_grpc
from fenxiao.api.traceability.v1 import events_pb2 as public
from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from fenxiao.api.traceability.v1 import traceability_pb2_grpc as pb_grpc
from fenxiao.credentials import Issuer, generate_issuer, issue, load_jwks
from fenxiao.errors import Refusal
from libs.eventbus import MESSAGE_LIMIT as BUS_LIMIT
from libs.eventlog import EventTypes, Reader, Recorded, Tx
from libs.servicekit import Call, Command, Query, Running, Service, Settings
from libs.servicekit.access import Access
from libs.servicekit.consistency import METADATA_KEY, decode
from libs.servicekit.lifecycle import open_log
from libs.servicekit.server import MESSAGE_LIMIT, Server
from libs.servicekit.service import Resources


class Noted(BaseModel):
    text: str


def capture(tx: Tx, request: pb.CaptureRequest, call: Call) -> pb.CaptureResponse:
    if request.document == b"refuse":
        raise Refusal("NOT_TODAY", "come back tomorrow", field="document")
    if request.document == b"crash":
        raise RuntimeError("secret inside")
    stream = uuid.uuid4()
    tx.append(stream, [Noted(text=request.document.decode())], after=0, meta=call.meta(), occurred_at=call.now)
    return pb.CaptureResponse(trace_events=[str(stream)])


def count(reader: Reader, _request: pb.GetPathRequest, _call: Call) -> pb.GetPathResponse:
    return pb.GetPathResponse(next_page_token=str(len(reader.after(0, 100))))


def unused(_reader: Reader, _request: Any, _call: Call) -> pb.TraceEvent:
    return pb.TraceEvent()


def published(recorded: Recorded[Noted]) -> list[public.TraceEventCaptured]:
    return [public.TraceEventCaptured(trace_event=str(recorded.stream), event_hash=recorded.event.text)]


API = pb.DESCRIPTOR.services_by_name["TraceabilityService"]
SERVICE = Service(
    name="traceability",
    api=API,
    events=EventTypes([Noted]),
    commands={"Capture": Command(capture, scope="trace.write")},
    queries={
        **{method.name: Query(unused, scope="trace.read") for method in API.methods if method.name != "Capture"},
        "GetPath": Query(count, scope="trace.read"),
    },
    publishes={Noted: published},
)


@dataclass
class Started:
    channel: grpc.aio.Channel
    stub: Any
    issuer: Issuer

    def credential(self, programme: str = "shop", scopes: str = "*", ttl: timedelta = timedelta(hours=1)) -> Any:
        token = issue(
            self.issuer.private_pem,
            self.issuer.kid,
            subject="ann",
            programme=programme,
            role="merchant",
            scopes=scopes.split(),
            ttl=ttl,
        )
        return (("authorization", f"Bearer {token}"),)


@pytest.fixture
async def service(tmp_path: Path, unused_tcp_port: int) -> AsyncIterator[Started]:
    issuer = generate_issuer(tmp_path)
    settings = Settings(
        service_address=f"127.0.0.1:{unused_tcp_port}",
        database_url=f"sqlite:///{tmp_path}/t.db",
        nats_url="nats://127.0.0.1:1",
        jwks_file=tmp_path / "jwks.json",
        environment="development",
    )
    log = open_log(SERVICE, settings.database_url)
    opened: list[object] = []
    running = Running(SERVICE, settings, log, Resources(opened), {})
    opened.append(running)
    server = Server(running, Access(load_jwks(settings.jwks_file)))
    await server.start()
    async with grpc.aio.insecure_channel(settings.service_address) as channel:
        yield Started(channel, pb_grpc.TraceabilityServiceStub(channel), issuer)
    await server.stop(0)
    await log.close()


def request(document: bytes = b"one", request_id: str = "", programme: str = "shop") -> pb.CaptureRequest:
    return pb.CaptureRequest(parent=f"programmes/{programme}", document=document, request_id=request_id)


async def refused(call: Any) -> tuple[grpc.StatusCode, str, str]:
    """Code, reason and message of a call that fails."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    error = caught.value
    details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    info = error_details_pb2.ErrorInfo()
    if details:
        status_pb2.Status.FromString(bytes(details)).details[0].Unpack(info)  # pyright: ignore[reportArgumentType]
    return error.code(), info.reason, error.details() or ""


async def test_without_a_credential_nothing_but_health(service: Started) -> None:
    code, reason, _ = await refused(service.stub.Capture(request()))
    assert (code, reason) == (grpc.StatusCode.UNAUTHENTICATED, "NO_CREDENTIAL")
    health: Any = health_pb2_grpc.HealthStub(service.channel)
    answer = await health.Check(health_pb2.HealthCheckRequest())
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_expired_and_forged_credentials(service: Started, tmp_path: Path) -> None:
    expired = service.credential(ttl=timedelta(seconds=-3600))
    code, _, _ = await refused(service.stub.Capture(request(), metadata=expired))
    assert code is grpc.StatusCode.UNAUTHENTICATED
    (tmp_path / "other").mkdir()
    stranger = Started(service.channel, service.stub, generate_issuer(tmp_path / "other"))
    code, _, _ = await refused(service.stub.Capture(request(), metadata=stranger.credential()))
    assert code is grpc.StatusCode.UNAUTHENTICATED


async def test_scope_and_programme(service: Started) -> None:
    code, reason, _ = await refused(
        service.stub.Capture(request(), metadata=service.credential(scopes="trace.read members.read"))
    )
    assert (code, reason) == (grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING")
    code, reason, _ = await refused(service.stub.Capture(request(programme="other"), metadata=service.credential()))
    assert (code, reason) == (grpc.StatusCode.PERMISSION_DENIED, "OTHER_PROGRAMME")
    code, reason, _ = await refused(service.stub.Capture(request(programme="A/../b"), metadata=service.credential()))
    assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_NAME")


async def test_a_repeated_request_gets_the_first_answer(service: Started) -> None:
    me = service.credential()
    first = await service.stub.Capture(request(request_id="r1"), metadata=me)
    again = await service.stub.Capture(request(request_id="r1"), metadata=me)
    assert again == first
    answer = await service.stub.GetPath(pb.GetPathRequest(parent="programmes/shop"), metadata=me)
    assert answer.next_page_token == "1"
    code, reason, _ = await refused(service.stub.Capture(request(b"two", request_id="r1"), metadata=me))
    assert (code, reason) == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
    code, reason, _ = await refused(service.stub.Capture(request(request_id="x" * 200), metadata=me))
    assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST_ID")


async def test_refusals_say_why_and_crashes_say_nothing(service: Started) -> None:
    me = service.credential()
    code, reason, message = await refused(service.stub.Capture(request(b"refuse", request_id="r2"), metadata=me))
    assert (code, reason, message) == (grpc.StatusCode.INVALID_ARGUMENT, "NOT_TODAY", "come back tomorrow")
    code, _, message = await refused(service.stub.Capture(request(b"crash"), metadata=me))
    assert code is grpc.StatusCode.INTERNAL
    assert "secret" not in message
    assert "reference" in message


async def test_an_oversized_message_is_refused(service: Started) -> None:
    code, _, _ = await refused(service.stub.Capture(request(b"x" * (MESSAGE_LIMIT + 1)), metadata=service.credential()))
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_what_could_not_be_published_is_refused_and_leaves_nothing(service: Started) -> None:
    me = service.credential()
    for request_id in ("", "r-large"):
        code, reason, message = await refused(
            service.stub.Capture(request(b"x" * BUS_LIMIT, request_id=request_id), metadata=me)
        )
        assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "EVENT_TOO_LARGE")
        assert f"{BUS_LIMIT:,}" in message
    answer = await service.stub.GetPath(pb.GetPathRequest(parent="programmes/shop"), metadata=me)
    assert answer.next_page_token == "0"
    await service.stub.Capture(request(b"x" * (BUS_LIMIT - 4096), request_id="r-large"), metadata=me)


async def test_an_answer_carries_how_far_the_service_has_written(service: Started) -> None:
    call = service.stub.Capture(request(), metadata=service.credential())
    await call
    token = dict(await call.trailing_metadata())[METADATA_KEY]
    assert decode(str(token))["traceability"][1] == 1
    for wrong in ("???", base64.b64encode(b"[" * 3000).decode()):
        code, reason, _ = await refused(
            service.stub.Capture(request(), metadata=(*service.credential(), (METADATA_KEY, wrong)))
        )
        assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_CONSISTENCY_TOKEN")


async def test_public_events_are_listed_and_tailed_for_one_programme(service: Started) -> None:
    mine, theirs = service.credential(), service.credential(programme="other")
    for n in range(5):
        await service.stub.Capture(request(str(n).encode()), metadata=mine)
    await service.stub.Capture(request(b"theirs", programme="other"), metadata=theirs)
    events: Any = events_pb2_grpc.EventServiceStub(service.channel)
    seen: list[events_pb2.Event] = []
    token = ""
    while True:
        wanted = events_pb2.ListEventsRequest(parent="programmes/shop", page_size=2, page_token=token)
        answer = await events.ListEvents(wanted, metadata=mine)
        seen.extend(answer.events)
        token = answer.next_page_token
        if not token:
            break
    texts: list[str] = []
    for event in seen:
        message = public.TraceEventCaptured()
        event.data.Unpack(message)
        texts.append(message.event_hash)
    assert texts == ["0", "1", "2", "3", "4"]
    assert {event.programme for event in seen} == {"shop"}
    tail = events.TailEvents(
        events_pb2.TailEventsRequest(parent="programmes/shop", after_position=seen[-1].position), metadata=mine
    )
    await service.stub.Capture(request(b"5"), metadata=mine)
    event = await tail.read()
    assert event.type == "fenxiao.api.traceability.v1.TraceEventCaptured"
    assert event.occur_time.ToDatetime(tzinfo=UTC) <= datetime.now(UTC)
    tail.cancel()


async def test_a_service_that_leaves_a_method_out_does_not_start() -> None:
    with pytest.raises(ValueError, match="GetPath"):
        Service(name="traceability", api=SERVICE.api, events=SERVICE.events, commands=SERVICE.commands)
