"""What every call carries and how it is repeated: credential, consistency token, deadline, request id, retries."""

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc.aio
from google.protobuf.message import Message

from fenxiao.client.consistency import METADATA_KEY, Consistency
from fenxiao.client.problems import refusal_of, trailing, worth_retrying

Notice = Callable[[str], None]
"""Told, in one sentence, when a call has to wait for a service."""

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0
_NOTICE_AFTER = 2.0


@dataclass(frozen=True, slots=True)
class Conduct:
    """How calls to one service are made."""

    service: str
    address: str
    token: str
    consistency: Consistency
    deadline: float
    """Seconds that one attempt may take."""
    patience: float
    """Seconds for which a call is repeated while its service does not answer."""
    notice: Notice


def pauses() -> Iterator[float]:
    """Give the pauses between attempts: growing, bounded, and jittered so that many callers do not come at once."""
    pause = _FIRST_PAUSE
    while True:
        yield pause * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load, hides nothing
        pause = min(pause * 2, _LONGEST_PAUSE)


class UnaryCalls(grpc.aio.UnaryUnaryClientInterceptor):
    """Makes calls with one answer. What fails is raised as `Refusal`.

    A command without a request id gets one, so that its repetition is the same request to the service.
    """

    def __init__(self, conduct: Conduct) -> None:
        self._conduct = conduct

    async def intercept_unary_unary(
        self, continuation: Any, client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        """See gRPC."""
        conduct = self._conduct
        request = identified(request)
        since = time.monotonic()
        noticed = False
        for pause in pauses():
            try:
                call = await continuation(prepared(client_call_details, conduct), request)
                answer = await call
            except grpc.aio.AioRpcError as error:
                refusal = refusal_of(error, conduct.service, conduct.address)
                waited = time.monotonic() - since
                if not worth_retrying(error, refusal) or waited + pause > conduct.patience:
                    raise refusal from None
                if waited > _NOTICE_AFTER and not noticed:
                    noticed = True
                    left = round(conduct.patience - waited)
                    conduct.notice(
                        f"{conduct.service} does not answer yet ({refusal.reason}); trying for {left} s more."
                    )
                await asyncio.sleep(pause)
                continue
            if seen := trailing(await call.trailing_metadata(), METADATA_KEY):
                conduct.consistency.absorb(seen)
            return answer
        raise AssertionError("pauses never end")


class StreamCalls(grpc.aio.UnaryStreamClientInterceptor):
    """Opens streams of answers. A stream that breaks raises `Refusal`; who reads it knows where to go on."""

    def __init__(self, conduct: Conduct) -> None:
        self._conduct = conduct

    async def intercept_unary_stream(
        self, continuation: Any, client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        """See gRPC."""
        call = await continuation(prepared(client_call_details, self._conduct, stream=True), request)
        return self._answers(call)

    async def _answers(self, call: Any) -> AsyncIterator[Any]:
        try:
            async for answer in call:
                yield answer
        except grpc.aio.AioRpcError as error:
            raise refusal_of(error, self._conduct.service, self._conduct.address) from None
        finally:
            call.cancel()  # an end that the reader has chosen must reach the service


class UploadCalls(grpc.aio.StreamUnaryClientInterceptor):
    """Sends streams of messages. One that breaks raises `Refusal`; only who sends it can begin again."""

    def __init__(self, conduct: Conduct) -> None:
        self._conduct = conduct

    async def intercept_stream_unary(
        self, continuation: Any, client_call_details: grpc.aio.ClientCallDetails, request_iterator: Any
    ) -> Any:
        """See gRPC."""
        call = await continuation(prepared(client_call_details, self._conduct, stream=True), request_iterator)
        try:
            await call
        except grpc.aio.AioRpcError as error:
            raise refusal_of(error, self._conduct.service, self._conduct.address) from None
        if seen := trailing(await call.trailing_metadata(), METADATA_KEY):
            self._conduct.consistency.absorb(seen)
        return call


def prepared(
    details: grpc.aio.ClientCallDetails, conduct: Conduct, *, stream: bool = False
) -> grpc.aio.ClientCallDetails:
    """Add to a call what every call carries. A stream lasts as long as its caller has said."""
    metadata = grpc.aio.Metadata(*(details.metadata or ()))
    if conduct.token:
        metadata.add("authorization", f"Bearer {conduct.token}")
    if header := conduct.consistency.header:
        metadata.add(METADATA_KEY, header)
    timeout = details.timeout if details.timeout is not None or stream else conduct.deadline
    return grpc.aio.ClientCallDetails(details.method, timeout, metadata, details.credentials, details.wait_for_ready)


def identified(request: Any) -> Any:
    """Give a command its request id, if it has none; the caller's message stays as it is."""
    if not isinstance(request, Message) or "request_id" not in request.DESCRIPTOR.fields_by_name:
        return request
    if getattr(request, "request_id", ""):
        return request
    copy: Any = type(request)()
    copy.CopyFrom(request)
    copy.request_id = str(uuid.uuid4())
    return copy
