"""What a file has said so far, for checks across the whole file. On disk, so that memory stays bounded."""

import hashlib
import sqlite3
from typing import Final, NamedTuple

from google.protobuf.message import Message

_CACHE_KIB: Final = 16 * 1024


class Known(NamedTuple):
    """An id that stood in an earlier line."""

    content: bytes
    """Digest of all that the line said."""
    micros: int
    """Its time, in microseconds since 1970."""
    owner: str
    """Of a sale: the member credited."""
    amount: str
    """Of a sale."""
    returned: str
    """Sum of what later lines have returned of it."""


class Seen:
    """Remembers ids by their digests, in a temporary database that goes with the process."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)  # "" is SQLite's own temporary file
        self._database.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        self._database.execute("PRAGMA journal_mode=OFF")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.execute(
            "CREATE TABLE seen (id BLOB PRIMARY KEY, content BLOB, micros INTEGER, owner TEXT, amount TEXT,"
            " returned TEXT) WITHOUT ROWID"
        )

    def close(self) -> None:
        """Forget everything."""
        self._database.close()

    def find(self, reference: str) -> Known | None:
        """Give what an earlier line said of an id."""
        row = self._database.execute(
            "SELECT content, micros, owner, amount, returned FROM seen WHERE id=?", (_digest(reference.encode()),)
        ).fetchone()
        return Known(*row) if row else None

    def add(self, reference: str, message: Message, micros: int, owner: str = "", amount: str = "") -> None:
        """Note a line; of one id, the first counts."""
        self._database.execute(
            "INSERT INTO seen VALUES (?, ?, ?, ?, ?, '0') ON CONFLICT DO NOTHING",
            (_digest(reference.encode()), content_of(message), micros, owner, amount),
        )

    def note_returned(self, reference: str, returned: str) -> None:
        """Note how much of a sale has come back so far."""
        self._database.execute("UPDATE seen SET returned=? WHERE id=?", (returned, _digest(reference.encode())))


def content_of(message: Message) -> bytes:
    """Give the digest of a message."""
    return _digest(message.SerializeToString(deterministic=True))


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:16]
