"""The gRPC server of a service, built from its tables."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import grpc
import structlog
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from fenxiao.api.events.v1 import events_pb2
from fenxiao.credentials import Claims
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import consistency
from libs.servicekit.access import Access
from libs.servicekit.commands import Commands
from libs.servicekit.events_api import list_events, tail_events
from libs.servicekit.service import Call, Command, Query, Running, Stream, Upload
from libs.servicekit.status import status_of

MESSAGE_LIMIT = 4 * 1024 * 1024
"""Bytes of a request or an answer at most."""

OPTIONS = [
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.max_send_message_length", 4 * MESSAGE_LIMIT),
    ("grpc.so_reuseport", 0),
]

EVENTS_API = {
    "ListEvents": Query(list_events, scope="events.read"),
    "TailEvents": Stream(tail_events, scope="events.read"),
}

Context = grpc.aio.ServicerContext[Any, Any]

logger = structlog.get_logger(__name__)


class Server:
    """Answers calls for a running service. Health is open; so is reflection in development."""

    def __init__(self, running: Running, access: Access) -> None:
        self._running = running
        self._access = access
        self._health = health.aio.HealthServicer()
        self._server = grpc.aio.server(options=OPTIONS)
        self._stopping = asyncio.Event()
        self._newest = (-1, "")
        service = running.service
        events_api = events_pb2.DESCRIPTOR.services_by_name["EventService"]
        self._add(service.api, {**service.commands, **service.queries, **service.streams, **service.uploads})
        self._add(events_api, EVENTS_API)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if running.settings.environment == "development":
            names = (service.api.full_name, events_api.full_name, health.SERVICE_NAME, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)

    async def start(self) -> None:
        """Listens. Calls are answered from now on."""
        self._server.add_insecure_port(self._running.settings.service_address)
        await self._server.start()
        await self._health.set("", health_pb2.HealthCheckResponse.SERVING)
        await self._health.set(self._running.service.api.full_name, health_pb2.HealthCheckResponse.SERVING)

    async def stop(self, grace: float = 5.0) -> None:
        """Says that it is going, ends the streams, lets calls that have begun end, and stops."""
        await self._health.enter_graceful_shutdown()
        self._stopping.set()
        await self._server.stop(grace)

    def _add(self, api: Any, table: Mapping[str, Command | Query | Stream | Upload]) -> None:
        handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
        for method in api.methods:
            entry = table[method.name]
            request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
            if isinstance(entry, Stream):
                handlers[method.name] = grpc.unary_stream_rpc_method_handler(
                    self._streaming(method.full_name, entry),
                    request_deserializer=_reader(request),
                    response_serializer=response.SerializeToString,
                )
                continue
            if isinstance(entry, Upload):
                handlers[method.name] = grpc.stream_unary_rpc_method_handler(
                    self._uploading(method.full_name, entry),
                    request_deserializer=_reader(request),
                    response_serializer=response.SerializeToString,
                )
                continue
            work = (
                Commands(self._running, method.full_name, entry, response).run
                if isinstance(entry, Command)
                else self._query(entry)
            )
            handlers[method.name] = grpc.unary_unary_rpc_method_handler(
                self._unary(method.full_name, entry.scope, work),
                request_deserializer=_reader(request),
                response_serializer=response.SerializeToString,
            )
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(api.full_name, handlers),))

    def _query(self, entry: Query) -> Callable[[Any, Call], Awaitable[Message]]:
        async def run(request: Any, call: Call) -> Message:
            return await self._running.log.read(lambda reader: entry.handler(reader, request, call))

        return run

    def _unary(
        self, method: str, scope: str, work: Callable[[Any, Call], Awaitable[Message]]
    ) -> Callable[[Any, Context], Awaitable[Message]]:
        async def answer(request: Any, context: Context) -> Message:
            async with self._guarded(method, context):
                call = await self._admit(scope, request, context)
                result = await work(request, call)
                context.set_trailing_metadata(((consistency.METADATA_KEY, self._token()),))
                return result
            raise AssertionError("the guard has ended the call")

        return answer

    def _uploading(self, method: str, entry: Upload) -> Callable[[AsyncIterator[Any], Context], Awaitable[Message]]:
        async def answer(requests: AsyncIterator[Any], context: Context) -> Message:
            async with self._guarded(method, context):
                # An upload of nothing is answered like any message that is none.
                first = await anext(requests, None)
                call = await self._admit(entry.scope, first, context)
                result = await entry.handler(self._running, first, _whole(requests), call)
                context.set_trailing_metadata(((consistency.METADATA_KEY, self._token()),))
                return result
            raise AssertionError("the guard has ended the call")

        return answer

    def _streaming(self, method: str, entry: Stream) -> Callable[[Any, Context], AsyncIterator[Message]]:
        async def answer(request: Any, context: Context) -> AsyncIterator[Message]:
            async with self._guarded(method, context):
                call = await self._admit(entry.scope, request, context)
                answers = entry.handler(self._running, request, call)
                stopping = asyncio.ensure_future(self._stopping.wait())
                try:
                    while True:
                        following = asyncio.ensure_future(anext(answers, None))
                        await asyncio.wait({following, stopping}, return_when=asyncio.FIRST_COMPLETED)
                        if not following.done():
                            following.cancel()
                            break
                        message = following.result()
                        if message is None:
                            break
                        yield message
                finally:
                    stopping.cancel()

        return answer

    async def _admit(self, scope: str, request: Any, context: Context) -> Call:
        metadata = dict(context.invocation_metadata() or ())
        claims = self._access.identify(metadata)
        if request is None:
            raise _invalid_message()
        programme = self._access.permit(claims, scope, request)
        token = metadata.get(consistency.METADATA_KEY, "")
        if token:
            await consistency.wait(str(token), self._running.consumers)
        return make_call(self._running, claims, programme, request)

    def _token(self) -> str:
        """How far the service has written. The calls of a group share one."""
        log = self._running.log
        position = log.public_position
        if self._newest[0] != position:
            self._newest = (position, consistency.encode({self._running.name: (log.store_id, position)}))
        return self._newest[1]

    @asynccontextmanager
    async def _guarded(self, method: str, context: Context) -> AsyncGenerator[None]:
        """Turns what is raised inside into a status. A stranger sees no stack trace."""
        try:
            yield
        except Refusal as refusal:
            code, details = status_of(refusal)
            await context.abort(code, refusal.message, (("grpc-status-details-bin", details),))
        except (grpc.aio.AbortError, asyncio.CancelledError):
            raise
        except Exception:
            reference = uuid.uuid4().hex[:12]
            logger.exception("call_failed", method=method, reference=reference)
            await context.abort(
                grpc.StatusCode.INTERNAL,
                f"something went wrong on our side; tell the operator the reference {reference}",
            )


def _invalid_message() -> Refusal:
    return Refusal("INVALID_MESSAGE", "the request is not a message of the type that this call takes")


async def _whole(requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for request in requests:
        if request is None:
            raise _invalid_message()
        yield request


def _reader(cls: type[Message]) -> Callable[[bytes], Message | None]:
    """Reads requests. What is none becomes None, and is refused where all else is: gRPC would quote our insides."""

    def read(data: bytes) -> Message | None:
        try:
            return cls.FromString(data)
        except DecodeError:
            return None

    return read


def query(reader: Reader, entry: Query, request: Any, call: Call) -> Message:
    """Runs a query on a snapshot."""
    return entry.handler(reader, request, call)


def make_call(running: Running, claims: Claims, programme: str, request: Any) -> Call:
    """What a handler learns of the call. A request without an id gets one."""
    request_id = getattr(request, "request_id", "") or uuid.uuid4().hex
    return Call(
        programme=programme,
        claims=claims,
        request_id=request_id,
        correlation_id=request_id,
        now=datetime.now(UTC),
        resources=running.resources,
    )
