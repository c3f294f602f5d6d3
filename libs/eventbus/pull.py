"""Pulling the messages of a durable consumer, in order and without ever waiting on a dead request."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from types import TracebackType
from typing import Self

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import ConnectionClosedError
from nats.js.errors import NotFoundError

from libs.eventbus.jetstream import api, listen

PAGE = 500
"""Messages in one page, and in one request, at most."""

EXPIRES = 2.0
"""Seconds that a request lives: a server that was restarted has forgotten it."""

_GRACE = 0.5
_LOOK_EVERY = 0.5


class Lost(Exception):
    """The consumer is gone from the server, or somebody else has made it anew."""


class Pull:
    """A durable consumer that begins at a given sequence.

    It is made anew each time: where it begins is said by the database that the messages are applied to, not by
    what the server believes. What was under way to a process that died is then not waited for.
    """

    def __init__(self, nc: Client, stream: str, durable: str, sequence: int) -> None:
        self._nc = nc
        self._stream = stream
        self._durable = durable
        self._sequence = sequence
        self._inbox = nc.new_inbox()
        self._subscription: Subscription | None = None
        self._arrived: deque[Msg] = deque()
        self._woken = asyncio.Event()
        self._requests = 0
        self._open = 0
        self._deadline = 0.0
        self._reconnects = 0
        self._lost = ""
        self._pending = 0

    @property
    def lag(self) -> int:
        """Messages that the server or this side still holds."""
        return self._pending + len(self._arrived)

    async def __aenter__(self) -> Self:
        """Makes the consumer. NotFoundError if there is no such stream."""
        with contextlib.suppress(NotFoundError):
            await api(self._nc, f"CONSUMER.DELETE.{self._stream}.{self._durable}")
        config = {
            "name": self._durable,
            "durable_name": self._durable,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": self._sequence,
            "ack_policy": "all",
            "ack_wait": 30 * 1_000_000_000,
            "max_ack_pending": 4 * PAGE,
        }
        info = await api(
            self._nc,
            f"CONSUMER.CREATE.{self._stream}.{self._durable}",
            {"stream_name": self._stream, "config": config},
        )
        self._pending = int(info["num_pending"])
        self._subscription = await listen(self._nc, f"{self._inbox}.*", self._on_message)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._subscription is not None and not self._nc.is_closed and not self._nc.is_draining:
            await self._subscription.unsubscribe()

    async def page(self) -> list[Msg]:
        """What has arrived, as soon as anything has; empty after a while without."""
        await self._ask()
        if not self._arrived:
            self._woken.clear()
            try:
                async with asyncio.timeout(_LOOK_EVERY):  # wait_for can swallow a cancellation that comes with the news
                    await self._woken.wait()
            except TimeoutError:
                return []
        if self._lost:
            raise Lost(self._lost)
        page = [self._arrived.popleft() for _ in range(min(PAGE, len(self._arrived)))]
        if page:
            self._pending = page[-1].metadata.num_pending
            await self._ask()
        return page

    async def ack(self, message: Msg) -> None:
        """Tells the server that everything up to this message is done with. It may get lost: nothing relies on it."""
        if self._nc.is_connected:
            await self._nc.publish(message.reply)

    async def _ask(self) -> None:
        """Keeps a request open that is good for half a page at least."""
        if self._nc.is_closed:
            raise ConnectionClosedError
        now = asyncio.get_running_loop().time()
        if now > self._deadline + _GRACE or self._nc.stats["reconnects"] != self._reconnects:
            self._open = 0
        if self._open + len(self._arrived) > PAGE // 2 or not self._nc.is_connected:
            return
        self._requests += 1
        self._reconnects = self._nc.stats["reconnects"]
        self._open += PAGE
        self._deadline = now + EXPIRES
        wanted = {"batch": PAGE, "expires": int(EXPIRES * 1_000_000_000)}
        await self._nc.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._durable}",
            json.dumps(wanted).encode(),
            reply=f"{self._inbox}.{self._requests}",
        )

    async def _on_message(self, message: Msg) -> None:
        if not message.subject.startswith(self._inbox):
            self._open -= 1
            self._arrived.append(message)
        else:
            self._on_status(message.headers or {})
        self._woken.set()

    def _on_status(self, headers: dict[str, str]) -> None:
        """The end of a request. What it was still good for is given back."""
        status, text = headers.get("Status", ""), headers.get("Description", "")
        if status == "503" or (status == "409" and "deleted" in text.lower()):
            self._lost = text or "no such consumer"
        elif status != "100":
            self._open = max(0, self._open - int(headers.get("Nats-Pending-Messages", "0")))
