"""What an event is in the store: its envelope, its topic, and how it becomes bytes and comes back."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

E_co = TypeVar("E_co", covariant=True)

_compact = json.JSONEncoder(separators=(",", ":")).encode

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns the JSON data of one version of an event into that of the next version."""


@dataclass(frozen=True, slots=True)
class Meta:
    """The part of the envelope that the caller knows.

    `actor` is the subject of the credential; `correlation_id` is common to all that one request caused;
    `causation_id` is the id of the event that this one answers; `signature` is the reporter's, where there is one.
    """

    programme: str
    actor: str
    request_id: str = ""
    correlation_id: str = ""
    causation_id: str = ""
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class Recorded(Generic[E_co]):
    """An event as it stands in the store.

    `stream` and `version` say which fact of which thing it is (versions count from 1), `position` where it stands
    in the whole store. `occurred_at` is the time in the world, `recorded_at` that of the append; both are aware.
    """

    event: E_co
    id: UUID
    stream: UUID
    version: int
    position: int
    meta: Meta
    occurred_at: datetime
    recorded_at: datetime
    schema_version: int


class UnknownTopic(LookupError):
    """The store holds an event that this code has no type for: it was written by newer code."""


class EventTypes:
    """The event types of a service, by explicit topic.

    A type is a frozen pydantic model. Its topic is its class variable `TOPIC`, or its name; its class variable
    `VERSION` (1 if there is none) counts up when its fields change, and then an upcaster must lead from each
    older version to the next one.
    """

    def __init__(
        self, types: Iterable[type[BaseModel]], upcasters: Mapping[tuple[str, int], Upcaster] | None = None
    ) -> None:
        self._upcasters = dict(upcasters or {})
        self._by_name: dict[str, type[BaseModel]] = {}
        self._topics: dict[type[BaseModel], tuple[str, int]] = {}
        for cls in types:
            name = str(getattr(cls, "TOPIC", cls.__name__))
            version = int(getattr(cls, "VERSION", 1))
            if name in self._by_name:
                raise ValueError(f"two event types have the topic {name}")
            for old in range(1, version):
                if (name, old) not in self._upcasters:
                    raise ValueError(f"{name} is at version {version} but has no upcaster from version {old}")
            self._by_name[name] = cls
            self._topics[cls] = (name, version)

    def all(self) -> Iterable[type[BaseModel]]:
        """Every type."""
        return self._topics.keys()

    def topic(self, cls: type[BaseModel]) -> str:
        """The topic under which the current version of a type is stored, for example `MemberEnrolled.v1`."""
        name, version = self._topics[cls]
        return f"{name}.v{version}"

    def topics(self, cls: type[BaseModel]) -> list[str]:
        """The topics of all versions of a type."""
        name, version = self._topics[cls]
        return [f"{name}.v{n}" for n in range(1, version + 1)]

    def version(self, cls: type[BaseModel]) -> int:
        """The current version of a type."""
        return self._topics[cls][1]

    def encode(self, event: BaseModel) -> bytes:
        """The event's data as JSON."""
        return event.model_dump_json().encode()

    def decode(self, topic: str, data: bytes) -> tuple[BaseModel, int]:
        """The event in its newest form, and the version in which it was stored."""
        name, _, number = topic.rpartition(".v")
        cls = self._by_name.get(name)
        if cls is None:
            raise UnknownTopic(f"no event type for the topic {topic}")
        version = int(number)
        newest = self._topics[cls][1]
        if version > newest:
            raise UnknownTopic(f"{topic} is newer than version {newest}, which this code knows")
        if version == newest:
            return cls.model_validate_json(data), version
        content: dict[str, Any] = json.loads(data)
        for old in range(version, newest):
            content = self._upcasters[name, old](content)
        return cls.model_validate_json(json.dumps(content)), version


PROGRAMME_FROM = len('{"id":"') + 32 + len('","programme":"') + 1
"""Where the programme begins in a stored state, counted from 1; it ends before the next quotation mark."""


def pack(event_id: UUID, meta: Meta, occurred_at: datetime, recorded_at: datetime, data: bytes) -> bytes:
    """The stored state: one line of JSON with the envelope, then the event's data.

    Id and programme stand first: the databases index the programme by where it stands.
    """
    before, behind = _written(meta)
    head = (
        f'{{"id":"{event_id.hex}",{before},"occurred_at":"{occurred_at.isoformat()}",'
        f'"recorded_at":"{recorded_at.isoformat()}"{behind}}}\n'
    )
    return head.encode() + data


@lru_cache(maxsize=1024)
def _written(meta: Meta) -> tuple[str, str]:
    """What stands before and behind the times: the same for all that a caller appends."""
    behind = {
        "request_id": meta.request_id,
        "correlation_id": meta.correlation_id,
        "causation_id": meta.causation_id,
        "signature": meta.signature.hex(),
    }
    return (
        _compact({"programme": meta.programme, "actor": meta.actor})[1:-1],
        "".join(f',"{name}":{_compact(value)}' for name, value in behind.items() if value),
    )


def unpack(
    types: EventTypes, stream: UUID, version: int, position: int, topic: str, state: bytes
) -> Recorded[BaseModel]:
    """The opposite of `pack`."""
    head_line, _, data = state.partition(b"\n")
    head: dict[str, str] = json.loads(head_line)
    event, schema_version = types.decode(topic, data)
    return Recorded(
        event=event,
        id=UUID(hex=head["id"]),
        stream=stream,
        version=version,
        position=position,
        meta=Meta(
            programme=head["programme"],
            actor=head["actor"],
            request_id=head.get("request_id", ""),
            correlation_id=head.get("correlation_id", ""),
            causation_id=head.get("causation_id", ""),
            signature=bytes.fromhex(head.get("signature", "")),
        ),
        occurred_at=datetime.fromisoformat(head["occurred_at"]),
        recorded_at=datetime.fromisoformat(head["recorded_at"]),
        schema_version=schema_version,
    )
