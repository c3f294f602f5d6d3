"""Commission that waits until goods have been delivered: from captured EPCIS events to what is paid and verified."""

import json
from pathlib import Path
from typing import Any

import pytest

from libs.localnet.home import Home
from tests.support.command_line import CommandLine

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]

PROGRAMME = "delivery-shop"

PLAN = """
plan: Delivery shop
version: '1'
currency: EUR
effective_from: 2025-01-01T00:00:00+01:00
rounding: half_up
jurisdictions: []
return_window: 14
components:
  - {id: network, type: unilevel, levels: [10%], release: {delivered: true}}
"""

MEMBERS = """member_id,sponsor_id,joined_at
anna,,2025-01-05T09:00:00+01:00
ben,anna,2025-01-06T10:00:00+01:00
li,ben,2025-01-09T08:15:00+01:00
"""

PO = "urn:epcglobal:cbv:bt:9521321000001:PO-{}"
HEAD = "sale_id,member_id,kind,occurred_at,amount,currency,biz_transactions\n"
SALES = f"""S-1,anna,sale,2025-01-10T15:30:00+01:00,600,EUR,{PO.format(1)}
S-2,ben,sale,2025-01-10T15:30:00+01:00,500,EUR,{PO.format(2)}
S-3,li,sale,2025-01-10T15:30:00+01:00,400,EUR,{PO.format(3)} {PO.format(4)}
"""
UNNAMED = "S-4,li,sale,2025-01-10T15:30:00+01:00,300,EUR,\n"

WAREHOUSE, SHOP = "urn:epc:id:sgln:9521141.00001.0", "urn:epc:id:sgln:9521321.00001.0"
DID_NOT_OCCUR = {"declarationTime": "2025-01-28T08:00:00Z", "reason": "did_not_occur"}


def event(day: int, step: str, place: str, number: int, **fields: Any) -> dict[str, Any]:
    """A box of an order on its way."""
    return {
        "type": "ObjectEvent",
        "eventTime": f"2025-01-{day}T10:00:00+01:00",
        "eventTimeZoneOffset": "+01:00",
        "action": "OBSERVE",
        "bizStep": step,
        "readPoint": {"id": place},
        "epcList": [f"urn:epc:id:sscc:9521141.100000000{number}"],
        **fields,
    }


def shipped(day: int, number: int) -> dict[str, Any]:
    """It leaves the warehouse for the shop, by an order."""
    return event(
        day,
        "shipping",
        WAREHOUSE,
        number,
        bizTransactionList=[{"type": "po", "bizTransaction": PO.format(number)}],
        destinationList=[{"type": "location", "destination": SHOP}],
    )


def document(*events: dict[str, Any]) -> str:
    return json.dumps(
        {
            "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2025-02-01T18:00:00Z",
            "epcisBody": {"eventList": list(events)},
        }
    )


@pytest.fixture
def fenxiao(home: Home, tmp_path: Path) -> CommandLine:
    return CommandLine(home, PROGRAMME, tmp_path)


async def test_lines_wait_for_the_delivery_of_their_sale_and_are_paid_and_verified(fenxiao: CommandLine) -> None:
    async def capture(name: str, *events: dict[str, Any]) -> None:
        await fenxiao("trace", "capture", fenxiao.file(f"{name}.json", document(*events)))

    async def waits() -> dict[str, tuple[int, list[str]]]:
        found = (await fenxiao("statement"))["statements"]
        return {one["member_id"]: (line["held"], line["waits_for"]) for one in found for line in one["lines"]}

    await fenxiao.opened(PLAN, MEMBERS)
    # Anna's goods have left and come before the shop reports her sale; Ben's are said to have come, and have not.
    received = event(23, "receiving", SHOP, 2)
    await capture("anna", shipped(20, 1), event(22, "receiving", SHOP, 1))
    await fenxiao("sales", "import", fenxiao.file("sales.csv", HEAD + SALES))
    await capture("ben", shipped(20, 2), received)
    await capture("mistake", {**received, "errorDeclaration": DID_NOT_OCCUR})
    # Of Li's two orders one has come.
    await capture("li", shipped(20, 3), event(24, "receiving", SHOP, 3), shipped(20, 4))
    await fenxiao("wallets")
    await fenxiao("fund", "1000")

    unnamed = await fenxiao.run("sales", "import", fenxiao.file("unnamed.csv", HEAD + UNNAMED))
    assert [one["reason"] for one in json.loads(unnamed.out)["problems"]] == ["BIZ_TRANSACTION_MISSING"]

    settled = (await fenxiao("settle", "--as-of", "2025-02-01"))["distribution"]
    assert (settled["payees"], settled["total"], settled["state"]) == (1, 6000, "paid")
    assert await waits() == {"anna": (0, []), "ben": (5000, ["delivery"]), "li": (4000, ["delivery"])}

    # Li's second box comes, and Ben's for good.
    await capture("rest", event(27, "receiving", SHOP, 4), event(29, "receiving", SHOP, 2))
    assert await waits() == {"anna": (0, []), "ben": (0, []), "li": (0, [])}
    settled = (await fenxiao("settle", "--as-of", "2025-03-01"))["distribution"]
    assert (settled["payees"], settled["total"], settled["state"]) == (2, 5000 + 4000, "paid")

    checks = await fenxiao.verified()
    assert checks["deliveries"] >= 5
