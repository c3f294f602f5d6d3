"""What closings publish is enough for a stranger to compute them again, and any change to it shows."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.any_pb2 import Any as Packed

from fenxiao.api.commission.v1 import events_pb2 as public
from fenxiao.api.events.v1 import events_pb2
from fenxiao.verify.export import SERVICES, Export
from fenxiao.verify.facts import gather, unpack
from fenxiao.verify.lines import check_lines
from fenxiao.verify.periods import check_periods
from fenxiao.verify.report import Report
from libs.eventbus import public_events
from services.commission.tests.shop import Shop, day
from services.commission.tests.test_periods import FEBRUARY, JANUARY, MARCH, MONTHLY, close


@pytest.fixture
async def export(bare: Shop) -> Export:
    """Three months with returns, a late sale, a late member and a change of sponsor dated back."""
    shop = bare
    await shop.publish(MONTHLY)
    for number in range(5):
        await shop.record(shop.report(f"s{number}", "cai", "61.07", at=day(1 + number)))
    await shop.record(shop.report("b1", "bob", "150", at=day(7)))
    await shop.record(shop.giving_back("r0", "s0", amount="11.01", at=day(20)))
    await close(shop, JANUARY)
    await shop.enrol("dan", "cai", joined=day(2))
    await shop.move("cai", "ann", day(3))
    await shop.record(shop.report("late", "dan", "200", at=day(12)))
    await shop.record(shop.giving_back("r1", "b1", member="bob", amount="149.99", at=day(40)))
    await shop.record(shop.report("f1", "ann", "100", at=day(41)))
    await close(shop, FEBRUARY)
    await shop.record(shop.giving_back("r2", "f1", member="ann", amount="100", at=day(62)))
    await close(shop, MARCH)
    return await exported(shop)


async def exported(shop: Shop) -> Export:
    recorded = await shop.service.recorded()
    outgoing = public_events("commission", "test", recorded, shop.service.service.publishes)
    heard = [
        events_pb2.Event(id=str(at), programme="shop", source="membership", position=f"test:{at}:0", data=_packed(one))
        for at, one in enumerate(shop.heard, 1)
    ]
    events = {service: list[events_pb2.Event]() for service in SERVICES}
    return Export("shop", events | {"membership": heard, "commission": [one.event() for one in outgoing]}, [])


def _packed(message: Any) -> Packed:
    packed = Packed()
    packed.Pack(message)
    return packed


def faults(export: Export) -> dict[str, list[str]]:
    report = Report("shop")
    facts = gather(export, report)
    check_lines(facts, report)
    check_periods(facts, report)
    return {check.name: check.details for check in report.checks if check.failed}


def test_an_honest_service_passes(export: Export) -> None:
    assert faults(export) == {}
    posted = [unpack(event) for event in export.events["commission"]]
    assert {data.HasField("period_start") for data in posted if isinstance(data, public.LinesPosted)} == {True, False}


def raise_line(data: Any) -> bool:
    if not isinstance(data, public.LinesPosted) or not data.HasField("period_start"):
        return False
    data.lines[0].amount_minor += 1
    return True


def hold_shorter(data: Any) -> bool:
    if not isinstance(data, public.LinesPosted) or not data.HasField("period_start"):
        return False
    data.lines[0].conditions[0].return_window.until.seconds -= 1
    return True


def raise_rank(data: Any) -> bool:
    if not isinstance(data, public.MemberRated) or data.rank:
        return False
    data.rank = "silver"
    return True


def sell_more(data: Any) -> bool:
    if not isinstance(data, public.MemberRated):
        return False
    data.personal_volume = "1000000"
    return True


def cut_off_sales(data: Any) -> bool:
    if not isinstance(data, public.PeriodSealed):
        return False
    data.sales_cut -= 3
    return True


def take_another_plan(data: Any) -> bool:
    if not isinstance(data, public.PeriodSealed):
        return False
    data.plan_hash = "00" * 32
    return True


def end_earlier(data: Any) -> bool:
    if not isinstance(data, public.PeriodSealed):
        return False
    data.end_time.seconds -= 86_400
    return True


@pytest.mark.parametrize(
    "change", [raise_line, hold_shorter, raise_rank, sell_more, cut_off_sales, take_another_plan, end_earlier]
)
def test_any_change_shows(export: Export, change: Callable[[Any], bool]) -> None:
    tampered = copy.deepcopy(export)
    for event in tampered.events["commission"]:
        data = unpack(event)
        if change(data):
            event.data.Pack(data)
            break
    else:
        pytest.fail("nothing was changed")
    assert faults(tampered)


@pytest.mark.parametrize("cls", [public.PeriodSealed, public.MemberRated])
def test_whatever_is_left_out_shows(export: Export, cls: type[Any]) -> None:
    tampered = copy.deepcopy(export)
    events = tampered.events["commission"]
    events.remove(next(event for event in events if isinstance(unpack(event), cls)))
    assert faults(tampered)


def test_lines_for_a_period_that_is_not_rated_show(export: Export) -> None:
    tampered = copy.deepcopy(export)
    events = tampered.events["commission"]
    for at, event in enumerate(events):
        data = unpack(event)
        if isinstance(data, public.LinesPosted) and data.HasField("period_start"):
            data.period_start.seconds += 1
            more = events_pb2.Event()
            more.CopyFrom(event)
            more.id, more.position = f"{event.id}-more", event.position.removesuffix(":0") + ":1"
            more.data.Pack(data)
            events.insert(at + 1, more)
            break
    assert set(faults(tampered)) == {"closings"}
