"""Points: posted beside money, taken back by returns, posted by closings, corrected by disputes; no sum of money."""

import copy
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.commission.v1 import events_pb2 as public
from fenxiao.verify.disputes import check_disputes
from fenxiao.verify.export import Export
from fenxiao.verify.facts import gather, unpack
from fenxiao.verify.lines import check_lines
from fenxiao.verify.periods import check_periods
from fenxiao.verify.report import Report
from libs.servicekit.times import from_timestamp
from services.commission.domain.events import LinesPosted
from services.commission.tests.shop import PARENT, START, Shop, day
from services.commission.tests.test_disputes import UPHELD, open_, refused, resolve
from services.commission.tests.test_periods import FEBRUARY, JANUARY, close
from services.commission.tests.test_verified import exported
from services.commission.wiring import SERVICE

PLAN = b"""
plan: points
version: '1'
currency: GBP
effective_from: 2026-01-01T00:00:00+00:00
rounding: half_up
jurisdictions: []
return_window: 14
ranks:
  - {id: silver, personal_volume: 150}
components:
  - {id: team, type: unilevel, levels: [8%, 4%]}
  - {id: stars, type: points, kind: star, rate: 1, levels: [80%, 20%], expires_after: 365}
  - {id: coins, type: points, kind: coin, flat: 5}
  - {id: many, type: points, kind: star, rate: 2, qualify: {rank: silver}, expires_after: 30}
"""
"""Stars and coins with each sale; at the close more stars for who has sold for 150."""


async def postings(shop: Shop) -> list[public.LinesPosted]:
    return [event for event in await shop.service.published() if isinstance(event, public.LinesPosted)]


def said(posted: public.LinesPosted) -> tuple[str, str, list[tuple[str, int]]]:
    return posted.currency, posted.points, [(line.component, line.amount_minor) for line in posted.lines]


def lost_at(line: public.PostedLine) -> datetime:
    return from_timestamp(line.expire_time)


def faults(export: Export) -> dict[str, list[str]]:
    report = Report("shop")
    facts = gather(export, report)
    for check in (check_lines, check_periods, check_disputes):
        check(facts, report)
    return {check.name: check.details for check in report.checks if check.failed}


async def test_a_sale_posts_each_asset_by_itself(shop: Shop) -> None:
    await shop.publish(PLAN.replace(b"'1'", b"'2'").replace(b"01-01", b"01-02"))
    sale = await shop.record(shop.report("s1", amount="100.40", at=day(5)))
    money, coins, stars = await postings(shop)
    assert said(money) == ("GBP", "", [("team", 803), ("team", 402)])
    assert said(coins) == ("", "coin", [("coins", 5)])
    assert said(stars) == ("", "star", [("stars", 80), ("stars", 20)])
    assert {lost_at(line) for line in stars.lines} == {day(5 + 365)}
    assert not coins.lines[0].HasField("expire_time")
    held = {from_timestamp(line.conditions[0].return_window.until) for line in (*coins.lines, *stars.lines)}
    assert held == {day(5 + 14)}
    # They are shown with the sale, and each says what it is in.
    assert [(line.points, line.currency, line.amount_minor) for line in sale.lines] == [
        ("", "GBP", 803),
        ("", "GBP", 402),
        ("coin", "", 5),
        ("star", "", 80),
        ("star", "", 20),
    ]
    explained = await shop.explain("s1")
    assert [one.line.points for one in explained.derivations] == ["", "", "coin", "star", "star"]
    assert "80 points (star)" in explained.derivations[3].explanation_en


async def test_a_return_takes_points_back_in_their_kind(bare: Shop) -> None:
    await bare.publish(PLAN)
    await bare.record(bare.report("s1", amount="100"))
    await bare.record(bare.giving_back("r1", "s1", amount="33"))
    await bare.record(bare.giving_back("r2", "s1", amount="67"))
    taken: dict[str, int] = {}
    for posted in await postings(bare):
        for line in posted.lines:
            key = posted.points or posted.currency
            taken[key] = taken.get(key, 0) + line.amount_minor
            assert bool(line.reverses) == (line.amount_minor < 0)
            assert line.amount_minor > 0 or not line.HasField("expire_time")
    assert taken == {"GBP": 0, "coin": 0, "star": 0}
    assert len(await postings(bare)) == 9


@pytest.fixture
async def closed(bare: Shop) -> Shop:
    """A month with points at its close, a late return, and a correction of points."""
    await bare.publish(PLAN)
    sale = await bare.record(bare.report("s1", amount="100", at=day(3)))
    await bare.record(bare.report("s2", amount="100", at=day(9)))
    await close(bare, JANUARY)
    await bare.record(bare.giving_back("r1", "s2", amount="50", at=day(40)))
    stars = next(line for line in sale.lines if line.points == "star" and line.level == 0)
    dispute = await open_(bare, stars.id, "cai")
    done = await resolve(bare, dispute.name, 7)
    assert (done.points, done.currency, done.correction_minor) == ("star", "", 7)
    await close(bare, FEBRUARY)
    return bare


async def test_a_closing_posts_points_and_sums_up_money_only(closed: Shop) -> None:
    by_period = [posted for posted in await postings(closed) if posted.HasField("period_start")]
    assert [(one.points, [line.amount_minor for line in one.lines]) for one in by_period] == [
        ("star", [200, 200]),
        # Half of a sale has come back: she keeps her rank, which is sealed, and gives back the share.
        ("star", [-100]),
    ]
    first = by_period[0].lines
    assert [line.expire_time.ToDatetime() for line in first] == [
        day(33).replace(tzinfo=None),
        day(39).replace(tzinfo=None),
    ]
    assert by_period[1].lines[0].reverses == first[1].line
    listed = await closed.service.query("ListPeriods", pb.ListPeriodsRequest(parent=PARENT))
    assert [(period.lines, period.posted_minor) for period in listed.periods][:2] == [(2, 0), (1, 0)]
    rated = [event for event in await closed.service.published() if isinstance(event, public.MemberRated)]
    # 8 % of 200 for Cai and 4 % for Bob; her points are no part of it.
    assert {event.earned_minor for event in rated if from_timestamp(event.period_start) == START} >= {1600, 800}


async def test_a_correction_of_points_is_in_points_and_expires_with_them(closed: Shop) -> None:
    (correction,) = [one for one in await postings(closed) if len(one.lines) == 1 and one.lines[0].amount_minor == 7]
    assert (correction.points, correction.currency) == ("star", "")
    assert lost_at(correction.lines[0]) == day(3 + 365)
    (resolved,) = [one for one in await closed.service.published() if isinstance(one, public.DisputeResolved)]
    assert (resolved.points, resolved.currency) == ("star", "")
    explained = await closed.service.query(
        "ExplainLine", pb.ExplainLineRequest(parent=PARENT, line=correction.lines[0].line)
    )
    assert "points" in explained.derivation.explanation_en


async def test_no_more_points_are_taken_back_than_are_left(closed: Shop) -> None:
    stars = next(line for one in await postings(closed) if one.points == "star" for line in one.lines)
    dispute = await open_(closed, stars.line, "cai")
    assert await refused(resolve(closed, dispute.name, -1000, UPHELD)) == "CORRECTION_EXCEEDS_LINE"


async def test_a_stranger_computes_all_of_it_again(closed: Shop) -> None:
    assert faults(await exported(closed)) == {}


def call_it_money(data: public.LinesPosted) -> None:
    data.points, data.currency = "", "GBP"


def call_it_coins(data: public.LinesPosted) -> None:
    data.points = "coin"


def name_two(data: public.LinesPosted) -> None:
    data.currency = "GBP"


def expire_later(data: public.LinesPosted) -> None:
    data.lines[0].expire_time.seconds += 86_400


def never_expire(data: public.LinesPosted) -> None:
    data.lines[0].ClearField("expire_time")


def give_more(data: public.LinesPosted) -> None:
    data.lines[0].amount_minor += 1


def with_sale(data: public.LinesPosted) -> bool:
    return not data.HasField("period_start") and len(data.lines) == 2


def by_closing(data: public.LinesPosted) -> bool:
    return data.HasField("period_start")


def by_dispute(data: public.LinesPosted) -> bool:
    return len(data.lines) == 1 and data.lines[0].amount_minor == 7


@pytest.mark.parametrize("which", [with_sale, by_closing, by_dispute])
@pytest.mark.parametrize("change", [call_it_money, call_it_coins, name_two, expire_later, never_expire, give_more])
async def test_any_change_shows(
    closed: Shop, change: Callable[[public.LinesPosted], None], which: Callable[[public.LinesPosted], bool]
) -> None:
    tampered = copy.deepcopy(await exported(closed))
    for event in tampered.events["commission"]:
        data: Any = unpack(event)
        if isinstance(data, public.LinesPosted) and data.points == "star" and which(data):
            change(data)
            event.data.Pack(data)
            break
    else:
        pytest.fail("nothing was changed")
    assert faults(tampered)


def test_lines_in_points_are_stored_so() -> None:
    stored = json.loads(
        '{"currency": "", "plan_hash": "9f86", "engine_version": "1", "original_sale": "", "members_cut": "s:3",'
        ' "lines": [{"id": "l1", "member": "m1", "component": "stars", "level": 0, "rate": "0.8", "base": "100",'
        ' "exact_amount": "80", "amount_minor": 80, "rule": "/components/0/rate", "path": ["m1"],'
        ' "conditions": [{"kind": "return_window", "until": "2026-01-19T00:00:00Z"}], "reverses": "",'
        ' "reversed_before": 0, "points": "star", "expires_at": "2027-01-05T00:00:00Z"}]}'
    )
    event, _ = SERVICE.events.decode("LinesPosted.v1", json.dumps(stored).encode())
    assert isinstance(event, LinesPosted)
    assert event.points == "star"
    assert json.loads(SERVICE.events.encode(event)) == stored


def test_lines_of_two_assets_are_no_event() -> None:
    line = {"id": "l", "member": "m", "component": "c", "level": 0, "rate": "1", "base": "1", "exact_amount": "1"}
    more: dict[str, Any] = {"amount_minor": 1, "rule": "", "path": ()}
    rest: dict[str, Any] = {"plan_hash": "", "engine_version": "1"}
    for currency, kinds in (("GBP", ["", "star"]), ("", ["star", "coin"]), ("GBP", ["star"]), ("", [""])):
        lines = [line | more | {"points": kind} for kind in kinds]
        with pytest.raises(ValueError, match="by asset"):
            LinesPosted.model_validate({"currency": currency, "lines": lines} | rest)


async def test_what_points_are_worth_is_said_with_the_plan(bare: Shop) -> None:
    await bare.publish(PLAN.replace(b"flat: 5", b"flat: 5, worth: 0.050"))
    published, *priced = await bare.service.published()
    assert isinstance(published, public.PlanPublished)
    assert [(one.points, one.worth, one.currency, one.plan_hash) for one in priced] == [
        ("coin", "0.05", "GBP", published.hash),
        ("star", "0", "GBP", published.hash),
    ]
