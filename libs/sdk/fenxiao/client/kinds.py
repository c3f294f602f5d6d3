"""What can be imported: members, sales and returns, and what there is to say of members one by one.

Each says how a line is read, looked up and sent.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from google.protobuf.message import Message

from fenxiao.api.commission.v1 import commission_pb2
from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import membership_pb2
from fenxiao.client.client import Client
from fenxiao.client.lines import (
    IDENTITY_COLUMNS,
    MEMBER_COLUMNS,
    PLACEMENT_COLUMNS,
    RANK_COLUMNS,
    SALE_COLUMNS,
    WALLET_COLUMNS,
    new_identity_check,
    new_member,
    new_placement,
    new_rank_grant,
    new_sale,
    new_wallet,
)
from fenxiao.client.rows import Columns, Row

REMEMBERED: Final = 50_000
"""Members whose names are kept at hand."""


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that was not taken, and why."""

    line: int
    id: str
    reason: str
    message: str
    field: str = ""


@dataclass(slots=True)
class Entry:
    """A line on its way: a message to be sent, or what is wrong with it."""

    line: int
    id: str
    message: Any = None
    problem: RefusedLine | None = None

    def refuse(self, reason: str, message: str, field: str = "") -> None:
        """Do not send it."""
        self.problem = RefusedLine(self.line, self.id, reason, message, field)

    def refuse_member(self, reference: str) -> None:
        """Do not send it, since nobody has the number that it names."""
        self.refuse("UNKNOWN_MEMBER", f"There is no member {reference[:128]!r}; import the members first.", "member_id")


class Kind(Protocol):
    """What differs between what can be imported."""

    name: str
    columns: Columns
    id_column: str

    def read(self, row: Row) -> Message:
        """Give a line as a message; raises `Refusal`."""
        ...

    async def prepare(self, entries: Sequence[Entry]) -> None:
        """Look up what the messages need."""
        ...

    async def send(self, messages: Sequence[Any], *, validate_only: bool) -> Sequence[common_pb2.ItemResult]:
        """Send a batch."""
        ...


class MemberNames:
    """Looks members up by the merchant's numbers, and remembers those that came last."""

    def __init__(self, client: Client, programme: str) -> None:
        self._client = client
        self._parent = f"programmes/{programme}"
        self._names: OrderedDict[str, str] = OrderedDict()

    async def find(self, references: set[str]) -> dict[str, str]:
        """Give resource names by the merchant's numbers; unknown ones are left out."""
        names: dict[str, str] = {}
        for reference in references & self._names.keys():
            self._names.move_to_end(reference)
            names[reference] = self._names[reference]
        if missing := sorted(references - names.keys() - {""}):
            request = membership_pb2.ResolveMembersRequest(parent=self._parent, references=missing)
            for entry in (await self._client.membership.ResolveMembers(request)).members:
                names[entry.reference] = self._names[entry.reference] = entry.name
            while len(self._names) > REMEMBERED:
                self._names.popitem(last=False)
        return names


class Members:
    """The import of members."""

    name = "members"
    columns = MEMBER_COLUMNS
    id_column = "member_id"

    def __init__(self, client: Client, programme: str) -> None:
        self._stub = client.membership
        self._parent = f"programmes/{programme}"

    def read(self, row: Row) -> Message:
        """Give a line as a message."""
        return new_member(row.values)

    async def prepare(self, entries: Sequence[Entry]) -> None:
        """Nothing: sponsors are named by the merchant's numbers."""

    async def send(self, messages: Sequence[Any], *, validate_only: bool) -> Sequence[common_pb2.ItemResult]:
        """Send a batch."""
        request = membership_pb2.BatchEnrolMembersRequest(
            parent=self._parent, members=messages, validate_only=validate_only
        )
        return (await self._stub.BatchEnrolMembers(request)).results


class Sales:
    """The import of sales and returns. Members are looked up by the merchant's numbers."""

    name = "sales"
    columns = SALE_COLUMNS
    id_column = "sale_id"

    def __init__(self, client: Client, programme: str) -> None:
        self._client = client
        self._parent = f"programmes/{programme}"
        self._members = MemberNames(client, programme)

    def read(self, row: Row) -> Message:
        """Give a line as a message."""
        return new_sale(row.values)

    async def prepare(self, entries: Sequence[Entry]) -> None:
        """Put the members' names in; a line of an unknown member is refused."""
        waiting = [entry for entry in entries if entry.problem is None]
        names = await self._members.find({entry.message.member for entry in waiting})
        for entry in waiting:
            if name := names.get(entry.message.member):
                entry.message.member = name
            else:
                entry.refuse_member(entry.message.member)

    async def send(self, messages: Sequence[Any], *, validate_only: bool) -> Sequence[common_pb2.ItemResult]:
        """Send a batch."""
        request = commission_pb2.BatchRecordSalesRequest(
            parent=self._parent, sales=messages, validate_only=validate_only
        )
        return (await self._client.commission.BatchRecordSales(request)).results


class _OfMembers:
    """What is said of members who are there. They are named by the merchant's numbers and looked up."""

    id_column = "member_id"

    def __init__(self, client: Client, programme: str) -> None:
        self._stub = client.membership
        self._parent = f"programmes/{programme}"
        self._members = MemberNames(client, programme)

    async def prepare(self, entries: Sequence[Entry]) -> None:
        """Put the members' names in; a line of an unknown member is refused."""
        waiting = [entry for entry in entries if entry.problem is None]
        names = await self._members.find({entry.id for entry in waiting})
        for entry in waiting:
            if name := names.get(entry.id):
                entry.message.name = name
            else:
                entry.refuse_member(entry.id)


class Wallets(_OfMembers):
    """The binding of wallets, each with the signature of its owner."""

    name = "wallets"
    columns = WALLET_COLUMNS

    def read(self, row: Row) -> Message:
        """Give a line as a message."""
        return new_wallet(row.values)

    async def send(self, messages: Sequence[Any], *, validate_only: bool) -> Sequence[common_pb2.ItemResult]:
        """Send a batch. The service cannot check without binding."""
        assert not validate_only
        request = membership_pb2.BatchBindWalletsRequest(parent=self._parent, wallets=messages)
        return (await self._stub.BatchBindWallets(request)).results


class IdentityChecks(_OfMembers):
    """Checks of who members are."""

    name = "identity_checks"
    columns = IDENTITY_COLUMNS

    def read(self, row: Row) -> Message:
        """Give a line as a message."""
        return new_identity_check(row.values)

    async def send(self, messages: Sequence[Any], *, validate_only: bool) -> Sequence[common_pb2.ItemResult]:
        """Send a batch. The service cannot check without recording."""
        assert not validate_only
        request = membership_pb2.BatchRecordIdentityChecksRequest(parent=self._parent, checks=messages)
        return (await self._stub.BatchRecordIdentityChecks(request)).results


class Placements(_OfMembers):
    """Places in the placement tree, for members whom enrolment has not placed. Parents may stand in earlier lines."""

    name = "placements"
    columns = PLACEMENT_COLUMNS

    def read(self, row: Row) -> Message:
        """Give a line as a message."""
        return new_placement(row.values)

    async def send(self, messages: Sequence[Any], *, validate_only: bool) -> Sequence[common_pb2.ItemResult]:
        """Send a batch. The service cannot check without placing."""
        assert not validate_only
        request = membership_pb2.BatchPlaceMembersRequest(parent=self._parent, placements=messages)
        return (await self._stub.BatchPlaceMembers(request)).results


class Ranks:
    """The granting of ranks. Members are looked up by the merchant's numbers."""

    name = "ranks"
    columns = RANK_COLUMNS
    id_column = "member_id"

    def __init__(self, client: Client, programme: str) -> None:
        self._stub = client.commission
        self._parent = f"programmes/{programme}"
        self._members = MemberNames(client, programme)

    def read(self, row: Row) -> Message:
        """Give a line as a message."""
        return new_rank_grant(row.values)

    async def prepare(self, entries: Sequence[Entry]) -> None:
        """Put the members' names in; a line of an unknown member is refused."""
        waiting = [entry for entry in entries if entry.problem is None]
        names = await self._members.find({entry.id for entry in waiting})
        for entry in waiting:
            if name := names.get(entry.id):
                entry.message.member = name
            else:
                entry.refuse_member(entry.id)

    async def send(self, messages: Sequence[Any], *, validate_only: bool) -> Sequence[common_pb2.ItemResult]:
        """Send a batch. The service cannot check without granting."""
        assert not validate_only
        request = commission_pb2.BatchGrantRanksRequest(parent=self._parent, grants=messages)
        return (await self._stub.BatchGrantRanks(request)).results
