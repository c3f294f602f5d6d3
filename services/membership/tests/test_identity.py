"""Identity checks: what is recorded of them, that their times only go forward, and that nothing personal gets out."""

import base64
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import events_pb2
from fenxiao.api.membership.v1 import membership_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog.encryption import KeyStore, Tampered, unseal
from libs.servicekit.times import to_timestamp
from services.membership.domain.events import Event, IdentityChecked, IdentityCheckWithdrawn, MemberEnrolled
from services.membership.domain.identity import Check, decide_check, decide_withdraw
from services.membership.domain.member import Member, fold
from services.membership.tests.conftest import PARENT, START, Membership, day, new_member

ANN = UUID(int=1)
NOW = datetime(2026, 7, 1, tzinfo=UTC)
ENROLLED = MemberEnrolled(
    member=ANN,
    sponsor=None,
    join_time=day(10),
    payee="0x" + "ab" * 32,
    personal="sealed",
    reference_index="r1",
    email_index="",
    wallet="",
)
TAKEN, REPEATED = common_pb2.OUTCOME_TAKEN, common_pb2.OUTCOME_REPEATED


def given_ann(*events: Event) -> Member:
    state = fold([ENROLLED, *events])
    assert state is not None
    return state


def checked(at: float, until: float | None = None, reference: str = "") -> IdentityChecked:
    return IdentityChecked(
        member=ANN, check_time=day(at), expire_time=None if until is None else day(until), reference=reference
    )


def withdrawn(at: float) -> IdentityCheckWithdrawn:
    return IdentityCheckWithdrawn(member=ANN, effective_time=day(at), reason="")


def seal(text: str) -> str:
    return f"sealed {text}"


def check(member: Member, at: float, until: float | None = None, reference: str = "") -> list[IdentityChecked]:
    return decide_check(member, Check(day(at), None if until is None else day(until), reference), NOW, seal)


def withdraw(member: Member, at: float, reason: str = "") -> list[IdentityCheckWithdrawn]:
    return decide_withdraw(member, day(at), reason, NOW, seal)


# --- decisions


@pytest.mark.parametrize("at", [-1000, 5, 10, 20])
def test_a_check_may_come_before_joining(at: float) -> None:
    assert check(given_ann(), at, 400, "KYC-1") == [checked(at, 400, "sealed KYC-1")]


@pytest.mark.parametrize(
    ("events", "at", "until", "reason"),
    [
        ([], 20, 20, "EXPIRES_BEFORE_CHECK"),
        ([], 20, 19, "EXPIRES_BEFORE_CHECK"),
        ([], 300, None, "IDENTITY_IN_FUTURE"),
        ([checked(20)], 19, None, "CHECK_OUTDATED"),
        ([checked(15, 40), checked(20)], 15, 41, "CHECK_OUTDATED"),
        ([checked(20), withdrawn(30)], 25, None, "CHECK_OUTDATED"),
        ([checked(20), withdrawn(30)], 30, None, "CHECK_OUTDATED"),
        ([checked(20), withdrawn(20)], 20, 60, "CHECK_OUTDATED"),
    ],
)
def test_a_check_that_cannot_be(events: list[Event], at: float, until: float | None, reason: str) -> None:
    with pytest.raises(Refusal) as caught:
        check(given_ann(*events), at, until)
    assert caught.value.reason == reason


def test_a_day_ahead_is_another_clock() -> None:
    ahead = NOW + timedelta(days=1)
    assert decide_check(given_ann(), Check(ahead), NOW, seal)
    with pytest.raises(Refusal, match="IDENTITY_IN_FUTURE"):
        decide_check(given_ann(), Check(ahead + timedelta(microseconds=1)), NOW, seal)


@pytest.mark.parametrize(
    "events", [[checked(20, 50)], [checked(20, 50), checked(30)], [checked(20, 50), withdrawn(25)]]
)
def test_the_same_again_changes_nothing_whatever_has_happened_since(events: list[Event]) -> None:
    assert check(given_ann(*events), 20, 50, "another reference") == []


def test_a_later_check_takes_its_place_and_one_of_the_same_time_corrects_it() -> None:
    assert check(given_ann(checked(20, 50)), 40, 90) == [checked(40, 90)]
    assert check(given_ann(checked(20, 50)), 20, 60) == [checked(20, 60)]
    assert check(given_ann(checked(20, 50), checked(20, 60)), 20, 50) == [checked(20, 50)]
    assert check(given_ann(checked(20), withdrawn(30)), 31) == [checked(31)]


def test_a_check_is_withdrawn_from_its_own_time_on_or_later() -> None:
    for at in (20, 30):
        assert withdraw(given_ann(checked(20)), at, "forged") == [
            IdentityCheckWithdrawn(member=ANN, effective_time=day(at), reason="sealed forged")
        ]
    assert withdraw(given_ann(checked(20), withdrawn(30)), 30, "again") == []


@pytest.mark.parametrize(
    ("events", "at", "reason"),
    [
        ([], 30, "IDENTITY_NOT_CHECKED"),
        ([checked(20), withdrawn(25)], 30, "IDENTITY_NOT_CHECKED"),
        ([checked(20, 30)], 30, "IDENTITY_NOT_CHECKED"),
        ([checked(20)], 19, "WITHDRAWN_BEFORE_CHECK"),
        ([checked(20)], 300, "IDENTITY_IN_FUTURE"),
    ],
)
def test_what_is_not_checked_is_not_withdrawn(events: list[Event], at: float, reason: str) -> None:
    with pytest.raises(Refusal) as caught:
        withdraw(given_ann(*events), at)
    assert caught.value.reason == reason


def test_texts_have_an_end() -> None:
    with pytest.raises(Refusal, match="INVALID_CHECK_REFERENCE"):
        check(given_ann(), 20, None, "x" * 501)
    with pytest.raises(Refusal, match="INVALID_REASON"):
        withdraw(given_ann(checked(20)), 20, "x" * 501)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.none() | st.integers(0, 12)), max_size=20))
def test_what_was_true_of_a_moment_stays_true(said: list[tuple[bool, int, int | None]]) -> None:
    """Whatever is recorded later about a later moment: only what is said of the newest check's own time changes it."""

    def known(events: list[Any], moment: datetime) -> bool:
        """The slow way: the last that was said of all that lies before the moment."""
        last: Any = None
        for event in events:
            at = event.check_time if isinstance(event, IdentityChecked) else event.effective_time
            if at <= moment:
                last = event
        return isinstance(last, IdentityChecked) and (last.expire_time is None or moment < last.expire_time)

    recorded: list[Any] = []
    for is_check, at, until in said:
        state = given_ann(*recorded)
        try:
            new = check(state, at, until) if is_check else withdraw(state, at)
        except Refusal:
            continue
        for moment in (day(n / 2) for n in range(2 * at)):
            assert known(recorded + new, moment) == known(recorded, moment)
        if new:
            assert known(recorded + new, day(at)) == is_check
        recorded += new
    times = [each.check_time if isinstance(each, IdentityChecked) else each.effective_time for each in recorded]
    assert times == sorted(times)
    newest = given_ann(*recorded).checks[-1:]
    current = newest[0] if newest and isinstance(newest[0], IdentityChecked) else None
    assert current == (recorded[-1] if recorded and isinstance(recorded[-1], IdentityChecked) else None)


# --- through the service


async def record(shop: Membership, name: str, at: float, until: float | None = None, reference: str = "") -> pb.Member:
    request = pb.RecordIdentityCheckRequest(
        name=name,
        check_time=to_timestamp(day(at)),
        expire_time=None if until is None else to_timestamp(day(until)),
        reference=reference,
    )
    return await shop.harness.command("RecordIdentityCheck", request)


async def take_back(shop: Membership, name: str, at: float, reason: str = "") -> pb.Member:
    request = pb.WithdrawIdentityCheckRequest(name=name, effective_time=to_timestamp(day(at)), reason=reason)
    return await shop.harness.command("WithdrawIdentityCheck", request)


def shown(member: pb.Member) -> tuple[float | None, float | None]:
    """Days of the check and of its end."""

    times = (member.identity_check_time, member.identity_expire_time)
    there = (member.HasField("identity_check_time"), member.HasField("identity_expire_time"))
    first, second = (
        (time.ToDatetime(START.tzinfo) - START) / timedelta(days=1) if is_there else None
        for time, is_there in zip(times, there, strict=True)
    )
    return first, second


async def test_members_show_their_newest_check(shop: Membership) -> None:
    name = (await shop.enrol("A")).name
    await shop.enrol("B")
    assert shown(await shop.member(name)) == (None, None)
    assert shown(await record(shop, name, -3, 30)) == (-3, 30)
    assert shown(await record(shop, name, 20)) == (20, None)
    assert shown(await record(shop, name, -3, 30)) == (20, None)
    listed = await shop.harness.query("ListMembers", pb.ListMembersRequest(parent=PARENT))
    assert [shown(member) for member in listed.members] == [(20, None), (None, None)]
    for _ in range(2):
        assert shown(await take_back(shop, name, 22)) == (None, None)
    assert (await shop.topics())[3:] == ["IdentityChecked", "IdentityChecked", "IdentityCheckWithdrawn"]
    before = await shop.harness.query("ListMembers", pb.ListMembersRequest(parent=PARENT))
    await record(shop, name, 23)
    await shop.harness.log.rebuild()
    assert shown(await shop.member(name)) == (23, None)
    assert (
        before.members[1] == (await shop.harness.query("ListMembers", pb.ListMembersRequest(parent=PARENT))).members[1]
    )


async def test_others_learn_when_and_not_by_whom_or_why(shop: Membership) -> None:
    name = (await shop.enrol("A")).name
    reference, reason = secrets.token_hex(8), secrets.token_hex(8)
    await record(shop, name, 20, 50, reference)
    await take_back(shop, name, 30, reason)
    member = name.rpartition("/")[2]
    *_, first, second = await shop.harness.published()
    assert first == events_pb2.IdentityChecked(
        member=member, check_time=to_timestamp(day(20)), expire_time=to_timestamp(day(50))
    )
    assert second == events_pb2.IdentityCheckWithdrawn(member=member, effective_time=to_timestamp(day(30)))
    for clear in (reference, reason):
        assert clear.encode() not in shop.stored_bytes()
    # Whoever has the key reads it; and only as what it was sealed.
    key = shop.harness.running.use(KeyStore).key(member)
    (event,) = [one.event for one in await shop.harness.recorded() if isinstance(one.event, IdentityChecked)]
    sealed = base64.b64decode(event.reference)
    assert unseal(key, sealed, f"shop/{member}/identity".encode()).decode() == reference
    with pytest.raises(Tampered):
        unseal(key, sealed, f"shop/{member}/withdrawal".encode())


async def test_a_request_that_is_repeated_gets_the_first_answer(shop: Membership) -> None:
    name = (await shop.enrol("A")).name
    request = pb.RecordIdentityCheckRequest(name=name, check_time=to_timestamp(day(3)), request_id="r-1")
    first = await shop.harness.command("RecordIdentityCheck", request)
    await take_back(shop, name, 4)
    assert await shop.harness.command("RecordIdentityCheck", request) == first
    with pytest.raises(Refusal, match="REQUEST_ID_REUSED"):
        await shop.harness.command(
            "RecordIdentityCheck",
            pb.RecordIdentityCheckRequest(name=name, check_time=to_timestamp(day(5)), request_id="r-1"),
        )


async def test_who_was_erased_is_checked_without_words(shop: Membership) -> None:
    name = (await shop.enrol("A")).name
    shop.harness.running.use(KeyStore).destroy(name.rpartition("/")[2])
    with pytest.raises(Refusal, match="MEMBER_ERASED") as caught:
        await record(shop, name, 20, reference="x")
    assert caught.value.field == "reference"
    await record(shop, name, 20)
    with pytest.raises(Refusal, match="MEMBER_ERASED"):
        await take_back(shop, name, 21, "x")
    assert shown(await take_back(shop, name, 21)) == (None, None)


async def test_what_is_missing_is_said(shop: Membership) -> None:
    name = (await shop.enrol("A")).name
    for method, request in [
        ("RecordIdentityCheck", pb.RecordIdentityCheckRequest(name=name)),
        ("WithdrawIdentityCheck", pb.WithdrawIdentityCheckRequest(name=name)),
    ]:
        with pytest.raises(Refusal, match="TIME_MISSING"):
            await shop.harness.command(method, request)
    with pytest.raises(Refusal, match="MEMBER_NOT_FOUND"):
        await record(shop, f"{PARENT}/members/{UUID(int=5)}", 3)
    with pytest.raises(Refusal, match="PROGRAMME_NOT_FOUND"):
        await shop.harness.command(
            "BatchRecordIdentityChecks", pb.BatchRecordIdentityChecksRequest(parent="programmes/nowhere")
        )


async def test_checks_by_the_batch(shop: Membership) -> None:
    a, b = [(await shop.enrol(reference)).name for reference in "AB"]
    item = pb.BatchRecordIdentityChecksRequest.Item

    def checks() -> list[pb.BatchRecordIdentityChecksRequest.Item]:
        return [
            item(name=a, check_time=to_timestamp(day(5)), reference="KYC-7"),
            item(name=a, check_time=to_timestamp(day(5))),
            item(name=a, check_time=to_timestamp(day(4))),
            item(name=b, check_time=to_timestamp(day(5)), expire_time=to_timestamp(day(5))),
            item(name=b, check_time=to_timestamp(day(5)), expire_time=to_timestamp(day(9))),
            item(name=b),
            item(name=a.replace("shop", "other"), check_time=to_timestamp(day(5))),
        ]

    async def send(items: list[pb.BatchRecordIdentityChecksRequest.Item]) -> list[Any]:
        request = pb.BatchRecordIdentityChecksRequest(parent=PARENT, checks=items)
        answer: pb.BatchRecordIdentityChecksResponse = await shop.harness.command("BatchRecordIdentityChecks", request)
        return [result.problem.reason or result.outcome for result in answer.results]

    refused = ["TIME_MISSING", "OTHER_PROGRAMME"]
    assert await send(checks()) == [TAKEN, REPEATED, "CHECK_OUTDATED", "EXPIRES_BEFORE_CHECK", TAKEN, *refused]
    assert await send(checks()) == [REPEATED, REPEATED, "CHECK_OUTDATED", "EXPIRES_BEFORE_CHECK", REPEATED, *refused]
    assert (await shop.topics()).count("IdentityChecked") == 2
    with pytest.raises(Refusal, match="BATCH_TOO_LARGE"):
        await send([item(name=a)] * 501)


async def test_members_may_come_with_their_check(shop: Membership) -> None:
    def line(reference: str, at: float | None) -> pb.NewMember:
        return new_member(reference, identity_check_time=None if at is None else to_timestamp(day(at)))

    lines = [line("A", -7), line("B", None), line("C", 100_000)]
    lines[0].identity_expire_time.CopyFrom(to_timestamp(day(90)))

    async def send(*members: pb.NewMember, validate_only: bool = False) -> list[Any]:
        results = await shop.batch(members, validate_only=validate_only)
        return [result.problem.reason or result.outcome for result in results]

    expected = [TAKEN, TAKEN, "IDENTITY_IN_FUTURE"]
    assert await send(*lines, validate_only=True) == expected
    assert await shop.topics() == ["ProgrammeCreated"]
    assert await send(*lines) == expected
    assert (await shop.topics())[1:] == ["MemberEnrolled", "IdentityChecked", "MemberEnrolled"]
    assert await send(*lines) == [REPEATED, REPEATED, "IDENTITY_IN_FUTURE"]
    bare = new_member("D", identity_expire_time=to_timestamp(day(9)))
    assert await send(bare) == ["TIME_MISSING"]
    # Who is there already gets what is new, and keeps what is newer.
    assert await send(line("B", 3), line("A", None)) == [TAKEN, REPEATED]
    assert await send(line("B", 2), line("B", 3)) == ["CHECK_OUTDATED", REPEATED]
    assert (await shop.topics()).count("IdentityChecked") == 2
    listed = await shop.harness.query("ListMembers", pb.ListMembersRequest(parent=PARENT))
    assert [shown(member) for member in listed.members] == [(-7, 90), (3, None)]
