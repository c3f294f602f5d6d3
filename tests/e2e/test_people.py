"""A plan that pays by identity, country and a granted rank, through the network: published, sold, closed, verified."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from libs.localnet.home import Home

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


async def fenxiao(home: Home, *arguments: str, refused: str = "") -> Any:
    command = str(Path(sys.executable).with_name("fenxiao"))
    child = await asyncio.create_subprocess_exec(
        *(command, "--home", str(home.root), "--programme", PROGRAMME, "--json", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(120):
        out, err = await child.communicate()
    if refused:
        assert json.loads(err)["error"]["reason"] == refused
        return None
    assert child.returncode == 0, err.decode()
    return json.loads(out)


async def test_who_members_are_decides_what_they_earn(home: Home, tmp_path: Path) -> None:
    def file(name: str, content: str) -> str:
        path = tmp_path / name
        path.write_text(content)
        return str(path)

    plan = file("plan.yaml", PLAN)
    created = ("programme", "create", PROGRAMME, "--currency", "EUR")
    await fenxiao(home, *created, "--start", "2025-01-01", "--time-zone", "Europe/Berlin")
    await fenxiao(home, "members", "import", file("members.csv", MEMBERS))
    await fenxiao(home, "plan", "publish", plan, refused="PLAN_NEEDS_COUNTRY")
    await fenxiao(home, "programme", "disclose-countries")
    await fenxiao(home, "plan", "publish", plan)
    granted = await fenxiao(home, "rank", "grant", "--file", file("ranks.csv", RANKS))
    assert (granted["taken"], granted["refused"]) == (1, 0)
    await fenxiao(home, "sales", "import", file("sales.csv", SALES))
    await fenxiao(home, "members", "check-identity", "ben", "--at", "2025-01-20")

    # With the sales 5 % of each. At the close: Ben 5 % of Li's sale and 10 % of his own, Anna 5 % of Ben's, Li lives in
    # Germany; and as a director Anna has 4 % of both.
    earned = {"anna": 1000 + 1200, "ben": 1000 + 500 + 2000, "li": 500}
    estimate = await fenxiao(home, "period", "estimate")
    assert {row["member_id"]: row["earned"] for row in estimate["ratings"]} == earned
    (january,) = (await fenxiao(home, "period", "close", "--as-of", "2025-02-01"))["periods"]
    assert january["posted"] == 1000 + 1200 + 500 + 2000
    shown = await fenxiao(home, "period", "show", "2025-01-01")
    assert {row["member_id"]: (row["earned"], row["rank"]) for row in shown["ratings"]} == {
        "anna": (earned["anna"], "director"),
        "ben": (earned["ben"], ""),
        "li": (earned["li"], ""),
    }
    await fenxiao(home, "rank", "grant", "li", "director", "--since", "2025-01-20", refused="PERIOD_SEALED")

    # February knows neither Ben's check nor Anna in China nor a director; January stays as it knew them.
    await fenxiao(home, "members", "withdraw-check", "ben", "--since", "2025-02-02")
    await fenxiao(home, "members", "change-country", "anna", "DE", "--since", "2025-01-06")
    await fenxiao(home, "sales", "import", file("late.csv", LATE))
    (february,) = (await fenxiao(home, "period", "close", "--as-of", "2025-03-01"))["periods"]
    assert february["posted"] == 1000 + 500 + 400
    listed = await fenxiao(home, "rank", "list", "--member", "anna")
    assert [(one["rank"], one["until"]) for one in listed["grants"]] == [("director", "2025-01-31T23:00:00Z")]

    report = await fenxiao(home, "verify", "--export", str(tmp_path / "export"), "--offline")
    checks = {check["name"]: (check["checked"], check["failed"]) for check in report["checks"]}
    assert report["passed"], report
    assert checks["closings"][0] >= 4
    assert checks["people"][0] >= 5
