"""Who members are: plans that ask for it, and closings that are rated by what was told up to their cuts."""

import random
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.errors import Refusal
from fenxiao.plans import read_plan
from fenxiao.plans.sales.sale import Sale, SaleKind
from fenxiao.plans.trials.facts import Facts, Joined
from fenxiao.plans.trials.simulate import Simulation
from libs.servicekit.times import to_timestamp
from services.commission.tests.shop import PARENT, Shop, day
from services.commission.tests.test_periods import FEBRUARY, JANUARY, MARCH, close, posted, ratings
from services.commission.tests.test_rank_grants import grant

# 8 % with the sale; and 10 % and 5 % at the close for those whose identity is checked, who live in China.
CHECKED = b"""
plan: gifts
version: 'checked'
currency: GBP
effective_from: 2026-01-01T00:00:00Z
rounding: half_up
jurisdictions: []
return_window: 14
components:
  - {id: team, type: unilevel, levels: [8%]}
  - {id: known, type: unilevel, levels: [10%, 5%], qualify: {identity: true, countries: [CN]}}
"""
IDENTITY_ONLY = CHECKED.replace(b", countries: [CN]", b"")


async def check(shop: Shop, name: str, at: datetime, until: datetime | None = None) -> None:
    """Membership tells that somebody's identity was checked."""
    event = membership.IdentityChecked(
        member=shop.ids[name],
        check_time=to_timestamp(at),
        expire_time=None if until is None else to_timestamp(until),
    )
    await shop.hear(event)


async def withdraw_check(shop: Shop, name: str, at: datetime) -> None:
    await shop.hear(membership.IdentityCheckWithdrawn(member=shop.ids[name], effective_time=to_timestamp(at)))


async def live(shop: Shop, name: str, country: str, since: datetime) -> None:
    """Membership tells where somebody lives."""
    event = membership.CountryDisclosed(member=shop.ids[name], country=country, effective_time=to_timestamp(since))
    await shop.hear(event)


@pytest.fixture
async def open_shop(bare: Shop) -> Shop:
    """It tells where its members live; Bob and Cai live in China."""
    await bare.hear(membership.CountriesDisclosed())
    for name in ("bob", "cai"):
        await live(bare, name, "CN", day(0))
    await bare.publish(CHECKED)
    return bare


async def test_countries_are_asked_only_where_they_are_disclosed(bare: Shop) -> None:
    with pytest.raises(Refusal) as refused:
        await bare.publish(CHECKED)
    assert (refused.value.reason, refused.value.field) == ("PLAN_NEEDS_COUNTRY", "/components/1/qualify/countries")
    await bare.publish(IDENTITY_ONLY)


async def test_disclosing_is_each_programmes_own(bare: Shop) -> None:
    await bare.open("other")
    await bare.hear(membership.CountriesDisclosed(), "other")
    with pytest.raises(Refusal, match="PLAN_NEEDS_COUNTRY"):
        await bare.publish(CHECKED)


async def test_who_qualifies_by_what_he_is_is_paid_at_the_close_only(open_shop: Shop) -> None:
    await check(open_shop, "cai", day(5))
    sale = await open_shop.record(open_shop.report("s1", "cai", "100"))
    assert open_shop.earned(sale) == {"cai": 800}
    estimate = await open_shop.service.query("EstimatePeriod", pb.EstimatePeriodRequest(parent=PARENT))
    await close(open_shop, JANUARY)
    assert await posted(open_shop) == {("Jan", "cai", 0): 1000}
    assert max(row.earned_minor for row in estimate.ratings) == 1800


async def test_an_estimate_follows_what_is_told(open_shop: Shop) -> None:
    await open_shop.record(open_shop.report("s1", "cai", "100"))
    earned = [0, 0]
    for i in range(2):
        estimate = await open_shop.service.query("EstimatePeriod", pb.EstimatePeriodRequest(parent=PARENT))
        earned[i] = sum(row.earned_minor for row in estimate.ratings)
        await check(open_shop, "cai", day(5))
    assert earned == [800, 1800]


async def test_a_check_counts_from_its_period_on_until_it_expires_or_is_withdrawn(open_shop: Shop) -> None:
    await check(open_shop, "cai", day(33), until=day(80))
    await check(open_shop, "bob", day(2))
    await withdraw_check(open_shop, "bob", day(40))
    for number, at in enumerate((1, 40, 70)):
        await open_shop.record(open_shop.report(f"s{number}", "cai", "100", at=day(at)))
    for month in (JANUARY, FEBRUARY, MARCH):
        await close(open_shop, month)
    assert await posted(open_shop) == {("Jan", "bob", 1): 500, ("Feb", "cai", 0): 1000}


async def test_the_country_at_the_periods_end_counts(open_shop: Shop) -> None:
    await check(open_shop, "cai", day(1))
    await live(open_shop, "cai", "GB", day(30))
    await open_shop.record(open_shop.report("s1", "cai", "100"))
    await live(open_shop, "cai", "CN", day(31))  # the first moment of February
    await open_shop.record(open_shop.report("s2", "cai", "100", at=day(40)))
    await close(open_shop, JANUARY)
    await close(open_shop, FEBRUARY)
    assert await posted(open_shop) == {("Feb", "cai", 0): 1000}


async def test_what_is_told_late_changes_no_closed_month(open_shop: Shop) -> None:
    await check(open_shop, "bob", day(1))
    await open_shop.record(open_shop.report("s1", "cai", "100"))
    await close(open_shop, JANUARY)
    # All of it is dated back, and told behind the cut.
    await check(open_shop, "cai", day(2))
    await live(open_shop, "bob", "GB", day(3))
    await open_shop.record(open_shop.report("late", "cai", "60"))  # marks January
    await close(open_shop, FEBRUARY)
    # January is rated again as it knew people: Bob has his part of the late sale, and Cai none.
    assert await posted(open_shop) == {("Jan", "bob", 1): 500 + 300}


async def test_of_a_member_told_late_what_was_told_by_then_counts(open_shop: Shop) -> None:
    await open_shop.record(open_shop.report("s1", "cai", "100"))
    await close(open_shop, JANUARY)
    await open_shop.enrol("dan", "cai", joined=day(2))
    await live(open_shop, "dan", "CN", day(2))
    await check(open_shop, "dan", day(3))
    await open_shop.record(open_shop.report("late", "dan", "60", at=day(4)))
    await close(open_shop, FEBRUARY)
    assert await posted(open_shop) == {("Jan", "dan", 0): 600}


RANKS = b"ranks:\n  - {id: silver, personal_volume: 100}\n  - {id: gold}\ncomponents:"
RANKED = (
    CHECKED.replace(b"components:", RANKS)
    + b"""\
  - {id: golds, type: unilevel, levels: [3%, 2%, 1%], compression: true, qualify: {rank: gold, identity: true}}
"""
)


@pytest.mark.parametrize("seed", range(8))
async def test_what_closings_post_is_what_is_estimated_and_what_a_simulation_says(bare: Shop, seed: int) -> None:
    chance, shop, facts = random.Random(seed), bare, Facts()
    await shop.hear(membership.CountriesDisclosed())
    await shop.publish(RANKED)
    names = ["ann", "bob", "cai"]
    above = {"ann": "", "bob": "ann", "cai": "bob"}
    for number in range(4):
        names.append(f"m{number}")
        above[names[-1]] = chance.choice(names[:-1])
        await shop.enrol(names[-1], above[names[-1]])
    for name in names:
        country, rank = chance.choice(["CN", "CN", "GB", ""]), chance.choice(["gold", "silver", "", ""])
        at = chance.choice([None, day(chance.randrange(90)), day(31)])
        until = None if at is None else chance.choice([None, day(59), at + timedelta(days=chance.randrange(1, 60))])
        if until is not None and at is not None and until <= at:
            until = None
        if country:
            await live(shop, name, country, day(0))
        if at is not None:
            await check(shop, name, at, until)
        if rank:
            await grant(shop, name, rank, day(0))
        facts.join(
            Joined(
                name,
                above[name],
                day(0),
                country=country,
                verified_at=at,
                verified_until=until,
                rank=rank,
            )
        )
    earned: dict[tuple[str, int], int] = defaultdict(int)
    estimated: dict[tuple[str, int], int] = {}
    for month, first_day in enumerate((JANUARY, FEBRUARY, MARCH)):
        for number in range(6):
            name, at, pence = chance.choice(names), day(29 * month + 3 + number), chance.randrange(1, 40_000)
            sale = shop.report(f"{month}-{number}", name, f"{pence // 100}.{pence % 100:02}", at=at)
            await shop.record(sale)
            facts.report(Sale(SaleKind.SALE, at, Decimal(sale.amount), "GBP", id=sale.reference, member=name))
        estimate = await shop.service.query("EstimatePeriod", pb.EstimatePeriodRequest(parent=PARENT))
        ids = {member: name for name, member in shop.ids.items()}
        for row in estimate.ratings:
            estimated[ids[row.member.rpartition("/")[2]], month] = row.earned_minor
        await close(shop, first_day)
        for name, row in (await ratings(shop, first_day)).items():
            earned[name, month] = row.earned_minor
    simulated: dict[tuple[str, int], int] = defaultdict(int)
    for month, closing in enumerate(Simulation([read_plan(RANKED)], facts, ZoneInfo("Europe/London")).closes()):
        for posting in closing.postings():
            simulated[posting.line.member, month] += posting.amount_minor
    assert estimated == dict(earned)
    assert {key: amount for key, amount in simulated.items() if amount} == {
        key: amount for key, amount in earned.items() if amount
    }
    assert any(earned.values())
