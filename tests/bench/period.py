"""A large period: a random tree, random sales, and what everybody could compute of them in a plain way.

`python -m tests.bench.period MEMBERS SALES` rates one in a process of its own and says what memory that took.
"""

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from fenxiao.plans import Plan, read_plan
from fenxiao.plans.periods.arrays import SoldArrays, inputs_from_arrays
from fenxiao.plans.periods.columns import Arrays
from fenxiao.plans.periods.inputs import Inputs, Period, Placement, Scaled, micros
from fenxiao.plans.periods.rating import rate_period
from fenxiao.plans.periods.segments import above

PERIOD = Period(datetime(2010, 12, 1, tzinfo=UTC), datetime(2011, 1, 1, tzinfo=UTC))
DEEPEST = 30
RATES = (10, 5, 2)
"""Percent, by level."""
LEVELS = ", ".join(f"{rate}%" for rate in RATES)
"""The same as a plan says it."""

_HEAD = """
plan: Bench
version: "1"
currency: GBP
effective_from: "2010-01-01T00:00:00Z"
rounding: half_up
jurisdictions: []
return_window: 14
placement: {width: 2, spill: left}
"""
UNILEVEL = f"""{_HEAD}
components: [{{id: u, type: unilevel, levels: [{LEVELS}]}}]
"""
COMBINED = f"""{_HEAD}
ranks:
- {{id: one, personal_volume: 100}}
- {{id: two, personal_volume: 200, group_volume: 10000, below: [{{count: 1, rank: one}}]}}
- {{id: three, personal_volume: 300, group_volume: 50000, legs: [{{count: 2, volume: 10000}}]}}
- {{id: four, group_volume: 100000, leg_limit: 50%, below: [{{count: 3, rank: three}}]}}
components:
- id: d
  type: differential
  by: rank
  steps: [{{rank: one, rate: 6%}}, {{rank: two, rate: 9%}}, {{rank: three, rate: 12%}}, {{rank: four, rate: 15%}}]
- {{id: b, type: binary, unit: 500, rate: 10%, carry: forward, caps: {{member: 20000}}}}
"""
"""Ranks with every kind of rule, a differential by them, and a binary."""


def plan(document: str) -> Plan:
    """Reads one of them."""
    return read_plan(document.encode())


@dataclass
class Large:
    """Members and sales as arrays."""

    parent: Any
    """-1 for the root."""
    depth: Any
    member: Any
    """By sale: who is credited."""
    pence: Any

    @classmethod
    def random(cls, members: int, sales: int) -> "Large":
        """Everybody has a sponsor among those before him, none of whom stands deeper than allowed."""
        chance = np.random.default_rng(members)
        drawn: list[int] = (chance.random(members) * np.arange(members)).astype(np.int64).tolist()
        parent, depth = [-1] * members, [0] * members
        for i in range(1, members):
            sponsor: int = drawn[i] if depth[drawn[i]] < DEEPEST else parent[drawn[i]]
            parent[i], depth[i] = sponsor, depth[sponsor] + 1
        member, pence = chance.integers(0, members, sales), chance.integers(100, 100_000, sales)
        return cls(np.array(parent), np.array(depth), member, pence)

    def inputs(self) -> Inputs:
        """The same as the engine takes it; in the placement tree everybody has the next free place."""
        frame, members, sales = Arrays(), len(self.parent), len(self.member)
        start = micros(PERIOD.start)
        heap = (np.arange(members) - 1) // 2
        heap[0] = -1
        leg = (np.arange(members) - 1) % 2
        leg[0] = -1
        since = np.full(members, start - 1)
        return inputs_from_arrays(
            PERIOD,
            [f"m{i:07}" for i in range(members)],
            since,  # pyright: ignore[reportArgumentType] - an array is a column
            self.parent,
            SoldArrays(
                ids=[f"s{i:08}" for i in range(sales)],
                member=self.member,
                at=start + np.arange(sales) * ((PERIOD.end - PERIOD.start) // timedelta(microseconds=1) // sales),
                amount=Scaled(self.pence, 100),
            ),
            placement=Placement(above(frame, frame.of(heap)), frame.of(leg), frame.of(since), 2),
        )

    def totals(self) -> Any:
        """What each member is due under the unilevel, as NumPy does it: in floats, and nothing but that."""
        members = len(self.parent)
        due, at, amounts = np.zeros(members), self.member, self.pence / 100
        for rate in RATES:
            seller = at >= 0
            due += np.bincount(at[seller], weights=amounts[seller] * (rate / 100), minlength=members)
            at = np.where(seller, self.parent[at], -1)
        return due

    def group_volumes(self) -> Any:
        """What each member's group sold, as NumPy does it: in floats, level by level from the deepest."""
        volume = np.bincount(self.member, weights=self.pence / 100, minlength=len(self.parent))
        for level in range(self.depth.max(), 0, -1):
            here = np.flatnonzero(self.depth == level)
            np.add.at(volume, self.parent[here], volume[here])
        return volume

    def walk(self, sales: int) -> list[int]:
        """What each member is due on the first sales, as Python does it."""
        parent, due = self.parent.tolist(), [0] * len(self.parent)
        for at, pence in zip(self.member[:sales].tolist(), self.pence[:sales].tolist(), strict=True):
            earner = at
            for rate in RATES:
                if earner < 0:
                    break
                due[earner] += (pence * rate + 50) // 100
                earner = parent[earner]
        return due


_JOINS = ["members m0 ON m0.id = s.member", "members m1 ON m1.id = m0.parent", "members m2 ON m2.id = m1.parent"]
_LEVELS = "\nUNION ALL\n".join(
    f"SELECT m{level}.id AS earner, round(s.amount * 0.{rate:02}, 2) AS due FROM sales s JOIN "
    + " JOIN ".join(_JOINS[: level + 1])
    for level, rate in enumerate(RATES)
)
SQL = f"""
SELECT count(*), sum(due) FROM (SELECT earner, sum(due) AS due FROM ({_LEVELS}) AS lines GROUP BY earner) AS totals
"""
"""The same rule: how many members are due anything, and how much all together."""


def main() -> None:
    """Rates a period under both plans and prints the most memory that it took, in bytes."""
    members, sales = map(int, sys.argv[1:])
    inputs = Large.random(members, sales).inputs()
    peaks = [peak()]
    for document in (UNILEVEL, COMBINED):
        rated = rate_period(plan(document), inputs)
        assert len(rated.due) == members
        peaks.append(peak())
    print(json.dumps(peaks))


def peak() -> int:
    """The most memory that this process ever had, in bytes."""
    # What `getrusage` says begins with the memory of whoever started the process.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


if __name__ == "__main__":
    main()
