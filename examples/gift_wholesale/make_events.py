"""Make the events of the orders that are traced goods: `python -m examples.gift_wholesale.make_events`.

Each sale in `sales.csv` that names a business transaction leaves the wholesaler as one parcel on the day after, and
names it in its receipt three weeks after that; every fourth customer receives it in the last days of January only. The
identifiers are made up.
"""

import csv
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from examples.writing import Company, Fields, Story, between, groups, main

WHOLESALER: Final = Company("9521401")
DOCK: Final = WHOLESALER.place("dock")
LEVELS: Final = 3
"""That a sale pays, as in `plan.yaml`."""

PARCELS: Final = 40
"""In a document."""

Row = dict[str, str]

_FOLDER: Final = Path(__file__).parent


def transaction_of(invoice: str) -> str:
    """The business transaction by which a sale and its goods meet."""
    return WHOLESALER.transaction("inv", invoice)["bizTransaction"]


def make() -> Story:
    """Tell it all."""
    story = Story("+00:00")
    orders = [row for row in rows("sales.csv") if row["biz_transactions"]]
    late = [row for number, row in enumerate(orders) if number % 4 == 3]
    soon = [row for row in orders if row not in late]
    chapters = {
        "shipments": tell(story, "shipments", orders, ship),
        "receipts": tell(story, "receipts", soon, lambda story, row: receive(story, row, day_of(row, 22))),
        "late_receipts": tell(story, "late-receipts", late, lambda story, row: receive(story, row, late_day(row))),
    }
    heights = heights_of(rows("members.csv"))
    right = {"orders": len(orders), "soon": lines_of(soon, heights), "late": lines_of(late, heights)}
    story.about = {"chapters": chapters, "right": right}
    return story


def tell(story: Story, name: str, orders: list[Row], how: Callable[[Story, Row], None]) -> list[str]:
    """A document for each forty parcels, as carriers send them. Gives the documents' names."""
    names: list[str] = []
    for number, some in enumerate(groups(orders, PARCELS), 1):
        names.append(f"{name}-{number}")
        story.chapter(names[-1])
        for row in some:
            how(story, row)
    return names


def rows(name: str) -> list[Row]:
    """The lines of a file of the example."""
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def heights_of(members: list[Row]) -> dict[str, int]:
    """How many members a sale of each pays at most: himself and those above him."""
    heights: dict[str, int] = {}
    for row in members:
        heights[row["member_id"]] = 1 + heights.get(row["sponsor_id"], 0)
    return heights


def lines_of(sales: list[Row], heights: dict[str, int]) -> int:
    """How many commissions some sales earn."""
    return sum(min(LEVELS, heights[row["member_id"]]) for row in sales)


def parcel(row: Row) -> str:
    """The parcel of a sale."""
    return WHOLESALER.container(int(row["sale_id"]))


def customer(row: Row) -> str:
    """A customer, by number."""
    return WHOLESALER.person(int(row["member_id"]))


def day_of(row: Row, days: int) -> str:
    """The same time of day, some days later."""
    at = datetime.fromisoformat(row["occurred_at"]) + timedelta(days=days)
    return at.strftime("%Y-%m-%dT%H:%M")


def papers(row: Row) -> list[Fields]:
    """What a sale and its goods have in common."""
    return [WHOLESALER.transaction("inv", row["sale_id"])]


def ship(story: Story, row: Row) -> None:
    """A parcel leaves."""
    story.ship(day_of(row, 1), [parcel(row)], DOCK, between(WHOLESALER.party, customer(row)),
               bizTransactionList=papers(row))  # fmt: skip


def receive(story: Story, row: Row, at: str) -> None:
    """The customer has it."""
    story.object(at, "receiving", epcList=[parcel(row)], disposition="in_progress", bizTransactionList=papers(row),
                 **between(WHOLESALER.party, customer(row)))  # fmt: skip


def late_day(row: Row) -> str:
    """When one that is late is received."""
    return f"2011-01-{27 + int(row['sale_id']) % 3}T12:00"


if __name__ == "__main__":
    main(make, _FOLDER)
