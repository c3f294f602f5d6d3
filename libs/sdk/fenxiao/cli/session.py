"""What a call of the command line works with: the global options, the client, the programme."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from fenxiao.cli import output
from fenxiao.cli.exits import Misuse
from fenxiao.errors import Kind, Refusal

if TYPE_CHECKING:
    import typer

    from fenxiao.api.membership.v1.membership_pb2 import Programme
    from fenxiao.client import Client

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Session:
    """The global options."""

    home: Path | None = None
    programme: str = ""
    as_json: bool = False
    patience: float = 60.0

    @classmethod
    def of(cls, context: "typer.Context") -> "Session":
        """Give the session of a command."""
        return cast("Session", context.obj)

    def run(self, work: "Callable[[Client], Awaitable[T]]", *, patience: float | None = None) -> T:
        """Do some work with a client of the network."""
        import asyncio  # noqa: PLC0415 - all this takes its time, and --help needs none of it

        from fenxiao.client import Client  # noqa: PLC0415

        async def worked() -> T:
            async with Client.from_home(
                self.home, patience=self.patience if patience is None else patience, notice=output.say
            ) as client:
                return await work(client)

        return asyncio.run(worked())

    async def find_programme(self, client: "Client") -> "Programme":
        """Give the programme that is meant: the one named, or the only one."""
        from fenxiao.api.membership.v1 import membership_pb2  # noqa: PLC0415

        if self.programme:
            request = membership_pb2.GetProgrammeRequest(name=f"programmes/{self.programme}")
            return await client.membership.GetProgramme(request)
        listed = (await client.membership.ListProgrammes(membership_pb2.ListProgrammesRequest(page_size=2))).programmes
        if len(listed) == 1:
            return listed[0]
        if not listed:
            message = "There is no programme yet; `fenxiao programme create` opens one."
            raise Refusal("NO_PROGRAMME", message, kind=Kind.NOT_FOUND)
        raise Misuse("SEVERAL_PROGRAMMES", "There are several programmes; name one with --programme.")


def id_of(name: str) -> str:
    """Give the last part of a resource name."""
    return name.rpartition("/")[2]


def is_uuid(text: str) -> bool:
    """Say whether a text is a UUID."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


async def find_member(client: "Client", parent: str, member: str) -> tuple[str, str]:
    """Give resource name and merchant's number of a member, named by either."""
    from fenxiao.api.membership.v1 import membership_pb2  # noqa: PLC0415

    requests = [membership_pb2.ResolveMembersRequest(parent=parent, references=[member])]
    if is_uuid(member):
        names = [f"{parent}/members/{member.lower()}"]
        requests.append(membership_pb2.ResolveMembersRequest(parent=parent, names=names))
    for request in requests:
        for entry in (await client.membership.ResolveMembers(request)).members:
            return entry.name, entry.reference
    message = f"There is no member {member!r}; `fenxiao members tree` shows who there is."
    raise Refusal("UNKNOWN_MEMBER", message, kind=Kind.NOT_FOUND)


async def references_of(client: "Client", parent: str, names: "set[str]") -> dict[str, str]:
    """Give the merchant's numbers of members, by resource name. Those whose data was erased are left out."""
    from fenxiao.api.membership.v1 import membership_pb2  # noqa: PLC0415

    found: dict[str, str] = {}
    wanted = sorted(names)
    for start in range(0, len(wanted), 1000):
        request = membership_pb2.ResolveMembersRequest(parent=parent, names=wanted[start : start + 1000])
        answer = await client.membership.ResolveMembers(request)
        found.update({entry.name: entry.reference for entry in answer.members})
    return found


def time_text(stamp: Any) -> str:
    """Give a time stamp as RFC 3339."""
    return str(stamp.ToJsonString())


def to_stamp(moment: datetime) -> Any:
    """Give an aware time as a time stamp."""
    from google.protobuf.timestamp_pb2 import Timestamp  # noqa: PLC0415

    stamp = Timestamp()
    stamp.FromDatetime(moment.astimezone(UTC))
    return stamp
