"""Documents that wait to be captured, kept in pieces: what has been taken in is not lost, however large it is."""

import io
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Final, NamedTuple
from uuid import UUID

from libs.eventlog import Reader, Tx

PIECE: Final = 256 * 1024
"""Bytes of every piece but the last."""

TABLES: Final = [
    "CREATE TABLE IF NOT EXISTS capture_bodies (capture TEXT NOT NULL, number BIGINT NOT NULL, size BIGINT NOT NULL,"
    " piece BYTEA NOT NULL, PRIMARY KEY (capture, number))",
    "CREATE TABLE IF NOT EXISTS capture_progress (capture TEXT PRIMARY KEY, events BIGINT NOT NULL,"
    " captured BIGINT NOT NULL, repeated BIGINT NOT NULL)",
]


def keep_piece(tx: Tx, capture: UUID, number: int, piece: bytes) -> None:
    """Keeps the next piece of a document."""
    tx.run("INSERT INTO capture_bodies VALUES (?, ?, ?, ?)", (capture.hex, number, len(piece), zlib.compress(piece, 1)))


def forget(tx: Tx, capture: UUID) -> None:
    """Removes what is not needed any more."""
    tx.run("DELETE FROM capture_bodies WHERE capture=?", (capture.hex,))
    tx.run("DELETE FROM capture_progress WHERE capture=?", (capture.hex,))


class Progress(NamedTuple):
    """How far a capture has come."""

    events: int = 0
    """Of the document that have been dealt with."""
    captured: int = 0
    repeated: int = 0


def progress(reader: Reader, capture: UUID) -> Progress:
    """How far it has come."""
    row = reader.one("SELECT events, captured, repeated FROM capture_progress WHERE capture=?", (capture.hex,))
    return Progress(*map(int, row)) if row else Progress()


def advance(tx: Tx, capture: UUID, step: Progress) -> None:
    """Writes the next step down: where it ends, and what is new in it and repeated."""
    tx.run(
        "INSERT INTO capture_progress VALUES (?, ?, ?, ?) ON CONFLICT (capture) DO UPDATE SET events=excluded.events,"
        " captured=capture_progress.captured+excluded.captured, repeated=capture_progress.repeated+excluded.repeated",
        (capture.hex, *step),
    )


class _Pieces(io.RawIOBase):
    """A document as a file whose pieces are fetched when they are read."""

    def __init__(self, fetch: Callable[[int], bytes | None]) -> None:
        super().__init__()
        self._fetch = fetch
        self._at = 0
        self._known: tuple[int, bytes] = -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            raise io.UnsupportedOperation("the end is not known")
        self._at = offset + (self._at if whence == io.SEEK_CUR else 0)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - BufferedReader gives this
        number, offset = divmod(self._at, PIECE)
        if self._known[0] != number:
            self._known = number, self._fetch(number) or b""
        piece = self._known[1][offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def open_body(fetch: Callable[[int], bytes | None]) -> io.BufferedReader:
    """A document as a file; `fetch` gives a piece by its number, None behind the last one."""
    return io.BufferedReader(_Pieces(fetch), PIECE)


async def in_pieces(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Bytes in pieces of one length, but for the last."""
    buffer = bytearray()
    async for chunk in chunks:
        buffer += chunk
        while len(buffer) >= PIECE:
            yield bytes(buffer[:PIECE])
            del buffer[:PIECE]
    if buffer:
        yield bytes(buffer)


def piece_of(reader: Reader, capture: UUID, number: int) -> bytes | None:
    """A piece by its number."""
    row = reader.one("SELECT piece FROM capture_bodies WHERE capture=? AND number=?", (capture.hex, number))
    return zlib.decompress(bytes(row[0])) if row else None
