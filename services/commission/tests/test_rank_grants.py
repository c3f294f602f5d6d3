"""Granted ranks: what is granted and refused, listed, and what closings make of it."""

from datetime import datetime
from typing import Any

import pytest

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.commission.v1 import events_pb2 as public
from fenxiao.errors import Refusal
from libs.servicekit.times import to_timestamp
from services.commission.tests.shop import PARENT, REFUSED, REPEATED, TAKEN, Shop, day
from services.commission.tests.test_periods import FEBRUARY, JANUARY, MARCH, MONTHLY, close, posted, ratings

# Gold asks for nothing: it is only granted.
RANKED = MONTHLY.replace(
    b"  - {id: silver, personal_volume: 100}", b"  - {id: silver, personal_volume: 100}\n  - {id: gold}"
)


@pytest.fixture
async def ranked(bare: Shop) -> Shop:
    await bare.publish(RANKED)
    return bare


def wanted(shop: Shop, name: str, rank: str, since: datetime, until: datetime | None = None) -> pb.RankGrant:
    return pb.RankGrant(
        member=f"{PARENT}/members/{shop.ids.get(name, name)}",
        rank=rank,
        effective_time=to_timestamp(since),
        end_time=None if until is None else to_timestamp(until),
    )


async def grant(shop: Shop, name: str, rank: str, since: datetime, until: datetime | None = None) -> pb.RankGrant:
    request = pb.GrantRankRequest(parent=PARENT, grant=wanted(shop, name, rank, since, until))
    return await shop.service.command("GrantRank", request, actor="ops")


async def withdraw(shop: Shop, name: str, since: datetime) -> pb.RankGrant:
    request = pb.WithdrawRankGrantRequest(
        parent=PARENT, member=f"{PARENT}/members/{shop.ids[name]}", effective_time=to_timestamp(since)
    )
    return await shop.service.command("WithdrawRankGrant", request)


async def listed(shop: Shop, **fields: Any) -> list[tuple[str, str, datetime, datetime | None]]:
    """What is listed, with times as days: name, rank, since, until."""
    names = {member: name for name, member in shop.ids.items()}
    answer = await shop.service.query("ListRankGrants", pb.ListRankGrantsRequest(parent=PARENT, **fields))
    return [
        (
            names[one.member.rpartition("/")[2]],
            one.rank,
            one.effective_time.ToDatetime(day(0).tzinfo),
            one.end_time.ToDatetime(day(0).tzinfo) if one.HasField("end_time") else None,
        )
        for one in answer.grants
    ]


async def ranks(shop: Shop, month: str) -> dict[str, str]:
    return {name: row.rank for name, row in (await ratings(shop, month)).items() if row.rank}


async def test_a_granted_rank_is_published_shown_and_paid(ranked: Shop) -> None:
    shown = await grant(ranked, "bob", "gold", day(3))
    assert (shown.rank, shown.granted_by, shown.HasField("end_time")) == ("gold", "ops", False)
    (event,) = (one for one in await ranked.service.published() if isinstance(one, public.RankGranted))
    assert event == public.RankGranted(member=ranked.ids["bob"], rank="gold", effective_time=to_timestamp(day(3)))
    await ranked.record(ranked.report("s1", "cai", "99"))
    await close(ranked, JANUARY)
    # Cai has sold for too little; Bob is gold, and so above silver.
    assert await posted(ranked) == {("Jan", "bob", 1): 495}
    row = (await ratings(ranked, JANUARY))["bob"]
    assert (row.rank, row.highest_rank) == ("gold", "gold")


async def test_a_line_cites_the_grant_that_it_follows_from(ranked: Shop) -> None:
    await grant(ranked, "bob", "gold", day(3))
    await ranked.record(ranked.report("s1", "cai", "100"))
    await close(ranked, JANUARY)
    lines = (await ranked.explain("s1")).derivations
    cited = {one.line.member.rpartition("/")[2]: [of.type for of in one.evidence] for one in lines if one.period}
    assert ("RankGranted" in cited[ranked.ids["bob"]], "RankGranted" in cited[ranked.ids["cai"]]) == (True, False)


async def test_it_counts_in_periods_that_end_behind_it_until_it_is_withdrawn(ranked: Shop) -> None:
    await grant(ranked, "bob", "gold", day(31))
    await withdraw(ranked, "bob", day(60))
    for number, at in enumerate((1, 40, 62)):
        await ranked.record(ranked.report(f"s{number}", "cai", "10", at=day(at)))
    for month in (JANUARY, FEBRUARY, MARCH):
        await close(ranked, month)
    # Withdrawn on the second of March: February's end lies before that.
    assert [await ranks(ranked, month) for month in (JANUARY, FEBRUARY, MARCH)] == [{}, {"bob": "gold"}, {}]


async def test_it_holds_a_member_below_what_he_has_earned_too(ranked: Shop) -> None:
    await ranked.publish(
        RANKED.replace(b"'monthly'", b"'2'")
        .replace(b"2026-01-01T", b"2026-02-01T")
        .replace(b"{id: gold}", b"{id: gold, personal_volume: 200}")
    )
    await grant(ranked, "cai", "silver", day(31), until=day(59))
    for number, at in enumerate((40, 70)):
        await ranked.record(ranked.report(f"s{number}", "cai", "300", at=day(at)))
    for month in (JANUARY, FEBRUARY, MARCH):
        await close(ranked, month)
    assert [await ranks(ranked, month) for month in (FEBRUARY, MARCH)] == [{"cai": "silver"}, {"cai": "gold"}]


async def test_the_same_again_changes_nothing(ranked: Shop) -> None:
    first = await grant(ranked, "bob", "gold", day(3), until=day(40))
    recorded = len(await ranked.service.recorded())
    assert await grant(ranked, "bob", "gold", day(3), until=day(40)) == first
    assert await grant(ranked, "bob", "gold", day(3)) == first
    assert await withdraw(ranked, "bob", day(40)) == first
    assert len(await ranked.service.recorded()) == recorded
    await close(ranked, JANUARY)
    # Also once its period is closed.
    assert await grant(ranked, "bob", "gold", day(3)) == first


async def test_the_last_of_one_moment_holds(ranked: Shop) -> None:
    await grant(ranked, "bob", "gold", day(3))
    await grant(ranked, "bob", "silver", day(3))
    await grant(ranked, "cai", "gold", day(3))
    await withdraw(ranked, "cai", day(3))
    assert await listed(ranked) == [("bob", "silver", day(3), None)]
    await close(ranked, JANUARY)
    assert await ranks(ranked, JANUARY) == {"bob": "silver"}
    await grant(ranked, "cai", "gold", day(33))
    assert await listed(ranked) == [("bob", "silver", day(3), None), ("cai", "gold", day(33), None)]


async def test_what_was_replaced_at_a_moment_can_be_granted_again(ranked: Shop) -> None:
    for rank in ("gold", "silver", "gold"):
        await grant(ranked, "bob", rank, day(3))
    assert await listed(ranked) == [("bob", "gold", day(3), None)]
    await withdraw(ranked, "bob", day(3))
    recorded = len(await ranked.service.recorded())
    await withdraw(ranked, "bob", day(3))
    assert len(await ranked.service.recorded()) == recorded
    await grant(ranked, "bob", "silver", day(3))
    assert await listed(ranked) == [("bob", "silver", day(3), None)]


async def test_grants_of_several_moments_follow_each_other(ranked: Shop) -> None:
    await grant(ranked, "bob", "gold", day(40))
    await grant(ranked, "bob", "silver", day(3))
    assert await listed(ranked) == [("bob", "gold", day(40), None), ("bob", "silver", day(3), day(40))]
    await close(ranked, JANUARY)
    await close(ranked, FEBRUARY)
    assert [await ranks(ranked, month) for month in (JANUARY, FEBRUARY)] == [{"bob": "silver"}, {"bob": "gold"}]


async def test_an_estimate_follows_what_is_granted(ranked: Shop) -> None:
    await ranked.record(ranked.report("s1", "cai", "10"))
    found: list[set[str]] = []
    for _ in range(2):
        estimate = await ranked.service.query("EstimatePeriod", pb.EstimatePeriodRequest(parent=PARENT))
        found.append({row.rank for row in estimate.ratings})
        await grant(ranked, "cai", "gold", day(3))
    assert found == [{""}, {"", "gold"}]


async def test_a_closed_month_keeps_its_ranks(ranked: Shop) -> None:
    await ranked.record(ranked.report("s1", "cai", "10"))
    await close(ranked, JANUARY)
    with pytest.raises(Refusal) as refused:
        await grant(ranked, "cai", "gold", day(30.9))
    assert (refused.value.reason, refused.value.field) == ("PERIOD_SEALED", "effective_time")
    await grant(ranked, "cai", "gold", day(31))
    await ranked.record(ranked.report("late", "cai", "20"))  # marks January
    await close(ranked, FEBRUARY)
    assert [await ranks(ranked, month) for month in (JANUARY, FEBRUARY)] == [{}, {"cai": "gold"}]
    with pytest.raises(Refusal, match="PERIOD_SEALED"):
        await withdraw(ranked, "cai", day(31.5))


async def test_a_grant_behind_the_sealing_does_not_count_in_it(ranked: Shop) -> None:
    """The sealing is the cut: a grant that is recorded before the lines are posted belongs to the next period."""
    await ranked.record(ranked.report("s1", "cai", "10"))
    await ranked.service.command("ClosePeriod", pb.ClosePeriodRequest(parent=PARENT, period=JANUARY))
    await grant(ranked, "cai", "gold", day(31))
    await close(ranked, JANUARY)
    await close(ranked, FEBRUARY)
    assert [await ranks(ranked, month) for month in (JANUARY, FEBRUARY)] == [{}, {"cai": "gold"}]


async def test_under_a_version_that_lacks_the_rank_the_rules_decide(ranked: Shop) -> None:
    await grant(ranked, "cai", "gold", day(3))
    other = RANKED.replace(b"'monthly'", b"'2'").replace(b"2026-01-01T", b"2026-02-01T")
    await ranked.publish(other.replace(b"  - {id: gold}\n", b""))
    await ranked.record(ranked.report("s1", "cai", "100", at=day(40)))
    await close(ranked, JANUARY)
    await close(ranked, FEBRUARY)
    assert [await ranks(ranked, month) for month in (JANUARY, FEBRUARY)] == [{"cai": "gold"}, {"cai": "silver"}]


async def test_a_version_to_come_may_have_the_rank(ranked: Shop) -> None:
    later = RANKED.replace(b"'monthly'", b"'2'").replace(b"2026-01-01T", b"2026-02-01T").replace(b"gold", b"platinum")
    await ranked.publish(later)
    await grant(ranked, "cai", "platinum", day(3))
    with pytest.raises(Refusal) as refused:
        await grant(ranked, "cai", "gold", day(31))
    assert (refused.value.reason, refused.value.message.endswith("there are silver, platinum.")) == (
        "UNKNOWN_RANK",
        True,
    )


@pytest.mark.parametrize(
    ("fields", "reason", "field"),
    [
        ({"rank": "bronze"}, "UNKNOWN_RANK", "rank"),
        ({"rank": ""}, "UNKNOWN_RANK", "rank"),
        ({"member": f"{PARENT}/members/nobody"}, "UNKNOWN_MEMBER", "member"),
        ({"member": "programmes/other/members/x"}, "OTHER_PROGRAMME", "member"),
        ({"member": ""}, "INVALID_NAME", "member"),
        ({"effective_time": None}, "TIME_MISSING", "effective_time"),
        ({"end_time": to_timestamp(day(3))}, "INVALID_TIME", "end_time"),
    ],
)
async def test_what_cannot_be_granted(ranked: Shop, fields: dict[str, Any], reason: str, field: str) -> None:
    message: Any = wanted(ranked, "bob", "gold", day(3))
    for name, value in fields.items():
        message.ClearField(name)
        if isinstance(value, str):
            setattr(message, name, value)
        elif value is not None:
            getattr(message, name).CopyFrom(value)
    recorded = len(await ranked.service.recorded())
    with pytest.raises(Refusal) as refused:
        await ranked.service.command("GrantRank", pb.GrantRankRequest(parent=PARENT, grant=message))
    assert (refused.value.reason, refused.value.field) == (reason, field)
    assert len(await ranked.service.recorded()) == recorded


async def test_without_a_plan_there_are_no_ranks(bare: Shop) -> None:
    with pytest.raises(Refusal, match="there are none"):
        await grant(bare, "bob", "gold", day(3))


async def test_only_what_is_granted_is_withdrawn(ranked: Shop) -> None:
    await grant(ranked, "bob", "gold", day(10))
    for name, at in (("bob", 9), ("cai", 11)):
        with pytest.raises(Refusal) as refused:
            await withdraw(ranked, name, day(at))
        assert (refused.value.reason, refused.value.field) == ("RANK_NOT_GRANTED", "effective_time")
    await withdraw(ranked, "bob", day(20))
    with pytest.raises(Refusal, match="RANK_NOT_GRANTED"):
        await withdraw(ranked, "bob", day(21))


async def test_a_batch_takes_each_for_itself(ranked: Shop) -> None:
    grants = [wanted(ranked, "bob", "gold", day(3)), wanted(ranked, "cai", "bronze", day(3))]
    grants += [wanted(ranked, "bob", "gold", day(3)), wanted(ranked, "ann", "silver", day(3), until=day(31))]
    answer = await ranked.service.command("BatchGrantRanks", pb.BatchGrantRanksRequest(parent=PARENT, grants=grants))
    assert [one.outcome for one in answer.results] == [TAKEN, REFUSED, REPEATED, TAKEN]
    assert answer.results[1].problem.reason == "UNKNOWN_RANK"
    assert await listed(ranked) == [("bob", "gold", day(3), None), ("ann", "silver", day(3), day(31))]


async def test_grants_are_listed_page_by_page_and_by_member(ranked: Shop) -> None:
    for name in ("ann", "bob", "cai"):
        await grant(ranked, name, "gold", day(3))
    names: list[str] = []
    token = ""
    while True:
        request = pb.ListRankGrantsRequest(parent=PARENT, page_size=1, page_token=token)
        answer = await ranked.service.query("ListRankGrants", request)
        names += [one.member for one in answer.grants]
        token = answer.next_page_token
        if not token:
            break
    assert names == [f"{PARENT}/members/{ranked.ids[name]}" for name in ("ann", "bob", "cai")]
    assert await listed(ranked, member=f"{PARENT}/members/{ranked.ids['bob']}") == [("bob", "gold", day(3), None)]
    with pytest.raises(Refusal, match="INVALID_PAGE_TOKEN"):
        await listed(ranked, page_token="MWFi")  # of a page of something else


async def test_the_view_rebuilt_equals_the_live_one(ranked: Shop) -> None:
    await grant(ranked, "bob", "gold", day(3), until=day(40))
    await withdraw(ranked, "bob", day(20))
    before = await ranked.service.log.read(lambda reader: reader.all("SELECT * FROM view_rank_grants"))
    assert len(before) == 3
    await ranked.service.log.rebuild()
    assert await ranked.service.log.read(lambda reader: reader.all("SELECT * FROM view_rank_grants")) == before
