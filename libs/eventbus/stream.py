"""The stream of a service: made, found out about, read without leaving a trace."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import NamedTuple

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import APIError, NotFoundError

from libs.eventbus.envelope import Place
from libs.eventbus.jetstream import ANSWER_WITHIN, api, listen, stored
from libs.eventbus.received import Received
from libs.eventbus.subjects import all_of, stream_name

DUPLICATE_WINDOW = 120
"""Seconds for which the server remembers message ids."""

_READ_AT_ONCE = 500
_NAME_IN_USE = 10058


class Tail(NamedTuple):
    """The end of a stream: its last sequence and the message there (None while it is empty)."""

    sequence: int
    last: Received | None


async def ensure_stream(nc: Client, service: str, *, replicas: int = 1) -> None:
    """Creates the stream of a service, or brings its settings up to date.

    Nothing ever leaves it: no limits, and no message can be deleted or purged.
    """
    name = stream_name(service)
    config = {
        "name": name,
        "subjects": [all_of(service)],
        "storage": "file",
        "retention": "limits",
        "discard": "new",
        "max_msgs": -1,
        "max_bytes": -1,
        "max_age": 0,
        "num_replicas": replicas,
        "duplicate_window": DUPLICATE_WINDOW * 1_000_000_000,
        "deny_delete": True,
        "deny_purge": True,
        "allow_direct": True,
        "allow_atomic": True,
    }
    try:
        await api(nc, f"STREAM.CREATE.{name}", config)
    except APIError as error:
        if error.err_code != _NAME_IN_USE:
            raise
        await api(nc, f"STREAM.UPDATE.{name}", config)


async def last_sequence(nc: Client, service: str) -> int:
    """The last sequence of a service's stream. NotFoundError if there is no such stream."""
    return int((await api(nc, f"STREAM.INFO.{stream_name(service)}"))["state"]["last_seq"])


async def tail(nc: Client, service: str) -> Tail:
    """The end of a service's stream. NotFoundError if there is no such stream."""
    sequence = await last_sequence(nc, service)
    if sequence == 0:
        return Tail(0, None)
    # Asked of the stream's leader: a replica might not have it yet.
    message = (await api(nc, f"STREAM.MSG.GET.{stream_name(service)}", {"seq": sequence}))["message"]
    lines = base64.b64decode(message["hdrs"]).decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines if ": " in line)
    return Tail(sequence, Received(message["subject"], headers, base64.b64decode(message.get("data", "")), service))


async def sequence_after(nc: Client, source: str, place: Place | None) -> int:
    """The sequence from which on the stream holds what comes after a place. NotFoundError if there is no stream."""
    low, high = 1, await last_sequence(nc, source) + 1
    while place is not None and low < high:
        middle = (low + high) // 2
        wanted = {"seq": middle, "next_by_subj": all_of(source)}
        try:
            headers = (await stored(nc, stream_name(source), wanted)).headers or {}
        except NotFoundError:
            high = middle
            continue
        there = Place.parse(headers["ce-position"])
        if there.store == place.store and there <= place:
            low = int(headers["Nats-Sequence"]) + 1
        else:
            high = middle
    return low


async def replay(nc: Client, source: str, upto: Place | None, service: str) -> AsyncIterator[Received]:
    """A source's events from the first to the one at `upto` (to the end if None), as received by `service`.

    For rebuilding views. It reads past every consumer and acknowledges nothing.
    """
    sequence = 1
    while page := await _page(nc, source, sequence):
        for message in page:
            headers = message.headers or {}
            received = Received(headers["Nats-Subject"], headers, message.data, service)
            if upto is not None and received.place > upto:
                return
            yield received
            if received.place == upto:
                return
        sequence = int((page[-1].headers or {})["Nats-Sequence"]) + 1


async def _page(nc: Client, source: str, sequence: int) -> list[Msg]:
    """Some messages from a sequence on; empty at the end of the stream."""
    page: list[Msg] = []
    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def arrived(message: Msg) -> None:
        status = (message.headers or {}).get("Status")
        if status is None:
            page.append(message)
        elif not ended.done():
            ended.set_result(status)

    inbox = nc.new_inbox()
    subscription = await listen(nc, inbox, arrived)
    try:
        wanted = {"seq": sequence, "batch": _READ_AT_ONCE, "next_by_subj": all_of(source)}
        await nc.publish(f"$JS.API.DIRECT.GET.{stream_name(source)}", json.dumps(wanted).encode(), reply=inbox)
        async with asyncio.timeout(ANSWER_WITHIN):
            status = await ended
    finally:
        await subscription.unsubscribe()
    if status == "503":
        raise NotFoundError(description=f"no stream {stream_name(source)}")
    return page
