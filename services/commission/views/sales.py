"""Sales and returns: found by the merchant's number, listed by time."""

import json
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from fenxiao.money import plain
from fenxiao.plans import SaleKind
from libs.eventlog import Reader, Recorded, Tx, View
from services.commission.domain.events import Report, ReturnRecorded, SaleClass, SaleRecorded
from services.commission.views.moments import BEGINNING, FOREVER, from_micros, micros

_REPORTED = "reference, member, kind, occurred_at, amount, currency, sale_class, original_reference, biz_transactions"
_INSERT = (
    f"INSERT INTO view_sales (programme, id, plan_hash, original_sale, {_REPORTED})"  # noqa: S608 # our own text
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


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
        ),
    )


SALES = View(
    "sales",
    [
        "CREATE TABLE IF NOT EXISTS view_sales (programme TEXT NOT NULL, id TEXT NOT NULL, plan_hash TEXT NOT NULL,"
        " original_sale TEXT NOT NULL, reference TEXT NOT NULL, member TEXT NOT NULL, kind TEXT NOT NULL,"
        " occurred_at BIGINT NOT NULL, amount TEXT NOT NULL, currency TEXT NOT NULL, sale_class TEXT NOT NULL,"
        " original_reference TEXT NOT NULL, biz_transactions TEXT NOT NULL, PRIMARY KEY (programme, reference))",
        "CREATE INDEX IF NOT EXISTS view_sales_by_time ON view_sales (programme, occurred_at, id)",
        "CREATE INDEX IF NOT EXISTS view_sales_by_member ON view_sales (programme, member, occurred_at, id)",
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
    )
    return SaleRow(sale_id, plan_hash, report)
