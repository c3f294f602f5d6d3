"""How much of each sale has come back, and how much of its lines was taken back for it.

One row for a sale, however many returns name it: what a return costs does not grow with those before it.
"""

import json
from collections.abc import Collection
from decimal import Decimal

from fenxiao.money import EXACT, plain
from libs.eventlog import Reader, Recorded, Tx, View
from services.commission.domain.events import LinesPosted, ReturnRecorded
from services.commission.domain.sales import Returned

_PUT = (
    "INSERT INTO view_returned (sale, amount, clawed_back) VALUES (?, ?, ?)"
    " ON CONFLICT (sale) DO UPDATE SET amount = excluded.amount, clawed_back = excluded.clawed_back"
)


def _return_recorded(tx: Tx, recorded: Recorded[ReturnRecorded]) -> None:
    event = recorded.event
    if event.original_sale:
        before = returned_of(tx, event.original_sale)
        _put(tx, event.original_sale, before._replace(amount=EXACT.add(before.amount, event.report.amount)))


def _lines_posted(tx: Tx, recorded: Recorded[LinesPosted]) -> None:
    event = recorded.event
    if event.original_sale:
        before = returned_of(tx, event.original_sale)
        taken = dict(before.clawed_back)
        for line in event.lines:
            taken[line.reverses] = taken.get(line.reverses, 0) - line.amount_minor
        _put(tx, event.original_sale, before._replace(clawed_back=taken))


def _put(tx: Tx, sale: str, returned: Returned) -> None:
    tx.run(_PUT, (sale, plain(returned.amount), json.dumps(returned.clawed_back)))


RETURNED = View(
    "returned",
    [
        "CREATE TABLE IF NOT EXISTS view_returned (sale TEXT PRIMARY KEY, amount TEXT NOT NULL,"
        " clawed_back TEXT NOT NULL)",
    ],
    own={ReturnRecorded: _return_recorded, LinesPosted: _lines_posted},
)


def returned_of(reader: Reader, sale: str) -> Returned:
    """What has come back of a sale, by its UUID, which no two programmes share."""
    row = reader.one("SELECT amount, clawed_back FROM view_returned WHERE sale = ?", (sale,))
    return Returned(Decimal(row[0]), json.loads(row[1])) if row else Returned()


def returned_among(reader: Reader, sales: Collection[str]) -> dict[str, Returned]:
    """The same of some; those of which nothing has come back are left out."""
    rows = reader.among("SELECT sale, amount, clawed_back FROM view_returned WHERE sale = {keys}", (), sales)
    return {sale: Returned(Decimal(amount), json.loads(clawed_back)) for sale, amount, clawed_back in rows}
