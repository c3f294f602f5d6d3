"""A binary from files to paid and verified: who stands where, what is carried, and what a return changes."""

from pathlib import Path

import pytest

from libs.localnet.home import Home
from tests.support.command_line import CommandLine

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]

PROGRAMME = "binary-shop"

PLAN = """
plan: Pairs
version: '1'
currency: EUR
effective_from: 2025-01-01T00:00:00+01:00
rounding: half_up
jurisdictions: []
return_window: 14
placement: {width: 2, spill: weaker}
components:
  - {id: pairs, type: binary, unit: 100, rate: 10%}
"""

MEMBERS = """member_id,sponsor_id,joined_at,placement_id,leg
anna,,2025-01-05T09:00:00+01:00,,
ben,anna,2025-01-06T10:00:00+01:00,,
li,ben,2025-01-07T08:15:00+01:00,anna,right
mo,anna,2025-01-08T08:15:00+01:00,,
eva,anna,2025-01-09T08:15:00+01:00,,left
"""

SALES = """sale_id,member_id,kind,occurred_at,amount,currency,original_sale_id
S-1,ben,sale,2025-01-10T15:30:00+01:00,250.00,EUR,
S-2,li,sale,2025-01-13T11:00:00+01:00,120.00,EUR,
S-3,mo,sale,2025-01-14T11:00:00+01:00,100.00,EUR,
S-4,li,sale,2025-02-13T11:00:00+01:00,200.00,EUR,
"""

LATE = """sale_id,member_id,kind,occurred_at,amount,currency,original_sale_id
R-1,mo,return,2025-03-20T10:00:00+01:00,80.00,EUR,S-3
"""


@pytest.fixture
def fenxiao(home: Home, tmp_path: Path) -> CommandLine:
    return CommandLine(home, PROGRAMME, tmp_path)


async def test_a_binary_from_files_to_paid_and_verified(fenxiao: CommandLine) -> None:
    created = ("programme", "create", PROGRAMME, "--currency", "EUR")
    await fenxiao(*created, "--start", "2025-01-01", "--time-zone", "Europe/Berlin")
    plan = fenxiao.file("plan.yaml", PLAN)
    assert await fenxiao.refused("plan", "publish", plan) == "PLAN_NEEDS_PLACEMENT"
    await fenxiao("programme", "set-placement", "--width", "2", "--spill", "weaker")
    await fenxiao("plan", "publish", plan)
    await fenxiao("asset", "register")
    members = fenxiao.file("members.csv", MEMBERS)
    assert (await fenxiao("members", "import", members, "--all-or-nothing"))["taken"] == 5
    assert (await fenxiao("members", "import", members))["repeated"] == 5
    shown = {who: (await fenxiao("members", "show", who))["place"] for who in ("anna", "ben", "li", "mo", "eva")}
    assert {who: (place["parent_id"], place["leg"], place["choice"]) for who, place in shown.items()} == {
        "anna": ("", -1, "rule"),
        "ben": ("anna", 0, "rule"),
        "li": ("anna", 1, "parent"),
        "mo": ("ben", 0, "rule"),
        "eva": ("mo", 0, "leg"),
    }
    await fenxiao("sales", "import", fenxiao.file("sales.csv", SALES))
    await fenxiao("wallets")

    # January: 350 on the left, 120 on the right. February: 250 and 220.
    closed = (await fenxiao("period", "close", "--as-of", "2025-03-01"))["periods"]
    assert [period["posted"] for period in closed] == [1000, 2000]
    # Of the left, 80 come back: it is 170 in February.
    await fenxiao("sales", "import", fenxiao.file("late.csv", LATE))
    closed = (await fenxiao("period", "close", "--as-of", "2025-04-01"))["periods"]
    assert [period["posted"] for period in closed] == [-1000]

    await fenxiao("fund", "1000")
    settled = await fenxiao("settle", "--as-of", "2025-05-01")
    assert settled["distribution"]["state"] == "paid"
    assert settled["distribution"]["paid"] == 2000
    checks = await fenxiao.verified()
    assert checks["placements"] == 7  # the rule, the plan, and five places
