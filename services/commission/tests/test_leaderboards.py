"""Who comes first, and who has reached a target, in closed periods and in the open one."""

import random
from typing import Any

import pytest

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Refusal
from fenxiao.plans.periods.closing import Before, ToRate
from fenxiao.plans.periods.leaderboard import KEPT_IN_ROWS, Standing, leaderboard
from fenxiao.plans.periods.rating import RatedPeriod
from services.commission.domain.closing import Sealed
from services.commission.shared import estimates
from services.commission.shared.estimates import Estimates
from services.commission.tests.shop import PARENT, Shop, day
from services.commission.tests.test_periods import FEBRUARY, JANUARY, close
from services.commission.tests.test_placements import BINARY, put, set_rule
from services.commission.views import periods

RANKED = b"""
plan: gifts
version: 'ranked'
currency: GBP
effective_from: 2026-01-01T00:00:00Z
rounding: half_up
jurisdictions: []
return_window: 14
ranks:
  - {id: silver, personal_volume: 50}
  - {id: gold, group_volume: 100, legs: [{count: 1, volume: 60}]}
components:
  - {id: team, type: unilevel, levels: [10%, 5%]}
"""
EVERY = ("pv", "gv", "sales", "rank", "highest", "earned", "/ranks/1/legs/0")

Board = list[tuple[int, str, str, str]]


@pytest.fixture
async def ranked(bare: Shop) -> Shop:
    await bare.publish(RANKED)
    await bare.record(bare.report("s1", "cai", "61.5"))
    await bare.record(bare.report("s2", "cai", "0.25"))
    await bare.record(bare.report("s3", "bob", "60", at=day(4)))
    return bare


async def board(shop: Shop, period: str, by: str, top: int = 0) -> Board:
    request = pb.GetLeaderboardRequest(parent=f"{PARENT}/periods/{period}", by=by, top=top)
    answer = await shop.service.query("GetLeaderboard", request)
    assert answer.by == by
    return _rows(shop, answer.standings)


async def reached(shop: Shop, period: str, by: str, least: str, **fields: Any) -> Any:
    request = pb.ListTargetsReachedRequest(parent=f"{PARENT}/periods/{period}", by=by, least=least, **fields)
    return await shop.service.query("ListTargetsReached", request)


def _rows(shop: Shop, standings: Any) -> Board:
    names = {member: name for name, member in shop.ids.items()}
    return [(one.place, names[one.member.rpartition("/")[2]], one.value, one.rank) for one in standings]


EXPECTED: dict[str, Board] = {
    "pv": [(1, "cai", "61.75", ""), (2, "bob", "60", "")],
    "gv": [(1, "ann", "121.75", ""), (2, "bob", "121.75", ""), (3, "cai", "61.75", "")],
    "sales": [(1, "cai", "2", ""), (2, "bob", "1", "")],
    "rank": [(1, "ann", "2", "gold"), (2, "bob", "2", "gold"), (3, "cai", "1", "silver")],
    "highest": [(1, "ann", "2", "gold"), (2, "bob", "2", "gold"), (3, "cai", "1", "silver")],
    "earned": [(1, "bob", "9.09", ""), (2, "cai", "6.18", ""), (3, "ann", "3", "")],
    "/ranks/1/legs/0": [(1, "ann", "1", ""), (2, "bob", "1", "")],
}


def in_joining_order(shop: Shop, rows: Board) -> Board:
    """All three joined at one moment; then it is by UUID that equals stand."""
    places = sorted(rows, key=lambda row: (-float(row[2]), shop.ids[row[1]]))
    return [(place, *row[1:]) for place, row in enumerate(places, 1)]


@pytest.mark.parametrize("by", EVERY)
async def test_closed_or_open_it_is_the_same(ranked: Shop, by: str) -> None:
    expected = in_joining_order(ranked, EXPECTED[by])
    assert await board(ranked, "open", by) == expected
    assert await board(ranked, JANUARY, by) == expected
    await close(ranked, JANUARY)
    assert await board(ranked, JANUARY, by) == expected
    assert await board(ranked, JANUARY, by, top=1) == expected[:1]
    assert await board(ranked, "open", by) == ([] if by != "highest" else expected)


@pytest.mark.parametrize("by", EVERY)
async def test_a_period_that_was_rated_again_is_shown_as_it_stands(ranked: Shop, by: str) -> None:
    await close(ranked, JANUARY)
    await board(ranked, JANUARY, by)
    await ranked.record(ranked.report("late", "ann", "50", at=day(2)))
    await ranked.record(ranked.giving_back("r1", "s2", amount="0.25", at=day(40)))
    before = await board(ranked, JANUARY, by)
    assert before == in_joining_order(ranked, EXPECTED[by])  # nothing is changed before the next closing
    await close(ranked, FEBRUARY)
    now = {name: value for _, name, value, _ in await board(ranked, JANUARY, by)}
    assert (
        now
        == {
            "pv": {"cai": "61.5", "bob": "60", "ann": "50"},
            "gv": {"ann": "171.5", "bob": "121.5", "cai": "61.5"},
            "sales": {"cai": "1", "bob": "1", "ann": "1"},
            "rank": {"ann": "2", "bob": "2", "cai": "1"},  # sealed
            "highest": {"ann": "2", "bob": "2", "cai": "1"},
            "earned": {"bob": "9.08", "ann": "8", "cai": "6.15"},
            "/ranks/1/legs/0": {"ann": "1", "bob": "1"},
        }[by]
    )


async def test_a_closed_period_is_rated_again_for_no_measure_that_its_rows_give(
    ranked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await close(ranked, JANUARY)
    calls: list[ToRate] = []
    real = estimates.rate

    def counted(period: ToRate, before: Before | None) -> RatedPeriod:
        calls.append(period)
        return real(period, before)

    monkeypatch.setattr(estimates, "rate", counted)
    for by in ("pv", "gv", "rank", "highest", "earned"):
        await board(ranked, JANUARY, by)
    assert not calls
    for by in ("sales", "/ranks/1/legs/0", "sales"):
        await board(ranked, JANUARY, by)
    assert len(calls) == 1


async def test_targets(ranked: Shop) -> None:
    answer = await reached(ranked, "open", "pv", "60")
    assert (answer.reached, _rows(ranked, answer.standings)) == (2, EXPECTED["pv"])
    assert (await reached(ranked, "open", "pv", "60.000001")).reached == 1
    assert (await reached(ranked, "open", "pv", "0")).reached == 2  # who has none has reached nothing
    assert (await reached(ranked, "open", "pv", "9" * 60)).reached == 0
    await close(ranked, JANUARY)
    first = await reached(ranked, JANUARY, "gv", "60", page_size=2)
    second = await reached(ranked, JANUARY, "gv", "60", page_size=2, page_token=first.next_page_token)
    assert (first.reached, second.reached, second.next_page_token) == (3, 3, "")
    found = _rows(ranked, [*first.standings, *second.standings])
    assert found == in_joining_order(ranked, EXPECTED["gv"])


@pytest.mark.parametrize(
    ("period", "by", "fields", "reason"),
    [
        ("open", "size", {}, "UNKNOWN_MEASURE"),
        ("open", "", {}, "UNKNOWN_MEASURE"),
        (JANUARY, "/ranks/0/legs/0", {}, "UNKNOWN_MEASURE"),
        ("open", "pv", {"top": 1001}, "INVALID_TOP"),
        ("open", "pv", {"top": -1}, "INVALID_TOP"),
        (FEBRUARY, "pv", {}, "UNKNOWN_PERIOD"),
        ("soon", "pv", {}, "INVALID_PERIOD"),
        ("open", "pv", {"least": "-1"}, "INVALID_TARGET"),
        ("open", "pv", {"least": "1e3"}, "INVALID_DECIMAL"),
        ("open", "pv", {"least": "1", "page_token": "MXg"}, "INVALID_PAGE_TOKEN"),
    ],
)
async def test_what_is_refused(ranked: Shop, period: str, by: str, fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refusal) as refusal:
        await (reached if "least" in fields else board)(ranked, period, by, **fields)
    assert refusal.value.reason == reason


async def test_none_without_a_plan_and_none_while_it_is_being_closed(bare: Shop) -> None:
    with pytest.raises(Refusal) as refusal:
        await board(bare, "open", "pv")
    assert refusal.value.reason == "NO_PLAN_IN_FORCE"
    await bare.publish(RANKED)
    await bare.service.command("ClosePeriod", pb.ClosePeriodRequest(parent=PARENT, period=JANUARY))
    with pytest.raises(Refusal) as refusal:
        await board(bare, JANUARY, "pv")
    assert refusal.value.reason == "PERIOD_STILL_CLOSING"


GRACE = RANKED.replace(b"personal_volume: 50}", b"personal_volume: 50, grace: 1}")
MONTHS = ("2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01")


@pytest.mark.parametrize("seed", range(6))
async def test_rated_again_a_closed_period_comes_to_what_its_rows_say(
    bare: Shop, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, names = random.Random(seed), ["ann", "bob", "cai"]
    await bare.publish(GRACE)
    sold: dict[str, tuple[str, int, float]] = {}
    for month, first_day in enumerate(MONTHS):
        names.append(f"m{month}")
        await bare.enrol(names[-1], chance.choice(names[:3]), joined=day(chance.randint(0, 27)))
        for number in range(chance.randint(0, 6)):
            if sold and chance.random() < 0.3:
                name = chance.choice(sorted(sold))
                member, pounds, at = sold.pop(name)
                back = str(chance.randint(1, pounds))
                await bare.record(bare.giving_back(f"r{name}", name, member=member, amount=back, at=day(at + 1)))
                continue
            member, pounds, at = chance.choice(names), chance.randint(1, 120), chance.uniform(28, 28 * (month + 2))
            sold[f"{month}-{number}"] = (member, pounds, at)
            await bare.record(bare.report(f"{month}-{number}", member, str(pounds), at=day(at)))
        await close(bare, first_day)
        for row in await bare.service.log.read(lambda reader: periods.period_rows(reader, "shop")):
            for by in sorted(KEPT_IN_ROWS):
                from_rows = await _measured(bare, row.sealed, by)
                with monkeypatch.context() as patch:
                    patch.setattr(estimates, "KEPT_IN_ROWS", frozenset[str]())
                    assert await _measured(bare, row.sealed, by) == from_rows, (first_day, row.sealed.start, by)


async def _measured(shop: Shop, sealed: Sealed, by: str) -> list[Standing]:
    measures = await shop.service.log.read(lambda reader: Estimates().closed_one(reader, "shop", sealed, by))
    return leaderboard(measures, by, 1000)


async def test_what_is_carried_in_is_as_the_last_closing_knew_it(bare: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await set_rule(bare)
    for name, parent, leg in (("ann", "", -1), ("bob", "ann", 0), ("cai", "ann", 1)):
        await put(bare, name, parent, leg, choice="PARENT")
    await bare.publish(BINARY)
    await bare.record(bare.report("s1", "bob", "100"))
    await close(bare, JANUARY)
    await bare.record(bare.report("late", "bob", "100", at=day(3)))  # carried into February: 200, not 100
    await bare.record(bare.report("s2", "cai", "200", at=day(40)))
    await close(bare, FEBRUARY)
    (february,) = (
        row.sealed
        for row in await bare.service.log.read(lambda reader: periods.period_rows(reader, "shop"))
        if row.sealed.start == day(31)
    )
    from_rows = await _measured(bare, february, "earned")
    assert [(one.member, one.value) for one in from_rows] == [(bare.ids["ann"], 20)]
    monkeypatch.setattr(estimates, "KEPT_IN_ROWS", frozenset[str]())
    assert await _measured(bare, february, "earned") == from_rows
