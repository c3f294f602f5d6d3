"""Closing periods: what is sealed, what is posted, and what late reports change."""

from datetime import UTC, datetime
from typing import Any

import pytest

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.commission.v1 import events_pb2 as public
from fenxiao.errors import Refusal
from services.commission.policies import when_period_sealed_then_rate as policy
from services.commission.tests.shop import PARENT, Shop, day
from services.commission.views import periods

# A silver has sold for 100 in the month; silvers earn 10 % and 5 % on their sales and those of whom they sponsor.
MONTHLY = b"""
plan: gifts
version: 'monthly'
currency: GBP
effective_from: 2026-01-01T00:00:00Z
rounding: half_up
jurisdictions: []
return_window: 14
ranks:
  - {id: silver, personal_volume: 100}
components:
  - {id: team, type: unilevel, levels: [8%, 4%, 2%]}
  - {id: silvers, type: unilevel, levels: [10%, 5%], qualify: {rank: silver}}
"""

JANUARY, FEBRUARY, MARCH = "2026-01-01", "2026-02-01", "2026-03-01"


@pytest.fixture
async def monthly(bare: Shop) -> Shop:
    await bare.publish(MONTHLY)
    return bare


async def close(shop: Shop, first_day: str) -> pb.Period:
    """Seals a period, and posts it as the service does in the background."""
    await shop.service.command("ClosePeriod", pb.ClosePeriodRequest(parent=PARENT, period=first_day))
    await finish(shop)
    return await show(shop, first_day)


async def finish(shop: Shop) -> None:
    for programme, closing in await shop.service.log.read(periods.unfinished):
        await policy.post_closing(shop.service.running, programme, closing)


async def show(shop: Shop, first_day: str) -> pb.Period:
    return await shop.service.query("GetPeriod", pb.GetPeriodRequest(name=f"{PARENT}/periods/{first_day}"))


async def posted(shop: Shop) -> dict[tuple[str, str, int], int]:
    """What closings have posted: by month, name and component's level."""
    names = {member: name for name, member in shop.ids.items()}
    found: dict[tuple[str, str, int], int] = {}
    for event in await shop.service.published():
        if isinstance(event, public.LinesPosted) and event.HasField("period_start"):
            month = f"{event.period_start.ToDatetime():%b}"
            for line in event.lines:
                key = (month, names[line.member], line.level)
                found[key] = found.get(key, 0) + line.amount_minor
    return found


async def ratings(shop: Shop, first_day: str) -> dict[str, pb.Rating]:
    request = pb.ListRatingsRequest(parent=f"{PARENT}/periods/{first_day}")
    answer = await shop.service.query("ListRatings", request)
    names = {member: name for name, member in shop.ids.items()}
    return {names[one.member.rpartition("/")[2]]: one for one in answer.ratings}


async def refused(shop: Shop, first_day: str) -> str:
    with pytest.raises(Refusal) as refusal:
        await close(shop, first_day)
    return refusal.value.reason


async def test_a_closing_posts_what_did_not_post_with_the_sale(monthly: Shop) -> None:
    sale = await monthly.record(monthly.report("s1", "cai", "100"))
    assert monthly.earned(sale) == {"cai": 800, "bob": 400, "ann": 200}
    await monthly.record(monthly.report("s2", "bob", "99.99"))
    period = await close(monthly, JANUARY)
    # Bob has sold for too little to be silver; so only Cai is.
    assert await posted(monthly) == {("Jan", "cai", 0): 1000}
    assert (period.state, period.lines, period.members, period.posted_minor) == (pb.PERIOD_STATE_CLOSED, 1, 3, 1000)


async def test_lines_of_a_closing_say_what_they_are_earned_on(monthly: Shop) -> None:
    await monthly.record(monthly.report("s1", "cai", "100", at=day(3)))
    await close(monthly, JANUARY)
    (sold,) = (event for event in await monthly.service.published() if isinstance(event, public.SaleRecorded))
    (event,) = (
        event
        for event in await monthly.service.published()
        if isinstance(event, public.LinesPosted) and event.HasField("period_start")
    )
    (line,) = event.lines
    assert (line.sale, line.component, line.rule) == (sold.sale, "silvers", "/components/1/levels/0")
    assert (line.rate, line.base, line.amount_minor, line.reverses) == ("0.1", "100", 1000, "")
    assert line.conditions[0].return_window.until.ToDatetime(UTC) == day(3 + 14)


async def test_everybody_has_a_row(monthly: Shop) -> None:
    await monthly.record(monthly.report("s1", "cai", "100"))
    await close(monthly, JANUARY)
    rows = await ratings(monthly, JANUARY)
    assert {name: (row.personal_volume, row.group_volume, row.rank) for name, row in rows.items()} == {
        "ann": ("0", "100", ""),
        "bob": ("0", "100", ""),
        "cai": ("100", "100", "silver"),
    }
    assert rows["cai"].earned_minor == 800 + 1000
    public_rows = [event for event in await monthly.service.published() if isinstance(event, public.MemberRated)]
    assert {(row.member, row.rank) for row in public_rows} >= {(monthly.ids["cai"], "silver")}


async def test_a_return_in_a_later_month_is_posted_by_its_closing_under_sealed_ranks(monthly: Shop) -> None:
    await monthly.record(monthly.report("s1", "cai", "100"))
    await close(monthly, JANUARY)
    await monthly.record(monthly.giving_back("r1", "s1", amount="60", at=day(40)))
    assert await posted(monthly) == {("Jan", "cai", 0): 1000}
    await close(monthly, FEBRUARY)
    # Without what came back Cai would not have been silver; but ranks are sealed.
    assert await posted(monthly) == {("Jan", "cai", 0): 400}
    assert (await ratings(monthly, JANUARY))["cai"].rank == "silver"
    assert (await ratings(monthly, JANUARY))["cai"].personal_volume == "40"
    *_, event = (event for event in await monthly.service.published() if isinstance(event, public.LinesPosted))
    first = next(
        event
        for event in await monthly.service.published()
        if isinstance(event, public.LinesPosted) and event.HasField("period_start")
    )
    assert [(line.amount_minor, line.reverses, len(line.conditions)) for line in event.lines] == [
        (-600, first.lines[0].line, 0)
    ]


async def test_a_late_sale_is_posted_by_the_next_closing(monthly: Shop) -> None:
    await monthly.record(monthly.report("s1", "cai", "100"))
    await close(monthly, JANUARY)
    await monthly.record(monthly.report("late", "cai", "50", at=day(2)))
    period = await close(monthly, FEBRUARY)
    assert await posted(monthly) == {("Jan", "cai", 0): 1500}
    assert (period.lines, period.posted_minor) == (1, 500)


async def test_the_order_in_which_reports_arrive_changes_nothing_in_what_is_due(tmp_path: Any, bare: Shop) -> None:
    await bare.publish(MONTHLY)
    await bare.record(bare.report("s2", "bob", "100", at=day(33)))
    await bare.record(bare.report("s1", "cai", "100"))
    await close(bare, JANUARY)
    await bare.record(bare.giving_back("r1", "s1", amount="30", at=day(35)))
    await close(bare, FEBRUARY)
    assert await posted(bare) == {("Jan", "cai", 0): 700, ("Feb", "bob", 0): 1000}


async def test_periods_are_closed_in_order_and_when_they_are_over(monthly: Shop) -> None:
    assert await refused(monthly, FEBRUARY) == "UNKNOWN_PERIOD"
    assert await refused(monthly, "2026-01-02") == "UNKNOWN_PERIOD"
    assert await refused(monthly, "soon") == "INVALID_PERIOD"
    await monthly.service.command("ClosePeriod", pb.ClosePeriodRequest(parent=PARENT, period=JANUARY))
    assert (await show(monthly, JANUARY)).state == pb.PERIOD_STATE_CLOSING
    assert await refused(monthly, FEBRUARY) == "PERIOD_STILL_CLOSING"
    await finish(monthly)
    this_month = datetime.now(UTC).replace(day=1)
    for month in range(2, 13):
        first = this_month.replace(year=2026, month=month)
        if first < this_month:
            await close(monthly, f"{first:%Y-%m-%d}")
    assert await refused(monthly, f"{this_month:%Y-%m-%d}") == "PERIOD_NOT_OVER"


async def test_closing_again_changes_nothing(monthly: Shop) -> None:
    await monthly.record(monthly.report("s1", "cai", "100"))
    first = await close(monthly, JANUARY)
    await monthly.record(monthly.report("s2", "cai", "100", at=day(2)))
    assert await close(monthly, JANUARY) == first
    assert await posted(monthly) == {("Jan", "cai", 0): 1000}


async def test_a_closing_that_was_cut_off_goes_on_where_it_stopped(
    monthly: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        await monthly.record(monthly.report(f"s{number}", "cai", "100"))
    monkeypatch.setattr("services.commission.domain.closing.IN_AN_EVENT", 2)
    monkeypatch.setattr(policy, "_AT_ONCE", 1)
    await monthly.service.command("ClosePeriod", pb.ClosePeriodRequest(parent=PARENT, period=JANUARY))
    real, calls = policy.append, 0

    def fail_at_third(*args: Any, **kwargs: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise RuntimeError("the process dies")
        real(*args, **kwargs)

    monkeypatch.setattr(policy, "append", fail_at_third)
    with pytest.raises(RuntimeError):
        await finish(monthly)
    assert sum((await posted(monthly)).values()) == 4000
    monkeypatch.setattr(policy, "append", real)
    await finish(monthly)
    assert sum((await posted(monthly)).values()) == 7000
    period = await show(monthly, JANUARY)
    assert (period.state, period.lines, period.members) == (pb.PERIOD_STATE_CLOSED, 7, 3)


async def test_an_estimate_is_what_a_closing_would_give(monthly: Shop) -> None:
    await monthly.record(monthly.report("s1", "cai", "100"))
    request = pb.EstimatePeriodRequest(parent=PARENT)
    estimate = await monthly.service.query("EstimatePeriod", request)
    assert estimate.period.state == pb.PERIOD_STATE_OPEN
    assert await posted(monthly) == {}
    await close(monthly, JANUARY)
    closed = await monthly.service.query("ListRatings", pb.ListRatingsRequest(parent=f"{PARENT}/periods/{JANUARY}"))
    assert list(estimate.ratings) == list(closed.ratings)
    only = pb.EstimatePeriodRequest(parent=PARENT, member=f"{PARENT}/members/{monthly.ids['cai']}")
    # The next period is open now, and nothing has been sold in it.
    (row,) = (await monthly.service.query("EstimatePeriod", only)).ratings
    assert (row.personal_volume, row.rank, row.highest_rank) == ("0", "", "silver")


async def test_views_rebuilt_equal_the_live_ones(monthly: Shop) -> None:
    await monthly.record(monthly.report("s1", "cai", "100"))
    await close(monthly, JANUARY)
    await monthly.record(monthly.giving_back("r1", "s1", amount="60", at=day(40)))
    await close(monthly, FEBRUARY)
    before = await _views(monthly)
    # What membership has told comes from the bus, which is not here; what is looked at is the service's own.
    await monthly.service.log.rebuild()
    assert await _views(monthly) == before


async def _views(shop: Shop) -> list[list[tuple[Any, ...]]]:
    tables = ["periods", "period_lines", "ratings"]
    return await shop.service.log.read(
        lambda reader: [sorted(reader.all(f"SELECT * FROM view_{table}"), key=str) for table in tables]
    )


async def test_periods_are_listed_page_by_page(monthly: Shop) -> None:
    await close(monthly, JANUARY)
    await close(monthly, FEBRUARY)
    names: list[str] = []
    token = ""
    while True:
        request = pb.ListPeriodsRequest(parent=PARENT, page_size=1, page_token=token)
        answer = await monthly.service.query("ListPeriods", request)
        names += [period.name.rpartition("/")[2] for period in answer.periods]
        token = answer.next_page_token
        if not token:
            break
    assert names == [JANUARY, FEBRUARY, MARCH]


async def test_a_version_cannot_come_into_force_in_a_sealed_period(monthly: Shop) -> None:
    await close(monthly, JANUARY)
    with pytest.raises(Refusal) as refusal:
        await monthly.publish(MONTHLY.replace(b"monthly", b"other").replace(b"2026-01-01", b"2026-01-15"))
    assert refusal.value.reason == "PERIOD_SEALED"
