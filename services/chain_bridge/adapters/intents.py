"""The table of intents: what is to be done on chain, stored before anything is signed, signed before it is sent."""

import uuid
from collections.abc import Iterable

from libs.eventlog import Reader, Row, Tx
from services.chain_bridge.domain.intents import Intent, State

TABLES = [
    "CREATE TABLE IF NOT EXISTS intents (id TEXT PRIMARY KEY, seq BIGINT NOT NULL, programme TEXT NOT NULL,"
    " purpose TEXT NOT NULL, currency TEXT NOT NULL, number BIGINT NOT NULL, data BYTEA NOT NULL,"
    " payees BIGINT NOT NULL, state TEXT NOT NULL, problem TEXT NOT NULL,"
    " nonce BIGINT, raw BYTEA, hash TEXT, block BIGINT, gas_used BIGINT,"
    " created_at TEXT NOT NULL, final_at TEXT, UNIQUE (programme, purpose))",
    "CREATE UNIQUE INDEX IF NOT EXISTS intents_nonce ON intents (nonce)",
    "CREATE INDEX IF NOT EXISTS intents_state ON intents (state)",
    "CREATE TABLE IF NOT EXISTS nonces (sender TEXT PRIMARY KEY, following BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS chain_cursor (id BIGINT PRIMARY KEY, block BIGINT NOT NULL, hash TEXT NOT NULL)",
]

_COLUMNS = "id, programme, purpose, currency, number, data, payees, state, problem, nonce, raw, hash"


def _intent(row: Row) -> Intent:
    key, programme, purpose, currency, number, data, payees, state, problem, nonce, raw, tx_hash = row
    return Intent(
        key,
        programme,
        purpose,
        currency,
        number,
        bytes(data),
        payees,
        State(state),
        problem,
        nonce,
        bytes(raw or b""),
        tx_hash or "",
    )


def plan(
    tx: Tx, programme: str, purpose: str, currency: str, number: int, data: bytes, payees: int, created_at: str
) -> None:
    """Stores an intent, once for each purpose."""
    tx.run(
        "INSERT INTO intents (id, seq, programme, purpose, currency, number, data, payees, state, problem, created_at)"
        " VALUES (?, (SELECT COALESCE(MAX(seq), 0) + 1 FROM intents), ?, ?, ?, ?, ?, ?, ?, '', ?)"
        " ON CONFLICT (programme, purpose) DO NOTHING",
        (uuid.uuid4().hex, programme, purpose, currency, number, data, payees, State.PLANNED, created_at),
    )


def in_state(reader: Reader, states: Iterable[State]) -> list[Intent]:
    """Intents in any of these states, in the order in which they were planned."""
    wanted = list(states)
    marks = ",".join("?" * len(wanted))
    rows = reader.all(f"SELECT {_COLUMNS} FROM intents WHERE state IN ({marks}) ORDER BY seq", wanted)  # noqa: S608 # marks only
    return [_intent(row) for row in rows]


def sign(tx: Tx, intent: Intent, sender: str, nonce: int, raw: bytes, tx_hash: str) -> None:
    """Stores the signed bytes and takes the nonce, together."""
    tx.run(
        "INSERT INTO nonces VALUES (?, ?) ON CONFLICT (sender) DO UPDATE SET following = excluded.following",
        (sender, nonce + 1),
    )
    tx.run(
        "UPDATE intents SET state=?, problem='', nonce=?, raw=?, hash=? WHERE id=?",
        (State.SIGNED, nonce, raw, tx_hash, intent.id),
    )


def following_nonce(reader: Reader, sender: str) -> int | None:
    """The nonce that the account uses next; None if it has sent nothing yet."""
    row = reader.one("SELECT following FROM nonces WHERE sender=?", (sender,))
    return int(row[0]) if row else None


def move(tx: Tx, intent: Intent, state: State, problem: str = "") -> None:
    """Puts an intent into a state."""
    tx.run("UPDATE intents SET state=?, problem=? WHERE id=?", (state, problem, intent.id))


def mine(tx: Tx, intent: Intent, block: int, gas_used: int) -> None:
    """Notes where an intent was mined; it is not final yet."""
    tx.run("UPDATE intents SET state=?, block=?, gas_used=? WHERE id=?", (State.MINED, block, gas_used, intent.id))


def finish(tx: Tx, intent: Intent, final_at: str, problem: str) -> None:
    """Notes that an intent is final; `problem` says why if it reverted on chain."""
    tx.run(
        "UPDATE intents SET state=?, problem=?, final_at=? WHERE id=?",
        (State.PARKED if problem else State.FINAL, problem, final_at, intent.id),
    )


def drop_superseded(tx: Tx, programme: str, currency: str, number: int) -> None:
    """Takes back payments of earlier distributions that own no nonce yet: the newer root pays them too."""
    tx.run(
        "DELETE FROM intents WHERE programme=? AND currency=? AND number<? AND nonce IS NULL AND payees>0",
        (programme, currency, number),
    )


def read_cursor(reader: Reader) -> tuple[int, str] | None:
    """Number and hash of the last final block whose logs were read."""
    row = reader.one("SELECT block, hash FROM chain_cursor WHERE id=1")
    return (int(row[0]), str(row[1])) if row else None


def write_cursor(tx: Tx, block: int, block_hash: str) -> None:
    """Moves the cursor."""
    tx.run(
        "INSERT INTO chain_cursor VALUES (1, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET block=excluded.block, hash=excluded.hash",
        (block, block_hash),
    )
