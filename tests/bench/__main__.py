"""Runs the benchmarks: `python -m tests.bench [--only NAME] [--list]`.

The table goes to stdout, progress to stderr, and the same figures as JSON to `.fenxiao/bench.json`.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from rich.console import Console
from rich.table import Table

from tests.bench import NAMES
from tests.bench.table import Row, say

RESULT = Path(".fenxiao/bench.json")


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs all of them, or those whose name begins as asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", default="", metavar="NAME", help="the benchmarks whose name begins like this")
    parser.add_argument("--list", action="store_true", help="say what there is and measure nothing")
    options = parser.parse_args(arguments)
    chosen = [name for name in NAMES if name.startswith(options.only)]
    if not chosen:
        parser.error(f"there is no benchmark {options.only!r}; there are {', '.join(NAMES)}")
    if options.list:
        for name in chosen:
            print(f"{name:<10} {(_module(name).__doc__ or '').splitlines()[0]}")
        return
    rows: list[Row] = []
    for name in chosen:
        say(f"{name} …")
        since = time.monotonic()
        rows += asyncio.run(_module(name).run())
        say(f"{name}: {time.monotonic() - since:.0f} s")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    Console(highlight=False).print(_table(rows))


def _module(name: str) -> ModuleType:
    return import_module(f"tests.bench.{name}")


def _table(rows: Sequence[Row]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for column in ("figure", "unit", "reference", "ratio"):
        table.add_column(column, justify="left" if column == "unit" else "right")
    for row in rows:
        cells = (row["figure"], row["unit"], row["reference"], row["ratio"])
        table.add_row(row["name"], *(_shown(cell) for cell in cells))
    return table


def _shown(cell: object) -> str:
    return "–" if cell is None else f"{cell:,}" if isinstance(cell, (int, float)) else str(cell)


if __name__ == "__main__":
    main()
