"""Points, rewards and redemptions through the whole service: what is taken, given back, refused, and told to others."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.api.settlement.v1 import points_pb2 as pb
from fenxiao.api.settlement.v1 import settlement_pb2
from fenxiao.errors import Refusal
from libs.servicekit.testing import Harness
from libs.servicekit.times import from_timestamp, to_timestamp
from services.settlement.domain.accounts import Balances
from services.settlement.domain.errors import DoesNotFit
from services.settlement.domain.points_accounts import PointsBalances
from services.settlement.tests.given import GBP, PARENT, day, line, posted, wallet_bound
from services.settlement.tests.points_given import (
    STAR,
    Counter,
    member_name,
    points_line,
    points_posted,
    points_priced,
    reward_name,
)
from services.settlement.tests.world import World
from services.settlement.wiring import SERVICE


@pytest.fixture
async def counter(world: World) -> Counter:
    """Where a star is worth a pound at most."""
    await world.hears(points_priced("1"))
    return Counter(world)


async def refusal(work: Any) -> str:
    with pytest.raises(Refusal) as caught:
        await work
    return caught.value.reason


async def earn(counter: Counter, *lots: tuple[str, int, int, int | None], member: str = "anna") -> None:
    """Lots (name, amount, held up to a day, lost on a day), each earned on day 0."""
    for name, amount, until, expires in lots:
        lost = None if expires is None else day(expires)
        await counter.world.hears(points_posted(points_line(name, member, amount, day(until), lost)))


async def take_back(counter: Counter, amount: int, named: str, member: str = "anna") -> None:
    """A return."""
    name = f"back-{named}-{amount}"
    await counter.world.hears(points_posted(points_line(name, member, -amount, reverses=named)))


def cash(pennies: int) -> dict[str, Any]:
    return {"money": pb.RewardMoney(currency=GBP, amount_minor=pennies)}


# ---- lots


async def test_points_are_held_then_available_then_lost(counter: Counter) -> None:
    await earn(counter, ("l1", 80, 14, 30), ("l2", 20, 14, None))
    assert await counter.balances("anna") == PointsBalances(accrued=100, held=100)
    await counter.advance(14)
    assert await counter.balances("anna") == PointsBalances(accrued=100, available=100)
    (found,) = (await counter.points("anna")).points
    assert [(lot.line, lot.available) for lot in found.lots] == [("l1", 80), ("l2", 20)]
    assert (from_timestamp(found.next_expire_time), found.next_expire_points) == (day(30), 80)
    await counter.advance(30)
    assert await counter.balances("anna") == PointsBalances(accrued=100, available=20, expired=80)
    (found,) = (await counter.points("anna")).points
    assert not found.HasField("next_expire_time")


async def test_it_makes_no_difference_in_how_many_steps_time_goes_on(tmp_path: Path) -> None:
    outcomes: list[PointsBalances] = []
    for steps in (range(11), [10], [3, 8, 10]):
        folder = tmp_path / str(len(outcomes))
        folder.mkdir()
        async with Harness(SERVICE, folder) as service:
            counter = Counter(World(service))
            await earn(counter, ("l1", 10, 2, 9), ("l2", 7, 5, 5), ("l3", 9, 4, None))
            await take_back(counter, 30, "")
            await earn(counter, ("l4", 20, 6, 8), ("l5", 2, 3, 9), ("l6", 3, 7, 7), ("l7", 5, 9, None))
            for number in steps:
                await counter.advance(number)
            outcomes.append(await counter.balances("anna"))
    # Four are owed: two are settled on day 3, two on day 6; what expires as it would be released settles none.
    assert outcomes == [PointsBalances(accrued=56, clawed_back=-30, available=5, expired=21)] * 3


async def test_what_has_expired_is_not_taken_twice(counter: Counter) -> None:
    await earn(counter, ("old", 50, 1, 5), ("new", 40, 1, None))
    await counter.advance(5)
    assert await counter.balances("anna") == PointsBalances(accrued=90, available=40, expired=50)
    await take_back(counter, 50, "old")
    assert await counter.balances("anna") == PointsBalances(accrued=90, clawed_back=-50, available=40)


async def test_a_clawback_takes_what_expires_first_of_others_and_the_rest_is_a_debt(counter: Counter) -> None:
    await earn(counter, ("a", 30, 1, 9), ("b", 20, 1, 20), ("c", 20, 1, 30))
    await counter.define("thing", price=1)
    await counter.advance(2)
    await counter.redeem("anna", "thing", 30)
    await take_back(counter, 30, "a")
    (found,) = (await counter.points("anna")).points
    assert [(lot.line, lot.available) for lot in found.lots] == [("c", 10)]
    await take_back(counter, 20, "b")
    assert await counter.balances("anna") == PointsBalances(accrued=70, clawed_back=-50, redeemed=30, debt=10)
    # The debt is settled by what becomes available next.
    await earn(counter, ("d", 15, 1, 40))
    assert await counter.balances("anna") == PointsBalances(accrued=85, clawed_back=-50, redeemed=30, available=5)


async def test_what_comes_too_late_has_expired_and_settles_nothing(counter: Counter) -> None:
    await counter.advance(10)
    await take_back(counter, 3, "")
    await earn(counter, ("l1", 5, 1, 9))
    assert await counter.balances("anna") == PointsBalances(accrued=5, clawed_back=-3, expired=5, debt=3)
    (expired,) = [
        event for event in await counter.world.service.published() if isinstance(event, settlement.PointsExpired)
    ]
    assert [(part.line, part.amount) for part in expired.lots] == [("l1", 5)]


async def test_kinds_are_never_added(counter: Counter) -> None:
    await counter.world.hears(
        points_posted(points_line("s", "anna", 5)), points_posted(points_line("c", "anna", 7), points="coin")
    )
    assert [(one.points, one.available) for one in (await counter.points("anna")).points] == [("coin", 7), ("star", 5)]
    await counter.advance(0)
    await counter.define("thing", price=6)
    assert await refusal(counter.redeem("anna", "thing")) == "TOO_FEW_POINTS"
    assert await counter.world.balances("anna") == Balances(), "points are no money"


async def test_what_does_not_fit_halts_the_programme(counter: Counter) -> None:
    await earn(counter, ("l1", 5, 1, None))
    identity = points_line("l2", "anna", 5)
    identity.conditions.add().identity.SetInParent()
    for wrong in (
        points_line("x", "anna", -5, reverses="nothing"),
        points_line("x", "ben", -5, reverses="l1"),
        identity,
    ):
        with pytest.raises(DoesNotFit):
            await counter.world.hears(points_posted(wrong))
    with pytest.raises(DoesNotFit):
        await counter.world.hears(points_posted(points_line("x", "anna", -5, reverses="l1"), points="coin"))


# ---- redeeming


async def test_money_is_credited_with_the_points_that_it_costs(counter: Counter) -> None:
    world = counter.world
    await world.register()
    await counter.define("cash", price=10, **cash(100))
    await earn(counter, ("l1", 30, 1, 20), ("l2", 30, 1, 10))
    await world.hears(wallet_bound("anna"), posted(line("m1", "anna", 700, day(1))))
    await counter.advance(1)
    redeemed = await counter.redeem("anna", "cash", 4)
    assert (redeemed.amount, redeemed.state, redeemed.money.amount_minor) == (40, pb.REDEMPTION_STATE_CREDITED, 400)
    assert await counter.balances("anna") == PointsBalances(accrued=60, available=20, redeemed=40)
    assert await world.balances("anna") == Balances(accrued=1100, payable=1100)
    published = await world.service.published()
    (taken,) = [event for event in published if isinstance(event, settlement.PointsRedeemed)]
    assert [(part.line, part.amount) for part in taken.lots] == [("l2", 30), ("l1", 10)]
    (credited,) = [event for event in published if isinstance(event, settlement.MoneyRedeemed)]
    assert (credited.redemption, credited.amount_minor) == (taken.redemption, 400)
    statement = await world.statement("anna")
    assert [(one.component, one.rate, one.base, one.amount_minor) for one in statement.lines] == [
        ("direct", "0.08", "1.25", 700),
        ("reward:cash", "1", "4", 400),
    ]
    assert statement.line_count == 2
    assert (await world.close(2)).total_minor == 1100


async def test_money_settles_a_debt_first(counter: Counter) -> None:
    world = counter.world
    await world.register()
    await counter.define("cash", price=1, **cash(1))
    await earn(counter, ("l1", 90, 0, None))
    await world.hears(posted(line("m1", "anna", -50)))
    await counter.advance(1)
    await counter.redeem("anna", "cash", 80)
    assert await world.balances("anna") == Balances(accrued=80, clawed_back=-50, payable=30)


async def test_money_may_reach_the_threshold_of_what_is_held(counter: Counter) -> None:
    world = counter.world
    await world.register()
    await counter.define("cash", price=1, **cash(1))
    await earn(counter, ("l1", 90, 0, None))
    waiting = line("m1", "anna", 30)
    waiting.conditions.append(commission.Condition(threshold=commission.Condition.Threshold(least_minor=100)))
    await world.hears(posted(waiting))
    await counter.advance(1)
    await counter.redeem("anna", "cash", 69)
    assert await world.balances("anna") == Balances(accrued=99, held=30, payable=69)
    await counter.redeem("anna", "cash", 1)
    assert await world.balances("anna") == Balances(accrued=100, payable=100)


async def test_nothing_is_taken_where_the_money_cannot_be_credited(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = counter.world
    await world.register()
    await counter.define("cash", price=1, **cash(1))
    await earn(counter, ("l1", 5, 0, None))
    await counter.advance(1)

    def broken(*_: object) -> None:
        raise RuntimeError("the lights go out")

    before = len(await world.service.recorded())
    monkeypatch.setattr("services.settlement.features.redeem_points.decide_credit", broken)
    with pytest.raises(RuntimeError):
        await counter.redeem("anna", "cash", 5)
    assert len(await world.service.recorded()) == before
    assert await counter.balances("anna") == PointsBalances(accrued=5, available=5)


async def test_the_same_request_redeems_once(counter: Counter) -> None:
    await counter.define("thing", price=3)
    await earn(counter, ("l1", 10, 0, None))
    await counter.advance(1)
    first = await counter.redeem("anna", "thing", request_id="r1")
    assert await counter.redeem("anna", "thing", request_id="r1") == first
    assert (await counter.balances("anna")).redeemed == 3
    assert await refusal(counter.redeem("anna", "thing", 2, request_id="r1")) == "REQUEST_ID_REUSED"


async def test_no_more_is_redeemed_at_once_than_there_is(counter: Counter) -> None:
    await counter.define("few", price=1, stock=7)
    for number in range(20):
        await earn(counter, (f"l{number}", 1, 0, None), member=f"m{number % 10}")
    await counter.advance(1)
    wishes = [counter.wish(f"m{number % 10}", "few") for number in range(20)]
    answers = await counter.world.service.commands("RedeemPoints", wishes)
    reasons = [answer.reason for answer in answers if isinstance(answer, Refusal)]
    assert (len(answers) - len(reasons), set(reasons)) == (7, {"OUT_OF_STOCK"})
    (reward,) = (await counter.rewards()).rewards
    assert (reward.stock, reward.redeemed) == (7, 7)

    await counter.define("many", price=2)
    wishes = [counter.wish("ben", "many") for _ in range(10)]
    await earn(counter, ("b", 9, 0, None), member="ben")
    answers = await asyncio.gather(counter.world.service.commands("RedeemPoints", wishes))
    assert sum(isinstance(answer, pb.Redemption) for answer in answers[0]) == 4
    assert await counter.balances("ben") == PointsBalances(accrued=9, available=1, redeemed=8)


async def test_what_is_refused_says_why(counter: Counter) -> None:
    await earn(counter, ("l1", 100, 0, None))
    await counter.define("mug", price=10)
    assert await refusal(counter.redeem("anna")) == "TIME_NOT_BEGUN"
    await counter.advance(5)
    assert await refusal(counter.redeem("anna", "nothing")) == "UNKNOWN_REWARD"
    assert await refusal(counter.redeem("anna", quantity=0)) == "INVALID_QUANTITY"
    assert await refusal(counter.redeem("anna", quantity=-1)) == "INVALID_QUANTITY"
    assert await refusal(counter.redeem("anna", quantity=11)) == "TOO_FEW_POINTS"
    assert await refusal(counter.redeem("nobody")) == "TOO_FEW_POINTS"
    assert await refusal(counter.redeem("anna", quantity=2**62)) in {"INVALID_QUANTITY", "AMOUNT_TOO_LARGE"}
    await counter.world.hears(membership.MemberSuspended(member="anna"))
    assert await refusal(counter.redeem("anna")) == "MEMBER_SUSPENDED"
    await counter.world.hears(membership.MemberReinstated(member="anna"))
    await counter.define("mug", price=11)
    assert await refusal(counter.redeem("anna", version=1)) == "REWARD_CHANGED"
    assert (await counter.redeem("anna", version=2)).amount == 11
    await counter.withdraw()
    assert await refusal(counter.redeem("anna")) == "REWARD_WITHDRAWN"
    other = pb.RedeemPointsRequest(parent=PARENT, member="programmes/other/members/a", reward=reward_name("mug"))
    assert await refusal(counter.world.service.command("RedeemPoints", other)) == "OTHER_PROGRAMME"


async def test_a_window_is_of_the_programmes_time(counter: Counter) -> None:
    await earn(counter, ("l1", 100, 0, None))
    await counter.define("mug", price=1, start_time=to_timestamp(day(5)), end_time=to_timestamp(day(8)))
    outcomes: list[str] = []
    for number in (4, 5, 7, 8):
        await counter.advance(number)
        try:
            await counter.redeem("anna")
            outcomes.append("taken")
        except Refusal as no:
            outcomes.append(no.reason)
    assert outcomes == ["REWARD_NOT_ON_OFFER", "taken", "taken", "REWARD_NOT_ON_OFFER"]


# ---- what becomes of it


async def test_a_cancelled_redemption_gives_points_back_to_their_lots(counter: Counter) -> None:
    await counter.define("mug", price=50, stock=1)
    await earn(counter, ("l1", 30, 0, 10), ("l2", 30, 0, None))
    await counter.advance(1)
    redeemed = await counter.redeem("anna")
    assert await refusal(counter.redeem("anna")) == "OUT_OF_STOCK"
    await counter.advance(10)
    cancelled = await counter.cancel(redeemed)
    assert cancelled.state == pb.REDEMPTION_STATE_CANCELLED
    # What was taken of the first lot would be lost by now, and is.
    assert await counter.balances("anna") == PointsBalances(accrued=60, available=30, expired=30)
    assert await counter.cancel(redeemed) == cancelled
    assert await counter.balances("anna") == PointsBalances(accrued=60, available=30, expired=30)
    assert (await counter.rewards()).rewards[0].redeemed == 0
    # What has expired with the cancellation is not taken twice either.
    await take_back(counter, 30, "l1")
    assert await counter.balances("anna") == PointsBalances(accrued=60, clawed_back=-30, available=30)


async def test_what_comes_back_settles_a_debt_first(counter: Counter) -> None:
    await counter.define("mug", price=50)
    await earn(counter, ("l1", 30, 0, 10), ("l2", 20, 0, None))
    await counter.advance(1)
    redeemed = await counter.redeem("anna")
    await take_back(counter, 20, "l2")
    assert (await counter.balances("anna")).debt == 20
    await counter.advance(10)
    await counter.cancel(redeemed)
    # Of the lot that has expired, 20 settle the debt, so that only the rest of it is lost.
    assert await counter.balances("anna") == PointsBalances(accrued=50, clawed_back=-20, available=20, expired=10)


async def test_what_is_delivered_or_credited_is_final(counter: Counter) -> None:
    await counter.world.register()
    await counter.define("mug", price=1)
    await counter.define("cash", price=1, **cash(1))
    await earn(counter, ("l1", 10, 0, None))
    await counter.advance(1)
    mug, money = await counter.redeem("anna"), await counter.redeem("anna", "cash")
    done = await counter.fulfil(mug)
    assert done.state == pb.REDEMPTION_STATE_FULFILLED
    assert await counter.fulfil(mug) == done
    assert await refusal(counter.cancel(mug)) == "REDEMPTION_NOT_OPEN"
    assert await refusal(counter.cancel(money)) == "REDEMPTION_NOT_OPEN"
    assert await refusal(counter.fulfil(money)) == "REDEMPTION_NOT_OPEN"
    unknown = pb.Redemption(name=f"{PARENT}/redemptions/nothing")
    assert await refusal(counter.cancel(unknown)) == "UNKNOWN_REDEMPTION"


async def test_redemptions_are_listed(counter: Counter) -> None:
    await counter.define("mug", price=1)
    for member in ("anna", "ben"):
        await earn(counter, (f"l-{member}", 10, 0, None), member=member)
    await counter.advance(1)
    made = [await counter.redeem(member) for member in ("anna", "ben", "anna")]
    await counter.cancel(made[0])
    first = await counter.redemptions(page_size=2)
    rest = await counter.redemptions(page_size=2, page_token=first.next_page_token)
    assert [one.name for one in (*first.redemptions, *rest.redemptions)] == [one.name for one in made]
    assert not rest.next_page_token
    mine = await counter.redemptions(member=member_name("anna"), state=pb.REDEMPTION_STATE_OPEN)
    assert [one.name for one in mine.redemptions] == [made[2].name]
    assert [one.name for one in (await counter.redemptions(reward=reward_name("mug"))).redemptions] == [
        one.name for one in made
    ]
    assert await refusal(counter.redemptions(page_token="Mg")) == "INVALID_PAGE_TOKEN"


# ---- rewards


async def test_a_reward_changes_by_versions_only(counter: Counter) -> None:
    await counter.world.register()
    first = await counter.define("mug", price=10, stock=5)
    assert await counter.define("mug", price=10, stock=5) == first
    second = await counter.define("mug", price=12, stock=5)
    assert (first.version, second.version) == (1, 2)
    assert (await counter.withdraw()).withdrawn
    assert (await counter.withdraw()).withdrawn
    assert list((await counter.rewards()).rewards) == []
    assert [one.version for one in (await counter.rewards(with_withdrawn=True)).rewards] == [2]
    # The same content again puts it back on offer, as another version: its stock counts anew.
    assert (await counter.define("mug", price=12, stock=5)).version == 3
    defined = [one for one in await counter.world.service.published() if isinstance(one, settlement.RewardDefined)]
    assert [(one.version, one.price_points) for one in defined] == [(1, 10), (2, 12), (3, 12)]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"reward": "Mug"}, "INVALID_REWARD"),
        ({"reward": ""}, "INVALID_REWARD"),
        ({"points": "Star kind"}, "INVALID_REWARD"),
        ({"price": 0}, "INVALID_REWARD"),
        ({"price": -5}, "INVALID_REWARD"),
        ({"price": 2**62}, "INVALID_REWARD"),
        ({"title_en": ""}, "INVALID_REWARD"),
        ({"title_zh": "一\n二"}, "INVALID_REWARD"),
        ({"title_en": "x" * 129}, "INVALID_REWARD"),
        ({"stock": 0}, "INVALID_REWARD"),
        ({"start_time": to_timestamp(day(2)), "end_time": to_timestamp(day(2))}, "INVALID_REWARD"),
        ({"money": pb.RewardMoney(currency=GBP)}, "INVALID_REWARD"),
        ({"money": pb.RewardMoney(currency=GBP, amount_minor=-1)}, "INVALID_REWARD"),
        ({"money": pb.RewardMoney(currency="EUR", amount_minor=1)}, "ASSET_NOT_REGISTERED"),
    ],
)
async def test_a_reward_that_cannot_be_is_refused(counter: Counter, fields: dict[str, Any], reason: str) -> None:
    await counter.world.register()
    wanted: dict[str, Any] = {"price": 10, **fields}
    assert await refusal(counter.define(**wanted)) == reason


async def test_points_are_listed_by_kind_and_member(counter: Counter) -> None:
    for member in ("ben", "anna"):
        await earn(counter, (f"s-{member}", 5, 0, None), member=member)
    await counter.world.hears(points_posted(points_line("c", "anna", 7), points="coin"))
    found: list[tuple[str, str]] = []
    token = ""
    for _ in range(3):
        request = pb.ListPointsRequest(parent=PARENT, page_size=1, page_token=token)
        answer = await counter.world.service.query("ListPoints", request)
        found += [(one.points, one.member) for one in answer.points]
        token = answer.next_page_token
    assert (found, token) == ([("coin", "anna"), ("star", "anna"), ("star", "ben")], "")
    only = await counter.world.service.query("ListPoints", pb.ListPointsRequest(parent=PARENT, points=STAR))
    assert [one.member for one in only.points] == ["anna", "ben"]


# ---- time


async def test_time_goes_on_without_a_distribution(counter: Counter) -> None:
    world = counter.world
    await world.register()
    await world.hears(posted(line("m1", "anna", 700, day(3))))
    assert from_timestamp((await counter.advance(3)).as_of) == day(3)
    assert await world.balances("anna") == Balances(accrued=700, payable=700)
    before = len(await world.service.recorded())
    await counter.advance(3)
    assert len(await world.service.recorded()) == before
    assert await refusal(counter.advance(2)) == "AS_OF_GOES_BACK"
    missing = pb.AdvanceTimeRequest(parent=PARENT)
    assert await refusal(world.service.command("AdvanceTime", missing)) == "AS_OF_MISSING"
    future = pb.AdvanceTimeRequest(parent=PARENT, as_of=to_timestamp(day(0) + timedelta(days=365 * 200)))
    assert await refusal(world.service.command("AdvanceTime", future)) == "AS_OF_IN_FUTURE"


async def test_a_distribution_lets_points_expire_too(counter: Counter) -> None:
    world = counter.world
    await world.register()
    await world.hears(wallet_bound("anna"), posted(line("m1", "anna", 700, day(3))))
    await earn(counter, ("l1", 5, 1, 4))
    closed = await world.close(4)
    assert closed.state == settlement_pb2.DISTRIBUTION_STATE_CLOSED
    assert await counter.balances("anna") == PointsBalances(accrued=5, expired=5)
