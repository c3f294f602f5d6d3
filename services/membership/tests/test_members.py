"""Members through the service: joining, being found, standing, and what is kept secret."""

import hashlib
import secrets
import uuid
from pathlib import Path
from typing import Any

import pytest

from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import events_pb2
from fenxiao.api.membership.v1 import membership_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog.encryption import KeyStore, index
from libs.servicekit.times import to_timestamp
from services.membership.domain.events import MemberEnrolled
from services.membership.tests.conftest import PARENT, Membership, day, new_member, open_harness
from services.membership.views.members import sharing_email

WALLET = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
TAKEN, REPEATED, REFUSED = common_pb2.OUTCOME_TAKEN, common_pb2.OUTCOME_REPEATED, common_pb2.OUTCOME_REFUSED


def outcomes(results: list[common_pb2.ItemResult]) -> list[Any]:
    """The outcome of each item, or why it was refused."""
    return [result.problem.reason or result.outcome for result in results]


async def test_enrolled_and_shown(shop: Membership) -> None:
    root = await shop.enrol("R")
    answer = await shop.enrol(
        "A-7", "R", 2, display_name="Ann Ang", email="ann@example.org", country="GB", wallet=WALLET.lower()
    )
    shown = await shop.member(answer.name)
    assert (shown.reference, shown.display_name, shown.email, shown.country) == (
        "A-7",
        "Ann Ang",
        "ann@example.org",
        "GB",
    )
    assert shown.name.startswith(f"{PARENT}/members/")
    assert uuid.UUID(shown.name.rpartition("/")[2]).version == 4
    assert shown.sponsor == root.name
    assert shown.join_time.ToDatetime(day(0).tzinfo) == day(2)
    assert shown.state == pb.MEMBER_STATE_ACTIVE
    assert (shown.wallet.account, shown.wallet.proven) == (WALLET, False)
    assert shown.payee.startswith("0x")
    assert len(shown.payee) == 66
    assert not (await shop.member(root.name)).HasField("wallet")


async def test_what_a_command_answers_is_kept_and_therefore_holds_nothing_personal(shop: Membership) -> None:
    answer = await shop.enrol("A", display_name="Ann")
    shown = await shop.member(answer.name)
    for field in ("reference", "display_name", "email", "country"):
        shown.ClearField(field)
    assert answer == shown


async def test_the_same_again_is_the_same_member(shop: Membership) -> None:
    first = await shop.enrol("A", display_name="Ann", wallet=WALLET)
    await shop.harness.command("SuspendMember", pb.SuspendMemberRequest(name=first.name))
    again = await shop.enrol("A", display_name="Ann", wallet=WALLET)
    assert again.name == first.name
    assert (await shop.topics()).count("MemberEnrolled") == 1
    with pytest.raises(Refusal, match="MEMBER_DIFFERS") as caught:
        await shop.enrol("A", display_name="Anne", wallet=WALLET)
    assert caught.value.field == "display_name"


async def test_a_repeated_request_gets_the_first_answer(shop: Membership) -> None:
    request = pb.EnrolMemberRequest(parent=PARENT, member=new_member("A"), request_id="r-1")
    first = await shop.harness.command("EnrolMember", request)
    await shop.harness.command("SuspendMember", pb.SuspendMemberRequest(name=first.name))
    assert await shop.harness.command("EnrolMember", request) == first
    with pytest.raises(Refusal, match="REQUEST_ID_REUSED"):
        await shop.harness.command(
            "EnrolMember", pb.EnrolMemberRequest(parent=PARENT, member=new_member("B"), request_id="r-1")
        )


async def test_a_batch_where_sponsors_stand_before_those_they_brought(shop: Membership) -> None:
    members = [
        new_member("1"),
        new_member("2", "1", 2),
        new_member("3", "2", 3),
        new_member("1"),
        new_member("1", display_name="x"),
        new_member("4", "nobody"),
        new_member("5", "4"),
        new_member("6", "3", 2),
        new_member("7", joined=-1),
        new_member("8", joined=100_000),
        new_member("9", "9"),
        new_member(""),
        new_member("10", email="nonsense"),
        new_member("11", wallet="0x12"),
        pb.NewMember(reference="12"),
    ]
    expected: list[Any] = [
        TAKEN,
        TAKEN,
        TAKEN,
        REPEATED,
        "MEMBER_DIFFERS",
        "UNKNOWN_SPONSOR",
        "UNKNOWN_SPONSOR",
        "SPONSOR_JOINED_LATER",
        "JOINED_BEFORE_START",
        "JOINED_IN_FUTURE",
        "SPONSOR_CYCLE",
        "INVALID_REFERENCE",
        "INVALID_EMAIL",
        "INVALID_ADDRESS",
        "TIME_MISSING",
    ]
    results = await shop.batch(members)
    assert outcomes(results) == expected
    assert results[3].name == results[0].name
    assert all(result.problem.message for result in results if result.outcome == REFUSED)
    assert not any(result.name for result in results if result.outcome == REFUSED)
    assert (await shop.topics()).count("MemberEnrolled") == 3

    again = await shop.batch(members)
    assert outcomes(again) == [REPEATED if outcome == TAKEN else outcome for outcome in expected]
    assert [result.name for result in again] == [result.name for result in results]
    assert (await shop.topics()).count("MemberEnrolled") == 3


async def test_a_check_says_the_same_and_records_nothing(shop: Membership) -> None:
    await shop.batch([new_member("1")])
    before = await shop.harness.recorded()
    results = await shop.batch(
        [new_member("1"), new_member("2", "1"), new_member("3", "2"), new_member("3", "2"), new_member("4", "x")],
        validate_only=True,
    )
    assert outcomes(results) == [REPEATED, TAKEN, TAKEN, REPEATED, "UNKNOWN_SPONSOR"]
    assert await shop.harness.recorded() == before
    rows = await shop.harness.log.read(lambda reader: reader.all("SELECT member FROM view_members"))
    assert len(rows) == 1


async def test_too_many_at_once(shop: Membership) -> None:
    with pytest.raises(Refusal, match="BATCH_TOO_LARGE"):
        await shop.batch([new_member(str(n)) for n in range(501)])


async def test_concurrent_enrolments_of_one_reference_make_one_member(shop: Membership) -> None:
    requests = [pb.EnrolMemberRequest(parent=PARENT, member=new_member("A")) for _ in range(8)]
    answers = await shop.harness.commands("EnrolMember", requests)
    assert len({answer.name for answer in answers}) == 1
    assert (await shop.topics()).count("MemberEnrolled") == 1


async def test_a_shared_email_is_found_and_not_refused(shop: Membership) -> None:
    a = await shop.enrol("A", email="pat@example.org")
    b = await shop.enrol("B", email="Pat@Example.ORG")
    await shop.enrol("C", email="sam@example.org")
    await shop.enrol("D")
    enrolled = [r.event for r in await shop.harness.recorded() if isinstance(r.event, MemberEnrolled)]
    found = await shop.harness.log.read(lambda reader: sharing_email(reader, "shop", enrolled[0].email_index))
    assert [f"{PARENT}/members/{member}" for member in found] == [a.name, b.name]


async def test_the_list_goes_page_by_page_in_the_order_of_enrolment(shop: Membership) -> None:
    await shop.batch([new_member(str(n)) for n in range(25)])
    await shop.create_programme("other")
    other = pb.EnrolMemberRequest(parent="programmes/other", member=new_member("x"))
    await shop.harness.command("EnrolMember", other)
    found: list[str] = []
    token = ""
    for size in (10, 10, 5):
        page = await shop.harness.query(
            "ListMembers", pb.ListMembersRequest(parent=PARENT, page_size=10, page_token=token)
        )
        assert len(page.members) == size
        found += [member.reference for member in page.members]
        token = page.next_page_token
    assert not token
    assert found == [str(n) for n in range(25)]
    for wrong in ("x", "MXh4"):
        with pytest.raises(Refusal, match="INVALID_PAGE_TOKEN"):
            await shop.harness.query("ListMembers", pb.ListMembersRequest(parent=PARENT, page_token=wrong))


async def test_numbers_and_members_are_found_from_each_other(shop: Membership) -> None:
    await shop.batch([new_member(reference) for reference in ("1", "2", "caf\u00e9")])

    async def resolve(**fields: list[str]) -> dict[str, str]:
        answer = await shop.harness.query("ResolveMembers", pb.ResolveMembersRequest(parent=PARENT, **fields))
        return {entry.reference: entry.name for entry in answer.members}

    by_reference = await resolve(references=["2", "9", "cafe\u0301", "2"])
    assert list(by_reference) == ["2", "cafe\u0301"], "under the spelling that was asked for"
    names = [*by_reference.values(), f"{PARENT}/members/{uuid.uuid4()}"]
    assert await resolve(names=names) == {"2": names[0], "caf\u00e9": names[1]}
    for fields in ({}, {"references": ["1"], "names": names}):
        with pytest.raises(Refusal, match="INVALID_ARGUMENT"):
            await resolve(**fields)
    with pytest.raises(Refusal, match="BATCH_TOO_LARGE"):
        await resolve(references=[str(n) for n in range(1001)])
    with pytest.raises(Refusal, match="OTHER_PROGRAMME"):
        await resolve(names=[names[0].replace("shop", "other")])


async def test_suspended_and_reinstated(shop: Membership) -> None:
    name = (await shop.enrol("A")).name
    for _ in range(2):
        answer = await shop.harness.command("SuspendMember", pb.SuspendMemberRequest(name=name, reason="Ann stole"))
        assert answer.state == pb.MEMBER_STATE_SUSPENDED
    assert (await shop.member(name)).state == pb.MEMBER_STATE_SUSPENDED
    for _ in range(2):
        answer = await shop.harness.command("ReinstateMember", pb.ReinstateMemberRequest(name=name))
        assert answer.state == pb.MEMBER_STATE_ACTIVE
    assert (await shop.topics())[2:] == ["MemberSuspended", "MemberReinstated"]
    assert b"Ann stole" not in shop.stored_bytes()
    assert [type(event) for event in (await shop.harness.published())[2:]] == [
        events_pb2.MemberSuspended,
        events_pb2.MemberReinstated,
    ]


async def test_an_unknown_member_and_one_of_another_programme(shop: Membership) -> None:
    await shop.create_programme("other")
    member = (await shop.enrol("A")).name
    for name in (
        f"{PARENT}/members/{uuid.uuid4()}",
        f"{PARENT}/members/7",
        member.replace("shop", "other"),
    ):
        with pytest.raises(Refusal, match="MEMBER_NOT_FOUND"):
            await shop.member(name)
        with pytest.raises(Refusal, match="MEMBER_NOT_FOUND"):
            await shop.harness.command("SuspendMember", pb.SuspendMemberRequest(name=name))
    with pytest.raises(Refusal, match="INVALID_NAME"):
        await shop.member(f"{PARENT}/sales/7")


async def test_nothing_personal_is_stored_or_published(shop: Membership) -> None:
    # Random, so that no letters of it stand anywhere by chance.
    texts = [secrets.token_hex(8) for _ in range(4)]
    reference, name, email, country = texts
    request = pb.EnrolMemberRequest(
        parent=PARENT,
        member=pb.NewMember(
            reference=reference,
            join_time=to_timestamp(day(1)),
            display_name=name,
            email=f"{email}@example.org",
            country=country,
        ),
        request_id="r-1",
    )
    answer = await shop.harness.command("EnrolMember", request)
    with pytest.raises(Refusal):
        await shop.enrol(reference, display_name="another")
    await shop.batch([new_member("2", reference, 2, display_name=name)])
    # What is kept to know a request again tells nothing to who has the database without the keys.
    running = shop.harness.running
    assert running.request_secret.hex() == index(running.use(KeyStore).index_secret, "requests", "")
    content = b"EnrolMember\0" + request.SerializeToString(deterministic=True)
    assert hashlib.sha256(content).digest() not in shop.stored_bytes()
    for clear in texts:
        assert clear.encode() not in shop.stored_bytes()
        for event in await shop.harness.published():
            assert clear.encode() not in event.SerializeToString()
    shown = await shop.member(answer.name)
    assert (shown.reference, shown.display_name, shown.country) == (reference, name, country)


async def test_without_the_key_the_person_is_gone_and_the_member_stays(shop: Membership) -> None:
    name = (await shop.enrol("A", display_name="Ann")).name
    await shop.enrol("B", "A", 2)
    shop.harness.running.use(KeyStore).destroy(name.rpartition("/")[2])
    shown = await shop.member(name)
    assert (shown.reference, shown.display_name) == ("", "")
    assert shown.payee
    page = await shop.harness.query("ListMembers", pb.ListMembersRequest(parent=PARENT))
    assert [member.reference for member in page.members] == ["", "B"]
    assert [node.reference for node in await shop.tree()] == ["", "B"]
    with pytest.raises(Refusal, match="MEMBER_ERASED"):
        await shop.enrol("A", display_name="Ann")
    with pytest.raises(Refusal, match="MEMBER_ERASED"):
        await shop.harness.command("SuspendMember", pb.SuspendMemberRequest(name=name, reason="x"))
    assert await shop.harness.command("SuspendMember", pb.SuspendMemberRequest(name=name))


async def test_a_restart_and_rebuilt_views_show_the_same(tmp_path: Path) -> None:
    async with open_harness(tmp_path) as harness:
        shop = Membership(harness, tmp_path)
        await shop.create_programme()
        first, second = [(await shop.enrol(reference, display_name=f"n{reference}")).name for reference in "AB"]
        await shop.enrol("C", "A", 2)
        await shop.change_sponsor(second, first, 5)
        before = await harness.query("ListMembers", pb.ListMembersRequest(parent=PARENT))
        tree = await shop.tree()
    async with open_harness(tmp_path) as harness:
        shop = Membership(harness, tmp_path)
        assert await harness.query("ListMembers", pb.ListMembersRequest(parent=PARENT)) == before
        await harness.log.rebuild()
        assert await harness.query("ListMembers", pb.ListMembersRequest(parent=PARENT)) == before
        assert await shop.tree() == tree
