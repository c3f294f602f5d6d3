"""The envelope: what a public event says about itself, in the store's terms, on the bus and in the event API.

On the bus it is CloudEvents 1.0 in binary mode: attributes in headers that begin with `ce-`, the protobuf message
as the payload. Extension attributes are named in `Outgoing.headers`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID, uuid5

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message

from fenxiao.api.events.v1 import events_pb2
from libs.eventbus.subjects import service_of, subject
from libs.eventlog import Recorded

Publisher = Callable[[Recorded[Any]], Sequence[Message]]
"""Turns a domain event into the public messages that tell of it."""

_UNSAFE = re.compile(r"[^\x21\x23\x24\x26-\x7e]")


class Place(NamedTuple):
    """Where a message stands: which of the messages (`n`, from 0) of a position of a store."""

    store: str
    position: int
    n: int

    def __str__(self) -> str:
        return f"{self.store}:{self.position}:{self.n}"

    @classmethod
    def parse(cls, text: str) -> Place:
        """The opposite of `str`."""
        store, position, n = text.split(":")
        return cls(store, int(position), int(n))


def _escape(text: str) -> str:
    """Percent-encoding as CloudEvents wants it in headers; nothing can break out of a header line."""
    return quote(text, safe="!#$&'()*+,/:;=?@[]^`{|}<>\\~") if _UNSAFE.search(text) else text


@lru_cache(maxsize=1024)
def message_class(message_type: str) -> type[Message]:
    """The generated class of a protobuf full type name; KeyError if its stubs are not imported."""
    return message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(message_type))


@dataclass(slots=True)  # not frozen: that would double the time to make one
class Outgoing:
    """One public event on its way out of its service."""

    id: UUID
    source: str
    type: str
    subject: str
    place: Place
    count: int
    previous: str
    recorded: Recorded[Any]
    payload: bytes

    def headers(self) -> dict[str, str]:
        """CloudEvents attributes and this network's extensions to them.

        `position` is the message's place; `count`, if it is not 1, how many messages that position has;
        `previous` the place of the public event before it in the same store (absent for the first), so that a gap
        shows. `Nats-Msg-Id` makes the server refuse a second copy.
        """
        recorded, meta, place = self.recorded, self.recorded.meta, str(self.place)
        headers = {
            "Nats-Msg-Id": place,
            "ce-specversion": "1.0",
            "ce-id": str(self.id),
            "ce-source": self.source,
            "ce-type": self.type,
            "ce-subject": self.subject,
            "ce-time": recorded.occurred_at.isoformat(),
            "ce-datacontenttype": "application/protobuf",
            "ce-programme": meta.programme,
            "ce-actor": _escape(meta.actor),
            "ce-recordedtime": recorded.recorded_at.isoformat(),
            "ce-schemaversion": str(recorded.schema_version),
            "ce-position": place,
        }
        if self.count != 1:
            headers["ce-count"] = str(self.count)
        if self.previous:
            headers["ce-previous"] = self.previous
        if meta.request_id:
            headers["ce-requestid"] = _escape(meta.request_id)
        if meta.correlation_id:
            headers["ce-correlationid"] = _escape(meta.correlation_id)
        if meta.causation_id:
            headers["ce-causationid"] = _escape(meta.causation_id)
        if meta.signature:
            headers["ce-signature"] = base64.b64encode(meta.signature).decode()
        return headers

    @property
    def size(self) -> int:
        """Bytes of the message with its headers, as the server counts them."""
        lines = sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers().items())
        return len("NATS/1.0\r\n") + lines + len("\r\n") + len(self.payload)

    def event(self) -> events_pb2.Event:
        """The same for the event API."""
        recorded, meta = self.recorded, self.recorded.meta
        event = events_pb2.Event(
            id=str(self.id),
            source=self.source,
            type=self.type,
            subject=self.subject,
            programme=meta.programme,
            actor=meta.actor,
            request_id=meta.request_id,
            correlation_id=meta.correlation_id,
            causation_id=meta.causation_id,
            schema_version=recorded.schema_version,
            signature=meta.signature,
            position=str(self.place),
            previous_position=self.previous,
        )
        event.occur_time.FromDatetime(recorded.occurred_at)
        event.record_time.FromDatetime(recorded.recorded_at)
        event.data.type_url = f"type.googleapis.com/{self.type}"
        event.data.value = self.payload
        return event


def public_events(
    service: str,
    store: str,
    recorded: Iterable[Recorded[Any]],
    publishes: Mapping[type, Publisher],
    previous: str = "",
) -> list[Outgoing]:
    """The public events that tell of these domain events of a service.

    `previous` is the place of the public event before the first of them, as text: where the last call left off.
    """
    outgoing: list[Outgoing] = []
    for one in recorded:
        publisher = publishes.get(one.event.__class__)
        if publisher is None:
            continue
        messages = publisher(one)
        for n, message in enumerate(messages):
            message_type = message.DESCRIPTOR.full_name
            if service_of(message_type) != service:
                raise ValueError(f"{service} cannot publish {message_type}")
            place = Place(store, one.position, n)
            outgoing.append(
                Outgoing(
                    id=one.id if n == 0 else uuid5(one.id, str(n)),
                    source=service,
                    type=message_type,
                    subject=subject(message_type, one.meta.programme, str(one.stream)),
                    place=place,
                    count=len(messages),
                    previous=previous,
                    recorded=one,
                    payload=message.SerializeToString(),
                )
            )
            previous = str(place)
    return outgoing
