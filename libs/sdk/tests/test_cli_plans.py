"""The commands on plans: tried on files, compared, checked, and what changed from one version to the next."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import grpc
import pytest

from fenxiao.api.commission.v1 import commission_pb2, commission_pb2_grpc
from fenxiao.api.membership.v1 import membership_pb2, membership_pb2_grpc
from fenxiao.cli import app, texts
from fenxiao.plans import plan_hash, plan_schema

HEAD = """
plan: Gifts
version: "1"
currency: GBP
effective_from: 2010-01-01T00:00:00Z
rounding: half_up
jurisdictions: []
return_window: 14
"""
UNILEVEL = HEAD + "components: [{id: network, type: unilevel, levels: [10%, 2%, 1%]}]\n"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in ("FENXIAO_HOME", "FENXIAO_PROGRAMME", "FENXIAO_TOKEN", "FENXIAO_LANG", "FENXIAO_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    texts.use("en")
    yield
    texts.use("en")


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> "Shop":
    return Shop(tmp_path, capsys)


class Shop:
    """A folder with a plan, members and sales."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder, self._capsys = folder, capsys
        self._sales: list[Mapping[str, str]] = []
        self._members: list[Mapping[str, str]] = []
        self.plan(UNILEVEL)

    def plan(self, text: str, name: str = "plan.yaml") -> None:
        (self._folder / name).write_text(text, encoding="utf-8")

    def chain(self, *names: str, **more: Mapping[str, str]) -> None:
        """Members each below the one before; `more` has further columns by member."""
        for name, sponsor in zip(names, ["", *names], strict=False):
            self.member(name, sponsor, **more.get(name, {}))

    def member(self, name: str, sponsor: str = "", **more: str) -> None:
        self._members.append({"member_id": name, "sponsor_id": sponsor, "joined_at": "2010-06-01T00:00:00Z", **more})

    def sale(self, member: str, amount: str, day: str = "2010-12-01", **more: str) -> str:
        row = {
            "sale_id": f"s{len(self._sales)}",
            "member_id": member,
            "kind": "sale",
            "occurred_at": f"{day}T12:00:00Z",
            "amount": amount,
            "currency": "GBP",
            **more,
        }
        self._sales.append(row)
        return row["sale_id"]

    def write(self) -> list[str]:
        """Write both files; gives the options that name them."""
        for name, rows in (("members.csv", self._members), ("sales.csv", self._sales)):
            columns = list(dict.fromkeys(key for row in rows for key in row))
            with (self._folder / name).open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, columns, restval="")
                writer.writeheader()
                writer.writerows(rows)
        return ["--members", "members.csv", "--sales", "sales.csv"]

    def simulate(self, *arguments: str, plan: str = "plan.yaml", code: int = 0) -> Any:
        assert app.run(["plan", "simulate", plan, *self.write(), *arguments, "--json"]) == code
        out, err = self._capsys.readouterr()
        return json.loads(out) if code == 0 else json.loads(err)["error"]

    def payout(self, *arguments: str) -> dict[str, str]:
        """What each member gets, in units of the currency."""
        found = self.simulate(*arguments)
        return {one["member_id"]: str(Decimal(one["net"]).scaleb(-2)) for one in found["by_member"]}


# --- the examples of the issue's table, on files


def test_unilevel_10_2_1_seller_first(shop: Shop) -> None:
    shop.chain("Jim", "Angela", "Betty", "Johnny")
    shop.chain("Johnny2", "Betty2", "Angela2", "Jim2")
    shop.sale("Angela2", "100")
    assert shop.payout() == {"Angela2": "10.00", "Betty2": "2.00", "Johnny2": "1.00"}


def test_the_same_jim_sells(shop: Shop) -> None:
    shop.chain("Johnny", "Betty", "Angela", "Jim")
    shop.sale("Jim", "100")
    assert shop.payout() == {"Jim": "10.00", "Angela": "2.00", "Betty": "1.00"}


@pytest.mark.parametrize(("compression", "payout"), [("no", "2.40"), ("yes", "2.80")])
def test_unilevel_with_compression(shop: Shop, compression: str, payout: str) -> None:
    shop.plan(
        HEAD
        + f"""
ranks:
  - {{id: silver, personal_volume: 1000}}
components:
  - id: network
    type: unilevel
    on: {{share: 40%}}
    levels: [0%, 7%, 6%]
    compression: {compression}
    qualify: {{rank: silver}}
"""
    )
    shop.chain("root", "mid", "leaf", root={"rank": "silver"})
    shop.sale("leaf", "100")
    assert shop.payout() == {"root": payout}


def test_generation_10_6_4(shop: Shop) -> None:
    shop.plan(
        HEAD
        + """
ranks: [{id: director, group_volume: 1000000}]
components: [{id: generations, type: generation, rank: director, generations: [10%, 6%, 4%]}]
"""
    )
    director = {"rank": "director"}
    shop.chain("0", "1", "2", "3", "4", "5", "6", **{"0": director, "2": director, "4": director})
    shop.sale("6", "200")
    assert shop.payout() == {"4": "20.00", "2": "12.00", "0": "8.00"}


@pytest.mark.parametrize(("caps", "payout"), [("", "40.00"), ("caps: {member: 30}", "30.00")])
def test_binary_in_units_of_200(shop: Shop, caps: str, payout: str) -> None:
    shop.plan(
        HEAD
        + f"""
placement: {{width: 2, spill: balanced}}
components:
  - id: pairs
    type: binary
    unit: 200
    rate: 10%
    {caps}
"""
    )
    shop.member("top")
    shop.member("l", "top", leg="left")
    shop.member("r", "top", leg="right")
    shop.sale("l", "500")
    shop.sale("r", "400")
    assert shop.payout() == {"top": payout}
    # Left over are 100 and 0: another 100 on the left and 200 on the right make one more unit.
    shop.sale("l", "100", "2011-01-05")
    shop.sale("r", "200", "2011-01-06")
    assert shop.payout() == {"top": str(Decimal(payout) + 20)}


def test_differential_by_group_volume(shop: Shop) -> None:
    shop.plan(
        HEAD
        + """
components:
  - {id: steps, type: differential, by: volume, steps: [{start: 18000, rate: 6%}, {start: 90000, rate: 9%}]}
"""
    )
    shop.member("you")
    for name in ("a", "b", "c", "d"):
        shop.member(name, "you")
    for name in ("you", "a", "b", "c", "d"):
        shop.sale(name, "18000")
    assert shop.payout() == {"you": "3780.00", **dict.fromkeys("abcd", "1080.00")}


@pytest.mark.parametrize(("mode", "payout"), [("marginal", "10600.00"), ("retroactive", "12600.00")])
def test_tiers(shop: Shop, mode: str, payout: str) -> None:
    shop.plan(
        HEAD
        + f"""
components:
  - id: own
    type: direct
    tiers: {{mode: {mode}, steps: [{{start: 0, end: 100000, rate: 5%}}, {{start: 100000, end: 250000, rate: 7%}}]}}
"""
    )
    shop.member("ann")
    shop.sale("ann", "180000")
    assert shop.payout() == {"ann": payout}


def test_2_9_percent_of_500_minor_units_half_up(shop: Shop) -> None:
    shop.plan(HEAD + "components: [{id: own, type: direct, rate: 2.9%}]")
    shop.member("ann")
    shop.sale("ann", "5")
    assert shop.payout() == {"ann": "0.15"}


def test_pool_10_percent_of_133_200(shop: Shop) -> None:
    shop.plan(
        HEAD + "components: [{id: pot, type: pool, share: 10%, by: volume, volume: {measure: points, whose: personal}}]"
    )
    for name, points, amount in zip("abcde", (1050, 750, 3150, 1050, 750), (33200, 1, 2, 3, 99994), strict=True):
        shop.member(name)
        shop.sale(name, str(amount), points=str(points))
    assert sum(map(Decimal, shop.payout().values())) == Decimal("13320.00")


# --- simulate


def filled(shop: Shop) -> Shop:
    shop.chain("ann", "bob", "cid")
    first = shop.sale("cid", "100")
    shop.sale("bob", "50", "2010-12-20", product="tea", quantity="2", channel="app", sale_class="personal")
    shop.sale("cid", "40", "2011-01-03", kind="return", original_sale_id=first)
    shop.sale("cid", "10", "2011-01-04")
    return shop


def test_the_whole_answer(shop: Shop) -> None:
    found = filled(shop).simulate()
    assert found["net_sales"] == "120"
    assert found["given"] | {"problems": []} == {
        "members": 3, "sales": 3, "returns": 1, "repeated": 0, "refused": 0, "problems": [],
    }  # fmt: skip
    totals = {"lines": 11, "accrued": 2030, "clawed_back": -520, "net": 1510, "cut": 0, "estimate": 0}
    assert found["totals"] == {**totals, "share_of_sales": "0.125833", "members": 3}
    assert [(one["component"], one["type"], one["net"]) for one in found["by_component"]] == [
        ("network", "unilevel", 1510)
    ]
    assert [(one["level"], one["net"]) for one in found["by_level"]] == [(0, 1200), (1, 240), (2, 70)]
    assert {one["member_id"]: one["net"] for one in found["by_member"]} == {"ann": 170, "bob": 640, "cid": 700}
    assert [(one["start"], one["over"]) for one in found["periods"]] == [
        ("2010-12-01T00:00:00Z", True),
        ("2011-01-01T00:00:00Z", True),
    ]
    assert sum(one["amount"] for one in found["lines"]) == 1510
    back = next(one for one in found["lines"] if one["amount"] < 0)
    assert back == {
        "period_start": "2010-12-01T00:00:00Z",
        "period_end": "2011-01-01T00:00:00Z",
        "posted_in": "2011-01-01T00:00:00Z",
        "plan": plan_hash(UNILEVEL.encode()),
        "component": "network",
        "asset": "",
        "member_id": "cid",
        "sale_id": "s0",
        "level": 0,
        "other_id": "",
        "rule": "/components/0/levels/0",
        "rate": "0.1",
        "base": "100",
        "exact_amount": "10",
        "uncapped": 600,
        "due": 600,
        "posted_before": 1000,
        "amount": -400,
        "estimate": False,
    }


@pytest.mark.parametrize("name", ["out.jsonl", "out.parquet"])
def test_lines_go_to_a_file(shop: Shop, tmp_path: Path, name: str) -> None:
    lines = filled(shop).simulate()["lines"]
    found = shop.simulate("--lines", name)
    assert (found["lines"], found["lines_file"]) == ([], name)
    if name.endswith(".jsonl"):
        written = [json.loads(line) for line in (tmp_path / name).read_text(encoding="utf-8").splitlines()]
    else:
        read: Any = import_module("pyarrow.parquet").read_table  # no types
        written = read(tmp_path / name).to_pylist()
    assert written == lines
    assert [path.name for path in tmp_path.iterdir() if "new" in path.name] == []


@pytest.mark.parametrize("name", ["", "out.jsonl", "out.parquet"])
def test_lines_are_explained_where_that_is_asked_for(shop: Shop, tmp_path: Path, name: str) -> None:
    plain = filled(shop).simulate()["lines"]
    lines = shop.simulate("--explain", *(["--lines", name] if name else []))["lines"]
    if name.endswith(".jsonl"):
        lines = [json.loads(line) for line in (tmp_path / name).read_text(encoding="utf-8").splitlines()]
    elif name:
        read: Any = import_module("pyarrow.parquet").read_table  # no types
        lines = read(tmp_path / name).to_pylist()
    assert all(line["explanation_en"] and line["explanation_zh"] for line in lines)
    assert lines[0]["explanation_en"].startswith("Level 0, the member credited with the sale: 10% of")
    late = next(line for line in lines if line["posted_before"])
    assert late["explanation_en"].endswith("10.00 GBP was posted before, so -4.00 GBP is posted now.")
    assert [{key: line[key] for key in plain[0]} for line in lines] == plain


def test_who_comes_first_in_the_last_period_where_that_is_asked_for(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert filled(shop).simulate()["leaderboard"] is None
    shop.sale("bob", "30", "2011-01-05")
    board = shop.simulate("--leaderboard", "gv", "--top", "2")["leaderboard"]
    places = [(one["place"], one["member_id"], one["value"]) for one in board.pop("standings")]
    assert places == [(1, "ann", "40"), (2, "bob", "40")]
    assert board == {"by": "gv", "start": "2011-01-01T00:00:00Z", "end": "2011-02-01T00:00:00Z"}
    ranked = UNILEVEL + "ranks: [{id: silver, personal_volume: 20}]\n"
    shop.plan(ranked)
    [first] = shop.simulate("--leaderboard", "rank", "--top", "0")["leaderboard"]["standings"]
    assert first == {"place": 1, "member_id": "bob", "value": "1", "rank": "silver"}
    assert shop.simulate("--leaderboard", "size", code=1)["reason"] == "UNKNOWN_MEASURE"
    assert app.run(["plan", "simulate", "plan.yaml", *shop.write(), "--leaderboard", "sales"]) == 0
    assert "Leaderboard of the last period, from 2011-01-01T00:00:00Z, by sales" in capsys.readouterr().out


def test_another_kind_of_file_is_misuse(shop: Shop) -> None:
    assert filled(shop).simulate("--lines", "out.csv", code=2)["reason"] == "WRONG_USAGE"


def test_people_see_tables(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["plan", "simulate", "plan.yaml", *filled(shop).write()]
    assert app.run(arguments) == 0
    out = capsys.readouterr().out
    assert "12.5833 %" in out
    assert "15.10 GBP" in out
    assert "Who comes off worst" in out
    assert app.run([*arguments, "--lang", "zh"]) == 0
    out = capsys.readouterr().out
    assert "占销售额" in out
    assert "受损最多者" in out
    assert "15.10 英镑" in out


def test_only_what_is_known_before(shop: Shop) -> None:
    found = filled(shop).simulate("--as-of", "2010-12-21")
    assert (found["as_of"], found["net_sales"], found["totals"]["net"]) == ("2010-12-21T00:00:00Z", "150", 1900)
    assert found["periods"][0]["over"] is False
    found = shop.simulate("--as-of", "2010-12-21", "--time-zone", "Asia/Shanghai")
    assert found["as_of"] == "2010-12-20T16:00:00Z"
    assert shop.simulate("--as-of", "soon", code=2)["reason"] == "INVALID_TIME"
    assert shop.simulate("--time-zone", "Mars", code=1)["reason"] == "NO_TIME_ZONE"


def test_several_versions_are_in_force_one_behind_the_other(shop: Shop) -> None:
    filled(shop)
    shop.plan(UNILEVEL.replace("10%", "5%").replace('"1"', '"2"').replace("2010-01-01", "2011-01-01"), "second.yaml")
    found = shop.simulate("second.yaml")
    assert [one["version"] for one in found["plans"]] == ["1", "2"]
    late = [one for one in found["lines"] if one["sale_id"] == "s3" and one["level"] == 0]
    assert [(one["plan"], one["rate"]) for one in late] == [(found["plans"][1]["hash"], "0.05")]
    assert shop.simulate("second.yaml", "--always", code=2)["reason"] == "WRONG_USAGE"


def test_sales_before_the_plan_are_counted_and_can_be_rated(shop: Shop) -> None:
    filled(shop)
    shop.plan(UNILEVEL.replace("2010-01-01", "2011-01-01"))
    found = shop.simulate()
    assert (found["unrated_sales"], found["totals"]["net"]) == (2, 130)
    found = shop.simulate("--always")
    assert (found["unrated_sales"], found["totals"]["net"]) == (0, 1510)
    assert found["plans"][0]["effective_from"] == "2011-01-01T00:00:00Z"


def test_lines_that_cannot_be_end_it_unless_they_are_left_out(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    filled(shop)
    shop.sale("eve", "10")
    shop.sale("bob", "1,000")
    shop.member("dan", "nobody")
    error = shop.simulate(code=1)
    assert error["reason"] == "LINES_REFUSED"
    assert "line 5 of members.csv" in error["message"]
    assert app.run(["plan", "simulate", "plan.yaml", *shop.write(), "--json"]) == 1
    refused = json.loads(capsys.readouterr().out)
    assert (refused["refused"], [one["reason"] for one in refused["problems"]]) == (
        3,
        ["UNKNOWN_SPONSOR", "UNKNOWN_MEMBER", "INVALID_AMOUNT"],
    )
    assert app.run(["plan", "simulate", "plan.yaml", *shop.write()]) == 1
    out = capsys.readouterr().out
    for part in ("UNKNOWN_SPONSOR", "UNKNOWN_MEMBER", "INVALID_AMOUNT", "members.csv", "sales.csv"):
        assert part in out
    found = shop.simulate("--skip-refused")
    assert found["totals"]["net"] == 1510
    assert [(one["file"], one["line"], one["id"], one["reason"]) for one in found["given"]["problems"]] == [
        ("members.csv", 5, "dan", "UNKNOWN_SPONSOR"),
        ("sales.csv", 6, "s4", "UNKNOWN_MEMBER"),
        ("sales.csv", 7, "s5", "INVALID_AMOUNT"),
    ]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("rank", "king", "UNKNOWN_RANK"),
        ("leg", "up", "INVALID_LEG"),
        ("verified_at", "yesterday", "INVALID_TIME"),
    ],
)
def test_odd_members_are_refused(shop: Shop, column: str, value: str, reason: str) -> None:
    filled(shop)
    shop.member("dan", "ann", **{column: value})
    [problem] = shop.simulate("--skip-refused")["given"]["problems"]
    assert (problem["reason"], problem["line"]) == (reason, 5)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("kind", "gift", "INVALID_KIND"),
        ("sale_class", "wholesale", "INVALID_SALE_CLASS"),
        ("currency", "PIG", "UNKNOWN_CURRENCY"),
        ("quantity", "-1", "INVALID_AMOUNT"),
        ("margin", "1000", "MARGIN_ABOVE_AMOUNT"),
        ("product", "x" * 129, "INVALID_GOODS"),
        ("original_sale_id", "s0", "ORIGINAL_OF_SALE"),
    ],
)
def test_odd_sales_are_refused(shop: Shop, column: str, value: str, reason: str) -> None:
    filled(shop)
    shop.sale("ann", "100", **{column: value})
    [problem] = shop.simulate("--skip-refused")["given"]["problems"]
    assert (problem["reason"], problem["line"]) == (reason, 6)


def test_an_unknown_column_is_refused(shop: Shop) -> None:
    filled(shop)
    shop.sale("ann", "100", colour="blue")
    assert shop.simulate(code=1)["reason"] == "UNKNOWN_COLUMN"


def test_a_plan_that_is_none_is_refused(shop: Shop) -> None:
    filled(shop)
    shop.plan(UNILEVEL.replace("10%", "110%"))
    error = shop.simulate(code=1)
    assert error["reason"] == "INVALID_PLAN"
    assert "fenxiao plan validate plan.yaml" in error["message"]
    assert shop.simulate(plan="nowhere.yaml", code=5)["reason"] == "FILE_NOT_FOUND"


# --- compare


def test_who_would_win_and_who_would_lose(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    filled(shop)
    other = (
        "components: [{id: network, type: unilevel, levels: [8%, 3%, 1%]}, {id: pot, type: pool, share: 1%, by: equal}]"
    )
    # A draft for later on: both are taken as if they had always been in force.
    shop.plan(HEAD.replace("2010-01", "2012-01") + other, "draft.yaml")
    arguments = ["plan", "compare", "plan.yaml", "draft.yaml", *shop.write()]
    assert app.run([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["a"]["totals"]["net"] == 1510
    assert found["difference"] == found["b"]["totals"]["net"] - 1510
    assert {one["component"]: (one["a"], one["b"]) for one in found["by_component"]}["pot"] == (0, 120)
    differences = {one["member_id"]: one["difference"] for one in found["by_member"]}
    assert sum(differences.values()) == found["difference"]
    assert found["winners"]["amount"] + found["losers"]["amount"] == found["difference"]
    assert found["winners"]["members"] + found["losers"]["members"] + found["unchanged"] == 3
    assert [one["difference"] for one in found["by_member"]] == sorted(differences.values())
    assert app.run([*arguments, "--lang", "zh"]) == 0
    assert "少得者" in capsys.readouterr().out


def test_plans_in_different_currencies_cannot_be_compared(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    filled(shop)
    shop.plan(UNILEVEL.replace("GBP", "EUR"), "euro.yaml")
    assert app.run(["plan", "compare", "plan.yaml", "euro.yaml", *shop.write(), "--json"]) == 1
    assert json.loads(capsys.readouterr().err)["error"]["reason"] == "WRONG_CURRENCY"


# --- validate, lint, schema


def answer(arguments: Sequence[str], capsys: pytest.CaptureFixture[str], code: int = 0) -> Any:
    assert app.run([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_issues_have_their_line_and_column(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.plan(
        HEAD.replace("GBP", "PIG")
        + """
components:
  - id: network
    type: unilevel
    levels:
      - 10%
      - 200%
  - {id: network2, type: unilevel, levels: []}
"""
    )
    found = answer(["plan", "validate", "plan.yaml", "--offline"], capsys, 1)
    assert [(one["path"], one["reason"], one["line"], one["column"]) for one in found["issues"]] == [
        ("/components/0/levels/1", "INVALID_RATE", 15, 9),
        ("/components/1/levels", "WRONG_COUNT", 16, 36),
        ("/currency", "UNKNOWN_CURRENCY", 4, 1),
    ]
    assert app.run(["plan", "validate", "plan.yaml", "--offline"]) == 1
    assert "15:9" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("plan: Gifts\nversion: [1\n", 3, 1),
        ('{"plan": "Gifts",\n "version" 1}', 2, 12),
        ('{"plan": "Gifts",\n\t"components": [{"id": "a", "type": "direct",\n "rate": "8"}]}', 3, 2),
    ],
)
def test_also_in_json_and_in_what_cannot_be_read(
    shop: Shop, text: str, line: int, column: int, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.plan(text)
    found = answer(["plan", "validate", "plan.yaml", "--offline"], capsys, 1)
    assert (line, column) in [(one["line"], one["column"]) for one in found["issues"]]


def test_the_worst_case_is_shown(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(["plan", "validate", "plan.yaml", "--offline"], capsys)
    assert found["worst_case"] == {
        "share": "0.13",
        "known": "0.13",
        "capped": False,
        "components": [{"component": "network", "share": "0.13", "bound": "rates"}],
    }
    shop.plan(HEAD + "components: [{id: gift, type: direct, flat: 5}]")
    assert answer(["plan", "validate", "plan.yaml", "--offline"], capsys)["worst_case"]["share"] == ""
    assert app.run(["plan", "validate", "plan.yaml", "--offline"]) == 0
    assert "nothing bounds it" in capsys.readouterr().out


def test_without_a_network_a_plan_is_checked_here(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["plan", "validate", "plan.yaml"]) == 0
    assert "on this machine only" in capsys.readouterr().err


def test_lint_gives_hints(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.plan(HEAD.replace("14", "0") + "components: [{id: network, type: unilevel, levels: [10%, 0%]}]\n")
    found = answer(["plan", "lint", "plan.yaml"], capsys)
    assert found["valid"]
    hints = {one["reason"]: one for one in found["hints"]}
    assert hints["RELEASED_AT_ONCE"]["line"] == 8
    assert hints["ENDS_IN_ZERO"]["message_zh"]
    assert app.run(["plan", "lint", "plan.yaml", "--lang", "zh"]) == 0
    assert hints["ENDS_IN_ZERO"]["message_zh"] in capsys.readouterr().out.replace("\n", "")


def test_what_the_law_forbids_is_said_in_both_languages(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.plan(UNILEVEL.replace("jurisdictions: []", "jurisdictions: [CN]"))
    found = answer(["plan", "lint", "plan.yaml"], capsys, 1)
    assert {one["reason"] for one in found["issues"]} == {"AGAINST_THE_RULES"}
    assert found["findings"]
    assert found["worst_case"]["share"] == "0.13"
    assert app.run(["plan", "validate", "plan.yaml", "--offline", "--lang", "zh"]) == 1
    assert "禁止传销条例" in capsys.readouterr().out.replace("\n", "")


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["plan", "schema"], capsys) == plan_schema()


# --- diff, history

FIRST = HEAD + "components: [{id: network, type: unilevel, levels: [10%, 2%, 1%]}, {id: own, type: direct, rate: 1%}]\n"
SECOND = (
    HEAD.replace('"1"', '"2"').replace("2010-01", "2011-01")
    + "components: [{id: own, type: direct, rate: 1.0%}, {id: network, type: unilevel, levels: [9%, 2%]}]\n"
)


def test_what_differs_is_said_in_words(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.plan(FIRST, "a.yaml")
    shop.plan(SECOND, "b.yaml")
    found = answer(["plan", "diff", "a.yaml", "b.yaml"], capsys)
    assert (found["a"]["version"], found["b"]["hash"]) == ("1", plan_hash(SECOND.encode()))
    said = [(one["kind"], one["path_before"], one["path"], one["text"]) for one in found["changes"]]
    assert said[2:] == [
        ("moved", "/components/0", "/components/1", "components › network moves from place 1 to place 2."),
        (
            "changed",
            "/components/0/levels/0",
            "/components/1/levels/0",
            "components › network › levels › 0 changes from 10% to 9%.",
        ),
        (
            "removed",
            "/components/0/levels/2",
            "/components/1/levels",
            "components › network › levels › 2 is taken out; it was 1%.",
        ),
        (
            "changed",
            "/components/1/rate",
            "/components/0/rate",
            "components › own › rate changes from 1% to 1.0%. It means the same.",
        ),
    ]
    assert app.run(["plan", "diff", "a.yaml", "b.yaml", "--lang", "zh"]) == 0
    out = capsys.readouterr().out
    assert "由 10% 改为 9%" in out
    assert "含义不变" in out
    assert app.run(["plan", "diff", "a.yaml", "a.yaml", "--lang", "en"]) == 0
    assert "The two say the same." in capsys.readouterr().err


class Membership(membership_pb2_grpc.MembershipServiceServicer):
    def ListProgrammes(self, request: Any, context: Any) -> Any:
        found = membership_pb2.Programme(name="programmes/gifts", currency="GBP", time_zone="UTC")
        return membership_pb2.ListProgrammesResponse(programmes=[found])


class Commission(commission_pb2_grpc.CommissionServiceServicer):
    """Has two plan versions, the later one listed first."""

    def ListPlans(self, request: Any, context: Any) -> Any:
        return commission_pb2.ListPlansResponse(plans=[self._plan(SECOND, 2011), self._plan(FIRST, 2010)])

    def GetPlan(self, request: Any, context: Any) -> Any:
        documents = {plan_hash(text.encode()): text for text in (FIRST, SECOND)}
        return commission_pb2.Plan(document=documents[request.name.rpartition("/")[2]].encode())

    def ValidatePlan(self, request: Any, context: Any) -> Any:
        issue = commission_pb2.PlanIssue(path="/components/0/levels/1", reason="NEW_REASON", message="Not so.")
        return commission_pb2.ValidatePlanResponse(issues=[issue])

    @staticmethod
    def _plan(text: str, year: int) -> commission_pb2.Plan:
        plan = commission_pb2.Plan(hash=plan_hash(text.encode()), version=str(year - 2009), document=text.encode())
        plan.effective_time.FromDatetime(datetime(year, 1, 1, tzinfo=UTC))
        plan.publish_time.FromDatetime(datetime(2009, 1, 1, tzinfo=UTC))
        return plan


@pytest.fixture
def network(tmp_path: Path) -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(2))
    membership_pb2_grpc.add_MembershipServiceServicer_to_server(
        Membership(),  # pyright: ignore[reportAbstractUsage] - abstract in the stubs only
        server,
    )
    commission_pb2_grpc.add_CommissionServiceServicer_to_server(
        Commission(),  # pyright: ignore[reportAbstractUsage] - the same
        server,
    )
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    folder = tmp_path / "home" / "network"
    folder.mkdir(parents=True)
    (folder / "network.json").write_text(json.dumps({"services": {"membership": address, "commission": address}}))
    (tmp_path / "home" / "token").write_text("credential\n")
    yield str(tmp_path / "home")
    server.stop(None)


def test_history_says_what_changed_from_version_to_version(network: str, capsys: pytest.CaptureFixture[str]) -> None:
    plans = answer(["plan", "history", "--home", network], capsys)["plans"]
    assert [(plan["version"], len(plan["changes"]) > 0) for plan in plans] == [("1", False), ("2", True)]
    assert "components › network › levels › 0 changes from 10% to 9%." in [one["text"] for one in plans[1]["changes"]]
    assert app.run(["plan", "history", "--home", network, "--lang", "zh"]) == 0
    assert "由 10% 改为 9%" in capsys.readouterr().out


def test_published_versions_are_named_by_their_hash(
    network: str, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.plan(FIRST, "a.yaml")
    found = answer(["plan", "diff", "a.yaml", plan_hash(SECOND.encode()), "--home", network], capsys)
    assert found["b"]["version"] == "2"


def test_the_services_word_on_a_plan_counts(network: str, shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(["plan", "validate", "plan.yaml", "--home", network], capsys, 1)
    assert not found["valid"]
    assert [(one["reason"], one["line"], one["column"]) for one in found["issues"]] == [("NEW_REASON", 9, 58)]
    assert answer(["plan", "validate", "plan.yaml", "--home", network, "--offline"], capsys)["valid"]
