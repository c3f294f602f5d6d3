"""Returns: with their sale and without, in parts and whole."""

from datetime import timedelta
from decimal import Decimal

import pytest

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.commission.v1 import events_pb2 as public
from services.commission.tests.shop import Shop, day


async def test_a_full_return_takes_everything_back(shop: Shop) -> None:
    sale = await shop.record(shop.report("s1", amount="99.99"))
    back = await shop.record(shop.giving_back("r1", "s1", amount="99.99"))
    assert shop.earned(back) == {name: -minor for name, minor in shop.earned(sale).items()}
    assert not any(line.HasField("hold_until") for line in back.lines)
    returned, posted = (await shop.service.published())[-2:]
    assert isinstance(returned, public.ReturnRecorded)
    assert isinstance(posted, public.LinesPosted)
    assert f"programmes/shop/sales/{returned.original_sale}" == sale.name
    assert [line.reverses for line in posted.lines] == [line.id for line in sale.lines]
    assert not any(line.conditions for line in posted.lines)


async def test_partial_returns_sum_to_the_whole(shop: Shop) -> None:
    await shop.record(shop.report("s1", amount="0.97"))
    for n, part in enumerate(["0.3", "0.07", "0.05", "0.199", "0.351"]):
        await shop.record(shop.giving_back(f"r{n}", "s1", amount=part))
    totals: dict[str, int] = {}
    for line in await shop.posted():
        totals[line.member] = totals.get(line.member, 0) + line.amount_minor
    assert set(totals.values()) == {0}
    assert await shop.refused(shop.giving_back("r9", "s1", amount="0.000000001")) == "RETURN_EXCEEDS_SALE"


async def test_no_more_comes_back_than_was_sold(shop: Shop) -> None:
    await shop.record(shop.report("s1", amount="100"))
    assert await shop.refused(shop.giving_back("r1", "s1", amount="100.01")) == "RETURN_EXCEEDS_SALE"
    await shop.record(shop.giving_back("r1", "s1", amount="60"))
    assert await shop.refused(shop.giving_back("r2", "s1", amount="40.000000001")) == "RETURN_EXCEEDS_SALE"
    assert await shop.refused(shop.giving_back("r2", "s1", amount="40")) == ""


async def test_the_same_return_again_takes_back_once(shop: Shop) -> None:
    await shop.record(shop.report("s1"))
    first = await shop.record(shop.giving_back("r1", "s1"))
    assert await shop.record(shop.giving_back("r1", "s1")) == first
    assert sum(line.amount_minor for line in await shop.posted()) == 0


async def test_a_return_must_fit_its_sale(shop: Shop) -> None:
    await shop.record(shop.report("s1", at=day(2)))
    await shop.record(shop.giving_back("r0", at=day(2)))
    assert await shop.refused(shop.giving_back("r1", "s9", at=day(3))) == "UNKNOWN_SALE"
    assert await shop.refused(shop.giving_back("r1", "s1", at=day(3), member="bob")) == "RETURN_OF_OTHER_MEMBER"
    assert await shop.refused(shop.giving_back("r1", "s1", at=day(2) - timedelta(seconds=1))) == "RETURN_BEFORE_SALE"
    assert await shop.refused(shop.giving_back("r1", "r0", at=day(3))) == "ORIGINAL_IS_RETURN"
    assert await shop.refused(shop.giving_back("r1", "s\n1", at=day(3))) == "INVALID_REFERENCE"
    assert await shop.refused(shop.giving_back("r1", "s1", at=day(2))) == ""


async def test_a_named_sale_is_taken_back_under_its_own_plan_and_tree(shop: Shop) -> None:
    await shop.record(shop.report("s1", at=day(1)))
    await shop.publish(version="2", levels="50%", effective=day(10))
    await shop.enrol("eve")
    await shop.move("cai", "eve", day(10))
    back = await shop.record(shop.giving_back("r1", "s1", at=day(11), amount="50"))
    assert shop.earned(back) == {"cai": -400, "bob": -200, "ann": -100}


async def test_without_a_sale_the_plan_and_tree_of_the_return_itself_count(shop: Shop) -> None:
    await shop.record(shop.report("s1", at=day(1)))
    await shop.publish(version="2", levels="10%, 1%", effective=day(10))
    await shop.enrol("eve")
    await shop.move("cai", "eve", day(10))
    back = await shop.record(shop.giving_back("r1", at=day(11), amount="50"))
    assert shop.earned(back) == {"cai": -500, "eve": -50}
    assert not any(line.reverses for line in await shop.posted())


async def test_a_sale_that_earned_nothing_gives_nothing_back(bare: Shop) -> None:
    await bare.record(bare.report("s1", amount="100"))
    await bare.publish(effective=day(1.5))
    assert not (await bare.record(bare.giving_back("r1", "s1", amount="60"))).lines
    assert await bare.refused(bare.giving_back("r2", "s1", amount="60")) == "RETURN_EXCEEDS_SALE"
    assert await bare.posted() == []


async def test_a_part_too_small_for_a_line_posts_none_and_is_made_up_for_later(shop: Shop) -> None:
    await shop.record(shop.report("s1", amount="1"))
    assert shop.earned(await shop.record(shop.giving_back("r1", "s1", amount="0.01"))) == {}
    assert shop.earned(await shop.record(shop.giving_back("r2", "s1", amount="0.99"))) == {
        "cai": -8,
        "bob": -4,
        "ann": -2,
    }


@pytest.mark.parametrize("rounding", ["half_up", "half_down", "half_even", "down", "up"])
async def test_many_small_returns_net_to_zero_in_every_rounding(bare: Shop, rounding: str) -> None:
    await bare.publish(rounding=rounding)
    await bare.record(bare.report("s1", amount="12.34"))
    results = await bare.batch(*[bare.giving_back(f"r{n}", "s1", amount="0.1234") for n in range(100)])
    assert {result.problem.reason for result in results} == {""}
    assert sum(line.amount_minor for line in await bare.posted()) == 0
    listed = await bare.service.query("ListSales", pb.ListSalesRequest(parent="programmes/shop", page_size=1000))
    assert sum(Decimal(sale.amount) for sale in listed.sales if sale.original_reference) == Decimal("12.34")
