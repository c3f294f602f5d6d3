"""Lines that wait for an identity check and a payable balance: held until both are there, then paid and verified."""

from pathlib import Path

import pytest

from libs.localnet.home import Home
from tests.support.command_line import CommandLine

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]

PROGRAMME = "release-shop"

PLAN = """
plan: Release shop
version: '1'
currency: EUR
effective_from: 2025-01-01T00:00:00+01:00
rounding: half_up
jurisdictions: []
return_window: 14
components:
  - {id: network, type: unilevel, levels: [10%], release: {identity: true, threshold: 50}}
"""

MEMBERS = """member_id,sponsor_id,joined_at
anna,,2025-01-05T09:00:00+01:00
ben,anna,2025-01-06T10:00:00+01:00
li,ben,2025-01-09T08:15:00+01:00
"""

HEAD = "sale_id,member_id,kind,occurred_at,amount,currency,original_sale_id\n"
JANUARY = """S-1,anna,sale,2025-01-10T15:30:00+01:00,600,EUR,
S-2,ben,sale,2025-01-10T15:30:00+01:00,600,EUR,
S-3,li,sale,2025-01-10T15:30:00+01:00,300,EUR,
"""
FEBRUARY = """S-4,li,sale,2025-02-03T11:00:00+01:00,250,EUR,
R-1,li,return,2025-02-04T11:00:00+01:00,50,EUR,S-3
"""


@pytest.fixture
def fenxiao(home: Home, tmp_path: Path) -> CommandLine:
    return CommandLine(home, PROGRAMME, tmp_path)


async def test_lines_wait_for_identity_and_threshold_and_are_paid_and_verified(fenxiao: CommandLine) -> None:
    async def waits(member: str) -> list[tuple[int, list[str]]]:
        found = await fenxiao("statement", member)
        return [(line["held"], line["waits_for"]) for line in found["statements"][0]["lines"]]

    await fenxiao.opened(PLAN, MEMBERS)
    await fenxiao("members", "check-identity", "anna", "--at", "2025-01-20")
    await fenxiao("members", "check-identity", "li", "--at", "2025-01-20", "--until", "2027-01-20")
    await fenxiao("sales", "import", fenxiao.file("january.csv", HEAD + JANUARY))
    await fenxiao("wallets")
    await fenxiao("fund", "1000")

    # Anna is checked and has 60; Ben has 60 and is not checked; Li is checked and has 30.
    settled = await fenxiao("settle", "--as-of", "2025-02-01")
    assert (settled["distribution"]["payees"], settled["distribution"]["total"]) == (1, 6000)
    assert await waits("anna") == [(0, [])]
    assert await waits("ben") == [(6000, ["identity", "threshold"])]
    assert await waits("li") == [(3000, ["threshold"])]

    # What comes back takes 5 of Li's 30; with 25 more the threshold is reached to the cent.
    await fenxiao("sales", "import", fenxiao.file("february.csv", HEAD + FEBRUARY))
    await fenxiao("members", "check-identity", "ben", "--at", "2025-01-31")
    settled = await fenxiao("settle", "--as-of", "2025-03-01")
    assert (settled["distribution"]["payees"], settled["distribution"]["total"]) == (2, 6000 + 5000)
    assert settled["distribution"]["state"] == "paid"
    assert await waits("li") == [(0, [])] * 3

    checks = await fenxiao.verified()
    assert checks["identities"] >= 3
