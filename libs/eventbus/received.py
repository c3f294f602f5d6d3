"""A public event as a consumer sees it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from libs.eventbus.envelope import Place, message_class
from libs.eventlog import Meta


class Received:
    """A public event as it came from the bus. Everything but its place is read only when somebody asks for it."""

    __slots__ = ("_event", "_service", "headers", "payload", "place", "previous", "subject", "type")

    def __init__(self, subject: str, headers: Mapping[str, str], payload: bytes, service: str) -> None:
        """`service` is the one that has received it."""
        self.subject = subject
        self.headers = headers
        self.payload = payload
        self._service = service
        self._event: Any = None
        self.type = headers["ce-type"]
        self.place = Place.parse(headers["ce-position"])
        self.previous = headers.get("ce-previous", "")

    @property
    def event(self) -> Any:
        """The decoded protobuf message."""
        if self._event is None:
            self._event = message_class(self.type).FromString(self.payload)
        return self._event

    @property
    def id(self) -> UUID:
        """Unique for ever."""
        return UUID(self.headers["ce-id"])

    @property
    def source(self) -> str:
        """The service that has published it."""
        return self.headers["ce-source"]

    @property
    def store(self) -> str:
        """The store in which it stands."""
        return self.place.store

    @property
    def position(self) -> int:
        """Its position there."""
        return self.place.position

    @property
    def n(self) -> int:
        """Which of the messages of that position it is."""
        return self.place.n

    @property
    def last(self) -> bool:
        """Whether it is the last message of its position."""
        return self.place.n + 1 == int(self.headers.get("ce-count", "1"))

    @property
    def programme(self) -> str:
        """The tenant."""
        return self.headers["ce-programme"]

    @property
    def key(self) -> str:
        """The aggregate that it tells of."""
        return self.subject.rpartition(".")[2]

    @property
    def actor(self) -> str:
        """Who has caused it."""
        return unquote(self.headers["ce-actor"])

    @property
    def request_id(self) -> str:
        """The request that has caused it, if there was one."""
        return unquote(self.headers.get("ce-requestid", ""))

    @property
    def correlation_id(self) -> str:
        """Common to all that one request has caused."""
        return unquote(self.headers.get("ce-correlationid", ""))

    @property
    def causation_id(self) -> str:
        """The event that this one answers, if it does."""
        return unquote(self.headers.get("ce-causationid", ""))

    @property
    def occurred_at(self) -> datetime:
        """When it happened in the world."""
        return datetime.fromisoformat(self.headers["ce-time"])

    @property
    def recorded_at(self) -> datetime:
        """When it was committed."""
        return datetime.fromisoformat(self.headers["ce-recordedtime"])

    @property
    def schema_version(self) -> int:
        """Version of the domain event."""
        return int(self.headers["ce-schemaversion"])

    @property
    def signature(self) -> bytes:
        """The reporter's, where there is one."""
        return base64.b64decode(self.headers.get("ce-signature", ""))

    def cause(self) -> Meta:
        """The envelope of an event that this one causes."""
        return Meta(
            programme=self.programme,
            actor=f"service:{self._service}",
            correlation_id=self.correlation_id or str(self.id),
            causation_id=str(self.id),
        )
