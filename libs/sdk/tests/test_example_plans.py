"""Every plan of `examples/plans` can be published, and comes to what the page beside it says."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fenxiao.cli import app, texts
from fenxiao.plans import read_plan
from fenxiao.plans.components import Component
from fenxiao.plans.rules import check_plan

EXAMPLES = Path(__file__).parents[3] / "examples" / "plans"
PLANS = sorted(EXAMPLES.glob("*.yaml"))


@pytest.fixture(autouse=True)
def speak_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_language", "en")


def documented() -> dict[str, list[str]]:
    rows = (EXAMPLES / "README.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip(" `") for cell in row.strip("|").split("|")] for row in rows if row.startswith("| `")]
    return {cell[0]: cell[1:] for cell in cells}


def test_every_kind_of_component_has_its_plan() -> None:
    union: Any = Component
    types = {kind.model_fields["type"].annotation.__args__[0] for kind in union.__args__[0].__args__}
    shown = {component.type for path in PLANS for component in read_plan(path.read_bytes()).components}
    assert shown == types
    assert documented().keys() == {path.name for path in PLANS}


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_it_can_be_published(path: Path) -> None:
    assert [finding for finding in check_plan(read_plan(path.read_bytes())) if finding.refuses] == []


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_it_pays_what_is_documented(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["--members", str(EXAMPLES / "members.csv"), "--sales", str(EXAMPLES / "sales.csv")]
    assert app.run(["plan", "simulate", str(path), *files, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    totals = found["totals"]
    assert found["net_sales"] == "5124.89"
    assert documented()[path.name] == [
        str(totals["lines"]),
        *(f"{Decimal(totals[name]).scaleb(-2):,f}" for name in ("net", "clawed_back", "cut")),
        f"{Decimal(totals['share_of_sales']).scaleb(2):.4f} %",
    ]
    assert [points["totals"]["net"] for points in found["points"]] == ([5006] if path.stem == "points" else [])
