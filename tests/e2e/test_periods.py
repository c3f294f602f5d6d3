"""A plan of periods, from files to paid and verified: what posts with a sale, at the close, and for what came late."""

from pathlib import Path

import pytest

from libs.localnet.home import Home
from tests.support.command_line import CommandLine

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]

PROGRAMME = "period-shop"

PLAN = """
plan: Silver shop
version: '1'
currency: EUR
effective_from: 2025-01-01T00:00:00+01:00
rounding: half_up
jurisdictions: []
return_window: 14
ranks:
  - {id: silver, personal_volume: 100}
components:
  - {id: network, type: unilevel, levels: [8%, 4%, 2%]}
  - {id: silvers, type: unilevel, levels: [10%, 5%, 5%], compression: true, qualify: {rank: silver}}
  - {id: pot, type: pool, share: 2%, by: equal}
"""

MEMBERS = """member_id,sponsor_id,joined_at,name
anna,,2025-01-05T09:00:00+01:00,Anna
ben,anna,2025-01-06T10:00:00+01:00,Ben
li,ben,2025-01-09T08:15:00+01:00,李小明
"""

SALES = """sale_id,member_id,kind,occurred_at,amount,currency,original_sale_id
S-1,ben,sale,2025-01-10T15:30:00+01:00,59.90,EUR,
S-2,li,sale,2025-01-13T11:00:00+01:00,310.00,EUR,
S-3,anna,sale,2025-01-13T11:00:00+01:00,310.00,EUR,
R-1,li,return,2025-01-20T10:00:00+01:00,100.00,EUR,S-2
"""

LATE = """sale_id,member_id,kind,occurred_at,amount,currency,original_sale_id
S-9,ben,sale,2025-01-30T15:30:00+01:00,159.90,EUR,
R-2,anna,return,2025-02-20T10:00:00+01:00,300.00,EUR,S-3
"""


@pytest.fixture
def fenxiao(home: Home, tmp_path: Path) -> CommandLine:
    return CommandLine(home, PROGRAMME, tmp_path)


async def test_periods_from_files_to_paid_and_verified(fenxiao: CommandLine) -> None:
    await fenxiao.opened(PLAN, MEMBERS)
    await fenxiao("sales", "import", fenxiao.file("sales.csv", SALES))
    await fenxiao("wallets")

    # Anna and Li are silver: 10 % of their own sales, and 5 % for Anna on Ben's and Li's, Ben being passed over. The
    # pot is 2 % of 579.90 for three.
    estimate = await fenxiao("period", "estimate")
    earned = {row["member_id"]: row["earned"] for row in estimate["ratings"]}
    assert earned == {
        "anna": 2480 + 240 + 420 + 3100 + 300 + 1050 + 387,
        "ben": 479 + 840 + 387,
        "li": 1680 + 2100 + 386,
    }
    (january,) = (await fenxiao("period", "close", "--as-of", "2025-02-01"))["periods"]
    assert (january["period"], january["state"], january["lines"]) == ("2025-01-01", "closed", 7)
    assert january["posted"] == 3100 + 300 + 1050 + 2100 + 1160
    shown = await fenxiao("period", "show", "2025-01-01")
    assert {row["member_id"]: row["earned"] for row in shown["ratings"]} == earned

    # Ranks are sealed: Ben is no silver although his sales of January are above 100 now, and Anna stays one.
    await fenxiao("sales", "import", fenxiao.file("late.csv", LATE))
    closed = (await fenxiao("period", "close", "--as-of", "2025-04-01"))["periods"]
    assert [period["period"] for period in closed] == ["2025-02-01", "2025-03-01"]
    # What Anna gave back costs her 30.00, her 5 % of Ben's late sale are 8.00, and the pot shrinks by 2 % of 140.10.
    assert [period["posted"] for period in closed] == [-3000 + 800 - 280, 0]
    again = await fenxiao("period", "close", "--as-of", "2025-04-01")
    assert again["periods"] == []

    await fenxiao("fund", "1000")
    settled = await fenxiao("settle", "--as-of", "2025-05-01")
    assert settled["distribution"]["state"] == "paid"
    checks = await fenxiao.verified()
    assert checks["closings"] >= 4
