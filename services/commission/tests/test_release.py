"""What lines wait for stands on them as data: however they are posted, and so that it can be computed again."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.commission.v1 import events_pb2 as public
from fenxiao.money import MAX_MINOR
from fenxiao.plans import read_plan
from fenxiao.plans.language.waits import Waits, waits_of
from fenxiao.verify.export import Export
from fenxiao.verify.facts import unpack
from services.commission.domain.events import Delivered, Identity, PostedLine, ReturnWindow, Threshold
from services.commission.tests.shop import Shop, day, document
from services.commission.tests.test_disputes import disputed, faults, resolve
from services.commission.tests.test_periods import FEBRUARY, JANUARY, close
from services.commission.tests.test_verified import exported

PLAN = (
    document().replace(b"    levels:", b"    release: {identity: yes, threshold: 20.005, days: 3}\n    levels:")
    + b"""
  - id: own
    type: direct
    tiers: {mode: marginal, steps: [{start: 0, rate: 5%}]}
    release: {identity: yes}
  - id: late
    type: direct
    rate: 1%
    qualify: {active: {sales: 1}}
    release: {threshold: 50}
"""
)


def kinds(line: public.PostedLine) -> list[str]:
    return [str(condition.WhichOneof("kind")) for condition in line.conditions]


WAITS = {
    "team": ["return_window", "identity", "threshold"],
    "own": ["return_window", "identity"],
    "late": ["return_window", "threshold"],
}


async def test_lines_of_sales_closings_and_differences_wait_and_what_is_taken_back_does_not(bare: Shop) -> None:
    shop = bare
    await shop.publish(PLAN)
    await shop.record(shop.report("s1", amount="100", at=day(1)))
    await shop.record(shop.report("s2", amount="100", at=day(1)))
    (line, *_) = await shop.posted()
    assert (line.conditions[0].return_window.until.ToSeconds(), line.conditions[2].threshold.least_minor) == (
        int(day(4).timestamp()),
        2001,
    )
    await close(shop, JANUARY)
    before = len(await shop.posted())
    # A late sale and a return: differences of both signs.
    await shop.record(shop.report("s3", "bob", amount="100", at=day(2)))
    await shop.record(shop.giving_back("r1", "s1", amount="100", at=day(33)))
    await close(shop, FEBRUARY)
    lines = (await shop.posted())[before:]
    assert {(one.component, one.amount_minor > 0) for one in lines} == {
        (name, positive) for name in WAITS for positive in (True, False)
    }
    for one in await shop.posted():
        assert kinds(one) == (WAITS[one.component] if one.amount_minor > 0 else [])
    assert faults(await exported(shop)) == {}


async def test_a_return_that_names_no_sale_waits_for_nothing(bare: Shop) -> None:
    await bare.publish(PLAN)
    await bare.record(bare.giving_back("r1", amount="100"))
    assert {(line.amount_minor < 0, len(line.conditions)) for line in await bare.posted()} == {(True, 0)}


async def test_a_correction_is_held_like_its_line(bare: Shop) -> None:
    await bare.publish(PLAN)
    sale, dispute = await disputed(bare)
    await resolve(bare, dispute.name, 100)
    await resolve(bare, (await disputed_again(bare, sale)).name, -50)
    *_, more, less = await bare.posted()
    assert (kinds(more), kinds(less)) == (WAITS["team"], [])
    assert faults(await exported(bare)) == {}


async def disputed_again(shop: Shop, sale: pb.Sale) -> pb.Dispute:
    request = pb.OpenDisputeRequest(
        parent="programmes/shop", line=sale.lines[1].id, member=sale.lines[1].member, reason="Again."
    )
    return await shop.service.command("OpenDispute", request)


async def test_the_explanation_names_what_a_line_waits_for(bare: Shop) -> None:
    await bare.publish(PLAN)
    sale = await bare.record(bare.report("s1"))
    assert (sale.lines[0].needs_identity, sale.lines[0].threshold_minor) == (True, 2001)
    told = (await bare.explain("s1")).derivations[0]
    assert told.explanation_en.endswith(
        "; held until 2026-01-05T00:00:00Z at least and until the member's identity is checked and until 20.01 GBP is "
        "payable."
    )
    assert told.explanation_zh.endswith(
        "；至少冻结到 2026-01-05T00:00:00Z，须完成成员身份核验，应付余额须达到 20.01 英镑。"
    )


@pytest.mark.parametrize(
    ("release", "digits", "waits"),
    [
        (b"{}", 2, Waits()),
        (b"{identity: yes}", 2, Waits(identity=True)),
        (b"{delivered: yes}", 2, Waits(delivered=True)),
        (b"{threshold: 0}", 2, Waits()),
        (b"{threshold: 50}", 2, Waits(threshold_minor=5000)),
        (b"{threshold: 50}", 0, Waits(threshold_minor=50)),
        (b"{threshold: 0.001}", 2, Waits(threshold_minor=1)),
        (b"{threshold: 999999999999999999}", 2, Waits(threshold_minor=MAX_MINOR)),
    ],
)
def test_a_threshold_is_whole_minor_units_that_reach_it(release: bytes, digits: int, waits: Waits) -> None:
    plan = read_plan(document().replace(b"    levels:", b"    release: %s\n    levels:" % release))
    assert waits_of(plan.components[0].release, digits) == waits


def test_conditions_are_stored_by_their_kind() -> None:
    stored = [
        {"kind": "return_window", "until": "2026-01-15T00:00:00Z"},
        {"kind": "identity"},
        {"kind": "threshold", "least_minor": 5000},
        {"kind": "delivered", "biz_transactions": ["urn:epcglobal:cbv:bt:9521321000001:PO-1"]},
    ]
    line: dict[str, Any] = dict.fromkeys(("id", "member", "component", "rule"), "x")
    line |= dict.fromkeys(("rate", "base", "exact_amount"), "1") | {"level": 0, "amount_minor": 1, "path": []}
    read = PostedLine.model_validate(line | {"conditions": stored})
    delivered = Delivered(biz_transactions=("urn:epcglobal:cbv:bt:9521321000001:PO-1",))
    assert read.conditions == (ReturnWindow(until=day(14)), Identity(), Threshold(least_minor=5000), delivered)
    assert read.model_dump(mode="json")["conditions"] == stored
    with pytest.raises(ValueError, match="conditions"):
        PostedLine.model_validate(line | {"conditions": [{"kind": "eclipse"}]})


def drop_identity(line: public.PostedLine) -> None:
    del line.conditions[1]


def lower_threshold(line: public.PostedLine) -> None:
    for condition in line.conditions:
        if condition.HasField("threshold"):
            condition.threshold.least_minor -= 1
            return
    line.conditions.add().threshold.least_minor = 1


def wait_for_the_unknown(line: public.PostedLine) -> None:
    line.conditions.add()


def wait_for_more(line: public.PostedLine) -> None:
    line.conditions.add().threshold.least_minor = 100_000


@pytest.mark.parametrize("change", [drop_identity, lower_threshold, wait_for_the_unknown, wait_for_more])
@pytest.mark.parametrize("of_period", [False, True])
async def test_another_condition_than_the_plans_shows(
    bare: Shop, change: Callable[[public.PostedLine], None], *, of_period: bool
) -> None:
    await bare.publish(PLAN)
    await bare.record(bare.report("s1"))
    await close(bare, JANUARY)
    export = await exported(bare)
    assert faults(export) == {}
    tampered = tamper(export, change, of_period=of_period)
    assert set(faults(tampered)) == {"closings" if of_period else "lines"}


def tamper(export: Export, change: Callable[[public.PostedLine], None], *, of_period: bool) -> Export:
    found = copy.deepcopy(export)
    for event in found.events["commission"]:
        data = unpack(event)
        if isinstance(data, public.LinesPosted) and data.HasField("period_start") == of_period:
            change(data.lines[0])
            event.data.Pack(data)
            return found
    raise AssertionError("nothing to change")
