"""The commission engine over arrays, and sale by sale, beside others that compute the same.

Over arrays: a three-level unilevel with exact amounts of which every line can be derived again, beside NumPy, which
adds up totals in floats and nothing else, the same rule as SQL, and a walk in Python; group volumes beside NumPy; and a
plan with ranks, a differential and a binary beside the unilevel. `SALES=10000000` measures what the project promises
(a million members, ten million sales; some minutes); a tenth of it otherwise.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any, LiteralString, cast

import duckdb
import psycopg
import pyarrow as pa

from fenxiao.plans import Plan, Sale, SaleKind, Tree, rate_sale
from fenxiao.plans.periods.context import Context
from fenxiao.plans.periods.inputs import Sold, build_inputs
from fenxiao.plans.periods.rating import rate_period
from tests.bench.append import postgresql
from tests.bench.period import COMBINED, DEEPEST, LEVELS, PERIOD, SQL, UNILEVEL, Large, plan
from tests.bench.table import RUNS, Row, row, say

SALES = int(os.environ.get("SALES", "1000000"))
MEMBERS = min(1_000_000, max(SALES // 10, 1000))
WALKED = 200_000
"""Sales that Python walks up from."""
ONE_BY_ONE = 10_000
"""Sales that are rated one by one."""
TIMES = 2
"""How often each figure is measured within a run; the best counts, since others use the machine too."""
STEP = 10 * 2**20 / 1_800_000
"""Bytes of a step of a derivation to be beaten: 10 MiB for 1.8 million."""
MOST_MEMORY = 4 * 2**30

Figures = dict[str, list[float]]


async def run() -> list[Row]:
    """All of it; none of it waits for anything."""
    return await asyncio.to_thread(measure)


def measure() -> list[Row]:
    """Ours and the references take turns."""
    figures: Figures = defaultdict(list)
    large = Large.random(MEMBERS, SALES)
    say(f"plans: {MEMBERS:,} members, {SALES:,} sales")
    inputs = large.inputs()
    unilevel, combined = plan(UNILEVEL), plan(COMBINED)
    rated = rate_period(unilevel, inputs)  # the first time, loops are compiled
    rate_period(combined, inputs)
    due = rated.due
    expected = (sum(1 for minor in due if minor), Decimal(int(sum(due))).scaleb(-2))
    lines: Any = rated.lines["u"]
    figures["bytes"].append(lines.amount.nbytes / len(lines))
    assert abs(large.totals().sum() - float(expected[1])) < len(lines) * 0.01
    with duck(large) as in_duckdb, postgres(large) as in_postgresql:
        assert in_duckdb() == in_postgresql() == expected
        for number in range(1, RUNS + 1):
            figures["unilevel"].append(SALES / fastest(lambda: rate_period(unilevel, inputs).due))
            figures["numpy"].append(SALES / fastest(large.totals))
            figures["duckdb"].append(SALES / fastest(in_duckdb))
            figures["postgresql"].append(SALES / fastest(in_postgresql, 1))
            walked = min(WALKED, SALES)
            figures["walk"].append(walked / fastest(lambda: large.walk(walked), 1))  # noqa: B023 - called at once
            figures["volumes"].append(fastest(lambda: Context(unilevel, inputs).gv))
            figures["numpy volumes"].append(fastest(large.group_volumes))
            figures["combined"].append(fastest(lambda: rate_period(combined, inputs).due))
            say(f"plans, run {number}: " + shown(figures))
    return [*rows(figures), *memory(), objects(), *one_by_one()]


def shown(figures: Figures) -> str:
    """The newest of each."""
    return ", ".join(f"{name} {values[-1]:,.4g}" for name, values in figures.items())


def rows(figures: Figures) -> list[Row]:
    """What was measured over arrays."""
    ours, once = figures["unilevel"], [SALES / rate for rate in figures["unilevel"]]
    return [
        row("plans unilevel, beside NumPy totals", "sales/s", ours, figures["numpy"]),
        row("plans unilevel, beside DuckDB", "sales/s", ours, figures["duckdb"]),
        row("plans unilevel, beside PostgreSQL", "sales/s", ours, figures["postgresql"]),
        row("plans unilevel, beside a Python walk", "sales/s", ours, figures["walk"]),
        row("plans group volumes, beside NumPy", "s", figures["volumes"], figures["numpy volumes"]),
        row("plans ranks, differential and binary, beside unilevel", "s", figures["combined"], once),
        row("plans derivation of a line", "bytes", figures["bytes"], [STEP]),
    ]


def fastest(action: Callable[[], object], times: int = TIMES) -> float:
    """Seconds that it takes."""
    best = float("inf")
    for _ in range(times):
        since = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - since)
    return best


Total = Callable[[], tuple[int, Decimal]]


@contextmanager
def duck(large: Large) -> Generator[Total]:
    """The rule in DuckDB, on as many processors as there are."""
    with duckdb.connect() as connection:
        table: Callable[[dict[str, Any]], object] = cast("Any", pa).table  # pyarrow has no types
        connection.register("tree", table({"id": range(MEMBERS), "parent": large.parent}))
        connection.register("sold", table({"member": large.member, "pence": large.pence}))
        connection.execute("CREATE TABLE members AS SELECT id, parent FROM tree")
        amount = "(pence::DECIMAL(18, 2) / 100)::DECIMAL(18, 2)"
        connection.execute(f"CREATE TABLE sales AS SELECT member, {amount} AS amount FROM sold")

        def total() -> tuple[int, Decimal]:
            members, due = connection.execute(SQL).fetchall()[0]
            return members, due

        yield total


@contextmanager
def postgres(large: Large) -> Generator[Total]:
    """The rule in PostgreSQL, as it comes."""
    with postgresql() as fresh, psycopg.connect(fresh()[0]) as connection:
        connection.execute("CREATE UNLOGGED TABLE members (id INTEGER PRIMARY KEY, parent INTEGER)")
        connection.execute("CREATE UNLOGGED TABLE sales (member INTEGER, amount NUMERIC(18, 2))")
        with connection.cursor() as cursor:
            with cursor.copy("COPY members FROM STDIN") as copy:
                copy.write("".join(f"{i}\t{above}\n" for i, above in enumerate(large.parent.tolist())))
            with cursor.copy("COPY sales FROM STDIN") as copy:
                for first in range(0, SALES, 100_000):
                    part = slice(first, first + 100_000)
                    both = zip(large.member[part].tolist(), large.pence[part].tolist(), strict=True)
                    copy.write("".join(f"{member}\t{pence // 100}.{pence % 100:02}\n" for member, pence in both))
        connection.commit()
        connection.execute("ANALYZE")
        connection.commit()

        def total() -> tuple[int, Decimal]:
            members, due = connection.execute(cast("LiteralString", SQL)).fetchall()[0]
            return members, due

        yield total


def memory() -> list[Row]:
    """The most memory that a process takes for the inputs and both plans, from small to large."""
    found: list[Row] = []
    size = 10_000
    while size <= SALES:
        command = [sys.executable, "-m", "tests.bench.period", str(MEMBERS), str(size)]
        *_, most = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        found.append(row(f"plans memory at {size:,} sales", "MiB", [most / 2**20], [MOST_MEMORY / 2**20]))
        say(f"plans: {size:,} sales take {most / 2**20:,.0f} MiB")
        size *= 10
    return found


def objects() -> Row:
    """What a service does before it rates a period: columns of the members and sales that it knows as objects."""
    count = MEMBERS
    large = Large.random(count, count)
    names = [uuid.UUID(int=i).hex for i in range(count)]
    tree = Tree()
    parents: list[int] = large.parent.tolist()
    for name, above in zip(names, parents, strict=True):
        tree.enrol(name, names[above] if above >= 0 else None, PERIOD.start)
    sales = [
        Sold(names[-1 - i], names[member], PERIOD.start + timedelta(seconds=i), Decimal(pence).scaleb(-2))
        for i, (member, pence) in enumerate(zip(large.member.tolist(), large.pence.tolist(), strict=True))
    ]
    figures = [count / fastest(lambda: build_inputs(PERIOD, tree, sales), 1) for _ in range(RUNS)]
    return row("plans inputs from objects", "sales/s", figures)


def one_by_one() -> list[Row]:
    """A sale as it arrives, without any service: for somebody high and somebody low in the tree."""
    names = [uuid.UUID(int=i).hex for i in range(DEEPEST + 1)]
    tree = Tree()
    for i, name in enumerate(names):
        tree.enrol(name, names[i - 1] if i else None, PERIOD.start)
    few, many = plan(UNILEVEL), plan(UNILEVEL.replace(LEVELS, ", ".join(["1%"] * DEEPEST)))
    figures: Figures = defaultdict(list)
    for _ in range(RUNS):
        figures["3 above"].append(credited(few, tree, names[3]))
        figures["30 above"].append(credited(few, tree, names[DEEPEST]))
        figures["30 paid"].append(credited(many, tree, names[DEEPEST]))
    three = figures["3 above"]
    return [
        row("plans one sale, 3 above, 3 levels paid", "sales/s", three),
        row("plans one sale, 30 above, 3 levels paid", "sales/s", figures["30 above"], three),
        row("plans one sale, 30 above, 30 levels paid", "sales/s", figures["30 paid"], three),
    ]


def credited(rules: Plan, tree: Tree, member: str) -> float:
    """Sales a second."""
    sale = Sale(SaleKind.SALE, PERIOD.start, Decimal("123.45"), rules.currency, member=member)

    def rate() -> None:
        for _ in range(ONE_BY_ONE):
            rate_sale(rules, sale, tree.upline(member, sale.occurred_at, rules.depth))

    return ONE_BY_ONE / fastest(rate)
