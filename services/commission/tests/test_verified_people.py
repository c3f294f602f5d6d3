"""What is published of people and granted ranks is enough to rate every period again, and any change to it shows."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.any_pb2 import Any as Packed

from fenxiao.api.commission.v1 import events_pb2 as public
from fenxiao.api.events.v1 import events_pb2
from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.verify.export import Export
from fenxiao.verify.facts import unpack
from libs.servicekit.times import to_timestamp
from services.commission.tests.shop import Shop, day
from services.commission.tests.test_people import check, live, withdraw_check
from services.commission.tests.test_periods import FEBRUARY, JANUARY, MARCH, close
from services.commission.tests.test_rank_grants import grant, withdraw
from services.commission.tests.test_verified import exported, faults

PLAN = b"""
plan: gifts
version: 'people'
currency: GBP
effective_from: 2026-01-01T00:00:00Z
rounding: half_up
jurisdictions: []
return_window: 14
ranks:
  - {id: silver, personal_volume: 100}
  - {id: gold}
components:
  - {id: known, type: unilevel, levels: [10%, 5%, 5%], qualify: {identity: true, countries: [CN, GB]}}
  - {id: golds, type: unilevel, levels: [1%, 1%, 1%], compression: true, qualify: {rank: gold}}
"""


@pytest.fixture
async def export(bare: Shop) -> Export:
    """Three months: checks that expire and are withdrawn, moves, members and words told late, ranks come and gone."""
    shop = bare
    await shop.hear(membership.CountriesDisclosed())
    for name, country in (("ann", "CN"), ("bob", "GB"), ("cai", "US")):
        await live(shop, name, country, day(0))
    await shop.publish(PLAN)
    await check(shop, "ann", day(1), until=day(65))
    await check(shop, "bob", day(2))
    await check(shop, "cai", day(3))
    await grant(shop, "ann", "gold", day(0))
    await grant(shop, "bob", "gold", day(20), until=day(40))
    await shop.record(shop.report("s1", "cai", "100.07"))
    await close(shop, JANUARY)
    await live(shop, "cai", "CN", day(30))  # told late
    await shop.enrol("dan", "cai", joined=day(2))
    await live(shop, "dan", "CN", day(2))
    await check(shop, "dan", day(4))
    await withdraw(shop, "ann", day(45))
    await shop.record(shop.report("late", "dan", "200.03", at=day(12)))
    await shop.record(shop.report("s2", "cai", "310.01", at=day(41)))
    await close(shop, FEBRUARY)
    await withdraw_check(shop, "bob", day(70))
    await grant(shop, "cai", "gold", day(62))
    await shop.record(shop.giving_back("r1", "s1", amount="40", at=day(66)))
    await shop.record(shop.report("s3", "dan", "99.99", at=day(67)))
    await close(shop, MARCH)
    await grant(shop, "dan", "gold", day(95))
    return await exported(shop)


def told(export: Export, cls: type[Any]) -> list[tuple[str, events_pb2.Event, Any]]:
    """The events of a type, each with whose it is."""
    return [
        (service, event, unpack(event))
        for service in ("membership", "commission")
        for event in export.events[service]
        if isinstance(unpack(event), cls)
    ]


def test_an_honest_service_passes(export: Export) -> None:
    assert faults(export) == {}
    lines = [unpack(event) for event in export.events["commission"]]
    assert {line.component for data in lines if isinstance(data, public.LinesPosted) for line in data.lines} == {
        "known",
        "golds",
    }


Change = Callable[[Any], None]


def change_country(data: membership.CountryDisclosed) -> None:
    data.country = "FR"


def check_later(data: membership.IdentityChecked) -> None:
    data.check_time.CopyFrom(to_timestamp(day(400)))


def let_it_expire(data: membership.IdentityChecked) -> None:
    data.expire_time.CopyFrom(to_timestamp(day(20)))


def withdraw_later(data: membership.IdentityCheckWithdrawn) -> None:
    data.effective_time.CopyFrom(to_timestamp(day(95)))


def grant_another(data: public.RankGranted) -> None:
    data.rank = "silver"


def grant_later(data: public.RankGranted) -> None:
    data.effective_time.CopyFrom(to_timestamp(day(95)))


def withdraw_a_month_later(data: public.RankGrantWithdrawn) -> None:
    data.effective_time.CopyFrom(to_timestamp(day(75)))


@pytest.mark.parametrize(
    ("cls", "number", "change"),
    [
        *((membership.CountryDisclosed, number, change_country) for number in (0, 1, 3, 4)),
        *((membership.IdentityChecked, number, check_later) for number in range(4)),
        *((membership.IdentityChecked, number, let_it_expire) for number in (0, 1, 3)),
        (membership.IdentityCheckWithdrawn, 0, withdraw_later),
        *((public.RankGranted, number, grant_another) for number in range(3)),
        *((public.RankGranted, number, grant_later) for number in range(3)),
        *((public.RankGrantWithdrawn, number, withdraw_a_month_later) for number in range(2)),
    ],
)
def test_any_change_shows(export: Export, cls: type[Any], number: int, change: Change) -> None:
    tampered = copy.deepcopy(export)
    _, event, data = told(tampered, cls)[number]
    change(data)
    event.data.Pack(data)
    assert "closings" in faults(tampered)


@pytest.mark.parametrize(
    ("cls", "number"),
    [
        *((membership.CountryDisclosed, number) for number in (0, 1, 3, 4)),
        *((membership.IdentityChecked, number) for number in (0, 1, 2, 3)),
        (membership.IdentityCheckWithdrawn, 0),
        *((public.RankGranted, number) for number in range(3)),
        *((public.RankGrantWithdrawn, number) for number in range(2)),
    ],
)
def test_whatever_is_left_out_shows(export: Export, cls: type[Any], number: int) -> None:
    tampered = copy.deepcopy(export)
    service, event, _ = told(tampered, cls)[number]
    tampered.events[service].remove(event)
    assert "closings" in faults(tampered)


def test_a_forged_grant_shows(export: Export) -> None:
    """One that would have made Cai gold in January."""
    tampered = copy.deepcopy(export)
    _, event, data = told(tampered, public.RankGranted)[1]
    data.member, data.effective_time.seconds = told(tampered, public.RankGranted)[2][2].member, 0
    event.data.Pack(data)
    assert "closings" in faults(tampered)


def test_a_country_that_is_told_behind_the_cut_changes_no_closed_month(export: Export) -> None:
    """Cai's move was told after January had been closed: dated into it or not, January stays as it is."""
    moved = copy.deepcopy(export)
    _, event, data = told(moved, membership.CountryDisclosed)[3]
    assert data.effective_time.ToDatetime(day(0).tzinfo) == day(30)
    data.effective_time.CopyFrom(to_timestamp(day(1)))
    event.data.Pack(data)
    assert faults(moved) == {}
    # Had it been told before, it would have counted.
    first = told(moved, membership.CountryDisclosed)[2][2]
    first.country = "CN"
    told(moved, membership.CountryDisclosed)[2][1].data.Pack(first)
    assert "closings" in faults(moved)


def test_a_country_without_a_decision_to_disclose_shows(export: Export) -> None:
    tampered = copy.deepcopy(export)
    service, event, _ = told(tampered, membership.CountriesDisclosed)[0]
    tampered.events[service].remove(event)
    assert len(faults(tampered)["people"]) >= 5


def test_a_check_that_goes_back_shows(export: Export) -> None:
    tampered = copy.deepcopy(export)
    _, event, data = told(tampered, membership.IdentityCheckWithdrawn)[0]
    data.effective_time.CopyFrom(to_timestamp(day(1)))
    event.data.Pack(data)
    assert "people" in faults(tampered)


def test_a_grant_within_a_month_that_was_closed_before_shows(export: Export) -> None:
    tampered = copy.deepcopy(export)
    _, event, data = told(tampered, public.RankGranted)[3]
    data.effective_time.CopyFrom(to_timestamp(day(89)))
    event.data.Pack(data)
    # It changes nothing that was paid, and no service would have taken it.
    assert list(faults(tampered)) == ["people"]


def test_a_grant_to_nobody_shows(export: Export) -> None:
    tampered = copy.deepcopy(export)
    last = tampered.events["commission"][-1]
    packed = Packed()
    packed.Pack(public.RankGranted(member="nobody", rank="gold", effective_time=to_timestamp(day(99))))
    store, position, _ = last.position.split(":")
    forged = events_pb2.Event(
        id="forged", programme="shop", source="commission", position=f"{store}:{int(position) + 1}:0", data=packed
    )
    tampered.events["commission"].append(forged)
    assert list(faults(tampered)) == ["people"]
