"""The client of a network: one channel a service, opened when it is first needed."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TypeVar

import grpc.aio

from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2_grpc
from fenxiao.api.commission.v1 import commission_pb2_grpc
from fenxiao.api.events.v1 import events_pb2_grpc
from fenxiao.api.membership.v1 import membership_pb2_grpc
from fenxiao.api.settlement.v1 import settlement_pb2_grpc
from fenxiao.api.traceability.v1 import traceability_pb2_grpc
from fenxiao.client.calls import Conduct, Notice, StreamCalls, UnaryCalls, UploadCalls
from fenxiao.client.consistency import Consistency
from fenxiao.client.home import consistency_file, find_home, read_credential, read_network
from fenxiao.errors import Kind, Refusal

if TYPE_CHECKING:
    # These names exist for type checkers only; at run time the stub classes serve both.
    from fenxiao.api.chain_bridge.v1.chain_bridge_pb2_grpc import ChainBridgeServiceAsyncStub
    from fenxiao.api.commission.v1.commission_pb2_grpc import CommissionServiceAsyncStub
    from fenxiao.api.events.v1.events_pb2_grpc import EventServiceAsyncStub
    from fenxiao.api.membership.v1.membership_pb2_grpc import MembershipServiceAsyncStub
    from fenxiao.api.settlement.v1.settlement_pb2_grpc import SettlementServiceAsyncStub
    from fenxiao.api.traceability.v1.traceability_pb2_grpc import TraceabilityServiceAsyncStub

SERVICES: Final = ("membership", "commission", "settlement", "chain_bridge", "traceability")
"""Every service of a network."""

MESSAGE_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of a request at most; answers may have four times as many."""

_OPTIONS: Final = [
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
    ("grpc.max_receive_message_length", 4 * MESSAGE_LIMIT),
    # A service that was killed is back within a second or two: look for it often.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # Servers take more frequent pings on a quiet connection for abuse, unless they are told otherwise.
    ("grpc.keepalive_time_ms", 310_000),
    ("grpc.keepalive_timeout_ms", 20_000),
]


_SERVING: Final = b"\x08\x01"


class _Paged(Protocol):
    next_page_token: str


A = TypeVar("A", bound=_Paged)
T = TypeVar("T")


def _silent(_: str) -> None:
    pass


class Client:
    """Calls the services of a network. Use it as an async context manager, on one event loop.

    `token` is the credential. `deadline` bounds one attempt of a call, `patience` the time for which a call is repeated
    while its service does not answer, both in seconds. What is refused is raised as `fenxiao.errors.Refusal`.
    """

    def __init__(
        self,
        services: Mapping[str, str],
        *,
        web: Mapping[str, str] | None = None,
        token: str = "",
        consistency: Consistency | None = None,
        deadline: float = 30.0,
        patience: float = 60.0,
        notice: Notice = _silent,
    ) -> None:
        self.consistency = consistency or Consistency()
        """What this caller has seen."""
        self.patience = patience
        self._services = dict(services)
        self._web = dict(web or {})
        self._token = token
        self._deadline = deadline
        self._notice = notice
        self._channels: dict[str, grpc.aio.Channel] = {}

    @classmethod
    def from_home(
        cls, home: Path | None = None, *, deadline: float = 30.0, patience: float = 60.0, notice: Notice = _silent
    ) -> Self:
        """Make a client of the network that lives in a directory."""
        found = find_home(home)
        network = read_network(found)
        return cls(
            network.services,
            web=network.web,
            token=read_credential(found),
            consistency=Consistency(consistency_file(found)),
            deadline=deadline,
            patience=patience,
            notice=notice,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every channel, and keep what was seen for the next run."""
        self.consistency.save()
        for channel in self._channels.values():
            await channel.close(None)
        self._channels.clear()

    @property
    def services(self) -> Mapping[str, str]:
        """Address by service."""
        return self._services

    @property
    def web(self) -> Mapping[str, str]:
        """URL by service, of those that answer HTTP."""
        return self._web

    @property
    def token(self) -> str:
        """The credential."""
        return self._token

    @property
    def membership(self) -> "MembershipServiceAsyncStub":
        """Programmes, members, wallets."""
        return membership_pb2_grpc.MembershipServiceStub(self._channel("membership"))

    @property
    def commission(self) -> "CommissionServiceAsyncStub":
        """Plans, sales, and why a line is what it is."""
        return commission_pb2_grpc.CommissionServiceStub(self._channel("commission"))

    @property
    def settlement(self) -> "SettlementServiceAsyncStub":
        """Statements and distributions."""
        return settlement_pb2_grpc.SettlementServiceStub(self._channel("settlement"))

    @property
    def chain_bridge(self) -> "ChainBridgeServiceAsyncStub":
        """What stands on chain."""
        return chain_bridge_pb2_grpc.ChainBridgeServiceStub(self._channel("chain_bridge"))

    @property
    def traceability(self) -> "TraceabilityServiceAsyncStub":
        """Where goods have been."""
        return traceability_pb2_grpc.TraceabilityServiceStub(self._channel("traceability"))

    def events(self, service: str) -> "EventServiceAsyncStub":
        """Give the public events of a service."""
        return events_pb2_grpc.EventServiceStub(self._channel(service))

    async def check_health(self, service: str) -> None:
        """Ask whether a service serves; raises `Refusal` if it does not, or does not answer."""
        # The health API has one field each way, an enum: not worth another package.
        check: Any = self._channel(service).unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=bytes,
            response_deserializer=bytes,
        )
        if await check(b"") != _SERVING:
            raise Refusal("NOT_SERVING", f"{service} is there and does not serve.", kind=Kind.UNAVAILABLE)

    def _channel(self, service: str) -> grpc.aio.Channel:
        if service not in self._channels:
            address = self._services.get(service)
            if not address:
                message = f"This network has no service {service!r}."
                raise Refusal("NO_SUCH_SERVICE", message, kind=Kind.UNAVAILABLE)
            conduct = Conduct(
                service, address, self._token, self.consistency, self._deadline, self.patience, self._notice
            )
            interceptors: list[Any] = [UnaryCalls(conduct), StreamCalls(conduct), UploadCalls(conduct)]
            self._channels[service] = grpc.aio.insecure_channel(address, options=_OPTIONS, interceptors=interceptors)
        return self._channels[service]


async def pages(method: Callable[[Any], Awaitable[A]], request: Any) -> AsyncIterator[A]:
    """Give the answers of a paged call, one page after the other."""
    following: Any = type(request)()
    following.CopyFrom(request)
    while True:
        answer = await method(following)
        yield answer
        if not answer.next_page_token:
            return
        following.page_token = answer.next_page_token


async def listed(
    method: Callable[[Any], Awaitable[A]], request: Any, items: Callable[[A], Iterable[T]], limit: int
) -> AsyncIterator[T]:
    """Give what a paged call lists, item by item: `limit` at most, all of it for 0."""
    left = limit
    async for page in pages(method, request):
        for item in items(page):
            yield item
            left -= 1
            if left == 0:
                return
