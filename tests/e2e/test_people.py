"""A plan that pays by identity, country and a granted rank, through the network: published, sold, closed, verified."""

from pathlib import Path

import pytest

from libs.localnet.home import Home
from tests.support.command_line import CommandLine

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]

PROGRAMME = "people-shop"

PLAN = """
plan: Checked shop
version: '1'
currency: EUR
effective_from: 2025-01-01T00:00:00+01:00
rounding: half_up
jurisdictions: []
return_window: 14
ranks:
  - {id: director}
components:
  - {id: own, type: direct, rate: 5%}
  - {id: known, type: unilevel, levels: [10%, 5%], qualify: {identity: true, countries: [CN]}}
  - {id: directors, type: unilevel, levels: [0%, 4%, 4%], qualify: {rank: director}}
"""

MEMBERS = """member_id,sponsor_id,joined_at,country,verified_at
anna,,2025-01-05T09:00:00+01:00,CN,2025-01-05T10:00:00+01:00
ben,anna,2025-01-06T10:00:00+01:00,CN,
li,ben,2025-01-09T08:15:00+01:00,DE,2025-01-09T08:15:00+01:00
"""

RANKS = """member_id,rank,since,until
anna,director,2025-01-01T00:00:00+01:00,2025-02-01T00:00:00+01:00
"""

SALES = """sale_id,member_id,kind,occurred_at,amount,currency
S-1,li,sale,2025-01-10T15:30:00+01:00,100.00,EUR
S-2,ben,sale,2025-01-13T11:00:00+01:00,200.00,EUR
"""

LATE = """sale_id,member_id,kind,occurred_at,amount,currency
S-3,ben,sale,2025-01-15T15:30:00+01:00,100.00,EUR
S-4,ben,sale,2025-02-20T10:00:00+01:00,300.00,EUR
"""


@pytest.fixture
def fenxiao(home: Home, tmp_path: Path) -> CommandLine:
    return CommandLine(home, PROGRAMME, tmp_path)


async def test_who_members_are_decides_what_they_earn(fenxiao: CommandLine) -> None:
    plan = fenxiao.file("plan.yaml", PLAN)
    created = ("programme", "create", PROGRAMME, "--currency", "EUR")
    await fenxiao(*created, "--start", "2025-01-01", "--time-zone", "Europe/Berlin")
    await fenxiao("members", "import", fenxiao.file("members.csv", MEMBERS))
    assert await fenxiao.refused("plan", "publish", plan) == "PLAN_NEEDS_COUNTRY"
    await fenxiao("programme", "disclose-countries")
    await fenxiao("plan", "publish", plan)
    granted = await fenxiao("rank", "grant", "--file", fenxiao.file("ranks.csv", RANKS))
    assert (granted["taken"], granted["refused"]) == (1, 0)
    await fenxiao("sales", "import", fenxiao.file("sales.csv", SALES))
    await fenxiao("members", "check-identity", "ben", "--at", "2025-01-20")

    # With the sales 5 % of each. At the close: Ben 5 % of Li's sale and 10 % of his own, Anna 5 % of Ben's, Li lives in
    # Germany; and as a director Anna has 4 % of both.
    earned = {"anna": 1000 + 1200, "ben": 1000 + 500 + 2000, "li": 500}
    estimate = await fenxiao("period", "estimate")
    assert {row["member_id"]: row["earned"] for row in estimate["ratings"]} == earned
    (january,) = (await fenxiao("period", "close", "--as-of", "2025-02-01"))["periods"]
    assert january["posted"] == 1000 + 1200 + 500 + 2000
    shown = await fenxiao("period", "show", "2025-01-01")
    assert {row["member_id"]: (row["earned"], row["rank"]) for row in shown["ratings"]} == {
        "anna": (earned["anna"], "director"),
        "ben": (earned["ben"], ""),
        "li": (earned["li"], ""),
    }
    assert await fenxiao.refused("rank", "grant", "li", "director", "--since", "2025-01-20") == "PERIOD_SEALED"

    # February knows neither Ben's check nor Anna in China nor a director; January stays as it knew them.
    await fenxiao("members", "withdraw-check", "ben", "--since", "2025-02-02")
    await fenxiao("members", "change-country", "anna", "DE", "--since", "2025-01-06")
    await fenxiao("sales", "import", fenxiao.file("late.csv", LATE))
    (february,) = (await fenxiao("period", "close", "--as-of", "2025-03-01"))["periods"]
    assert february["posted"] == 1000 + 500 + 400
    listed = await fenxiao("rank", "list", "--member", "anna")
    assert [(one["rank"], one["until"]) for one in listed["grants"]] == [("director", "2025-01-31T23:00:00Z")]

    checks = await fenxiao.verified("--offline")
    assert checks["closings"] >= 4
    assert checks["people"] >= 5
