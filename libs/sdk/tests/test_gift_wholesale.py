"""The example's right answer, by direct computation on the committed extract."""

import csv
from collections import Counter
from pathlib import Path

from fenxiao.money import parse_amount
from fenxiao.plans import Line, Sale, SaleKind, Tree, parse_instant, plan_hash, rate_sale, read_plan

EXAMPLE = Path(__file__).parents[3] / "examples" / "gift_wholesale"


def rows(name: str) -> list[dict[str, str]]:
    with (EXAMPLE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_right_answer():
    plan = read_plan((EXAMPLE / "plan.yaml").read_bytes())
    tree = Tree()
    for row in rows("members.csv"):
        tree.enrol(row["member_id"], row["sponsor_id"] or None, parse_instant(row["joined_at"]))
    kinds: Counter[str] = Counter()
    lines: list[Line] = []
    for row in rows("sales.csv"):
        kinds[row["kind"]] += 1
        at = parse_instant(row["occurred_at"])
        sale = Sale(SaleKind(row["kind"]), at, parse_amount(row["amount"]), row["currency"])
        lines += rate_sale(plan, sale, tree.upline(row["member_id"], at, plan.depth))

    assert len(tree) == 948
    assert kinds == {"sale": 1400, "return": 308}
    assert len(lines) == 5051
    assert sum(line.amount_minor for line in lines if line.amount_minor > 0) == 79_828_40
    assert sum(line.amount_minor for line in lines if line.amount_minor < 0) == -2_535_87
    balances: Counter[str] = Counter()
    for line in lines:
        balances[line.member] += line.amount_minor
    above = [balance for balance in balances.values() if balance > 0]
    assert (len(above), sum(above)) == (893, 77_485_87)


def test_members_and_sales_have_the_import_formats():
    members, sales = rows("members.csv"), rows("sales.csv")
    assert list(members[0]) == ["member_id", "sponsor_id", "joined_at", "name", "email", "country", "wallet"]
    assert list(sales[0]) == [
        "sale_id", "member_id", "kind", "occurred_at", "amount", "currency", "original_sale_id", "sale_class",
        "channel", "biz_transactions",
    ]  # fmt: skip
    assert [row["sponsor_id"] for row in members] == ["", *(members[(k - 1) // 3]["member_id"] for k in range(1, 948))]
    assert all(row["email"].endswith("@example.com") and not row["wallet"] for row in members)
    assert {row["sale_class"] for row in sales} == {"retail"}
    assert len({row["sale_id"] for row in sales}) == len(sales)


def test_the_plan_has_one_name():
    assert plan_hash((EXAMPLE / "plan.yaml").read_bytes()) == (
        "f012e07a2bbcec8e8a7ffb0c89ef93f9bb23e3bc20b467d6bb634b7da03fab57"
    )
