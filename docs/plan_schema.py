"""Writes `docs/plan.schema.json`, the JSON schema of plan documents: `make docs`. A test fails when it is stale."""

import json
from pathlib import Path

from fenxiao.plans import plan_schema

PAGE = Path(__file__).with_name("plan.schema.json")


def page() -> str:
    """The whole file, as `fenxiao plan schema` prints it."""
    return json.dumps(plan_schema(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
