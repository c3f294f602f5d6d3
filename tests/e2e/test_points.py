"""A plan with commission and two kinds of points, from a sale to a redeemed thing, and to money paid and verified."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from libs.localnet.home import Home

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]

PROGRAMME = "points-shop"

PLAN = """
plan: Star shop
version: '1'
currency: EUR
effective_from: 2025-01-01T00:00:00+01:00
rounding: half_up
jurisdictions: []
return_window: 14
components:
  - {id: network, type: unilevel, levels: [8%, 4%]}
  - {id: stars, type: points, kind: star, rate: 1, levels: [80%, 20%], expires_after: 365}
  - {id: coins, type: points, kind: coin, flat: 5, expires_after: 30}
"""

MEMBERS = """member_id,sponsor_id,joined_at,name
anna,,2025-01-05T09:00:00+01:00,Anna
ben,anna,2025-01-06T10:00:00+01:00,Ben
"""

SALES = """sale_id,member_id,kind,occurred_at,amount,currency,original_sale_id
S-1,ben,sale,2025-01-10T15:30:00+01:00,500.00,EUR,
S-2,ben,sale,2025-01-13T11:00:00+01:00,250.00,EUR,
S-3,anna,sale,2025-01-14T11:00:00+01:00,100.00,EUR,
"""

RETURNS = """sale_id,member_id,kind,occurred_at,amount,currency,original_sale_id
R-1,ben,return,2025-02-03T10:00:00+01:00,250.00,EUR,S-2
"""


async def call(home: Home, *arguments: str) -> tuple[int, Any]:
    command = str(Path(sys.executable).with_name("fenxiao"))
    child = await asyncio.create_subprocess_exec(
        *(command, "--home", str(home.root), "--programme", PROGRAMME, "--json", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(120):
        out, err = await child.communicate()
    code = child.returncode or 0
    return code, json.loads(err.decode().strip().splitlines()[-1] if code else out)


async def fenxiao(home: Home, *arguments: str) -> Any:
    code, found = await call(home, *arguments)
    assert code == 0, found
    return found


async def refused(home: Home, *arguments: str) -> str:
    code, found = await call(home, *arguments)
    assert code, found
    return found["error"]["reason"]


async def points(home: Home, member: str) -> dict[str, dict[str, Any]]:
    return {one["points"]: one for one in (await fenxiao(home, "points", "show", member))["points"]}


async def test_points_from_a_sale_to_a_thing_and_to_money_paid_and_verified(home: Home, tmp_path: Path) -> None:
    def file(name: str, content: str) -> str:
        path = tmp_path / name
        path.write_text(content)
        return str(path)

    created = ("programme", "create", PROGRAMME, "--currency", "EUR")
    await fenxiao(home, *created, "--start", "2025-01-01", "--time-zone", "Europe/Berlin")
    await fenxiao(home, "asset", "register")
    await fenxiao(home, "plan", "publish", file("plan.yaml", PLAN))
    await fenxiao(home, "members", "import", file("members.csv", MEMBERS))
    await fenxiao(home, "sales", "import", file("sales.csv", SALES))
    await fenxiao(home, "wallets")

    ben = await points(home, "ben")
    assert {kind: (one["held"], one["available"]) for kind, one in ben.items()} == {"coin": (10, 0), "star": (600, 0)}
    assert len(ben["star"]["lots"]) == 2

    titles = ("--title-en", "A mug", "--title-zh", "马克杯")
    await fenxiao(home, "reward", "define", "mug", "--points", "star", "--price", "100", "--stock", "2", *titles)
    cash = ("reward", "define", "cash", "--points", "star", "--price", "10", "--money", "1.00")
    defined = await fenxiao(home, *cash, "--title-en", "Cash", "--title-zh", "现金")
    assert (defined["version"], defined["money"]) == (1, {"currency": "EUR", "amount": 100})
    assert [one["reward"] for one in (await fenxiao(home, "reward", "list"))["rewards"]] == ["cash", "mug"]

    assert await refused(home, "points", "redeem", "ben", "mug") == "TIME_NOT_BEGUN"
    await fenxiao(home, "advance", "--as-of", "2025-02-01")
    assert (await points(home, "ben"))["star"]["available"] == 600
    assert await refused(home, "points", "redeem", "ben", "mug", "--quantity", "3") == "OUT_OF_STOCK"
    assert await refused(home, "points", "redeem", "anna", "cash", "--quantity", "24") == "TOO_FEW_POINTS"

    kept = await fenxiao(home, "points", "redeem", "ben", "mug")
    lost = await fenxiao(home, "points", "redeem", "ben", "mug")
    paid = await fenxiao(home, "points", "redeem", "ben", "cash", "--quantity", "35")
    assert (kept["state"], paid["state"], paid["money"]) == ("open", "credited", {"currency": "EUR", "amount": 3500})
    await fenxiao(home, "points", "fulfil", kept["redemption"])
    assert await refused(home, "points", "cancel", kept["redemption"]) == "REDEMPTION_NOT_OPEN"
    assert await refused(home, "points", "cancel", paid["redemption"]) == "REDEMPTION_NOT_OPEN"

    # The return takes 200 stars: the 50 that are left, and the rest is owed until the mug comes back.
    await fenxiao(home, "sales", "import", file("returns.csv", RETURNS))
    assert ((await points(home, "ben"))["star"]["debt"], (await points(home, "ben"))["star"]["available"]) == (150, 0)
    assert (await fenxiao(home, "points", "cancel", lost["redemption"]))["state"] == "cancelled"
    star = (await points(home, "ben"))["star"]
    assert (star["accrued"], star["clawed_back"], star["redeemed"], star["debt"]) == (600, -200, 450, 50)

    await fenxiao(home, "fund", "1000")
    settled = await fenxiao(home, "settle", "--as-of", "2025-03-01")
    assert settled["distribution"]["state"] == "paid"
    # 8 % of 500 and 35.00 for points; 4 % of that for Anna, and 8 % of her own 100.
    statements = (await fenxiao(home, "statement"))["statements"]
    assert {one["member_id"]: one["paid"] for one in statements} == {"ben": 4000 + 3500, "anna": 2000 + 800}
    coin = (await points(home, "ben"))["coin"]
    assert (coin["accrued"], coin["clawed_back"], coin["expired"], coin["available"]) == (10, -5, 5, 0)
    listed = (await fenxiao(home, "points", "redemptions", "--member", "ben"))["redemptions"]
    assert [one["state"] for one in listed] == ["fulfilled", "cancelled", "credited"]

    report = await fenxiao(home, "verify", "--export", str(tmp_path / "export"))
    assert report["passed"], report
    checks = {check["name"]: check["checked"] for check in report["checks"]}
    assert checks["points"] >= 12
    assert checks["redemptions"] >= 12
