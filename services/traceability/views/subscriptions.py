"""Named queries, who has subscribed to them, and what could not be delivered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from libs.eventlog import Reader, Recorded, Tx, View
from services.traceability.domain.events import (
    DeliveryGivenUp,
    DeliveryRetried,
    QueryDefined,
    QueryDeleted,
    ResultsDelivered,
    SubscriptionCreated,
    SubscriptionDeleted,
)
from services.traceability.domain.visibility import Audience, Caller

_DDL: Final = [
    "CREATE TABLE IF NOT EXISTS view_queries (programme TEXT NOT NULL, name TEXT NOT NULL, query TEXT NOT NULL,"
    " PRIMARY KEY (programme, name))",
    "CREATE TABLE IF NOT EXISTS view_subscriptions (subscription TEXT PRIMARY KEY, programme TEXT NOT NULL,"
    " query TEXT NOT NULL, delivered TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS view_subscriptions_by_query ON view_subscriptions (programme, query, subscription)",
    "CREATE TABLE IF NOT EXISTS view_dead_letters (subscription TEXT NOT NULL, number BIGINT NOT NULL,"
    " retried BIGINT NOT NULL, PRIMARY KEY (subscription, number))",
]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription that goes on."""

    id: UUID
    programme: str
    created: datetime
    wanted: SubscriptionCreated
    delivered: str
    """When something was delivered last, in ISO 8601; empty: never."""
    caller: Caller
    """Who has subscribed: he is sent what he sees."""


def _defined(tx: Tx, recorded: Recorded[QueryDefined]) -> None:
    event = recorded.event
    tx.run("INSERT INTO view_queries VALUES (?, ?, ?)", (recorded.meta.programme, event.name, event.query))


def _deleted(tx: Tx, recorded: Recorded[QueryDeleted]) -> None:
    tx.run("DELETE FROM view_queries WHERE programme=? AND name=?", (recorded.meta.programme, recorded.event.name))


def _subscribed(tx: Tx, recorded: Recorded[SubscriptionCreated]) -> None:
    row = (recorded.stream.hex, recorded.meta.programme, recorded.event.query, "")
    tx.run("INSERT INTO view_subscriptions VALUES (?, ?, ?, ?)", row)


def _unsubscribed(tx: Tx, recorded: Recorded[SubscriptionDeleted]) -> None:
    tx.run("DELETE FROM view_subscriptions WHERE subscription=?", (recorded.stream.hex,))
    tx.run("DELETE FROM view_dead_letters WHERE subscription=?", (recorded.stream.hex,))


def _delivered(tx: Tx, recorded: Recorded[ResultsDelivered]) -> None:
    key = UUID(recorded.event.subscription).hex
    tx.run("UPDATE view_subscriptions SET delivered=? WHERE subscription=?", (recorded.recorded_at.isoformat(), key))
    tx.run("DELETE FROM view_dead_letters WHERE subscription=? AND number=?", (key, recorded.event.number))


def _given_up(tx: Tx, recorded: Recorded[DeliveryGivenUp]) -> None:
    tx.run(
        "INSERT INTO view_dead_letters VALUES (?, ?, 0) ON CONFLICT (subscription, number) DO UPDATE SET retried=0",
        (UUID(recorded.event.subscription).hex, recorded.event.number),
    )


def _retried(tx: Tx, recorded: Recorded[DeliveryRetried]) -> None:
    tx.run(
        "UPDATE view_dead_letters SET retried=1 WHERE subscription=? AND number=?",
        (UUID(recorded.event.subscription).hex, recorded.event.number),
    )


VIEW = View(
    "subscriptions",
    _DDL,
    own={
        QueryDefined: _defined,
        QueryDeleted: _deleted,
        SubscriptionCreated: _subscribed,
        SubscriptionDeleted: _unsubscribed,
        ResultsDelivered: _delivered,
        DeliveryGivenUp: _given_up,
        DeliveryRetried: _retried,
    },
)


def query_text(reader: Reader, programme: str, name: str) -> str | None:
    """A named query, as JSON."""
    row = reader.one("SELECT query FROM view_queries WHERE programme=? AND name=?", (programme, name))
    return str(row[0]) if row else None


def queries_of(reader: Reader, programme: str, *, after: str, limit: int) -> list[tuple[str, str]]:
    """Named queries behind a name, in order: name and JSON."""
    rows = reader.all(
        "SELECT name, query FROM view_queries WHERE programme=? AND name>? ORDER BY name LIMIT ?",
        (programme, after, limit),
    )
    return [(str(name), str(query)) for name, query in rows]


def subscription_of(reader: Reader, subscription: UUID) -> Subscription | None:
    """A subscription that goes on."""
    row = reader.one("SELECT programme, delivered FROM view_subscriptions WHERE subscription=?", (subscription.hex,))
    if row is None:
        return None
    first: Recorded[SubscriptionCreated] = reader.load(subscription)[0]
    wanted = first.event
    caller = Caller(Audience(wanted.audience), first.meta.actor, wanted.parties)
    return Subscription(subscription, str(row[0]), first.recorded_at, wanted, str(row[1]), caller)


def subscriptions_of(reader: Reader, programme: str, query: str, *, after: str, limit: int) -> list[UUID]:
    """The subscriptions to a query behind one of them."""
    rows = reader.all(
        "SELECT subscription FROM view_subscriptions WHERE programme=? AND query=? AND subscription>?"
        " ORDER BY subscription LIMIT ?",
        (programme, query, after, limit),
    )
    return [UUID(subscription) for (subscription,) in rows]


def all_subscriptions(reader: Reader) -> list[UUID]:
    """Every subscription of every programme."""
    return [UUID(row[0]) for row in reader.all("SELECT subscription FROM view_subscriptions")]


def dead_letters(reader: Reader, subscription: UUID, *, after: int, limit: int, retried: bool = False) -> list[int]:
    """The numbers of deliveries that were given up; `retried`: of those alone that are to be sent again."""
    rows = reader.all(
        "SELECT number FROM view_dead_letters WHERE subscription=? AND number>? AND retried>=? ORDER BY number LIMIT ?",
        (subscription.hex, after, int(retried), limit),
    )
    return [int(number) for (number,) in rows]
