"""A plan with commission and two kinds of points, from a sale to a redeemed thing, and to money paid and verified."""

from pathlib import Path
from typing import Any

import pytest

from libs.localnet.home import Home
from tests.support.command_line import CommandLine

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
  - {id: stars, type: points, kind: star, rate: 1, levels: [80%, 20%], expires_after: 365, worth: 0.10}
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


@pytest.fixture
def fenxiao(home: Home, tmp_path: Path) -> CommandLine:
    return CommandLine(home, PROGRAMME, tmp_path)


async def points(fenxiao: CommandLine, member: str) -> dict[str, dict[str, Any]]:
    return {one["points"]: one for one in (await fenxiao("points", "show", member))["points"]}


async def test_points_from_a_sale_to_a_thing_and_to_money_paid_and_verified(fenxiao: CommandLine) -> None:
    await fenxiao.opened(PLAN, MEMBERS)
    await fenxiao("sales", "import", fenxiao.file("sales.csv", SALES))
    await fenxiao("wallets")

    ben = await points(fenxiao, "ben")
    assert {kind: (one["held"], one["available"]) for kind, one in ben.items()} == {"coin": (10, 0), "star": (600, 0)}
    assert len(ben["star"]["lots"]) == 2

    titles = ("--title-en", "A mug", "--title-zh", "马克杯")
    await fenxiao("reward", "define", "mug", "--points", "star", "--price", "100", "--stock", "2", *titles)
    # No plan says what a coin is worth, and a star is worth 0.10 at most.
    words = ("--title-en", "Cash", "--title-zh", "现金")
    cash = ("reward", "define", "cash", "--price", "10", *words)
    assert await fenxiao.refused(*cash, "--points", "coin", "--money", "0.01") == "POINTS_WITHOUT_WORTH"
    assert await fenxiao.refused(*cash, "--points", "star", "--money", "1.01") == "REWARD_ABOVE_WORTH"
    defined = await fenxiao(*cash, "--points", "star", "--money", "1.00")
    assert (defined["version"], defined["money"]) == (1, {"currency": "EUR", "amount": 100})
    assert [one["reward"] for one in (await fenxiao("reward", "list"))["rewards"]] == ["cash", "mug"]

    assert await fenxiao.refused("points", "redeem", "ben", "mug") == "TIME_NOT_BEGUN"
    await fenxiao("advance", "--as-of", "2025-02-01")
    assert (await points(fenxiao, "ben"))["star"]["available"] == 600
    assert await fenxiao.refused("points", "redeem", "ben", "mug", "--quantity", "3") == "OUT_OF_STOCK"
    assert await fenxiao.refused("points", "redeem", "anna", "cash", "--quantity", "24") == "TOO_FEW_POINTS"

    kept = await fenxiao("points", "redeem", "ben", "mug")
    lost = await fenxiao("points", "redeem", "ben", "mug")
    paid = await fenxiao("points", "redeem", "ben", "cash", "--quantity", "35")
    assert (kept["state"], paid["state"], paid["money"]) == ("open", "credited", {"currency": "EUR", "amount": 3500})
    await fenxiao("points", "fulfil", kept["redemption"])
    assert await fenxiao.refused("points", "cancel", kept["redemption"]) == "REDEMPTION_NOT_OPEN"
    assert await fenxiao.refused("points", "cancel", paid["redemption"]) == "REDEMPTION_NOT_OPEN"

    # The return takes 200 stars: the 50 that are left, and the rest is owed until the mug comes back.
    await fenxiao("sales", "import", fenxiao.file("returns.csv", RETURNS))
    star = (await points(fenxiao, "ben"))["star"]
    assert (star["debt"], star["available"]) == (150, 0)
    assert (await fenxiao("points", "cancel", lost["redemption"]))["state"] == "cancelled"
    star = (await points(fenxiao, "ben"))["star"]
    assert (star["accrued"], star["clawed_back"], star["redeemed"], star["debt"]) == (600, -200, 450, 50)

    await fenxiao("fund", "1000")
    settled = await fenxiao("settle", "--as-of", "2025-03-01")
    assert settled["distribution"]["state"] == "paid"
    # 8 % of 500 and 35.00 for points; 4 % of that for Anna, and 8 % of her own 100.
    statements = (await fenxiao("statement"))["statements"]
    assert {one["member_id"]: one["paid"] for one in statements} == {"ben": 4000 + 3500, "anna": 2000 + 800}
    coin = (await points(fenxiao, "ben"))["coin"]
    assert (coin["accrued"], coin["clawed_back"], coin["expired"], coin["available"]) == (10, -5, 5, 0)
    listed = (await fenxiao("points", "redemptions", "--member", "ben"))["redemptions"]
    assert [one["state"] for one in listed] == ["fulfilled", "cancelled", "credited"]

    checks = await fenxiao.verified()
    assert checks["points"] >= 12
    assert checks["redemptions"] >= 12
