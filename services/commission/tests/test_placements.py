"""The placement tree: plans that need it, and closings that are rated along it."""

from datetime import datetime
from typing import Any

import pytest

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.api.membership.v1 import placement_pb2
from fenxiao.errors import Refusal
from libs.servicekit.times import to_timestamp
from services.commission.tests.shop import PARENT, Shop, day
from services.commission.tests.test_periods import FEBRUARY, JANUARY, MARCH, close, posted, ratings

# 10 % of what is paired, in whole units of 100; the rest of both legs is carried.
BINARY = b"""
plan: gifts
version: 'binary'
currency: GBP
effective_from: 2026-01-01T00:00:00Z
rounding: half_up
jurisdictions: []
return_window: 14
placement: {width: 2, spill: weaker}
components:
  - {id: pairs, type: binary, unit: 100, rate: 10%}
"""
MATRIX = BINARY.replace(b"width: 2, spill: weaker", b"width: 3, spill: balanced").replace(
    b"{id: pairs, type: binary, unit: 100, rate: 10%}", b"{id: matrix, type: matrix, levels: [0%, 5%, 3%]}"
)
NETWORK = b"{id: pairs, type: unilevel, levels: [8%]}"


async def set_rule(shop: Shop, width: int = 2, spill: str = "WEAKER") -> None:
    number = placement_pb2.Spill.Value(f"SPILL_{spill}")
    await shop.hear(membership.PlacementRuleSet(width=width, spill=number))


async def put(
    shop: Shop, name: str, parent: str = "", leg: int = -1, since: datetime | None = None, choice: str = "RULE"
) -> None:
    """Membership tells where somebody stands."""
    event = membership.MemberPlaced(
        member=shop.ids[name],
        parent=shop.ids[parent] if parent else "",
        leg=leg,
        effective_time=to_timestamp(since or day(0)),
        choice=placement_pb2.PlacementChoice.Value(f"PLACEMENT_CHOICE_{choice}"),
    )
    await shop.hear(event)


async def refused(shop: Shop, content: bytes) -> tuple[str, str]:
    with pytest.raises(Refusal) as caught:
        await shop.publish(content)
    return caught.value.reason, caught.value.field


@pytest.fixture
async def binary(bare: Shop) -> Shop:
    """Bob stands below Ann on the left, Cai on the right."""
    await set_rule(bare)
    await put(bare, "ann")
    await put(bare, "bob", "ann", 0)
    await put(bare, "cai", "ann", 1, choice="PARENT")
    await bare.publish(BINARY)
    return bare


async def pairs(shop: Shop) -> dict[tuple[str, str], int]:
    return {(month, name): amount for (month, name, _), amount in (await posted(shop)).items()}


# --- publishing


async def test_a_plan_along_a_tree_needs_the_programmes_own(bare: Shop) -> None:
    assert await refused(bare, BINARY) == ("PLAN_NEEDS_PLACEMENT", "/placement")
    await set_rule(bare, 3, "BALANCED")
    for other in (BINARY, MATRIX.replace(b"width: 3", b"width: 4"), MATRIX.replace(b"balanced", b"left")):
        assert await refused(bare, other) == ("PLAN_NEEDS_OTHER_PLACEMENT", "/placement")
    await bare.publish(MATRIX)


async def test_a_tree_that_no_component_pays_along_is_no_matter(bare: Shop) -> None:
    await bare.publish(BINARY.replace(b"{id: pairs, type: binary, unit: 100, rate: 10%}", NETWORK))


@pytest.mark.parametrize(
    ("component", "reason", "field"),
    [
        (
            b"{id: a, type: unilevel, levels: [8%], qualify: {countries: [CN, GB]}}",
            "PLAN_NEEDS_COUNTRY",
            "/components/0/qualify/countries",
        ),
    ],
)
async def test_a_plan_that_needs_what_nobody_tells_is_refused_with_a_clear_word(
    bare: Shop, component: bytes, reason: str, field: str
) -> None:
    content = BINARY.replace(b"{id: pairs, type: binary, unit: 100, rate: 10%}", component)
    assert await refused(bare, content) == (reason, field)
    assert await bare.service.recorded() == []


@pytest.mark.parametrize(
    "release", [b"days: 3", b"identity: yes", b"threshold: 20.5", b"identity: yes, threshold: 0", b"delivered: yes"]
)
async def test_what_settlement_can_wait_for_needs_nothing(bare: Shop, release: bytes) -> None:
    component = b"{id: a, type: unilevel, levels: [8%%], release: {%s}}" % release
    await bare.publish(BINARY.replace(b"{id: pairs, type: binary, unit: 100, rate: 10%}", component))


# --- closing


async def test_what_is_not_paired_is_carried_into_the_next_month(binary: Shop) -> None:
    await binary.record(binary.report("s1", "bob", "350"))
    await binary.record(binary.report("s2", "cai", "120"))
    await close(binary, JANUARY)
    assert await pairs(binary) == {("Jan", "ann"): 1000}
    await binary.record(binary.report("s3", "cai", "200", at=day(33)))
    await close(binary, FEBRUARY)
    # 250 are left on the left, 20 and 200 on the right.
    assert await pairs(binary) == {("Jan", "ann"): 1000, ("Feb", "ann"): 2000}
    assert (await ratings(binary, FEBRUARY))["ann"].earned_minor == 2000


async def test_a_return_in_a_later_month_changes_what_was_carried(binary: Shop) -> None:
    await binary.record(binary.report("s1", "bob", "350"))
    await binary.record(binary.report("s2", "cai", "120"))
    await close(binary, JANUARY)
    await binary.record(binary.report("s3", "cai", "200", at=day(33)))
    await close(binary, FEBRUARY)
    await binary.record(binary.giving_back("r1", "s1", member="bob", amount="100", at=day(62)))
    await close(binary, MARCH)
    # 250 and 120 in January: one unit as before. 150 and 220 in February: one in place of two.
    assert await pairs(binary) == {("Jan", "ann"): 1000, ("Feb", "ann"): 1000}


async def test_who_is_deeper_counts_for_everybody_above_on_the_side(binary: Shop) -> None:
    await binary.enrol("dan", "cai")
    await put(binary, "dan", "bob", 1)
    await binary.record(binary.report("s1", "dan", "100"))
    await binary.record(binary.report("s2", "cai", "100"))
    await close(binary, JANUARY)
    assert await pairs(binary) == {("Jan", "ann"): 1000}


async def test_a_sale_counts_from_when_its_member_has_a_place(binary: Shop) -> None:
    await binary.enrol("dan", "cai")
    await binary.record(binary.report("s1", "dan", "100", at=day(3)))
    await put(binary, "dan", "bob", 1, since=day(4))
    await binary.record(binary.report("s2", "cai", "200"))
    await binary.record(binary.report("s3", "dan", "100", at=day(4)))
    await close(binary, JANUARY)
    assert await pairs(binary) == {("Jan", "ann"): 1000}


async def test_a_place_that_is_told_late_changes_no_closed_month(binary: Shop) -> None:
    await binary.enrol("dan", "cai")
    await binary.record(binary.report("s1", "dan", "100"))
    await binary.record(binary.report("s2", "cai", "300"))
    await close(binary, JANUARY)
    await put(binary, "dan", "bob", 1)  # dated back, and known after the cut
    await binary.record(binary.report("s3", "cai", "1"))  # marks January
    await binary.record(binary.report("s4", "dan", "100", at=day(40)))
    await close(binary, FEBRUARY)
    assert await pairs(binary) == {("Feb", "ann"): 1000}


async def test_a_member_told_late_stands_where_he_was_placed(binary: Shop) -> None:
    await binary.record(binary.report("s1", "cai", "300"))
    await close(binary, JANUARY)
    await binary.enrol("dan", "ann", joined=day(2))
    await put(binary, "dan", "bob", 1, since=day(2))
    await binary.record(binary.report("s2", "dan", "100", at=day(5)))
    await close(binary, FEBRUARY)
    # January knew neither Dan nor his sale: it is rated again with both.
    assert await pairs(binary) == {("Jan", "ann"): 1000}


async def test_a_matrix_pays_those_above_in_it(bare: Shop) -> None:
    await set_rule(bare, 3, "BALANCED")
    await bare.enrol("dan", "ann")
    await put(bare, "ann")
    for name, parent, leg in [("bob", "ann", 0), ("cai", "ann", 1), ("dan", "bob", 2)]:
        await put(bare, name, parent, leg)
    await bare.publish(MATRIX)
    await bare.record(bare.report("s1", "dan", "100"))
    await close(bare, JANUARY)
    assert await pairs(bare) == {("Jan", "bob"): 500, ("Jan", "ann"): 300}


async def test_the_estimate_is_what_the_closing_posts(binary: Shop) -> None:
    await binary.record(binary.report("s1", "bob", "350"))
    await binary.record(binary.report("s2", "cai", "120"))
    answer: Any = await binary.service.query("EstimatePeriod", pb.EstimatePeriodRequest(parent=PARENT))
    estimated = {one.member: one.earned_minor for one in answer.ratings}
    await close(binary, JANUARY)
    assert {one.member: one.earned_minor for one in (await ratings(binary, JANUARY)).values()} == estimated
