"""What becomes of points can be recomputed from what everybody is told, and any change to that shows."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings

from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.api.settlement.v1 import points_pb2 as pb
from fenxiao.plans import plan_hash
from fenxiao.verify.export import Export
from fenxiao.verify.facts import unpack
from libs.servicekit.testing import Harness
from services.settlement.tests.given import GBP, day, line, posted, wallet_bound
from services.settlement.tests.points_given import Counter, points_line, points_posted
from services.settlement.tests.points_naive import NaivePoints
from services.settlement.tests.test_points_properties import STEPS, Advance, Step
from services.settlement.tests.test_points_properties import take as take_points
from services.settlement.tests.test_properties import Names
from services.settlement.tests.test_verified import Heard, faults, first
from services.settlement.wiring import SERVICE

STARS = b"""
plan: stars
version: '1'
currency: GBP
effective_from: 2011-01-01T00:00:00Z
rounding: half_up
jurisdictions: []
return_window: 14
components:
  - {id: stars, type: points, kind: star, rate: 1, worth: 0.10}
"""


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_a_stranger_comes_to_the_same_points(history: list[Step]) -> None:
    async def run() -> set[str]:
        with tempfile.TemporaryDirectory() as folder:
            async with Harness(SERVICE, Path(folder)) as service:
                world, plain, names, made = Heard(service), NaivePoints(), Names(), list[pb.Redemption]()
                counter = Counter(world)
                await world.register()
                await world.publishes(STARS)
                await counter.define("thing", price=1)
                await counter.define("cash", price=1, money=pb.RewardMoney(currency=GBP, amount_minor=1))
                for step in [Advance(0), *history]:
                    await take_points(counter, plain, names, made, step)
                return faults(await world.export())

    assert asyncio.run(run()) == set()


@pytest.fixture
async def export(tmp_path: Path) -> Export:
    """Points that are redeemed for things and for money, that come back, and that expire."""
    async with Harness(SERVICE, tmp_path) as service:
        world = Heard(service)
        counter = Counter(world)
        await world.register()
        await world.publishes(STARS)
        await counter.define("mug", price=10, stock=3, end_time=None)
        await counter.define("cash", price=10, money=pb.RewardMoney(currency=GBP, amount_minor=100))
        await world.hears(
            wallet_bound("anna"),
            points_posted(
                points_line("a1", "anna", 50, day(2), day(9)), points_line("a2", "anna", 50, day(2), day(20))
            ),
            points_posted(points_line("b1", "ben", 30, day(2), day(7))),
            posted(line("m1", "anna", 500, day(2))),
        )
        await counter.advance(2)
        await counter.redeem("anna", "cash", 3)
        first_mug, second_mug = await counter.redeem("anna"), await counter.redeem("anna")
        await counter.redeem("anna")
        await counter.fulfil(first_mug)
        await world.hears(points_posted(points_line("r1", "anna", -10, reverses="a1")))
        await counter.advance(8)
        await counter.cancel(second_mug)
        await counter.define("mug", price=12)
        await counter.withdraw("cash")
        await world.close(10)
        return await world.export()


def test_an_honest_service_passes(export: Export) -> None:
    assert faults(export) == set()
    figures = {one.member: (one.available, one.redeemed, one.expired, one.debt) for one in export.points}
    assert figures == {"anna": (30, 50, 10, 0), "ben": (0, 0, 30, 0)}
    assert {one.member: one.in_distribution_minor for one in export.statements} == {"anna": 800}


def event_of(kind: type[Message], change: Callable[[Any], None], number: int = 0) -> Callable[[Export], None]:
    """Changes one of settlement's public events."""

    def tamper(export: Export) -> None:
        event, data = first(export, "settlement", kind, number)
        change(data)
        event.data.Pack(data)

    return tamper


def without(kind: type[Message], number: int = 0) -> Callable[[Export], None]:
    """Leaves one of them out."""

    def tamper(export: Export) -> None:
        event, _ = first(export, "settlement", kind, number)
        export.events["settlement"].remove(event)

    return tamper


def more_points(export: Export) -> None:
    event, data = first(export, "commission", commission.LinesPosted)
    data.lines[0].amount_minor += 1
    event.data.Pack(data)


def earned_earlier(export: Export) -> None:
    event, data = first(export, "commission", commission.LinesPosted)
    data.occur_time.seconds -= 86_400
    event.data.Pack(data)


def no_expiry(export: Export) -> None:
    for event in export.events["commission"]:
        data = unpack(event)
        if isinstance(data, commission.LinesPosted) and data.lines[0].line == "b1":
            data.lines[0].ClearField("expire_time")
            event.data.Pack(data)


def another_balance(export: Export) -> None:
    export.points[0].available += 1


def a_balance_too_few(export: Export) -> None:
    export.points.pop()


def swap(first_name: str, second_name: str) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        for lot in data.lots:
            lot.line = second_name if lot.line == first_name else lot.line

    return change


TAMPERED = {
    "more points": more_points,
    "earned earlier": earned_earlier,
    "no expiry": no_expiry,
    "another balance": another_balance,
    "a balance too few": a_balance_too_few,
    "held twice": event_of(settlement.PointsHeld, lambda data: data.lines.append("a1"), 1),
    "held in another kind": event_of(settlement.PointsHeld, lambda data: setattr(data, "points", "coin")),
    "not held": without(settlement.PointsHeld, 1),
    "less expired": event_of(settlement.PointsExpired, lambda data: setattr(data.lots[0], "amount", 1)),
    "expired unsaid": without(settlement.PointsExpired),
    "another price": event_of(settlement.RewardDefined, lambda data: setattr(data, "price_points", 9)),
    "another gift": event_of(settlement.RewardDefined, lambda data: setattr(data.money, "amount_minor", 101), 1),
    "no gift": event_of(settlement.RewardDefined, lambda data: data.ClearField("money"), 1),
    "less stock": event_of(settlement.RewardDefined, lambda data: setattr(data, "stock", 2)),
    "over before": event_of(settlement.RewardDefined, lambda data: setattr(data.end_time, "seconds", 1)),
    "another version": event_of(settlement.RewardDefined, lambda data: setattr(data, "version", 7), 2),
    "never defined": without(settlement.RewardDefined),
    "withdrawn twice": event_of(settlement.RewardWithdrawn, lambda data: setattr(data, "reward", "mug")),
    "cheaper": event_of(settlement.PointsRedeemed, lambda data: setattr(data, "amount", 29)),
    "more of it": event_of(settlement.PointsRedeemed, lambda data: setattr(data, "quantity", 4)),
    "somebody else": event_of(settlement.PointsRedeemed, lambda data: setattr(data, "member", "ben")),
    "not first in first out": event_of(settlement.PointsRedeemed, swap("a1", "a2")),
    "redeemed unsaid": without(settlement.PointsRedeemed, 3),
    "more money": event_of(settlement.MoneyRedeemed, lambda data: setattr(data, "amount_minor", 301)),
    "money for another": event_of(settlement.MoneyRedeemed, lambda data: setattr(data, "member", "ben")),
    "money unsaid": without(settlement.MoneyRedeemed),
    "delivered, not redeemed": event_of(
        settlement.RedemptionFulfilled, lambda data: setattr(data, "redemption", "nothing")
    ),
    "more back": event_of(settlement.RedemptionCancelled, lambda data: setattr(data.lots[0], "amount", 11)),
    "not back": without(settlement.RedemptionCancelled),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_any_change_shows(export: Export, name: str) -> None:
    TAMPERED[name](export)
    assert faults(export)


def test_money_is_credited_once(export: Export) -> None:
    event, _ = first(export, "settlement", settlement.MoneyRedeemed)
    again = type(event)()
    again.CopyFrom(event)
    again.id += " again"
    at = export.events["settlement"].index(event)
    export.events["settlement"].insert(at + 1, again)
    assert "redemptions" in faults(export)


def cheaper_points(export: Export, worth: bytes) -> None:
    """The plan by which the points were given says less."""
    event, data = first(export, "commission", commission.PlanPublished)
    data.document = STARS.replace(b"worth: 0.10", worth)
    data.hash = plan_hash(data.document)
    event.data.Pack(data)
    for posted_event in export.events["commission"]:
        lines = unpack(posted_event)
        if isinstance(lines, commission.LinesPosted) and lines.points:
            lines.plan_hash = data.hash
            posted_event.data.Pack(lines)


@pytest.mark.parametrize("worth", [b"worth: 0.099", b"worth: 0", b"release: {days: 14}"])
def test_money_for_points_is_no_more_than_their_plan_says(export: Export, worth: bytes) -> None:
    cheaper_points(export, worth)
    assert faults(export) == {"redemptions"}


def test_money_for_points_is_no_more_than_any_plan_says_by_which_some_were_given(export: Export) -> None:
    event, data = first(export, "commission", commission.PlanPublished)
    other = STARS.replace(b"worth: 0.10", b"worth: 0.05").replace(b"'1'", b"'2'")
    data.document, data.hash = other, plan_hash(other)
    another = type(event)()
    another.CopyFrom(event)
    another.data.Pack(data)
    another.id, another.position = "another", "test:0:1"
    export.events["commission"].insert(0, another)
    posted_event, lines = first(export, "commission", commission.LinesPosted, 1)  # Ben's
    lines.plan_hash = data.hash
    posted_event.data.Pack(lines)
    assert faults(export) == {"redemptions"}
