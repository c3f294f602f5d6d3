"""Programmes through the service."""

import pytest

from fenxiao.api.membership.v1 import events_pb2
from fenxiao.api.membership.v1 import membership_pb2 as pb
from fenxiao.errors import Refusal
from services.membership.tests.conftest import PARENT, START, Membership


async def test_created_shown_and_published(shop: Membership) -> None:
    shown = await shop.harness.query("GetProgramme", pb.GetProgrammeRequest(name=PARENT))
    assert (shown.name, shown.currency, shown.time_zone) == (PARENT, "GBP", "Europe/London")
    assert shown.start_time.ToDatetime(START.tzinfo) == START
    (event,) = await shop.harness.published()
    assert isinstance(event, events_pb2.ProgrammeCreated)
    assert (event.programme, event.currency) == ("shop", "GBP")
    (recorded,) = await shop.harness.recorded()
    assert recorded.meta.programme == "shop"


async def test_created_once(shop: Membership) -> None:
    with pytest.raises(Refusal, match="PROGRAMME_EXISTS"):
        await shop.create_programme()


@pytest.mark.parametrize(
    ("keywords", "reason"), [({"role": "member"}, "OPERATORS_ONLY"), ({"programme": "shop"}, "OTHER_PROGRAMME")]
)
async def test_by_operators_with_a_credential_for_it(shop: Membership, keywords: dict[str, str], reason: str) -> None:
    with pytest.raises(Refusal) as caught:
        await shop.create_programme("another", **keywords)
    assert caught.value.reason == reason


async def test_each_sees_his_own(shop: Membership) -> None:
    for name in ("aaa", "zzz"):
        await shop.create_programme(name)

    async def listed(size: int, token: str = "", **keywords: str) -> pb.ListProgrammesResponse:
        request = pb.ListProgrammesRequest(page_size=size, page_token=token)
        return await shop.harness.query("ListProgrammes", request, **keywords)

    first = await listed(2)
    assert [p.name for p in first.programmes] == ["programmes/aaa", "programmes/shop"]
    second = await listed(2, first.next_page_token)
    assert [p.name for p in second.programmes] == ["programmes/zzz"]
    assert not second.next_page_token
    assert [p.name for p in (await listed(2, programme="shop")).programmes] == [PARENT]


async def test_nothing_happens_in_a_programme_that_is_not_there(shop: Membership) -> None:
    parent = "programmes/nowhere"
    member = pb.NewMember(reference="1")
    for method, request in [
        ("EnrolMember", pb.EnrolMemberRequest(parent=parent, member=member)),
        ("BatchEnrolMembers", pb.BatchEnrolMembersRequest(parent=parent, members=[member])),
        ("BatchBindWallets", pb.BatchBindWalletsRequest(parent=parent)),
    ]:
        with pytest.raises(Refusal, match="PROGRAMME_NOT_FOUND"):
            await shop.harness.command(method, request)
    for method, request in [
        ("GetProgramme", pb.GetProgrammeRequest(name=parent)),
        ("ListMembers", pb.ListMembersRequest(parent=parent)),
        ("GetTree", pb.GetTreeRequest(parent=parent)),
        ("ResolveMembers", pb.ResolveMembersRequest(parent=parent, references=["1"])),
    ]:
        with pytest.raises(Refusal, match="PROGRAMME_NOT_FOUND"):
            await shop.harness.query(method, request)
