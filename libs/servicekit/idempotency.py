"""Request ids (google.aip.dev/155): a repeated request gets the first answer, in the same transaction.

What is kept of a request is a keyed hash, since who sees a plain one can try out telephone numbers. Its answer is kept
as it was: commands answer without personal data.
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

from google.protobuf.message import Message

from fenxiao.errors import Kind, Refusal
from libs.eventlog import EventLog, Tx

M = TypeVar("M", bound=Message)

Key = tuple[str, str, str]
"""Programme, actor, request id."""

Answered = dict[Key, tuple[bytes, bytes]]
"""By what requests are known again, and what they were answered."""

Work = Callable[[], M]

TABLES = (
    "CREATE TABLE IF NOT EXISTS requests (programme TEXT NOT NULL, actor TEXT NOT NULL, request_id TEXT NOT NULL,"
    " fingerprint BYTEA NOT NULL, answer BYTEA NOT NULL, recorded_at TEXT NOT NULL,"
    " PRIMARY KEY (programme, actor, request_id))",
    "CREATE INDEX IF NOT EXISTS requests_by_time ON requests (recorded_at)",
)

KEPT = timedelta(days=7)
"""How long a request is known; partners read it in the protos. After that its id is as good as new."""

_ID = re.compile(r"[^\x00]{1,128}", re.DOTALL)
_AT_ONCE = 500
_PAUSE = 0.1
_EVERY = 3600.0


class Mark(NamedTuple):
    """By what a request is known again: what is kept, and what that was made of."""

    keyed: bytes
    content: bytes


def find_answered(tx: Tx, keys: Iterable[Key]) -> Answered:
    """Which of these requests were answered, and how."""
    by_actor: dict[tuple[str, str], list[str]] = {}
    for programme, actor, request_id in keys:
        if _ID.fullmatch(request_id):
            by_actor.setdefault((programme, actor), []).append(request_id)
    sql = "SELECT request_id, fingerprint, answer FROM requests WHERE programme=? AND actor=? AND request_id = {keys}"
    return {
        (*who, request_id): (bytes(mark), bytes(answer))
        for who, ids in by_actor.items()
        for request_id, mark, answer in tx.among(sql, who, ids)
    }


def fingerprint(secret: bytes, key: Key, method: str, request: Message) -> Mark:
    """By what a request is known again. The same secret must be given for ever."""
    content = method.encode() + b"\0" + request.SerializeToString(deterministic=True)
    return Mark(hmac.digest(secret, "\0".join(key).encode() + b"\0" + content, "sha256"), content)


def once(tx: Tx, answered: Answered, key: Key, mark: Mark, answer_type: type[M], work: Work[M], now: datetime) -> M:
    """Runs `work` unless this request is among those that were answered before; then it is put there.

    Raises `Refusal` REQUEST_ID_REUSED when the id came with another content, INVALID_REQUEST_ID when it can be none.
    """
    if not _ID.fullmatch(key[2]):
        message = "request_id has at most 128 characters, none of them NUL"
        raise Refusal("INVALID_REQUEST_ID", message, field="request_id")
    known = answered.get(key)
    if known is not None:
        # Requests from before there was a key were kept by the plain hash, and are still known for their time.
        if known[0] not in (mark.keyed, hashlib.sha256(mark.content).digest()):
            raise Refusal(
                "REQUEST_ID_REUSED",
                "this request_id was used for a request with another content; use a new one",
                field="request_id",
                kind=Kind.EXISTS,
            )
        return answer_type.FromString(known[1])
    answer = work()
    content = answer.SerializeToString()
    tx.run("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?)", (*key, mark.keyed, content, now.isoformat()))
    answered[key] = mark.keyed, content
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
