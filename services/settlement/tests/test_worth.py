"""Rewards give no more money for points than the plans say that these are worth."""

from typing import Any

import pytest

from fenxiao.api.settlement.v1 import points_pb2 as pb
from fenxiao.errors import Refusal
from services.settlement.tests.given import GBP, day
from services.settlement.tests.points_given import STAR, Counter, points_line, points_posted, points_priced
from services.settlement.tests.test_properties import check_rebuilt
from services.settlement.tests.world import World


@pytest.fixture
async def counter(world: World) -> Counter:
    """A shop that pays in pounds. Nobody has said what points are worth."""
    await world.register()
    return Counter(world)


def cash(pennies: int, currency: str = GBP) -> dict[str, Any]:
    return {"money": pb.RewardMoney(currency=currency, amount_minor=pennies)}


async def refused(work: Any) -> tuple[str, str]:
    with pytest.raises(Refusal) as caught:
        await work
    return caught.value.reason, caught.value.field


async def test_points_of_which_nothing_was_said_give_things_and_no_money(counter: Counter) -> None:
    await counter.define("mug")
    assert await refused(counter.define("cash", price=100, **cash(1))) == ("POINTS_WITHOUT_WORTH", "reward")
    await counter.world.hears(points_priced("0.01", points="coin"))  # of others
    assert await refused(counter.define("cash", price=100, **cash(1))) == ("POINTS_WITHOUT_WORTH", "reward")
    await counter.world.hears(points_priced("0"))
    assert await refused(counter.define("cash", price=100, **cash(1))) == ("POINTS_WITHOUT_WORTH", "reward")


async def test_a_reward_gives_no_more_than_its_points_are_worth_to_the_penny(counter: Counter) -> None:
    await counter.world.hears(points_priced("0.0133"))
    assert await refused(counter.define("cash", price=100, **cash(134))) == ("REWARD_ABOVE_WORTH", "reward")
    assert (await counter.define("cash", price=100, **cash(133))).version == 1
    assert await refused(counter.define("cash", price=99, **cash(133))) == ("REWARD_ABOVE_WORTH", "reward")
    assert await refused(counter.define("one", price=1, **cash(2))) == ("REWARD_ABOVE_WORTH", "reward")
    assert (await counter.define("one", price=1, **cash(1))).version == 1


async def test_the_least_that_any_plan_says_counts_for_all_points_of_a_kind(counter: Counter) -> None:
    await counter.world.hears(points_priced("0.02"), points_priced("0.01"), points_priced("0.05"))
    assert await refused(counter.define("cash", price=100, **cash(101))) == ("REWARD_ABOVE_WORTH", "reward")
    await counter.define("cash", price=100, **cash(100))
    await counter.world.hears(points_priced("0"))
    assert await refused(counter.define("more", price=100, **cash(1))) == ("POINTS_WITHOUT_WORTH", "reward")
    await check_rebuilt(counter.world)


async def test_worth_in_another_currency_is_none_in_this(counter: Counter) -> None:
    await counter.world.hears(points_priced("10", currency="EUR"))
    assert await refused(counter.define("cash", price=100, **cash(1))) == ("REWARD_IN_OTHER_CURRENCY", "reward")
    await counter.world.hears(points_priced("10", currency=GBP))
    assert await refused(counter.define("cash", price=100, **cash(1))) == ("POINTS_WITHOUT_WORTH", "reward")


async def test_what_is_said_after_a_reward_was_defined_counts_when_it_is_redeemed(counter: Counter) -> None:
    await counter.world.hears(points_priced("0.02"))
    await counter.define("cash", price=10, **cash(20))
    await counter.define("mug", price=10)
    await counter.advance(1)
    await counter.world.hears(points_posted(points_line("l1", "anna", 50, day(1))))
    assert (await counter.redeem("anna", "cash")).money.amount_minor == 20
    await counter.world.hears(points_priced("0.01"))
    assert await refused(counter.redeem("anna", "cash")) == ("REWARD_ABOVE_WORTH", "reward")
    assert (await counter.balances("anna")).available == 40
    assert (await counter.define("cash", price=10, **cash(20))).version == 1  # the same again changes nothing
    assert (await counter.define("cash", price=10, **cash(10))).version == 2
    assert (await counter.redeem("anna", "cash")).money.amount_minor == 10
    await counter.redeem("anna", "mug")
    assert (await counter.points("anna")).points[0].points == STAR
