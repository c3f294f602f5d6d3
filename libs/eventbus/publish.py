"""Publishing to a stream in atomic batches that are fenced by the stream's last sequence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from nats.aio.client import Client
from nats.errors import ConnectionClosedError, ConnectionReconnectingError
from nats.js.errors import APIError
from nats.nuid import NUID

from libs.eventbus.envelope import Outgoing
from libs.eventbus.jetstream import ask, checked

MAX_BATCH = 1000
"""Messages in one batch at most: the server's own limit."""

MAX_BYTES = 4 * 1024 * 1024
"""Payload bytes in one batch: bounds what is in flight."""

_ANSWER_WITHIN = 10.0
_HEADER_ROOM = 8 * 1024
"""Headers of a message are hardly longer; where they might matter, they are counted."""

_BATCH_ROOM = 512
"""For the headers that are added here."""

_STORED_BY_OTHERS = (10071, 10164, 10201)  # wrong last sequence (10164: unknown to the leader), duplicate id in a batch

_nuid = NUID()


class Fenced(Exception):
    """The stream does not end where the sender believed: somebody else has written, or the stream was lost."""


class TooLarge(Exception):
    """The server does not take a message of this size."""


def batches(events: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
    """The events in parts that fit a batch."""
    start = size = 0
    for index, event in enumerate(events):
        if index > start and (index - start == MAX_BATCH or size + len(event.payload) > MAX_BYTES):
            yield events[start:index]
            start, size = index, 0
        size += len(event.payload)
    if start < len(events):
        yield events[start:]


async def publish(nc: Client, events: Sequence[Outgoing], sequence: int) -> int:
    """Appends all the events to their stream or none, if it ends at `sequence`. Returns its new last sequence.

    Raises `Fenced` if it ends elsewhere. After any other exception nobody knows: read the stream's end.
    """
    if nc.is_closed:
        raise ConnectionClosedError
    if not nc.is_connected:
        raise ConnectionReconnectingError
    for event in events:
        if len(event.payload) + _HEADER_ROOM > nc.max_payload and event.size + _BATCH_ROOM > nc.max_payload:
            raise TooLarge(
                f"{event.place} has {event.size:,} bytes: raise the server's max_payload ({nc.max_payload:,})"
            )
    *first, last = events
    fence = {"Nats-Expected-Last-Sequence": str(sequence)}
    headers = last.headers()
    if first:
        batch = _nuid.next().decode()
        await _send(nc, first, batch, fence)
        headers |= {
            "Nats-Batch-Id": batch,
            "Nats-Batch-Sequence": str(len(events)),
            "Nats-Batch-Commit": "1",
        }
    else:
        headers |= fence
    answer = await ask(nc, last.subject, last.payload, seconds=_ANSWER_WITHIN, headers=headers)
    try:
        ack = checked(json.loads(answer.data))
    except APIError as error:
        if error.err_code in _STORED_BY_OTHERS:
            raise Fenced(str(error.description)) from error
        raise
    if ack.get("duplicate") or ack["seq"] != sequence + len(events):
        raise Fenced(f"stored at {ack['seq']} instead of {sequence + len(events)}")
    return int(ack["seq"])


async def _send(nc: Client, events: Sequence[Outgoing], batch: str, fence: dict[str, str]) -> None:
    """Sends all but the last message of a batch, which nobody answers.

    `Client.publish` checks and copies every header of every message for itself, which would take most of the
    relay's time. Ours are clean by construction, so the protocol's lines are written here, all at once.
    """
    lines: list[bytes] = []
    for number, event in enumerate(events, 1):
        headers = event.headers()
        headers["Nats-Batch-Id"] = batch
        headers["Nats-Batch-Sequence"] = str(number)
        if number == 1:
            headers |= fence
        head = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        block = f"NATS/1.0\r\n{head}\r\n".encode()
        lines.append(f"HPUB {event.subject} {len(block)} {len(block) + len(event.payload)}\r\n".encode())
        lines.append(block)
        lines.append(event.payload)
        lines.append(b"\r\n")
    await nc._send_command(b"".join(lines))  # pyright: ignore[reportPrivateUsage] # see above
