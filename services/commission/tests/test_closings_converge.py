"""However late things are reported: what closings have posted in the end is what one rating of everything gives."""

import random
from collections import defaultdict
from datetime import timedelta

import pytest

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.commission.v1 import events_pb2 as public
from fenxiao.plans.periods.closing import Before, Row
from fenxiao.plans.periods.closing import close as rate
from services.commission.domain.closing import Sealed
from services.commission.shared.inputs import gather
from services.commission.tests.shop import PARENT, START, Shop, day
from services.commission.tests.test_periods import close
from services.commission.views import members, periods, sales

# Everything but ranks: these are sealed, and would rightly keep what came late from changing them.
PLAN = b"""
plan: everything
version: '1'
currency: GBP
effective_from: 2026-01-01T00:00:00Z
rounding: half_up
jurisdictions: []
return_window: 14
components:
  - {id: team, type: unilevel, levels: [2%, 1%, 1%], caps: {member: 40}}
  - {id: active, type: unilevel, levels: [0%, 3%, 2%], compression: true, qualify: {active: {volume: 60}}}
  - id: own
    type: direct
    tiers: {mode: marginal, steps: [{start: 50, end: 200, rate: 1%}, {start: 200, rate: 2%}]}
  - id: differential
    type: differential
    by: volume
    steps: [{start: 50, rate: 2%}, {start: 300, rate: 4.5%}, {start: 900, rate: 7%}]
  - {id: match, type: matching, of: [differential], levels: [10%, 5%]}
  - {id: pot, type: pool, share: 2%, by: equal}
"""

MONTHS = ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"]


@pytest.mark.parametrize("seed", range(12))
async def test_what_is_posted_in_the_end_is_what_one_rating_gives(bare: Shop, seed: int) -> None:
    chance, shop = random.Random(seed), bare
    await shop.publish(PLAN)
    names = ["ann", "bob", "cai"]
    for number in range(5):
        names.append(f"m{number}")
        await shop.enrol(names[-1], chance.choice(names[:-1]), joined=START)
    sold: list[tuple[str, str, float, int]] = []
    for month, first_day in enumerate(MONTHS):
        for number in range(chance.randrange(12)):
            await _report(shop, chance, f"{month}-{number}", names, sold, until=28 * (month + 1))
        await close(shop, first_day)
    posted = await _posted(shop)
    due = await _due(shop)
    assert {key: amount for key, amount in posted.items() if amount} == due


async def _report(
    shop: Shop, chance: random.Random, name: str, names: list[str], sold: list[tuple[str, str, float, int]], until: int
) -> None:
    """A sale or return that happened at some time until now, in this month or an earlier one."""
    if sold and chance.random() < 0.3:
        number = chance.randrange(len(sold))
        original, member, at, left = sold[number]
        back = chance.choice([left, chance.randint(1, left)])
        sold[number] = (original, member, at, left - back)
        if left == back:
            sold.pop(number)
        when = START + timedelta(days=chance.uniform(at, until))
        await shop.record(shop.giving_back(name, original, member=member, amount=_pounds(back), at=when))
        return
    member, at, amount = chance.choice(names), chance.uniform(0, until), chance.randint(1, 40_000)
    if chance.random() < 0.1:
        await shop.record(shop.giving_back(name, member=member, amount=_pounds(amount), at=day(at)))
        return
    sold.append((name, member, at, amount))
    await shop.record(shop.report(name, member, _pounds(amount), at=day(at)))


def _pounds(pence: int) -> str:
    return f"{pence // 100}.{pence % 100:02}"


async def _posted(shop: Shop) -> dict[tuple[str, str, str, str, int, str, str], int]:
    found: dict[tuple[str, str, str, str, int, str, str], int] = defaultdict(int)
    for event in await shop.service.published():
        if isinstance(event, public.LinesPosted) and event.HasField("period_start"):
            period = event.period_start.ToJsonString()
            for line in event.lines:
                key = (period, line.component, line.member, line.sale, line.level, line.other, line.rule)
                found[key] += line.amount_minor
    return found


async def _due(shop: Shop) -> dict[tuple[str, str, str, str, int, str, str], int]:
    """Every period rated once, with everything known."""
    log = shop.service.log
    rows = [row.sealed for row in await log.read(lambda reader: periods.period_rows(reader, "shop"))]
    newest = await log.read(lambda reader: (sales.newest_position(reader, "shop"), members.cut(reader)))
    found: dict[tuple[str, str, str, str, int, str, str], int] = {}
    before: Before | None = None
    for period in rows:
        known: Sealed = period._replace(sales_cut=newest[0], members_cut=newest[1])
        to_rate = await log.read(lambda reader, known=known: gather(reader, "shop", known, known))
        result = rate(to_rate, before)
        given: dict[str, Row] = result.rows
        before = Before(to_rate.plan, given)
        for one in result.differences:
            start = pb.Period()
            start.start_time.FromDatetime(period.start)
            found[start.start_time.ToJsonString(), *one.key] = one.amount_minor
    return found


async def test_nothing_is_late_after_the_last_closing(bare: Shop) -> None:
    await bare.publish(PLAN)
    await bare.record(bare.report("s1", "cai", "100"))
    await close(bare, MONTHS[0])
    second = await close(bare, MONTHS[1])
    assert (second.lines, second.posted_minor) == (0, 0)
    assert PARENT in second.name
