"""Lines that wait for an identity check and a payable balance: held until both are there, then paid and verified."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from libs.localnet.home import Home

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


async def fenxiao(home: Home, *arguments: str) -> Any:
    command = str(Path(sys.executable).with_name("fenxiao"))
    child = await asyncio.create_subprocess_exec(
        *(command, "--home", str(home.root), "--programme", PROGRAMME, "--json", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(120):
        out, err = await child.communicate()
    assert child.returncode == 0, err.decode()
    return json.loads(out)


async def test_lines_wait_for_identity_and_threshold_and_are_paid_and_verified(home: Home, tmp_path: Path) -> None:
    def file(name: str, content: str) -> str:
        path = tmp_path / name
        path.write_text(content)
        return str(path)

    async def waits(member: str) -> list[tuple[int, list[str]]]:
        found = await fenxiao(home, "statement", member)
        return [(line["held"], line["waits_for"]) for line in found["statements"][0]["lines"]]

    created = ("programme", "create", PROGRAMME, "--currency", "EUR")
    await fenxiao(home, *created, "--start", "2025-01-01", "--time-zone", "Europe/Berlin")
    await fenxiao(home, "asset", "register")
    await fenxiao(home, "plan", "publish", file("plan.yaml", PLAN))
    await fenxiao(home, "members", "import", file("members.csv", MEMBERS))
    await fenxiao(home, "members", "check-identity", "anna", "--at", "2025-01-20")
    await fenxiao(home, "members", "check-identity", "li", "--at", "2025-01-20", "--until", "2027-01-20")
    await fenxiao(home, "sales", "import", file("january.csv", HEAD + JANUARY))
    await fenxiao(home, "wallets")
    await fenxiao(home, "fund", "1000")

    # Anna is checked and has 60; Ben has 60 and is not checked; Li is checked and has 30.
    settled = await fenxiao(home, "settle", "--as-of", "2025-02-01")
    assert (settled["distribution"]["payees"], settled["distribution"]["total"]) == (1, 6000)
    assert await waits("anna") == [(0, [])]
    assert await waits("ben") == [(6000, ["identity", "threshold"])]
    assert await waits("li") == [(3000, ["threshold"])]

    # What comes back takes 5 of Li's 30; with 25 more the threshold is reached to the cent.
    await fenxiao(home, "sales", "import", file("february.csv", HEAD + FEBRUARY))
    await fenxiao(home, "members", "check-identity", "ben", "--at", "2025-01-31")
    settled = await fenxiao(home, "settle", "--as-of", "2025-03-01")
    assert (settled["distribution"]["payees"], settled["distribution"]["total"]) == (2, 6000 + 5000)
    assert settled["distribution"]["state"] == "paid"
    assert await waits("li") == [(0, [])] * 3

    report = await fenxiao(home, "verify", "--export", str(tmp_path / "export"))
    checks = {check["name"]: (check["checked"], check["failed"]) for check in report["checks"]}
    assert report["passed"], report
    assert checks["identities"][0] >= 3
