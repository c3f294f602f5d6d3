"""How far each subscription has come: kept beside the events, in the same transactions."""

from typing import Final, NamedTuple
from uuid import UUID

from libs.eventlog import Reader, Tx

TABLES: Final = [
    "CREATE TABLE IF NOT EXISTS subscription_states (subscription TEXT PRIMARY KEY, position BIGINT NOT NULL,"
    " number BIGINT NOT NULL, tries BIGINT NOT NULL, ran BIGINT NOT NULL)",
]


class State(NamedTuple):
    """How far a subscription has come."""

    position: int
    """Everything up to here has been delivered or given up, as far as it was asked for."""
    number: int = 0
    """Of the last delivery."""
    tries: int = 0
    """Of the delivery that is under way."""
    ran: int = 0
    """When its schedule was followed last, in microseconds since 1970."""


def state_of(reader: Reader, subscription: UUID, first: State) -> State:
    """How far it has come; `first` if it has not begun."""
    row = reader.one(
        "SELECT position, number, tries, ran FROM subscription_states WHERE subscription=?", (subscription.hex,)
    )
    return State(*map(int, row)) if row else first


def keep_state(tx: Tx, subscription: UUID, state: State) -> None:
    """Write down how far it has come."""
    tx.run(
        "INSERT INTO subscription_states VALUES (?, ?, ?, ?, ?) ON CONFLICT (subscription) DO UPDATE SET"
        " position=excluded.position, number=excluded.number, tries=excluded.tries, ran=excluded.ran",
        (subscription.hex, *state),
    )


def forget_state(tx: Tx, subscription: UUID) -> None:
    """Remove what is not needed any more."""
    tx.run("DELETE FROM subscription_states WHERE subscription=?", (subscription.hex,))
