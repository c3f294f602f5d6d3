"""Lines that wait for the delivery of their sale: held until all of it has come, whatever is heard of first."""

import asyncio
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from fenxiao.api.settlement.v1.points_pb2 import AdvanceTimeRequest
from libs.servicekit.testing import Harness
from libs.servicekit.times import to_timestamp
from services.settlement.domain.accounts import Balances
from services.settlement.tests.given import (
    PARENT,
    day,
    delivery_withdrawn,
    goods_delivered,
    identity_checked,
    line,
    posted,
    wallet_bound,
)
from services.settlement.tests.naive import MEMBERS
from services.settlement.tests.test_properties import check_rebuilt
from services.settlement.tests.world import World
from services.settlement.wiring import SERVICE

PO, OTHER = "urn:epcglobal:cbv:bt:9521321000001:PO-1", "urn:epcglobal:cbv:bt:9521321000001:PO-2"
WINDOW, IDENTITY, THRESHOLD, DELIVERY = (
    pb.LINE_WAIT_RETURN_WINDOW,
    pb.LINE_WAIT_IDENTITY,
    pb.LINE_WAIT_THRESHOLD,
    pb.LINE_WAIT_DELIVERY,
)


async def advance(world: World, number: int) -> None:
    request = AdvanceTimeRequest(parent=PARENT, as_of=to_timestamp(day(number)))
    await world.service.command("AdvanceTime", request)


async def waits(world: World, member: str = "anna") -> list[list[int]]:
    return [list(one.waits_for) for one in (await world.statement(member)).lines]


# --- examples


async def test_a_line_is_held_until_its_sale_has_been_delivered(world: World) -> None:
    await advance(world, 10)
    await world.hears(posted(line("l1", "anna", 30, day(9), delivered=[PO])))
    assert await waits(world) == [[DELIVERY]]
    await world.hears(goods_delivered("d1", 8, OTHER))
    assert (await world.balances("anna")).held == 30
    await world.hears(goods_delivered("d2", 8, PO))
    assert await world.balances("anna") == Balances(accrued=30, payable=30)
    assert await waits(world) == [[]]


async def test_what_is_delivered_before_the_sale_is_heard_of_is_remembered(world: World) -> None:
    await advance(world, 10)
    await world.hears(goods_delivered("d1", 8, PO), posted(line("l1", "anna", 30, day(9), delivered=[PO])))
    assert (await world.balances("anna")).payable == 30


async def test_all_of_several_transactions_must_have_been_delivered(world: World) -> None:
    await advance(world, 10)
    await world.hears(posted(line("l1", "anna", 30, delivered=[PO, OTHER])), goods_delivered("d1", 8, PO))
    assert (await world.balances("anna")).held == 30
    await world.hears(goods_delivered("d2", 9, OTHER))
    assert (await world.balances("anna")).payable == 30


async def test_a_delivery_counts_from_when_it_happened_at_the_programmes_time(world: World) -> None:
    await world.hears(posted(line("l1", "anna", 30, delivered=[PO])), goods_delivered("d1", 12, PO))
    assert await waits(world) == [[DELIVERY]]  # its time has not begun
    await advance(world, 11)
    assert await waits(world) == [[DELIVERY]]
    await world.register()
    await world.hears(wallet_bound("anna"))
    assert (await world.preview(12)).total_minor == 30
    await advance(world, 12)
    assert (await world.balances("anna")).payable == 30


async def test_a_line_waits_for_everything_that_it_names(world: World) -> None:
    await advance(world, 5)
    await world.hears(posted(line("l1", "anna", 30, day(9), identity=True, threshold=50, delivered=[PO])))
    assert await waits(world) == [[WINDOW, IDENTITY, DELIVERY, THRESHOLD]]
    await world.hears(goods_delivered("d1", 5, PO), identity_checked("anna", 5))
    assert await waits(world) == [[WINDOW, THRESHOLD]]
    await advance(world, 9)
    assert await waits(world) == [[THRESHOLD]]
    await world.hears(posted(line("l2", "anna", 20)))
    assert (await world.balances("anna")).payable == 50


async def test_a_clawback_takes_of_a_line_that_waits_for_delivery(world: World) -> None:
    await advance(world, 5)
    await world.hears(
        posted(line("l1", "anna", 30, delivered=[PO])), posted(line("r1", "anna", -12, reverses="l1"), source="s2")
    )
    await world.hears(goods_delivered("d1", 5, PO))
    assert await world.balances("anna") == Balances(accrued=30, clawed_back=-12, payable=18)


# --- withdrawn


async def test_a_withdrawn_delivery_keeps_held_what_has_not_been_released(world: World) -> None:
    await advance(world, 5)
    await world.hears(posted(line("l1", "anna", 30, day(9), delivered=[PO])))
    await world.hears(goods_delivered("d1", 5, PO), delivery_withdrawn("d1", PO))
    await advance(world, 10)
    assert await waits(world) == [[DELIVERY]]
    await world.hears(goods_delivered("d1", 9, PO))  # it is said again
    assert (await world.balances("anna")).payable == 30


async def test_a_withdrawn_delivery_holds_again_what_is_not_paid(world: World) -> None:
    await advance(world, 5)
    await world.hears(posted(line("l1", "anna", 30, delivered=[PO]), line("l2", "anna", 8)))
    await world.hears(goods_delivered("d1", 5, PO))
    assert (await world.balances("anna")).payable == 38
    await world.hears(delivery_withdrawn("d1", PO))
    assert await world.balances("anna") == Balances(accrued=38, held=30, payable=8)
    assert await waits(world) == [[DELIVERY], []]


async def test_another_delivery_of_the_same_is_enough(world: World) -> None:
    await advance(world, 5)
    await world.hears(posted(line("l1", "anna", 30, delivered=[PO])))
    await world.hears(goods_delivered("d1", 4, PO), goods_delivered("d2", 5, PO), delivery_withdrawn("d1", PO))
    assert (await world.balances("anna")).payable == 30
    await world.hears(delivery_withdrawn("d2", PO))
    assert (await world.balances("anna")).held == 30


async def test_what_is_in_a_distribution_is_never_held_again(world: World) -> None:
    await world.register()
    await world.hears(wallet_bound("anna"), goods_delivered("d1", 5, PO))
    await world.hears(posted(line("l1", "anna", 30, delivered=[PO])))
    await world.close(6)
    await world.hears(posted(line("l2", "anna", 8)), delivery_withdrawn("d1", PO))
    assert await world.balances("anna") == Balances(accrued=38, payable=8, in_distribution=30)


async def test_without_a_wallet_nothing_goes_into_a_distribution_so_it_is_held_again(world: World) -> None:
    await world.register()
    await world.hears(posted(line("l1", "anna", 30, delivered=[PO]), line("l2", "ben", 5)), wallet_bound("ben"))
    await world.hears(goods_delivered("d1", 5, PO))
    await world.close(6)
    await world.hears(delivery_withdrawn("d1", PO))
    assert (await world.balances("anna")).held == 30


async def test_a_debt_that_was_settled_is_owed_again(world: World) -> None:
    await advance(world, 5)
    await world.hears(posted(line("r1", "anna", -12)), posted(line("l1", "anna", 30, delivered=[PO]), source="s2"))
    await world.hears(goods_delivered("d1", 5, PO))
    assert await world.balances("anna") == Balances(accrued=30, clawed_back=-12, payable=18)
    await world.hears(delivery_withdrawn("d1", PO))
    assert await world.balances("anna") == Balances(accrued=30, clawed_back=-12, held=30, debt=12)


async def test_several_lines_of_one_delivery_are_held_again_together(world: World) -> None:
    await advance(world, 5)
    lines = (line("l1", "anna", 30, delivered=[PO]), line("l2", "anna", 20, delivered=[PO, OTHER]))
    await world.hears(posted(line("r1", "anna", -12)), posted(*lines, source="s2"))
    await world.hears(goods_delivered("d1", 5, PO, OTHER))
    assert (await world.balances("anna")).payable == 38
    await world.hears(delivery_withdrawn("d1", PO, OTHER))
    assert await world.balances("anna") == Balances(accrued=50, clawed_back=-12, held=50, debt=12)


async def test_what_came_back_of_a_line_is_not_held_again(world: World) -> None:
    await advance(world, 5)
    await world.hears(posted(line("l1", "anna", 30, delivered=[PO]), line("l2", "anna", 100)))
    await world.hears(goods_delivered("d1", 5, PO), posted(line("r1", "anna", -20, reverses="l1"), source="s2"))
    await world.hears(delivery_withdrawn("d1", PO))
    assert await world.balances("anna") == Balances(accrued=130, clawed_back=-20, held=10, payable=100)


async def test_other_lines_that_a_threshold_released_stay_released(world: World) -> None:
    await advance(world, 5)
    await world.hears(posted(line("l1", "anna", 30, delivered=[PO]), line("l2", "anna", 30, threshold=50)))
    await world.hears(goods_delivered("d1", 5, PO))
    assert (await world.balances("anna")).payable == 60
    await world.hears(delivery_withdrawn("d1", PO))
    assert await world.balances("anna") == Balances(accrued=60, held=30, payable=30)


async def test_a_delivery_of_nothing_that_anybody_waits_for_moves_nothing(world: World) -> None:
    await advance(world, 5)
    before = len(await world.service.recorded())
    await world.hears(goods_delivered("d1", 5, PO), delivery_withdrawn("d1", PO))
    events = [type(one.event).__name__ for one in (await world.service.recorded())[before:]]
    assert events == ["DeliveryRemembered", "DeliveryForgotten"]


async def test_others_see_which_deliveries_count(world: World) -> None:
    await world.hears(goods_delivered("d1", 5, PO, OTHER), delivery_withdrawn("d1", PO, OTHER))
    remembered, forgotten = await world.service.published()
    assert remembered == settlement.DeliveryRemembered(
        delivery="d1", biz_transactions=[PO, OTHER], delivery_time=to_timestamp(day(5))
    )
    assert forgotten == settlement.DeliveryForgotten(delivery="d1")


# --- the order of arrival

_TRANSACTIONS = st.lists(st.sampled_from(("po1", "po2", "po3")), max_size=2, unique=True)
_DELIVERED = st.lists(st.sampled_from(("po1", "po2", "po3")), min_size=1, max_size=2, unique=True)
_LINES = st.lists(
    st.tuples(
        st.sampled_from(MEMBERS),
        st.integers(1, 60),
        st.none() | st.integers(0, 12),
        _TRANSACTIONS,
        st.sampled_from((0, 20, 50, 90)),
    ),
    min_size=1,
    max_size=6,
)
_DELIVERIES = st.lists(
    st.tuples(
        st.integers(0, 12), st.lists(st.sampled_from(("po1", "po2", "po3")), min_size=1, max_size=2, unique=True)
    ),
    max_size=3,
)
_TIMES = st.lists(st.integers(0, 12), max_size=3).map(sorted)


def shuffled(histories: Sequence[Sequence[Message | int]], order: random.Random) -> list[Message | int]:
    """Several histories in one, each in its own order."""
    turns = [index for index, one in enumerate(histories) for _ in one]
    order.shuffle(turns)
    rests = [iter(one) for one in histories]
    return [next(rests[index]) for index in turns]


async def outcome(histories: Sequence[Sequence[Message | int]], order: random.Random) -> dict[str, Balances]:
    with tempfile.TemporaryDirectory() as folder:
        async with Harness(SERVICE, Path(folder)) as service:
            world = World(service)
            await world.hears(posted(line("debt", "anna", -25), source="debt"))
            for one in shuffled(histories, order):
                await (advance(world, one) if isinstance(one, int) else world.hears(one))
            await advance(world, 12)
            await check_rebuilt(world)
            return {member: await world.balances(member) for member in MEMBERS}


@settings(max_examples=25, deadline=None)
@given(_LINES, _DELIVERIES, _TIMES, st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_makes_no_difference(
    lines: list[tuple[str, int, int | None, list[str], int]],
    deliveries: list[tuple[int, list[str]]],
    times: list[int],
    withdrawn: bool,  # drawn
    order: random.Random,
) -> None:
    """Sales, deliveries and times arrive in any order, with thresholds; or without these, but with withdrawals."""
    sales: list[Sequence[Message | int]] = [
        [posted(made, source=made.line)]
        for made in (
            line(f"l{i}", member, amount, None if until is None else day(until), threshold=least, delivered=names)
            for i, (member, amount, until, names, threshold) in enumerate(lines)
            for least in [0 if withdrawn else threshold]
        )
    ]
    told: list[Sequence[Message | int]] = [
        [goods_delivered(f"d{i}", since, *names)]
        + [one for one in (delivery_withdrawn(f"d{i}", *names),) if withdrawn and i % 2 == 0]
        + [one for one in (goods_delivered(f"d{i}", since + 1, *names),) if withdrawn and i == 2]
        for i, (since, names) in enumerate(deliveries)
    ]
    histories = [*sales, *told, times]

    async def run() -> list[dict[str, Balances]]:
        return [await outcome(histories, order) for _ in range(3)]

    first, *others = asyncio.run(run())
    assert all(one == first for one in others)
