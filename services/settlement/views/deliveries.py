"""What has been delivered when, by business transaction; which lines wait for that, and what of them may be undone."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

from libs.eventlog import Reader, Recorded, Tx, View
from services.settlement.domain.conditions import only_window, terms_of
from services.settlement.domain.deliveries import DeliveryForgotten, DeliveryRemembered
from services.settlement.domain.events import EntitlementsListed, LinesHeld, LinesHeldAgain, LinesReleased
from services.settlement.domain.holding import HeldLine
from services.settlement.views.columns import to_micros

DELIVERED: Final = (
    "NOT EXISTS (SELECT 1 FROM view_awaited w WHERE w.programme=l.programme AND w.line=l.line AND NOT EXISTS"
    " (SELECT 1 FROM view_deliveries d WHERE d.programme=w.programme AND d.biz_transaction=w.biz_transaction"
    " AND d.delivered_at<=?))"
)
"""Whether all that a line (a row `l`) waits for has been delivered by a time, which is given once."""


def members_awaiting(reader: Reader, programme: str, transactions: Collection[str]) -> dict[str, list[str]]:
    """Who has something held that waits for the delivery of one of these, by currency."""
    rows = reader.among(
        "SELECT DISTINCT l.currency, l.member FROM view_awaited w"
        " JOIN view_lines l ON l.programme=w.programme AND l.line=w.line"
        " WHERE w.programme=? AND l.held_minor>0 AND w.biz_transaction = {keys}",
        (programme,),
        sorted(transactions),
    )
    found: dict[str, list[str]] = {}
    for currency, member in sorted(set(rows)):
        found.setdefault(currency, []).append(member)
    return found


def freed_lines(
    reader: Reader, programme: str, transactions: Collection[str], time: datetime
) -> dict[str, list[HeldLine]]:
    """Lines that wait for one of these, are not delivered by a time, and of which something can be held again.

    By currency.
    """
    rows = reader.among(
        "SELECT DISTINCT l.currency, l.line, l.member, l.freed_minor FROM view_awaited a"  # noqa: S608 # our own
        " JOIN view_awaiting l ON l.programme=a.programme AND l.line=a.line"
        f" WHERE a.programme=? AND l.freed_minor>0 AND NOT ({DELIVERED}) AND a.biz_transaction = {{keys}}",
        (programme, to_micros(time)),
        sorted(transactions),
    )
    found: dict[str, list[HeldLine]] = {}
    for currency, *line in sorted(set(rows)):
        found.setdefault(currency, []).append(HeldLine(*line))
    return found


def undelivered_among(reader: Reader, programme: str, lines: Collection[str], time: datetime | None) -> set[str]:
    """Those of some lines for which something has still to be delivered, at the programme's time."""
    if time is None:
        return set(lines)
    rows = reader.among(
        f"SELECT l.line FROM view_awaiting l WHERE l.programme=? AND NOT ({DELIVERED}) AND l.line = {{keys}}",  # noqa: S608 # our own
        (programme, to_micros(time)),
        sorted(lines),
    )
    return {line for (line,) in rows}


def _remembered(tx: Tx, recorded: Recorded[DeliveryRemembered]) -> None:
    fact, programme = recorded.event, recorded.meta.programme
    tx.run_many(
        "INSERT INTO view_deliveries VALUES (?, ?, ?, ?)",
        [(programme, one, fact.delivery, to_micros(fact.delivered_at)) for one in sorted(set(fact.biz_transactions))],
    )


def _forgotten(tx: Tx, recorded: Recorded[DeliveryForgotten]) -> None:
    fact, programme = recorded.event, recorded.meta.programme
    tx.run_many(
        "DELETE FROM view_deliveries WHERE programme=? AND biz_transaction=? AND delivery=?",
        [(programme, one, fact.delivery) for one in fact.biz_transactions],
    )


def _entered(tx: Tx, recorded: Recorded[LinesHeld]) -> None:
    """Which lines wait for what. What takes back of one lessens what of it can be held again."""
    entry, programme = recorded.event, recorded.meta.programme
    for line in entry.lines:
        if not only_window(line.conditions) and (awaited := terms_of(line.conditions).deliveries):
            row = (programme, entry.currency, line.line, line.member)
            tx.run("INSERT INTO view_awaiting VALUES (?, ?, ?, ?, 0)", row)
            rows = [(programme, line.line, one) for one in sorted(awaited)]
            tx.run_many("INSERT INTO view_awaited VALUES (?, ?, ?)", rows)
    taken = [(-one.amount_minor, -one.amount_minor, programme, one.reverses) for one in entry.lines if one.reverses]
    if taken and _any_awaits(tx, recorded):
        tx.run_many(
            "UPDATE view_awaiting SET freed_minor=CASE WHEN freed_minor>? THEN freed_minor-? ELSE 0 END"
            " WHERE programme=? AND line=?",
            taken,
        )


def _released(tx: Tx, recorded: Recorded[LinesReleased]) -> None:
    if _any_awaits(tx, recorded):
        _free(tx, recorded.meta.programme, ((part.line, part.amount_minor) for part in recorded.event.lines))


def _held_again(tx: Tx, recorded: Recorded[LinesHeldAgain]) -> None:
    _free(tx, recorded.meta.programme, ((part.line, -part.amount_minor) for part in recorded.event.lines))


def _free(tx: Tx, programme: str, parts: Iterable[tuple[str, int]]) -> None:
    tx.run_many(
        "UPDATE view_awaiting SET freed_minor=freed_minor+? WHERE programme=? AND line=?",
        [(amount, programme, line) for line, amount in parts],
    )


def _entitled(tx: Tx, recorded: Recorded[EntitlementsListed]) -> None:
    """What has gone into a distribution is not held again."""
    if _any_awaits(tx, recorded):
        entry = recorded.event
        tx.run_many(
            "UPDATE view_awaiting SET freed_minor=0 WHERE programme=? AND currency=? AND member=? AND freed_minor>0",
            [(recorded.meta.programme, entry.currency, one.member) for one in entry.entries if one.due_minor],
        )


def _any_awaits(tx: Tx, recorded: Recorded[Any]) -> bool:
    """Whether the ledger has a line that waits for a delivery: most have none, and do nothing more here."""
    ledger = (recorded.meta.programme, recorded.event.currency)
    return tx.one("SELECT 1 FROM view_awaiting WHERE programme=? AND currency=? LIMIT 1", ledger) is not None


DELIVERIES = View(
    name="deliveries",
    ddl=[
        "CREATE TABLE IF NOT EXISTS view_deliveries ("
        "programme TEXT NOT NULL, biz_transaction TEXT NOT NULL, delivery TEXT NOT NULL, delivered_at BIGINT NOT NULL,"
        " PRIMARY KEY (programme, biz_transaction, delivery))",
        "CREATE TABLE IF NOT EXISTS view_awaiting ("
        "programme TEXT NOT NULL, currency TEXT NOT NULL, line TEXT NOT NULL, member TEXT NOT NULL,"
        " freed_minor BIGINT NOT NULL, PRIMARY KEY (programme, line))",
        "CREATE INDEX IF NOT EXISTS view_awaiting_of ON view_awaiting (programme, currency, member)",
        "CREATE TABLE IF NOT EXISTS view_awaited ("
        "programme TEXT NOT NULL, line TEXT NOT NULL, biz_transaction TEXT NOT NULL,"
        " PRIMARY KEY (programme, line, biz_transaction))",
        "CREATE INDEX IF NOT EXISTS view_awaited_by ON view_awaited (programme, biz_transaction, line)",
    ],
    own={
        DeliveryRemembered: _remembered,
        DeliveryForgotten: _forgotten,
        LinesHeld: _entered,
        LinesReleased: _released,
        LinesHeldAgain: _held_again,
        EntitlementsListed: _entitled,
    },
)
