"""The command line on a network where the demo's business was done: what a merchant types, and what programs read."""

from pathlib import Path

import pytest

from libs.localnet.demo import Demo
from libs.localnet.home import Home
from libs.localnet.services import SERVICES
from tests.support import gift
from tests.support.command_line import CommandLine, Run
from tests.support.stores import row_counts

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]

OK, REFUSED, NOT_PERMITTED, NOT_FOUND = 0, 1, 4, 5


async def fenxiao(home: Home, *arguments: str, token: str = "") -> Run:
    return await CommandLine(home, gift.PROGRAMME).run(*arguments, token=token)


async def test_a_second_import_says_that_nothing_changed(demo: Demo, home: Home) -> None:
    before = row_counts(home, SERVICES)
    members = await fenxiao(home, "members", "import", str(gift.file("members.csv")))
    sales = await fenxiao(home, "sales", "import", str(gift.file("sales.csv")))
    for run, lines in ((members, gift.MEMBERS), (sales, gift.LINES_OF_SALES)):
        assert run.code == OK, run.err
        assert [run.json[name] for name in ("taken", "repeated", "refused")] == [0, lines, 0]
    assert row_counts(home, SERVICES) == before


async def test_a_statement_adds_up(demo: Demo, home: Home) -> None:
    run = await fenxiao(home, "statement", "17850")
    assert run.code == OK, run.err
    (statement,) = run.json["statements"]
    amounts = [line["amount"] for line in statement["lines"]]
    assert statement["net"] == sum(amounts) == statement["accrued"] + statement["clawed_back"]
    assert statement["net"] == statement["held"] + statement["payable"] + statement["paid"] - statement["debt"]
    assert statement["paid"] > 0


async def test_verify_passes_and_says_what_it_checked(demo: Demo, home: Home, tmp_path: Path) -> None:
    run = await fenxiao(home, "verify", "--export", str(tmp_path / "export"))
    assert run.code == OK, run.err
    assert run.json["passed"] is True
    checked = {check["name"]: (check["checked"], check["failed"]) for check in run.json["checks"]}
    assert checked["lines"] == (gift.LINES_OF_SALES, 0)
    assert checked["payouts"] == (gift.RIGHT["paid_members"] + 1, 0)


async def test_each_kind_of_no_has_its_exit_code(demo: Demo, home: Home, tmp_path: Path) -> None:
    before = row_counts(home, SERVICES)
    bad = tmp_path / "bad.csv"
    bad.write_text("sale_id,member_id,kind,occurred_at,amount,currency\nX,17850,sale,2010-12-02T00:00:00Z,-1,GBP\n")
    for code, run in (
        (REFUSED, await fenxiao(home, "sales", "import", str(bad))),
        (REFUSED, await fenxiao(home, "settle", "--as-of", "2011-02-01")),
        (NOT_FOUND, await fenxiao(home, "explain", "no-such-sale")),
        (NOT_PERMITTED, await fenxiao(home, "statement", "17850", token="forged")),
    ):
        assert run.code == code, (run.out, run.err)
        assert "Traceback" not in run.err
    assert row_counts(home, SERVICES) == before
