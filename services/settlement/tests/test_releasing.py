"""Which ripe lines are released, and whose identity is checked: examples, and against slow references."""

from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from services.settlement.domain.accounts import Balances
from services.settlement.domain.errors import DoesNotFit
from services.settlement.domain.events import LinesReleased
from services.settlement.domain.identity import Said, checked_at
from services.settlement.domain.releasing import Ripe
from services.settlement.tests.given import day, identity_checked, identity_withdrawn, line, posted, wallet_bound
from services.settlement.tests.world import World


@pytest.mark.parametrize(
    ("net", "held", "reached", "due"),
    [
        (0, {}, 0, 0),
        (0, {0: 30}, 0, 30),
        (0, {50: 49}, 0, 0),
        (0, {50: 50}, 50, 50),
        (20, {50: 30}, 50, 30),
        (-20, {50: 60}, 0, 0),  # the debt is netted first
        (-20, {50: 70}, 50, 70),
        (-20, {0: 15}, 0, 15),  # what has no threshold is released into the debt
        (0, {0: 20, 50: 30}, 50, 50),  # what is released anyhow helps to reach it
        (0, {50: 30, 100: 30}, 0, 0),  # the lines of a higher threshold do not help a lower one
        (0, {50: 60, 100: 30}, 50, 60),
        (0, {50: 30, 100: 80}, 100, 110),  # but with them the lower one is reached too
        (0, {50: 60, 100: 30, 120: 40}, 120, 130),
    ],
)
def test_lines_are_released_up_to_the_highest_threshold_that_they_reach_together(
    net: int, held: dict[int, int], reached: int, due: int
) -> None:
    assert (Ripe(net, held).reached, Ripe(net, held).due) == (reached, due)


def largest(net: int, lines: Sequence[tuple[int, int]]) -> set[int]:
    """Every set is tried, from the largest one down."""
    for size in range(len(lines), 0, -1):
        fitting = [
            some
            for some in combinations(range(len(lines)), size)
            if all(max(0, net + sum(lines[i][1] for i in some)) >= lines[i][0] for i in some)
        ]
        if fitting:
            (only,) = fitting
            return set(only)
    return set()


@settings(max_examples=100, deadline=None)
@given(
    st.integers(-60, 60),
    st.lists(st.tuples(st.sampled_from((0, 10, 20, 35, 50, 90)), st.integers(1, 40)), max_size=7),
)
def test_the_largest_set_is_released_that_reaches_its_own_thresholds(net: int, lines: list[tuple[int, int]]) -> None:
    held: dict[int, int] = {}
    for threshold, amount in lines:
        held[threshold] = held.get(threshold, 0) + amount
    ripe, wanted = Ripe(net, held), largest(net, lines)
    assert {i for i, (threshold, _) in enumerate(lines) if threshold <= ripe.reached} == wanted
    assert ripe.due == sum(lines[i][1] for i in wanted)


def test_the_last_word_that_counts_decides() -> None:
    said = [Said(day(2), day(9)), Said(day(5), day(5)), Said(day(7), None)]
    assert [number for number in range(12) if checked_at(day(number), said)] == [2, 3, 4, 7, 8, 9, 10, 11]
    assert not checked_at(None, said)
    assert not checked_at(day(3), [*said, Said(day(2), day(2))])  # of one moment, what was said last


CONDITIONS = {"identity": True, "threshold": 50}


async def start(world: World, number: int = 10) -> None:
    """The programme's time comes to a day: somebody else is paid."""
    await world.register()
    await world.hears(wallet_bound("zoe"), posted(line("z", "zoe", 1), source="z"))
    await world.close(number)


async def waits(world: World, member: str = "anna") -> dict[str, tuple[int, list[int]]]:
    return {one.line: (one.held_minor, list(one.waits_for)) for one in (await world.statement(member)).lines}


async def test_a_line_waits_for_window_identity_and_threshold_and_says_so(world: World) -> None:
    await start(world)
    window, identity, threshold = pb.LINE_WAIT_RETURN_WINDOW, pb.LINE_WAIT_IDENTITY, pb.LINE_WAIT_THRESHOLD
    await world.hears(
        posted(
            line("l1", "anna", 30, day(9), identity=True, threshold=50),
            line("l2", "anna", 40, day(12), identity=True),
        )
    )
    assert await waits(world) == {"l1": (30, [identity, threshold]), "l2": (40, [window, identity])}
    await world.hears(identity_checked("anna", 8))
    assert await waits(world) == {"l1": (30, [threshold]), "l2": (40, [window])}
    assert (await world.statement("anna")).lines[0].threshold_minor == 50
    await world.hears(posted(line("l3", "anna", 20, day(9)), source="s3"))
    assert await waits(world) == {"l1": (0, []), "l2": (40, [window]), "l3": (0, [])}
    assert await world.balances("anna") == Balances(accrued=90, held=40, payable=50)


async def test_a_check_releases_what_waited_for_it_in_every_currency(world: World) -> None:
    await start(world)
    await world.hears(
        posted(line("l1", "anna", 30, day(9), identity=True)),
        posted(line("l2", "anna", 30, day(9), identity=True), currency="EUR", source="s2"),
        posted(line("l3", "ben", 30, day(9), identity=True), source="s3"),
        identity_checked("anna", 8, 11),
    )
    released = [one.event for one in await world.service.recorded() if isinstance(one.event, LinesReleased)]
    assert [(one.currency, [part.line for part in one.lines]) for one in released] == [("EUR", ["l2"]), ("GBP", ["l1"])]
    assert (await world.balances("ben")).held == 30


async def test_a_check_of_a_later_time_counts_when_the_programmes_time_has_come_to_it(world: World) -> None:
    await start(world)
    await world.hears(
        wallet_bound("anna"), posted(line("l1", "anna", 30, day(9), identity=True)), identity_checked("anna", 11, 20)
    )
    assert (await world.balances("anna")).held == 30
    assert (await world.preview(11)).total_minor == 30
    await world.propose(await world.distribution())
    assert (await world.close(11)).total_minor == 30


async def test_an_expired_or_withdrawn_check_releases_nothing_more(world: World) -> None:
    await start(world)
    await world.hears(
        identity_checked("anna", 2, 10),
        identity_checked("ben", 2),
        posted(line("l1", "ben", 30, day(9), identity=True)),
        identity_withdrawn("ben", 9),
        posted(
            line("l2", "anna", 30, day(9), identity=True), line("l3", "ben", 40, day(9), identity=True), source="s2"
        ),
    )
    assert await world.balances("anna") == Balances(accrued=30, held=30)
    # What was released before stays so.
    assert await world.balances("ben") == Balances(accrued=70, payable=30, held=40)


async def test_nothing_with_a_condition_is_released_before_time_has_begun(world: World) -> None:
    await world.hears(
        identity_checked("anna", 0),
        posted(line("l1", "anna", 30, identity=True), line("l2", "anna", 99, threshold=50)),
    )
    assert await world.balances("anna") == Balances(accrued=129, held=129)


async def test_a_clawback_takes_what_waits_and_what_is_left_must_reach_the_threshold(world: World) -> None:
    await start(world)
    await world.hears(
        posted(line("l1", "anna", 30, day(9), threshold=50)),
        posted(line("r1", "anna", -20, reverses="l1"), source="s2"),
        posted(line("l2", "anna", 30, day(9), threshold=50), source="s3"),
    )
    assert await world.balances("anna") == Balances(accrued=60, clawed_back=-20, held=40)
    await world.hears(posted(line("l3", "anna", 10, day(9), threshold=50), source="s4"))
    assert await world.balances("anna") == Balances(accrued=70, clawed_back=-20, payable=50)


async def test_a_debt_is_netted_before_a_threshold_is_reached(world: World) -> None:
    await start(world)
    await world.hears(
        posted(line("r1", "anna", -20)), posted(line("l1", "anna", 60, day(9), threshold=50), source="s2")
    )
    assert await world.balances("anna") == Balances(accrued=60, clawed_back=-20, held=60, debt=20)
    await world.hears(posted(line("l2", "anna", 10, day(9), threshold=50), source="s3"))
    assert await world.balances("anna") == Balances(accrued=70, clawed_back=-20, payable=50)


async def test_who_is_suspended_reaches_a_threshold_and_is_paid_later(world: World) -> None:
    await start(world)
    await world.hears(
        wallet_bound("anna"),
        membership.MemberSuspended(member="anna"),
        posted(line("l1", "anna", 60, day(9), threshold=50)),
    )
    assert await world.balances("anna") == Balances(accrued=60, payable=60)
    preview = await world.preview(10)
    assert (preview.total_minor, preview.withheld_minor) == (0, 60)


async def test_what_was_paid_out_does_not_help_to_reach_a_threshold_again(world: World) -> None:
    await start(world)
    await world.hears(wallet_bound("anna"), posted(line("l1", "anna", 60, day(9), threshold=50)))
    await world.propose(await world.distribution())
    await world.close(11)
    await world.hears(posted(line("l2", "anna", 20, day(9), threshold=50), source="s2"))
    assert await world.balances("anna") == Balances(accrued=80, held=20, in_distribution=60)


async def test_a_condition_of_an_unknown_kind_does_not_fit(world: World) -> None:
    unknown = line("l1", "anna", 60, day(9))
    unknown.conditions.append(commission.Condition())
    with pytest.raises(DoesNotFit):
        await world.hears(posted(unknown))
