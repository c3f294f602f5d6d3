"""Members from files: checked, placed after the fact, and their countries disclosed when the programme says so."""

import json
from pathlib import Path

import pytest

from libs.localnet.home import Home
from tests.support.command_line import CommandLine

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]

PROGRAMME = "known-members"

MEMBERS = """member_id,sponsor_id,joined_at,country,verified_at,verified_until
anna,,2025-01-05T09:00:00+01:00,DE,2024-12-30T10:00:00+01:00,2026-12-30T10:00:00+01:00
ben,anna,2025-01-06T10:00:00+01:00,Lummerland,,
li,ben,2025-01-07T08:15:00+01:00,cn,2025-01-08T08:15:00+01:00,
"""

PLACES = """member_id,since,placement_id,leg
anna,2025-01-10T00:00:00+01:00,,
li,2025-01-10T00:00:00+01:00,anna,right
ben,2025-01-10T00:00:00+01:00,,
"""

CHECKS = """member_id,verified_at,check_reference
ben,2025-02-01T10:00:00+01:00,KYC-1
li,2025-01-01T10:00:00+01:00,KYC-2
"""


@pytest.fixture
def fenxiao(home: Home, tmp_path: Path) -> CommandLine:
    return CommandLine(home, PROGRAMME, tmp_path)


async def countries(fenxiao: CommandLine, tmp_path: Path) -> list[tuple[str, str]]:
    """What stands in the open: countries and from when on, in the order in which they were told."""
    export = tmp_path / "export"
    await fenxiao("verify", "--export", str(export), "--offline")
    events = [json.loads(line) for line in (export / "membership.jsonl").read_text().splitlines()]
    told = [event["data"] for event in events if event["type"].endswith(".CountryDisclosed")]
    return [(data["country"], data["effective_time"]) for data in told]


async def test_members_are_known_placed_and_where_they_live(fenxiao: CommandLine, tmp_path: Path) -> None:
    created = ("programme", "create", PROGRAMME, "--currency", "EUR")
    await fenxiao(*created, "--start", "2025-01-01", "--time-zone", "Europe/Berlin")
    members = fenxiao.file("members.csv", MEMBERS)
    assert (await fenxiao("members", "import", members, "--all-or-nothing"))["taken"] == 3
    assert (await fenxiao("members", "import", members))["repeated"] == 3

    await fenxiao("programme", "set-placement", "--width", "2", "--spill", "weaker")
    places = fenxiao.file("places.csv", PLACES)
    assert (await fenxiao("members", "place", "--file", places))["taken"] == 3
    assert (await fenxiao("members", "place", "--file", places))["repeated"] == 3
    nodes = (await fenxiao("members", "tree", "--placement"))["nodes"]
    assert [(node["member_id"], node["parent_id"], node["leg"]) for node in nodes] == [
        ("anna", "", -1),
        ("ben", "anna", 0),
        ("li", "anna", 1),
    ]

    run = await fenxiao.run("members", "check-identity", "--file", fenxiao.file("checks.csv", CHECKS))
    checked = json.loads(run.out)
    assert (checked["taken"], [one["reason"] for one in checked["problems"]]) == (1, ["CHECK_OUTDATED"])
    await fenxiao("members", "withdraw-check", "ben", "--since", "2025-03-01", "--reason", "forged")
    shown = {who: await fenxiao("members", "show", who) for who in ("anna", "ben", "li")}
    assert {who: (one["verified_at"], one["verified_until"]) for who, one in shown.items()} == {
        "anna": ("2024-12-30T09:00:00Z", "2026-12-30T09:00:00Z"),
        "ben": (None, None),
        "li": ("2025-01-08T07:15:00Z", None),
    }

    await fenxiao("members", "change-country", "anna", "FR", "--since", "2025-04-01")
    assert (await fenxiao("members", "show", "anna"))["country"] == "FR"
    assert await countries(fenxiao, tmp_path) == []
    disclosed = await fenxiao("programme", "disclose-countries")
    assert (disclosed["disclosed"], [one["member_id"] for one in disclosed["unreadable"]]) == (2, ["ben"])
    await fenxiao("members", "change-country", "ben", "DE", "--since", "2025-01-06T10:00:00+01:00")
    assert (await fenxiao("programme", "disclose-countries"))["disclosed"] == 0
    assert await countries(fenxiao, tmp_path) == [
        ("DE", "2025-01-05T08:00:00Z"),
        ("FR", "2025-03-31T22:00:00Z"),
        ("CN", "2025-01-07T07:15:00Z"),
        ("DE", "2025-01-06T09:00:00Z"),
    ]
