"""Every plan and every part of one in `docs/plans.md` is what the language takes."""

import re
from pathlib import Path

import pytest

from fenxiao.plans import Plan, read_plan
from fenxiao.plans.components import __all__ as names

PAGE = (Path(__file__).parents[3] / "docs" / "plans.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml(?: (\w+))?\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
WHOLE = next(text for kind, text in BLOCKS if kind == "plan")
PLACEMENT = next(text for kind, text in BLOCKS if kind == "placement")
PARTS = [text for kind, text in BLOCKS if not kind]


def with_components(part: str) -> Plan:
    head = WHOLE[: WHOLE.index("components:")]
    return read_plan(f"{head}{PLACEMENT}components:\n{part}".encode())


def test_the_whole_plan_is_one() -> None:
    assert read_plan(WHOLE.encode()).version == "2026-01"


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.split("type: ")[1].split(",")[0].split("\n")[0])
def test_each_part_can_stand_in_it(part: str) -> None:
    assert with_components(part).components


def test_each_kind_of_component_is_shown() -> None:
    shown = {component.type for part in PARTS for component in with_components(part).components}
    assert shown == {name.lower() for name in names if name != "Component"}
