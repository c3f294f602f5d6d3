"""The table of intents: what is to be done on chain, stored before anything is signed, signed before it is sent."""

import uuid
from collections.abc import Callable, Iterable

from libs.eventlog import Reader, Row, Tx
from services.chain_bridge.domain.intents import OPEN, WAITING, Intent, State

TABLES = [
    "CREATE TABLE IF NOT EXISTS intents (id TEXT PRIMARY KEY, seq BIGINT NOT NULL, programme TEXT NOT NULL,"
    " purpose TEXT NOT NULL, currency TEXT NOT NULL, number BIGINT NOT NULL, data BYTEA NOT NULL,"
    " payees BIGINT NOT NULL, state TEXT NOT NULL, problem TEXT NOT NULL, reverts BIGINT NOT NULL,"
    " sender TEXT, nonce BIGINT, raw BYTEA, hash TEXT, block BIGINT, gas_used BIGINT,"
    " created_at TEXT NOT NULL, final_at TEXT, UNIQUE (programme, purpose))",
    "CREATE UNIQUE INDEX IF NOT EXISTS intents_nonce ON intents (sender, nonce)",
    "CREATE INDEX IF NOT EXISTS intents_state ON intents (state)",
    "CREATE TABLE IF NOT EXISTS nonces (sender TEXT PRIMARY KEY, following BIGINT NOT NULL)",
]

_COLUMNS = (
    "id, programme, purpose, currency, number, data, payees, state, problem, reverts, sender, nonce, raw, hash, block"
)


def _marks(values: Iterable[object]) -> str:
    return ",".join("?" for _ in values)


def _intent(row: Row) -> Intent:
    (
        key,
        programme,
        purpose,
        currency,
        number,
        data,
        payees,
        state,
        problem,
        reverts,
        sender,
        nonce,
        raw,
        tx_hash,
        block,
    ) = row
    return Intent(
        id=key,
        programme=programme,
        purpose=purpose,
        currency=currency,
        number=number,
        data=bytes(data),
        payees=payees,
        state=State(state),
        problem=problem,
        reverts=reverts,
        sender=sender or "",
        nonce=nonce,
        raw=bytes(raw or b""),
        hash=tx_hash or "",
        block=block,
    )


def plan(
    tx: Tx, programme: str, purpose: str, currency: str, number: int, data: bytes, payees: int, created_at: str
) -> None:
    """Stores an intent, once for each purpose."""
    tx.run(
        "INSERT INTO intents"
        " (id, seq, programme, purpose, currency, number, data, payees, state, problem, reverts, created_at)"
        " VALUES (?, (SELECT COALESCE(MAX(seq), 0) + 1 FROM intents), ?, ?, ?, ?, ?, ?, ?, '', 0, ?)"
        " ON CONFLICT (programme, purpose) DO NOTHING",
        (uuid.uuid4().hex, programme, purpose, currency, number, data, payees, State.PLANNED, created_at),
    )


def in_state(reader: Reader, states: Iterable[State]) -> list[Intent]:
    """Intents in any of these states, in the order in which they were planned."""
    wanted = list(states)
    rows = reader.all(f"SELECT {_COLUMNS} FROM intents WHERE state IN ({_marks(wanted)}) ORDER BY seq", wanted)  # noqa: S608 # marks only
    return [_intent(row) for row in rows]


def find(reader: Reader, key: str) -> Intent:
    """An intent as it stands now."""
    return _intent(reader.all(f"SELECT {_COLUMNS} FROM intents WHERE id=?", (key,))[0])  # noqa: S608 # our own names


def sign(tx: Tx, key: str, sender: str, on_chain: int, make: Callable[[int], tuple[bytes, str]]) -> Intent | None:
    """Takes the next nonce, has the transaction made with it, and stores both. None if it must not be sent any more.

    `on_chain` is the nonce that the node would give: higher than ours if the key was used elsewhere, or if the
    store is a backup.
    """
    if find(tx, key).state not in WAITING:
        return None
    row = tx.one("SELECT following FROM nonces WHERE sender=?", (sender,))
    nonce = max(int(row[0]) if row else 0, on_chain)
    raw, tx_hash = make(nonce)
    tx.run(
        "INSERT INTO nonces VALUES (?, ?) ON CONFLICT (sender) DO UPDATE SET following = excluded.following",
        (sender, nonce + 1),
    )
    tx.run(
        "UPDATE intents SET state=?, problem='', sender=?, nonce=?, raw=?, hash=? WHERE id=?",
        (State.SIGNED, sender, nonce, raw, tx_hash, key),
    )
    return find(tx, key)


def release(tx: Tx, intent: Intent, problem: str, *, reverted: bool = False) -> None:
    """Back to planned: its nonce is used up for good, and what it is for is not done."""
    tx.run(
        "UPDATE intents SET state=?, problem=?, reverts=reverts+?, sender=NULL, nonce=NULL, raw=NULL, hash=NULL,"
        " block=NULL, gas_used=NULL WHERE id=?",
        (State.PLANNED, problem, int(reverted), intent.id),
    )


def move(tx: Tx, intent: Intent, state: State, problem: str = "") -> bool:
    """Puts an open intent into a state. False if it is closed already, by what another policy has done."""
    if find(tx, intent.id).state not in OPEN:
        return False
    tx.run("UPDATE intents SET state=?, problem=? WHERE id=?", (state, problem, intent.id))
    return True


def mine(tx: Tx, intent: Intent, block: int, gas_used: int) -> None:
    """Notes where an intent was mined; it is not final yet."""
    tx.run(
        "UPDATE intents SET state=?, problem='', block=?, gas_used=? WHERE id=?",
        (State.MINED, block, gas_used, intent.id),
    )


def finish(tx: Tx, intent: Intent, final_at: str) -> None:
    """Notes that what an intent is for stands on chain for good."""
    tx.run("UPDATE intents SET state=?, problem='', final_at=? WHERE id=?", (State.FINAL, final_at, intent.id))


def split(tx: Tx, intent: Intent, halves: Iterable[tuple[str, bytes, int]], created_at: str) -> None:
    """Puts two payments (purpose, call, payees) in the place of one that is too large."""
    if move(tx, intent, State.DEAD, "not needed: it was cut in two, being too large for one transaction"):
        for purpose, data, payees in halves:
            plan(tx, intent.programme, purpose, intent.currency, intent.number, data, payees, created_at)


def drop_superseded(tx: Tx, programme: str, currency: str, number: int) -> None:
    """Gives up payments of earlier distributions that own no nonce yet: the newer root pays them too."""
    tx.run(
        f"UPDATE intents SET state=?, problem=? WHERE programme=? AND currency=? AND number<? AND payees>0"  # noqa: S608 # marks only
        f" AND nonce IS NULL AND state IN ({_marks(WAITING)})",
        (State.DEAD, f"not needed: {currency}-{number} pays them too", programme, currency, number, *WAITING),
    )


def drop_done(tx: Tx, programme: str, purpose: str) -> None:
    """Gives up an intent that owns no nonce yet: somebody else has done what it is for."""
    tx.run(
        f"UPDATE intents SET state=?, problem=? WHERE programme=? AND purpose=? AND nonce IS NULL"  # noqa: S608 # marks only
        f" AND state IN ({_marks(WAITING)})",
        (State.DEAD, "not needed: it stands on chain already", programme, purpose, *WAITING),
    )
