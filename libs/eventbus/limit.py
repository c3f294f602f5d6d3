"""How large a message may be: what the bus does not take is refused before it is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fenxiao.errors import Refusal
from libs.eventbus.envelope import Publisher, public_events
from libs.eventlog import Guard, Recorded

MESSAGE_LIMIT = 1024 * 1024
"""Bytes of a message with its headers at most. A NATS server takes so much unless it is told otherwise; the network's
own take 4 MiB."""

_ROOM = 1024
"""For headers that are longer in the end: places of many digits, and what the relay adds to a batch."""


def limit(service: str, publishes: Mapping[type, Publisher]) -> Guard:
    """Refuses what a service could record and never publish.

    An event is stored as JSON, which no public form of it is twice as long as: only large ones are written down once
    more to see.
    """

    def check(recorded: Recorded[Any]) -> None:
        for message in public_events(service, "", [recorded], publishes):
            size = message.size + _ROOM
            if size > MESSAGE_LIMIT:
                raise Refusal(
                    "EVENT_TOO_LARGE",
                    f"this would be published in a message of {size:,} bytes, and one has at most {MESSAGE_LIMIT:,}:"
                    " send less at once",
                )

    return Guard(MESSAGE_LIMIT // 2, check)
