"""What can be imported of traced goods: what everybody may know of places and of products."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterator, Sequence
from typing import Any, Final

from google.protobuf.message import Message

from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.traceability.v1 import links_pb2
from fenxiao.client.client import Client
from fenxiao.client.kinds import Entry
from fenxiao.client.rows import Columns, Row
from fenxiao.errors import Kind as ErrorKind
from fenxiao.errors import Refusal

_AT_ONCE: Final = 32
"""Calls under way: each line is one of its own."""


class _Names(ABC):
    """What is said one by one. A later line about the same counts, as it would if they were said in their order."""

    id_column = ""

    def __init__(self, client: Client, programme: str) -> None:
        self._stub = client.traceability
        self._parent = f"programmes/{programme}"

    async def prepare(self, entries: Sequence[Entry]) -> None:  # noqa: B027 - every kind is asked, and these have nothing
        """Nothing: no line needs another."""

    async def send(self, messages: Sequence[Any], *, validate_only: bool) -> Sequence[common_pb2.ItemResult]:
        """Send a batch. The service cannot check without recording."""
        assert not validate_only
        results: list[common_pb2.ItemResult] = []
        for some in _distinct(messages):
            results += await asyncio.gather(*(_outcome(self._say(message)) for message in some))
        return results

    @abstractmethod
    def _say(self, message: Any) -> Awaitable[Any]: ...


class Places(_Names):
    """What everybody may know of places."""

    name = "places"
    columns = Columns(required=("place",), optional=("name_en", "name_zh", "country", "latitude", "longitude"))
    id_column = "place"

    def read(self, row: Row) -> Message:
        """Give a line as a message."""
        return links_pb2.PublicPlace(identifier=row.values["place"], **_others(row, self.columns))

    def _say(self, message: Any) -> Awaitable[Any]:
        return self._stub.SetPlace(links_pb2.SetPlaceRequest(parent=self._parent, place=message))


class Products(_Names):
    """What everybody may know of products, lots and objects."""

    name = "products"
    columns = Columns(required=("item",), optional=("name_en", "name_zh", "text_en", "text_zh"))
    id_column = "item"

    def read(self, row: Row) -> Message:
        """Give a line as a message."""
        return links_pb2.PublicProduct(identifier=row.values["item"], **_others(row, self.columns))

    def _say(self, message: Any) -> Awaitable[Any]:
        return self._stub.SetProduct(links_pb2.SetProductRequest(parent=self._parent, product=message))


def _others(row: Row, columns: Columns) -> dict[str, Any]:
    return {name: row.values.get(name, "") for name in columns.optional}


def _distinct(messages: Sequence[Any]) -> Iterator[list[Any]]:
    """Cut a batch into parts in which nothing is named twice."""
    part: list[Any] = []
    seen: set[str] = set()
    for message in messages:
        if len(part) == _AT_ONCE or message.identifier in seen:
            yield part
            part, seen = [], set()
        part.append(message)
        seen.add(message.identifier)
    if part:
        yield part


async def _outcome(call: Awaitable[Any]) -> common_pb2.ItemResult:
    try:
        answer = await call
    except Refusal as refusal:
        if refusal.kind in (ErrorKind.UNAVAILABLE, ErrorKind.DENIED):
            raise
        problem = common_pb2.Problem(reason=refusal.reason, message=refusal.message, field=refusal.field)
        return common_pb2.ItemResult(outcome=common_pb2.OUTCOME_REFUSED, problem=problem)
    return common_pb2.ItemResult(outcome=common_pb2.OUTCOME_TAKEN, name=answer.identifier)
