"""A membership service on a store of its own, with one programme."""

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import membership_pb2 as pb
from fenxiao.api.membership.v1.placement_pb2 import PlacementRule
from libs.servicekit.testing import Harness
from libs.servicekit.times import to_timestamp
from services.membership.wiring import SERVICE

START = datetime(2026, 1, 1, tzinfo=UTC)
PARENT = "programmes/shop"


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def new_member(reference: str, sponsor: str = "", joined: float = 1, **fields: Any) -> pb.NewMember:
    return pb.NewMember(reference=reference, sponsor_reference=sponsor, join_time=to_timestamp(day(joined)), **fields)


@dataclass
class Membership:
    """The calls that the tests make often."""

    harness: Harness
    folder: Path

    async def create_programme(
        self, new: str = "shop", placement: PlacementRule | None = None, /, **keywords: str
    ) -> pb.Programme:
        request = pb.CreateProgrammeRequest(
            programme_id=new,
            programme=pb.Programme(
                display_name="A shop",
                currency="GBP",
                time_zone="Europe/London",
                start_time=to_timestamp(START),
                placement=placement,
            ),
        )
        return await self.harness.command("CreateProgramme", request, **keywords)

    async def enrol(self, reference: str, sponsor: str = "", joined: float = 1, **fields: Any) -> pb.Member:
        member = new_member(reference, sponsor, joined, **fields)
        return await self.harness.command("EnrolMember", pb.EnrolMemberRequest(parent=PARENT, member=member))

    async def batch(
        self, members: Sequence[pb.NewMember], *, validate_only: bool = False
    ) -> list[common_pb2.ItemResult]:
        request = pb.BatchEnrolMembersRequest(parent=PARENT, members=members, validate_only=validate_only)
        return list((await self.harness.command("BatchEnrolMembers", request)).results)

    async def change_sponsor(self, name: str, sponsor: str, since: float) -> pb.Member:
        request = pb.ChangeSponsorRequest(name=name, sponsor=sponsor, effective_time=to_timestamp(day(since)))
        return await self.harness.command("ChangeSponsor", request)

    async def member(self, name: str) -> pb.Member:
        return await self.harness.query("GetMember", pb.GetMemberRequest(name=name))

    async def challenge(self, name: str, account: str) -> str:
        request = pb.GetWalletChallengeRequest(name=name, account=account)
        return (await self.harness.query("GetWalletChallenge", request)).message

    async def bind(self, name: str, account: str, signature: bytes) -> pb.Member:
        request = pb.BindWalletRequest(name=name, account=account, signature=signature)
        return await self.harness.command("BindWallet", request)

    async def tree(self, **fields: Any) -> list[pb.GetTreeResponse.Node]:
        """Every page of it."""
        nodes: list[pb.GetTreeResponse.Node] = []
        token = ""
        while True:
            request = pb.GetTreeRequest(parent=PARENT, page_token=token, **fields)
            page: pb.GetTreeResponse = await self.harness.query("GetTree", request)
            nodes.extend(page.nodes)
            token = page.next_page_token
            if not token:
                return nodes

    async def topics(self) -> list[str]:
        """Names of the domain events so far."""
        return [type(recorded.event).__name__ for recorded in await self.harness.recorded()]

    def stored_bytes(self) -> bytes:
        """Everything that stands on disk."""
        return b"".join(file.read_bytes() for file in self.folder.iterdir())


def open_harness(folder: Path) -> Harness:
    master = folder / "master.key"
    if not master.exists():
        master.write_text(secrets.token_hex(32))
        master.chmod(0o600)
    return Harness(
        SERVICE, folder, master_key_file=str(master), key_database_url=f"sqlite:///{folder}/membership.keys.db"
    )


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Membership]:
    async with open_harness(tmp_path) as harness:
        membership = Membership(harness, tmp_path)
        await membership.create_programme()
        yield membership
