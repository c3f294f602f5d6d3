"""Request ids (google.aip.dev/155): a repeated request gets the first answer, in the same transaction.

What is kept of a request is a keyed hash, since who sees a plain one can try out telephone numbers. Its answer is kept
as it was: commands answer without personal data.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from google.protobuf.message import Message

from fenxiao.errors import Kind, Refusal
from libs.eventlog import EventLog, Tx

M = TypeVar("M", bound=Message)

TABLES = (
    "CREATE TABLE IF NOT EXISTS requests (programme TEXT NOT NULL, actor TEXT NOT NULL, request_id TEXT NOT NULL,"
    " fingerprint BYTEA NOT NULL, answer BYTEA NOT NULL, recorded_at TEXT NOT NULL,"
    " PRIMARY KEY (programme, actor, request_id))",
    "CREATE INDEX IF NOT EXISTS requests_by_time ON requests (recorded_at)",
)

KEPT = timedelta(days=7)
"""How long a request is known; partners read it in the protos. After that its id is as good as new."""

_ID_LIMIT = 128
_AT_ONCE = 500
_PAUSE = 0.1
_EVERY = 3600.0


def once(
    tx: Tx,
    key: tuple[str, str, str],
    secret: bytes,
    method: str,
    request: Message,
    answer_type: type[M],
    work: Callable[[], M],
    now: datetime,
) -> M:
    """Runs `work` unless this request was answered before. `key` is (programme, actor, request id).

    `secret` keys the hash by which a request is known again; the same must be given for ever.
    Raises `Refusal` REQUEST_ID_REUSED when the id came with another content, INVALID_REQUEST_ID when it is too long.
    """
    if len(key[2]) > _ID_LIMIT:
        raise Refusal("INVALID_REQUEST_ID", f"request_id has at most {_ID_LIMIT} characters", field="request_id")
    content = method.encode() + b"\0" + request.SerializeToString(deterministic=True)
    fingerprint = hmac.digest(secret, "\0".join(key).encode() + b"\0" + content, "sha256")
    row = tx.one("SELECT fingerprint, answer FROM requests WHERE programme=? AND actor=? AND request_id=?", key)
    if row is not None:
        # Requests from before there was a key were kept by the plain hash, and are still known for their time.
        if bytes(row[0]) not in (fingerprint, hashlib.sha256(content).digest()):
            raise Refusal(
                "REQUEST_ID_REUSED",
                "this request_id was used for a request with another content; use a new one",
                field="request_id",
                kind=Kind.EXISTS,
            )
        return answer_type.FromString(bytes(row[1]))
    answer = work()
    row = (*key, fingerprint, answer.SerializeToString(), now.isoformat())
    tx.run("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?)", row)
    return answer


def forget(tx: Tx, before: datetime) -> int:
    """Forgets some requests that were answered before a moment. Returns how many; 0 when there are no more."""
    rows = tx.all(
        "SELECT programme, actor, request_id FROM requests WHERE recorded_at < ? ORDER BY recorded_at LIMIT ?",
        (before.isoformat(), _AT_ONCE),
    )
    tx.run_many("DELETE FROM requests WHERE programme=? AND actor=? AND request_id=?", rows)
    return len(rows)


async def forget_forever(log: EventLog) -> None:
    """Forgets what is older than `KEPT`, until cancelled: a few at a time, so that nobody waits for it."""
    while True:
        forgotten = await log.write(lambda tx: forget(tx, datetime.now(UTC) - KEPT))
        await asyncio.sleep(_PAUSE if forgotten else _EVERY)
