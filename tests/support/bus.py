"""What stands in JetStream, beside what stands in the stores."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from nats.aio.client import Client as Nats
from nats.js.errors import NotFoundError

from fenxiao.api.events.v1 import events_pb2
from fenxiao.api.membership.v1 import membership_pb2
from fenxiao.client import Client
from fenxiao.client.client import pages
from libs.eventbus import Received, inbox_prefix, replay
from libs.eventbus.stream import last_sequence
from libs.localnet.home import Home
from libs.localnet.network import LocalNetwork
from libs.localnet.services import SERVICES
from tests.support.stores import rows_of
from tests.support.waiting import until

_READER = "settlement"
"""Any service may read every stream."""


class Fact(NamedTuple):
    """A public event, without what differs between store and bus."""

    position: tuple[int, int]
    id: str
    type: str
    programme: str
    payload: bytes


async def in_store(client: Client, service: str) -> list[Fact]:
    """Every public event of a service's store, in its order."""
    facts: list[Fact] = []
    async for found in pages(client.membership.ListProgrammes, membership_pb2.ListProgrammesRequest()):
        for programme in found.programmes:
            request = events_pb2.ListEventsRequest(parent=programme.name, page_size=1000)
            async for page in pages(client.events(service).ListEvents, request):
                facts += [_of_store(event) for event in page.events]
    return sorted(facts)


def _of_store(event: events_pb2.Event) -> Fact:
    _, position, n = event.position.split(":")
    return Fact((int(position), int(n)), event.id, event.type, event.programme, event.data.value)


@asynccontextmanager
async def _connected(network: LocalNetwork) -> AsyncGenerator[Nats]:
    connection = Nats()
    await connection.connect(
        network.endpoints.nats_url,
        nkeys_seed=str(network.home.nkey_seed(_READER)),
        inbox_prefix=inbox_prefix(_READER),
        allow_reconnect=False,
    )
    try:
        yield connection
    finally:
        await connection.close()


def facts_of(messages: Iterable[Received]) -> list[Fact]:
    """The messages as they can be compared with the store."""
    return [Fact((m.position, m.n), str(m.id), m.type, m.programme, m.payload) for m in messages]


def gaps(messages: Sequence[Received]) -> list[str]:
    """Messages that do not name the one before them."""
    before = ""
    found: list[str] = []
    for message in messages:
        if message.previous != before:
            found.append(f"{message.place} follows {message.previous or 'nothing'}, before it stands {before}")
        before = str(message.place)
    return found


async def carried(network: LocalNetwork, service: str, store: Sequence[Fact]) -> list[Received]:
    """Waits until the stream of a service holds as much as its store, and gives its messages in their order."""
    wanted = len(store)
    async with _connected(network) as connection:

        async def enough() -> bool:
            try:
                return await last_sequence(connection, service) >= wanted
            except NotFoundError:
                return wanted == 0  # its relay has not made it yet

        await until(enough, what=f"the stream of {service} holds {wanted} events")
        return [received async for received in replay(connection, service, None, _READER)] if wanted else []


def places(home: Home, service: str) -> dict[str, str]:
    """How far a service has consumed each source."""
    rows = rows_of(home.database(service), "SELECT source, store, position, n FROM consumed")
    return {str(source): f"{store}:{position}:{n}" for source, store, position, n in rows}


async def drained(network: LocalNetwork, client: Client) -> None:
    """Waits until every consumer has read all of every stream: nothing moves any more but the chain's blocks."""
    ends = {
        service: str(messages[-1].place)
        for service in SERVICES
        if (messages := await carried(network, service, await in_store(client, service)))
    }

    async def read_all() -> bool:
        return all(
            place == ends[source] for service in SERVICES for source, place in places(network.home, service).items()
        )

    await until(read_all, what=f"all is consumed up to {ends}")
