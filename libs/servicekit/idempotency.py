"""Request ids (google.aip.dev/155): a repeated request gets the first answer, in the same transaction."""

import hashlib
from collections.abc import Callable
from typing import TypeVar

from google.protobuf.message import Message

from fenxiao.errors import Kind, Refusal
from libs.eventlog import Tx

M = TypeVar("M", bound=Message)

TABLE = (
    "CREATE TABLE IF NOT EXISTS requests (programme TEXT NOT NULL, actor TEXT NOT NULL, request_id TEXT NOT NULL,"
    " fingerprint BYTEA NOT NULL, answer BYTEA NOT NULL, recorded_at TEXT NOT NULL,"
    " PRIMARY KEY (programme, actor, request_id))"
)

_ID_LIMIT = 128


def once(
    tx: Tx,
    key: tuple[str, str, str],
    method: str,
    request: Message,
    answer_type: type[M],
    work: Callable[[], M],
    now: str,
) -> M:
    """Runs `work` unless this request was answered before. `key` is (programme, actor, request id).

    Raises `Refusal` REQUEST_ID_REUSED when the id came with another content, INVALID_REQUEST_ID when it is too long.
    """
    if len(key[2]) > _ID_LIMIT:
        raise Refusal("INVALID_REQUEST_ID", f"request_id has at most {_ID_LIMIT} characters", field="request_id")
    fingerprint = hashlib.sha256(method.encode() + b"\0" + request.SerializeToString(deterministic=True)).digest()
    row = tx.one("SELECT fingerprint, answer FROM requests WHERE programme=? AND actor=? AND request_id=?", key)
    if row is not None:
        if bytes(row[0]) != fingerprint:
            raise Refusal(
                "REQUEST_ID_REUSED",
                "this request_id was used for a request with another content; use a new one",
                field="request_id",
                kind=Kind.EXISTS,
            )
        return answer_type.FromString(bytes(row[1]))
    answer = work()
    tx.run("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?)", (*key, fingerprint, answer.SerializeToString(), now))
    return answer
