"""A service as tables: what it is asked, what it answers to others' events, what it publishes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from google.protobuf.descriptor import ServiceDescriptor

from libs.eventlog import EventLog, EventTypes, Meta, Reader, Recorded, Tx, View
from libs.eventlog.encryption import KeyStore, index
from libs.servicekit.settings import Settings

if TYPE_CHECKING:
    from fenxiao.credentials import Claims
    from libs.eventbus import Consumer, Received
    from libs.servicekit.web import Site

R = TypeVar("R")

Handler = Callable[..., Any]


class Asked(NamedTuple):
    """What a command is asked."""

    request: Any
    """Or what was prepared of it."""
    call: Call


@dataclass(frozen=True)
class Command:
    """A method that changes something: `handler(tx, request, call)` runs in the writer's transaction."""

    handler: Handler
    scope: str
    prepare: Callable[..., Any] | None = None
    """Makes of the request what the handler gets in its place, before and outside the transaction: long work."""
    before: Callable[[Reader, Any, Call], Any] | None = None
    """Reads, on a snapshot, what `prepare` has to know besides; it gets that as its second argument."""
    ahead: Callable[[Tx, Sequence[Asked]], Sequence[Any]] | None = None
    """Reads what the calls that share a transaction need, together; the handler gets its own part as a fourth argument.

    They go on one after the other, and nobody else between them; what they write they keep true for each other.
    """


@dataclass(frozen=True)
class Query:
    """A method that reads: `handler(reader, request, call)` runs on a snapshot."""

    handler: Handler
    scope: str


@dataclass(frozen=True)
class Stream:
    """A method that goes on answering: `handler(running, request, call)` is an async generator."""

    handler: Callable[..., AsyncIterator[Any]]
    scope: str


@dataclass(frozen=True)
class Upload:
    """A method that takes many messages: `await handler(running, first, others, call)` answers when it has them all.

    The first message names the programme; `others` are those behind it.
    """

    handler: Callable[..., Awaitable[Any]]
    scope: str


@dataclass(frozen=True)
class Service:
    """The wiring of a service. See docs of its fields in the services' `wiring.py`."""

    name: str
    api: ServiceDescriptor
    events: EventTypes
    commands: Mapping[str, Command]
    queries: Mapping[str, Query] = field(default_factory=dict[str, Query])
    streams: Mapping[str, Stream] = field(default_factory=dict[str, Stream])
    uploads: Mapping[str, Upload] = field(default_factory=dict[str, Upload])
    views: Sequence[View] = ()
    policies: Mapping[str, Mapping[type[Any], Sequence[Callable[[Tx, Any], None]]]] = field(
        default_factory=dict[str, Any]
    )
    """Other service → its public event → what this one does then, in the order given."""
    follows: Mapping[str, Sequence[Callable[[Tx, Sequence[Received]], None]]] = field(default_factory=dict[str, Any])
    """Service → what is done with its public events, whatever they are, as many at once as come at once."""
    publishes: Mapping[type, Callable[[Recorded[Any]], Sequence[Any]]] = field(default_factory=dict[type, Any])
    """Own domain event → the public events that others see instead of it; at least one."""
    background: Sequence[Callable[[Running], Awaitable[None]]] = ()
    """Work that goes on beside the calls, until it is cancelled."""
    resources: Sequence[Callable[[Settings], object]] = ()
    """What is opened at the start and reached by its type."""
    tables: Sequence[str] = ()
    """Tables of its own that are no views, in the same database."""
    site: Site | None = None
    """What it answers over HTTP, where a standard or a browser asks for it."""
    halt_programme: bool = False
    """Whether an event that cannot be applied halts its whole programme (services that move money) or its key only."""

    def __post_init__(self) -> None:
        """Checks that the tables answer exactly the methods of the API."""
        wired = [*self.commands, *self.queries, *self.streams, *self.uploads]
        methods = {method.name for method in self.api.methods}
        if len(wired) != len(set(wired)) or set(wired) != methods:
            raise ValueError(f"{self.name}: wired {sorted(wired)}, but the API has {sorted(methods)}")

    @property
    def sources(self) -> dict[str, dict[type[Any], list[Callable[[Tx, Any], None]]]]:
        """Other service → public event → handlers: first the views, then the policies."""
        found: dict[str, dict[type[Any], list[Callable[[Tx, Any], None]]]] = {source: {} for source in self.follows}
        for view in self.views:
            for cls, apply in view.others.items():
                found.setdefault(_source(cls), {}).setdefault(cls, []).append(apply)
        for source, table in self.policies.items():
            for cls, handlers in table.items():
                if _source(cls) != source:
                    raise ValueError(f"{self.name}: {cls.__name__} is not an event of {source}")
                found.setdefault(source, {}).setdefault(cls, []).extend(handlers)
        return found


def type_name(cls: type[Any]) -> str:
    """The full name of a protobuf type."""
    return cls.DESCRIPTOR.full_name


def _source(cls: type[Any]) -> str:
    """`fenxiao.api.membership.v1.MemberEnrolled` comes from `membership`."""
    return type_name(cls).split(".")[2]


class Resources:
    """What the service has opened, by type."""

    def __init__(self, opened: Sequence[object]) -> None:
        self._opened = opened

    def find(self, cls: type[R]) -> R | None:
        """The resource of this type, if there is one."""
        return next((resource for resource in self._opened if isinstance(resource, cls)), None)

    def use(self, cls: type[R]) -> R:
        """The resource of this type."""
        found = self.find(cls)
        if found is None:
            raise LookupError(f"no resource of type {cls.__name__} is wired")
        return found

    def close(self) -> None:
        """Closes what can be closed."""
        for resource in self._opened:
            close = getattr(resource, "close", None)
            if close is not None:
                close()


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls, and on which programme."""

    programme: str
    """From the request's `parent` or `name`, checked against the credential; empty where it names none."""
    claims: Claims
    request_id: str
    correlation_id: str
    now: datetime
    resources: Resources

    @property
    def actor(self) -> str:
        """The subject of the credential."""
        return self.claims.subject

    def meta(self) -> Meta:
        """The envelope for what this call records."""
        return Meta(self.programme, self.claims.subject, self.request_id, self.correlation_id)

    def use(self, cls: type[R]) -> R:
        """A resource of the service."""
        return self.resources.use(cls)


@dataclass(frozen=True)
class Running:
    """A service that runs."""

    service: Service
    settings: Settings
    log: EventLog
    resources: Resources
    consumers: dict[str, Consumer]

    @property
    def name(self) -> str:
        """Its name."""
        return self.service.name

    @cached_property
    def request_secret(self) -> bytes:
        """What keys the hashes of requests.

        A service that takes in personal data has a key store, and it comes from there, out of reach of who has the
        database alone. Otherwise it comes from the store itself.
        """
        keys = self.resources.find(KeyStore)
        return bytes.fromhex(index(self.log.secret if keys is None else keys.index_secret, "requests", ""))

    def use(self, cls: type[R]) -> R:
        """A resource of the service."""
        return self.resources.use(cls)
