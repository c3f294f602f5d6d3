"""Sales and returns: found by the merchant's number, listed by time."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from fenxiao.money import EXACT, plain
from fenxiao.plans import SaleKind
from fenxiao.plans.periods.inputs import Sold
from libs.eventlog import Reader, Recorded, Tx, View
from services.commission.domain.events import Goods, Report, ReturnRecorded, SaleClass, SaleRecorded
from services.commission.views.moments import BEGINNING, FOREVER, from_micros, micros

_REPORTED = (
    "reference, member, kind, occurred_at, amount, currency, sale_class, original_reference, biz_transactions, goods"
)
_INSERT = (
    f"INSERT INTO view_sales (programme, id, position, plan_hash, original_sale, {_REPORTED})"  # noqa: S608 # our own text
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

_NO_GOODS = Goods()


class SaleRow(NamedTuple):
    """A sale or return without its lines."""

    id: str
    plan_hash: str
    report: Report


def _sale_recorded(tx: Tx, recorded: Recorded[SaleRecorded]) -> None:
    _insert(tx, recorded, recorded.event.report, recorded.event.plan_hash, "")


def _return_recorded(tx: Tx, recorded: Recorded[ReturnRecorded]) -> None:
    event = recorded.event
    _insert(tx, recorded, event.report, event.plan_hash, event.original_sale)


def _insert(
    tx: Tx, recorded: Recorded[SaleRecorded | ReturnRecorded], report: Report, plan_hash: str, original_sale: str
) -> None:
    tx.run(
        _INSERT,
        (
            recorded.meta.programme,
            str(recorded.stream),
            recorded.position,
            plan_hash,
            original_sale,
            report.reference,
            report.member,
            report.kind.value,
            micros(report.occurred_at),
            plain(report.amount),
            report.currency,
            report.sale_class.value,
            report.original_reference,
            json.dumps(report.biz_transactions) if report.biz_transactions else "",
            report.goods.model_dump_json(exclude_defaults=True) if report.goods != _NO_GOODS else "",
        ),
    )


SALES = View(
    "sales",
    [
        "CREATE TABLE IF NOT EXISTS view_sales (programme TEXT NOT NULL, id TEXT NOT NULL,"
        " position BIGINT NOT NULL, plan_hash TEXT NOT NULL,"
        " original_sale TEXT NOT NULL, reference TEXT NOT NULL, member TEXT NOT NULL, kind TEXT NOT NULL,"
        " occurred_at BIGINT NOT NULL, amount TEXT NOT NULL, currency TEXT NOT NULL, sale_class TEXT NOT NULL,"
        " original_reference TEXT NOT NULL, biz_transactions TEXT NOT NULL, goods TEXT NOT NULL,"
        " PRIMARY KEY (programme, reference))",
        "CREATE INDEX IF NOT EXISTS view_sales_by_time ON view_sales (programme, occurred_at, id)",
        "CREATE INDEX IF NOT EXISTS view_sales_by_member ON view_sales (programme, member, occurred_at, id)",
        "CREATE INDEX IF NOT EXISTS view_sales_by_position ON view_sales (programme, position)",
        "CREATE INDEX IF NOT EXISTS view_sales_returns ON view_sales (original_sale) WHERE original_sale <> ''",
    ],
    own={SaleRecorded: _sale_recorded, ReturnRecorded: _return_recorded},
)


def sale_by_reference(reader: Reader, programme: str, reference: str) -> SaleRow | None:
    """The sale or return that has the merchant's number."""
    row = reader.one(
        f"SELECT id, plan_hash, {_REPORTED} FROM view_sales WHERE programme = ? AND reference = ?",  # noqa: S608 # our own text
        (programme, reference),
    )
    return _row(*row) if row else None


def sales_among(reader: Reader, programme: str, references: Collection[str]) -> dict[str, SaleRow]:
    """The sales and returns that have some of the merchant's numbers."""
    sql = f"SELECT id, plan_hash, {_REPORTED} FROM view_sales WHERE programme = ? AND reference = {{keys}}"  # noqa: S608 # our own text
    rows = (_row(*row) for row in reader.among(sql, (programme,), references))
    return {row.report.reference: row for row in rows}


def list_sales(reader: Reader, programme: str, member: str, after: tuple[int, str] | None, limit: int) -> list[SaleRow]:
    """Sales and returns behind a key (time in microseconds, id), in that order; of one member if one is given."""
    which, who = ("AND member = ? ", (member,)) if member else ("", ())
    rows = reader.all(
        f"SELECT id, plan_hash, {_REPORTED} FROM view_sales WHERE programme = ? {which}"  # noqa: S608 # our own text
        "AND (occurred_at, id) > (?, ?) ORDER BY occurred_at, id LIMIT ?",
        (programme, *who, *(after or (BEGINNING, "")), limit),
    )
    return [_row(*row) for row in rows]


def returns_of(reader: Reader, sale_id: str) -> list[str]:
    """Ids of the returns that name a sale, in the order of their time."""
    rows = reader.all(
        "SELECT id FROM view_sales WHERE original_sale <> '' AND original_sale = ? ORDER BY occurred_at, id",
        (sale_id,),
    )
    return [row[0] for row in rows]


def newest_sale_between(reader: Reader, programme: str, since: datetime, until: datetime | None) -> datetime | None:
    """The time of the last sale (or return that names none) in a span; the span's end is not in it."""
    row = reader.one(
        "SELECT occurred_at FROM view_sales WHERE programme = ? AND occurred_at >= ? AND occurred_at < ?"
        " AND original_sale = '' ORDER BY occurred_at DESC LIMIT 1",
        (programme, micros(since), FOREVER if until is None else micros(until)),
    )
    return from_micros(row[0]) if row else None


def _row(
    sale_id: str,
    plan_hash: str,
    reference: str,
    member: str,
    kind: str,
    occurred_at: int,
    amount: str,
    currency: str,
    sale_class: str,
    original_reference: str,
    biz_transactions: str,
    goods: str,
) -> SaleRow:
    report = Report(
        reference=reference,
        member=member,
        kind=SaleKind(kind),
        occurred_at=from_micros(occurred_at),
        amount=Decimal(amount),
        currency=currency,
        sale_class=SaleClass(sale_class),
        original_reference=original_reference,
        biz_transactions=tuple(json.loads(biz_transactions)) if biz_transactions else (),
        goods=Goods.model_validate_json(goods) if goods else _NO_GOODS,
    )
    return SaleRow(sale_id, plan_hash, report)


def newest_position(reader: Reader, programme: str) -> int:
    """Where the newest sale or return of a programme stands in the store; 0 before the first."""
    row = reader.one("SELECT MAX(position) FROM view_sales WHERE programme = ?", (programme,))
    return int(row[0] or 0) if row else 0


_SHOWN = 1_000
"""Sales and returns of a member that are looked up one by one at most."""


def returns_known(reader: Reader, sale: str, until: int) -> list[int]:
    """Where the returns that name a sale stand in the store, up to a position."""
    rows = reader.all(
        "SELECT position FROM view_sales WHERE original_sale <> '' AND original_sale = ? AND position <= ?"
        " ORDER BY position",
        (sale, until),
    )
    return [row[0] for row in rows]


def positions_by(reader: Reader, programme: str, member: str, start: datetime, end: datetime, until: int) -> list[int]:
    """The same of a member's sales of a span and the returns that name them: the first thousand."""
    rows = reader.all(
        "SELECT s.position, r.position FROM view_sales s"
        " LEFT JOIN view_sales r ON r.original_sale = s.id AND r.original_sale <> '' AND r.position <= ?"
        " WHERE s.programme = ? AND s.member = ? AND s.occurred_at >= ? AND s.occurred_at < ?"
        " AND s.original_sale = '' AND s.position <= ? ORDER BY s.position, r.position LIMIT ?",
        (until, programme, member, micros(start), micros(end), until, _SHOWN),
    )
    return sorted({place for row in rows for place in row if place is not None})


def sold_between(reader: Reader, programme: str, start: datetime, end: datetime, position: int) -> list[Sold]:
    """Sales, and returns that name none, of a span, with what had come back of each: as known at a position."""
    came_back: dict[str, Decimal] = {}
    for sale, amount in reader.all(
        "SELECT r.original_sale, r.amount FROM view_sales s"
        " JOIN view_sales r ON r.original_sale = s.id AND r.original_sale <> ''"
        " WHERE s.programme = ? AND s.occurred_at >= ? AND s.occurred_at < ? AND r.position <= ?",
        (programme, micros(start), micros(end), position),
    ):
        came_back[sale] = EXACT.add(came_back.get(sale, Decimal(0)), Decimal(amount))
    rows = reader.all(
        f"SELECT id, plan_hash, {_REPORTED} FROM view_sales WHERE programme = ? AND occurred_at >= ?"  # noqa: S608 # our own text
        " AND occurred_at < ? AND position <= ? AND original_sale = '' ORDER BY occurred_at, id",
        (programme, micros(start), micros(end), position),
    )
    return [_sold(_row(*found), came_back) for found in rows]


def transactions_between(reader: Reader, programme: str, start: datetime, end: datetime) -> dict[str, tuple[str, ...]]:
    """The business transactions of the sales of a span that name any, by the sale's UUID."""
    rows = reader.all(
        "SELECT id, biz_transactions FROM view_sales WHERE programme = ? AND occurred_at >= ? AND occurred_at < ?"
        " AND original_sale = '' AND biz_transactions <> ''",
        (programme, micros(start), micros(end)),
    )
    return {sale: tuple(json.loads(names)) for sale, names in rows}


def _sold(row: SaleRow, came_back: Mapping[str, Decimal]) -> Sold:
    report, goods = row.report, row.report.goods
    sign = Decimal(1 if report.kind is SaleKind.SALE else -1)
    return Sold(
        id=row.id,
        member=report.member,
        occurred_at=report.occurred_at,
        amount=EXACT.multiply(report.amount, sign),
        returned=came_back.get(row.id, Decimal(0)),
        margin=EXACT.multiply(goods.margin or Decimal(0), sign),
        points=EXACT.multiply(goods.points or Decimal(0), sign),
        quantity=EXACT.multiply(goods.quantity, sign),
        product=goods.product,
        category=goods.category,
        channel=goods.channel,
        sale_class=report.sale_class.value,
    )


def first_marked(reader: Reader, programme: str, after: int, until: int) -> datetime | None:
    """The earliest sale that a report behind one position and up to another is or changes."""
    row = reader.one(
        "SELECT MIN(CASE WHEN r.original_sale = '' THEN r.occurred_at ELSE"
        " (SELECT s.occurred_at FROM view_sales s WHERE s.programme = r.programme"
        " AND s.reference = r.original_reference) END)"
        " FROM view_sales r WHERE r.programme = ? AND r.position > ? AND r.position <= ?",
        (programme, after, until),
    )
    return from_micros(row[0]) if row and row[0] is not None else None
