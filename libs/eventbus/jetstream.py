"""The few requests of JetStream's API that are needed, as the server documents them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import ConnectionClosedError, ConnectionReconnectingError, NoRespondersError
from nats.js.errors import APIError, NotFoundError, ServiceUnavailableError

ANSWER_WITHIN = 5.0
"""Seconds within which the server answers, or something is wrong."""


_LOOK_EVERY = 0.25


async def ask(
    nc: Client, subject: str, payload: bytes, *, seconds: float, headers: dict[str, Any] | None = None
) -> Msg:
    """A request that does not wait for an answer that a lost connection has swallowed."""
    if nc.is_closed:
        raise ConnectionClosedError
    reconnects = nc.stats["reconnects"]
    answer = asyncio.create_task(nc.request(subject, payload, timeout=seconds, headers=headers))
    try:
        while not (await asyncio.wait({answer}, timeout=_LOOK_EVERY))[0]:
            if not nc.is_connected or nc.stats["reconnects"] != reconnects:
                raise ConnectionReconnectingError
        return answer.result()
    finally:
        answer.cancel()


async def api(nc: Client, verb: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Asks `$JS.API.<verb>`. Raises the `APIError` that the server answers with, NotFoundError among them."""
    payload = json.dumps(body).encode() if body is not None else b""
    try:
        answer = await ask(nc, f"$JS.API.{verb}", payload, seconds=ANSWER_WITHIN)
    except NoRespondersError as error:
        raise ServiceUnavailableError from error
    return checked(json.loads(answer.data))


def checked(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer itself, unless it is an error."""
    if "error" in answer:
        APIError.from_error(answer["error"])  # raises the subclass that fits
    return answer


async def stored(nc: Client, stream: str, wanted: dict[str, Any]) -> Msg:
    """One message of a stream, asked for directly. NotFoundError if there is none, or no such stream."""
    try:
        message = await ask(nc, f"$JS.API.DIRECT.GET.{stream}", json.dumps(wanted).encode(), seconds=ANSWER_WITHIN)
    except NoRespondersError as error:
        raise NotFoundError(description=f"no stream {stream}") from error
    if (message.headers or {}).get("Status"):
        raise NotFoundError(description=(message.headers or {}).get("Description", ""))
    return message


async def listen(nc: Client, subject: str, arrived: Callable[[Msg], Awaitable[None]]) -> Subscription:
    """Subscribes."""
    return await nc.subscribe(subject, cb=arrived)  # pyright: ignore[reportUnknownMemberType] # its `future` is untyped
