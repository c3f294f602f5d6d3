"""Anybody can find out, from public events, what was released because goods had been delivered."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.api.traceability.v1 import events_pb2 as traceability
from fenxiao.verify.export import Export
from libs.servicekit.testing import Harness
from services.settlement.tests.given import day, delivery_withdrawn, goods_delivered, line, posted, wallet_bound
from services.settlement.tests.test_verified import Heard, faults, first
from services.settlement.wiring import SERVICE


@pytest.fixture
async def export(tmp_path: Path) -> Export:
    """Anna's goods come, and she is paid; Ben's come, but not after all; Cai's come too late for the distribution."""
    async with Harness(SERVICE, tmp_path) as service:
        world = Heard(service)
        await world.register()
        await world.hears(
            *(wallet_bound(member) for member in ("anna", "ben", "cai")),
            posted(line("l0", "anna", 30, day(3), delivered=["po1"])),
            posted(line("l1", "ben", 40, day(3), delivered=["po2"])),
            posted(line("l2", "cai", 50, day(3), delivered=["po3", "po4"])),
            posted(line("l3", "cai", 7, day(3))),
            goods_delivered("d1", 4, "po1", "po3"),
            goods_delivered("d2", 4, "po2"),
            goods_delivered("d4", 12, "po4"),
            delivery_withdrawn("d2", "po2"),
        )
        await world.close(10)
        await world.propose(await world.distribution())
        await world.hears(goods_delivered("d2", 5, "po2"), delivery_withdrawn("d2", "po2"))
        await world.hears(delivery_withdrawn("d1", "po1", "po3"))  # what is in the distribution stays there
        return await world.export()


def test_an_honest_service_passes(export: Export) -> None:
    assert faults(export) == set()
    sums = {one.member: (one.held_minor, one.in_distribution_minor) for one in export.statements}
    assert sums == {"anna": (0, 30), "ben": (40, 0), "cai": (50, 7)}


def name_fewer(export: Export) -> None:
    """Cai's line is said to wait for one transaction only."""
    event, data = first(export, "commission", commission.LinesPosted, 2)
    del data.lines[0].conditions[1].delivered.biz_transactions[1]
    event.data.Pack(data)


def wait_for_nothing(export: Export) -> None:
    event, data = first(export, "commission", commission.LinesPosted, 1)
    del data.lines[0].conditions[1]
    event.data.Pack(data)


def deliver_never(export: Export) -> None:
    """Traceability has never said what settlement counts."""
    export.events["traceability"].remove(first(export, "traceability", traceability.Delivered)[0])


def deliver_earlier(export: Export) -> None:
    event, data = first(export, "settlement", settlement.DeliveryRemembered, 2)
    data.delivery_time.seconds -= 86_400 * 5
    event.data.Pack(data)


def deliver_something_else(export: Export) -> None:
    event, data = first(export, "settlement", settlement.DeliveryRemembered)
    data.biz_transactions[0] = "po4"
    event.data.Pack(data)


def leave_a_withdrawal_out(export: Export) -> None:
    export.events["settlement"].remove(first(export, "settlement", settlement.DeliveryForgotten)[0])


def leave_the_last_withdrawal_out(export: Export) -> None:
    """Settlement keeps released what it should hold again; no distribution was closed since, but statements show it."""
    export.events["settlement"].remove(first(export, "settlement", settlement.DeliveryForgotten, 1)[0])


def leave_a_delivery_out(export: Export) -> None:
    export.events["settlement"].remove(first(export, "settlement", settlement.DeliveryRemembered)[0])


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (name_fewer, {"entitlements", "statements"}),
        (wait_for_nothing, {"entitlements", "statements"}),
        (deliver_never, {"deliveries"}),
        (deliver_earlier, {"deliveries", "entitlements", "statements"}),
        (deliver_something_else, {"deliveries", "entitlements", "statements"}),
        (leave_a_withdrawal_out, {"deliveries", "entitlements"}),
        (leave_the_last_withdrawal_out, {"statements"}),
        (leave_a_delivery_out, {"deliveries", "entitlements", "statements"}),
    ],
)
def test_any_change_to_it_shows(export: Export, tamper: Callable[[Export], None], found: set[str]) -> None:
    tamper(export)
    assert found <= faults(export)
