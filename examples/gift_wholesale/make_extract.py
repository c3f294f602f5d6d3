"""Make `members.csv` and `sales.csv` from the "Online Retail" data: one month of real orders.

    python -m examples.gift_wholesale.make_extract ONLINE_RETAIL.parquet [FOLDER]

A sale is one invoice of one identified customer, its amount the exact sum of quantity × unit price, its time that of
its earliest line. An invoice whose number begins with C is a return and names no sale. Every customer is a member:
ordered by first invoice and then by number, the first is the root, and the k-th (from 0) has the (k − 1) // 3-th as
sponsor. Names and e-mail addresses are made up. So is that large orders of the second half of the month are traced
goods: they name the business transaction of their shipment (`make_events.py`).
"""

import csv
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pyarrow.parquet

from examples.gift_wholesale.make_events import transaction_of

# British clocks show UTC in December, so the local times in the data need no conversion.
FROM, BEFORE = datetime(2010, 12, 1, tzinfo=UTC), datetime(2011, 1, 1, tzinfo=UTC)

MEMBERS = ("member_id", "sponsor_id", "joined_at", "name", "email", "country", "wallet")
SALES = (
    "sale_id", "member_id", "kind", "occurred_at", "amount", "currency", "original_sale_id", "sale_class",
    "channel", "biz_transactions",
)  # fmt: skip

TRACED_FROM = datetime(2010, 12, 13, tzinfo=UTC)
TRACED_ABOVE = Decimal(500)


@dataclass
class Invoice:
    """One invoice of one customer."""

    number: str
    customer: int
    country: str
    at: datetime
    total: Decimal = field(default=Decimal(0))

    @property
    def is_return(self) -> bool:
        """Whether it takes goods back."""
        return self.number.startswith("C")


def read_invoices(source: Path) -> list[Invoice]:
    """Read the month's invoices in order of time and number."""
    invoices: dict[str, Invoice] = {}
    table: Any = cast("Any", pyarrow.parquet).read_table(source)
    for row in table.to_pylist():
        at = row["invoiced_at"].replace(tzinfo=UTC)
        if row["customer_id"] is None or not FROM <= at < BEFORE:
            continue
        number = row["invoice_no"]
        invoice = invoices.setdefault(number, Invoice(number, row["customer_id"], row["country"], at))
        if invoice.customer != row["customer_id"]:
            sys.exit(f"invoice {number} names two customers")
        invoice.at = min(invoice.at, at)
        invoice.total += row["quantity"] * row["unit_price"]  # a few digits: far from the context's 28
    return sorted(invoices.values(), key=lambda invoice: (invoice.at, invoice.number))


def members(invoices: Sequence[Invoice]) -> Iterable[Sequence[str]]:
    """Make a row for each customer, sponsors before those whom they sponsor."""
    first: dict[int, Invoice] = {}
    for invoice in invoices:
        first.setdefault(invoice.customer, invoice)
    ordered = sorted(first.values(), key=lambda invoice: (invoice.at, invoice.customer))
    for k, invoice in enumerate(ordered):
        number = str(invoice.customer)
        sponsor = str(ordered[(k - 1) // 3].customer) if k else ""
        email = f"customer{number}@example.com"
        yield (number, sponsor, rfc3339(invoice.at), f"Customer {number}", email, invoice.country, "")


def sales(invoices: Iterable[Invoice]) -> Iterable[Sequence[str]]:
    """Make a row for each invoice; amounts are above 0, those of returns too."""
    for invoice in invoices:
        amount = -invoice.total if invoice.is_return else invoice.total
        if amount <= 0:
            sys.exit(f"invoice {invoice.number} comes to {invoice.total}, which no sale or return can")
        kind = "return" if invoice.is_return else "sale"
        member = str(invoice.customer)
        traced = kind == "sale" and invoice.at >= TRACED_FROM and amount >= TRACED_ABOVE
        way = ("tracked", transaction_of(invoice.number)) if traced else ("untracked", "")
        yield (invoice.number, member, kind, rfc3339(invoice.at), money(amount), "GBP", "", "retail", *way)


def rfc3339(at: datetime) -> str:
    """Write a time with its offset."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def money(amount: Decimal) -> str:
    """Write an amount with its pence, and with more digits only where it has them."""
    whole, _, fraction = f"{amount:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a CSV file with Unix line ends."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main() -> None:
    """Read the data and write both files."""
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    folder = Path(sys.argv[2]) if len(sys.argv) == 3 else Path(__file__).parent
    invoices = read_invoices(Path(sys.argv[1]))
    write(folder / "members.csv", MEMBERS, members(invoices))
    write(folder / "sales.csv", SALES, sales(invoices))


if __name__ == "__main__":
    main()
