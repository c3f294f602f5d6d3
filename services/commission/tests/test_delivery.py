"""Lines that wait for the delivery of their sale name its business transactions, however they are posted."""

import copy
from collections.abc import Callable

import pytest

from fenxiao.api.commission.v1 import events_pb2 as public
from fenxiao.verify.export import Export
from fenxiao.verify.facts import unpack
from services.commission.tests.shop import REFUSED, TAKEN, Shop, day, document
from services.commission.tests.test_disputes import faults, open_, resolve
from services.commission.tests.test_periods import FEBRUARY, JANUARY, close
from services.commission.tests.test_verified import exported

PO, OTHER = "urn:epcglobal:cbv:bt:9521321000001:PO-1", "urn:epcglobal:cbv:bt:9521321000001:PO-2"

PLAN = (
    document().replace(b"    levels:", b"    release: {delivered: yes}\n    on: {products: [tea]}\n    levels:")
    + b"""
  - id: late
    type: unilevel
    levels: [1%]
    on: {products: [tea, oil]}
    qualify: {active: {sales: 1}}
    release: {delivered: yes, days: 3}
  - id: own
    type: direct
    tiers: {mode: marginal, steps: [{start: 0, rate: 5%}]}
"""
)


@pytest.fixture
async def delivering(bare: Shop) -> Shop:
    await bare.publish(PLAN)
    return bare


def awaited(line: public.PostedLine) -> list[str]:
    return [name for one in line.conditions if one.HasField("delivered") for name in one.delivered.biz_transactions]


async def test_lines_of_sales_and_closings_wait_for_what_their_own_sale_names(delivering: Shop) -> None:
    shop = delivering
    await shop.record(shop.report("s1", goods={"product": "tea"}, biz_transactions=[PO, OTHER]))
    await shop.record(shop.report("s2", goods={"product": "oil"}, biz_transactions=[OTHER]))
    await shop.record(shop.report("s3", goods={"product": "salt"}))
    await close(shop, JANUARY)
    before = len(await shop.posted())
    await shop.record(shop.report("s4", goods={"product": "oil"}, biz_transactions=[PO], at=day(2)))
    await shop.record(shop.giving_back("r1", "s1", amount="40", at=day(33)))
    await close(shop, FEBRUARY)
    lines = await shop.posted()
    names = [(line.component, line.amount_minor > 0, *awaited(line)) for line in lines]
    assert set(names[:before]) == {
        ("team", True, PO, OTHER),
        ("late", True, PO, OTHER),
        ("late", True, OTHER),
        ("own", True),
    }
    assert set(names[before:]) == {("team", False), ("late", False), ("late", True, PO), ("own", True)}
    assert faults(await exported(shop)) == {}


async def test_a_sale_that_names_nothing_to_be_delivered_is_refused_where_something_waits_for_it(
    delivering: Shop,
) -> None:
    shop = delivering
    for product in ("tea", "oil"):  # posts with the sale, and at the close
        assert await shop.refused(shop.report("s1", goods={"product": product})) == "BIZ_TRANSACTION_MISSING"
    taken, refused = await shop.batch(
        shop.report("s2", goods={"product": "salt"}), shop.report("s3", goods={"product": "tea"})
    )
    assert (taken.outcome, refused.outcome) == (TAKEN, REFUSED)
    assert (refused.problem.reason, refused.problem.field) == ("BIZ_TRANSACTION_MISSING", "biz_transactions")
    await shop.record(shop.giving_back("r1", goods={"product": "tea"}))  # nothing waits for what comes back


async def test_a_sale_of_a_version_that_waits_for_none_waits_for_none_whatever_its_period_does(
    delivering: Shop,
) -> None:
    """Another version comes into force within the period, which is rated by the one before."""
    shop = delivering
    newer = PLAN.replace(b"delivered: yes", b"delivered: no").replace(b"2026-01-01", b"2026-01-10")
    await shop.publish(newer.replace(b"'1'", b"'2'"))
    await shop.record(shop.report("s1", goods={"product": "oil"}, at=day(20)))
    await shop.record(shop.report("s2", goods={"product": "oil"}, at=day(20), biz_transactions=[PO]))
    await close(shop, JANUARY)
    lines = [line for line in await shop.posted() if line.component == "late"]
    assert sorted(awaited(line) for line in lines) == [[], [PO]]
    assert sorted(len(line.conditions) for line in lines) == [1, 2]
    assert faults(await exported(shop)) == {}


async def test_a_correction_waits_for_what_its_line_waits_for(delivering: Shop) -> None:
    shop = delivering
    sale = await shop.record(shop.report("s1", goods={"product": "tea"}, biz_transactions=[PO]))
    dispute = await open_(shop, sale.lines[1].id)
    await resolve(shop, dispute.name, 100)
    dispute = await open_(shop, sale.lines[1].id, reason="Again.")
    await resolve(shop, dispute.name, -50)
    *_, more, less = await shop.posted()
    assert (awaited(more), awaited(less)) == ([PO], [])
    assert faults(await exported(shop)) == {}


async def test_the_explanation_says_so(delivering: Shop) -> None:
    sale = await delivering.record(
        delivering.report("s1", goods={"product": "tea"}, biz_transactions=[PO]),
    )
    assert list(sale.lines[0].awaited_transactions) == [PO]
    told = (await delivering.explain("s1")).derivations[0]
    assert told.explanation_en.endswith(" at least and until the goods have been delivered.")
    assert told.explanation_zh.endswith("，须货物送达。")


def wait_for_nothing(line: public.PostedLine) -> None:
    del line.conditions[1]


def wait_for_another(line: public.PostedLine) -> None:
    line.conditions[1].delivered.biz_transactions[0] = OTHER


def wait_for_more(line: public.PostedLine) -> None:
    line.conditions[1].delivered.biz_transactions.append(OTHER)


@pytest.mark.parametrize("change", [wait_for_nothing, wait_for_another, wait_for_more])
@pytest.mark.parametrize("of_period", [False, True])
async def test_another_transaction_than_the_sales_shows(
    delivering: Shop, change: Callable[[public.PostedLine], None], *, of_period: bool
) -> None:
    await delivering.record(delivering.report("s1", goods={"product": "tea"}, biz_transactions=[PO]))
    await close(delivering, JANUARY)
    export = await exported(delivering)
    assert faults(export) == {}
    tampered = tamper(export, change, of_period=of_period)
    assert set(faults(tampered)) == {"closings" if of_period else "lines"}


async def test_a_sale_that_should_have_been_refused_shows(delivering: Shop) -> None:
    await delivering.record(delivering.report("s1", goods={"product": "tea"}, biz_transactions=[PO]))
    export = copy.deepcopy(await exported(delivering))
    for event in export.events["commission"]:
        data = unpack(event)
        if isinstance(data, public.SaleRecorded):
            del data.biz_transactions[:]
            event.data.Pack(data)
    assert any("BIZ_TRANSACTION_MISSING" in one for one in faults(export)["lines"])


def tamper(export: Export, change: Callable[[public.PostedLine], None], *, of_period: bool) -> Export:
    found = copy.deepcopy(export)
    for event in found.events["commission"]:
        data = unpack(event)
        if isinstance(data, public.LinesPosted) and data.HasField("period_start") == of_period:
            change(next(line for line in data.lines if awaited(line)))
            event.data.Pack(data)
            return found
    raise AssertionError("nothing to change")
