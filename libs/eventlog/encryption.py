"""Keys of persons: kept outside the event store, so that destroying one makes what it sealed unreadable for ever.

Every subject (a member, later an item) has a key of its own. The keys lie in a database of their own, wrapped by a
master key that lies in neither database; backups of the event store alone therefore reveal nothing.
"""

import os
import re
import sqlite3
import stat
import threading
import time
from collections import OrderedDict
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import Any, Protocol

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_SIZE = 32
"""Bytes of every key here."""

_NONCE_SIZE = 12
_ID_SIZE = 8
_SEAL_FORMAT = b"\x01"
_CACHED_KEYS = 20_000
_PAGE = 500
_INDEX_SUBJECT = "#index"  # no subject of ours begins with a hash sign
_TABLE = "CREATE TABLE IF NOT EXISTS keys (subject TEXT PRIMARY KEY, wrapped BYTEA, created_at BIGINT NOT NULL)"
_MASTER_KEY = re.compile(r"[0-9a-f]{64}")


class KeyDestroyed(LookupError):
    """The subject's key is gone, and with it everything that it sealed."""


class UnknownKey(LookupError):
    """The subject never had a key in this store."""


class MasterKeyMissing(LookupError):
    """A key is wrapped by a master key that was not given."""


class Tampered(ValueError):
    """What was to be opened is not what was sealed, or belongs somewhere else."""


class MasterKeys:
    """The keys that wrap the others: the newest wraps, the older ones only unwrap until `KeyStore.rotate` has run."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_SIZE for key in keys):
            raise ValueError("a master key is 32 bytes, and there must be at least one")
        # A key is named by its own hash, so that no file can give it another's name.
        self._by_id = {sha256(b"fenxiao master key id" + key).digest()[:_ID_SIZE]: AESGCM(key) for key in keys}
        self.newest = next(reversed(self._by_id))
        """Id of the key that wraps from now on."""

    @classmethod
    def read(cls, path: Path) -> "MasterKeys":
        """Reads a file that only its owner may read (0600): one key a line, 64 hex digits, the newest last."""
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise PermissionError(f"{path} can be read by others (mode {mode:03o}): run chmod 600 on it")
        lines = [line.strip().lower() for line in path.read_text(encoding="ascii").splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
        if not lines or not all(_MASTER_KEY.fullmatch(line) for line in lines):
            # The lines themselves are not shown: they are secrets.
            raise ValueError(f"{path} must hold one master key a line, each of 64 hex digits")
        return cls([bytes.fromhex(line) for line in lines])

    def wrap(self, subject: str, key: bytes) -> bytes:
        """Id of the wrapping key, nonce, ciphertext. The subject is bound in, so that rows cannot be exchanged."""
        nonce = os.urandom(_NONCE_SIZE)
        return self.newest + nonce + self._by_id[self.newest].encrypt(nonce, key, subject.encode())

    def unwrap(self, subject: str, wrapped: bytes) -> bytes:
        """The opposite of `wrap`."""
        cipher = self._by_id.get(wrapped[:_ID_SIZE])
        if cipher is None:
            raise MasterKeyMissing(f"no master key {wrapped[:_ID_SIZE].hex()}: add it to the file of master keys")
        try:
            return cipher.decrypt(wrapped[_ID_SIZE:][:_NONCE_SIZE], wrapped[_ID_SIZE + _NONCE_SIZE :], subject.encode())
        except InvalidTag as error:
            raise Tampered("a wrapped key was changed") from error


class _Connection(Protocol):
    """What the two drivers have in common, as far as it is needed here."""

    def execute(self, query: Any, params: Any = ..., /) -> Any: ...

    def close(self) -> None: ...


class KeyStore:
    """The keys of subjects, in a SQLite file or a PostgreSQL database of their own.

    Safe to use from several threads. Keys that were used lately are held in memory, so one process at a time owns
    the store: another one would not notice that a key was destroyed.
    """

    def __init__(self, url: str, masters: MasterKeys) -> None:
        self._url = url
        self._masters = masters
        self._lock = threading.RLock()
        self._cache: OrderedDict[str, bytes] = OrderedDict()
        self._connection: _Connection | None = None
        with self._transaction() as connection:
            connection.execute(_TABLE)
        self.index_secret = self._index_secret()
        """What `index` takes: wrapped like every other key, so rotating the master key leaves indexes as they are."""

    def create(self, subject: str) -> bytes:
        """Makes, keeps and returns the key of a new subject. It is on disk when this returns."""
        with self.creating() as batch:
            return batch.create(subject)

    @contextmanager
    def creating(self) -> Generator["NewKeys"]:
        """Many new keys with one write to disk, at the end; an exception keeps none of them."""
        batch = NewKeys()
        yield batch
        self._save(batch.made)

    def key(self, subject: str) -> bytes:
        """The subject's key. Raises `KeyDestroyed`, or `UnknownKey` if there never was one."""
        found = self.keys([subject])
        if subject in found:
            return found[subject]
        with self._transaction() as connection:
            known = self._run(connection, "SELECT 1 FROM keys WHERE subject = ?", (subject,)).fetchone()
        raise KeyDestroyed(subject) if known else UnknownKey(subject)

    def keys(self, subjects: Iterable[str]) -> dict[str, bytes]:
        """The keys of many subjects at once; those that have none, or no longer one, are left out."""
        found: dict[str, bytes] = {}
        missing: list[str] = []
        with self._lock:
            for subject in subjects:
                key = self._cache.get(subject)
                if key is None:
                    missing.append(subject)
                else:
                    self._cache.move_to_end(subject)
                    found[subject] = key
            for start in range(0, len(missing), _PAGE):
                part = missing[start : start + _PAGE]
                marks = ",".join("?" * len(part))
                with self._transaction() as connection:
                    rows: list[tuple[str, bytes]] = self._run(
                        connection,
                        f"SELECT subject, wrapped FROM keys WHERE subject IN ({marks}) AND wrapped IS NOT NULL",  # noqa: S608 # placeholders only
                        part,
                    ).fetchall()
                unwrapped = {subject: self._masters.unwrap(subject, bytes(wrapped)) for subject, wrapped in rows}
                found |= unwrapped
                self._remember(unwrapped)
        return found

    def destroyed(self, subjects: Sequence[str]) -> set[str]:
        """Those of some subjects whose key was destroyed."""
        found: set[str] = set()
        for start in range(0, len(subjects), _PAGE):
            part = subjects[start : start + _PAGE]
            marks = ",".join("?" * len(part))
            with self._transaction() as connection:
                rows: list[tuple[str]] = self._run(
                    connection,
                    f"SELECT subject FROM keys WHERE subject IN ({marks}) AND wrapped IS NULL",  # noqa: S608 # placeholders only
                    part,
                ).fetchall()
            found.update(subject for (subject,) in rows)
        return found

    def destroy(self, subject: str) -> None:
        """Destroys a subject's key, on disk and in memory. A row stays that says so: no second key takes its place.

        PostgreSQL keeps the old row until its next vacuum, and backups of this database keep it as long as they are
        kept: retain them no longer than an erasure may take.
        """
        with self._lock:
            with self._transaction() as connection:
                self._run(connection, "UPDATE keys SET wrapped = NULL WHERE subject = ?", (subject,))
            self._cache.pop(subject, None)
            if isinstance(self._connection, sqlite3.Connection):
                # The log in front of the file still holds the page as it was.
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def rotate(self) -> int:
        """Wraps every key that an older master key wraps with the newest one. Returns how many there were."""
        count, last = 0, ""
        while True:
            with self._transaction() as connection:
                rows: list[tuple[str, bytes]] = self._run(
                    connection,
                    "SELECT subject, wrapped FROM keys WHERE subject > ? AND wrapped IS NOT NULL"
                    " ORDER BY subject LIMIT ?",
                    (last, _PAGE),
                ).fetchall()
                for subject, wrapped in rows:
                    if bytes(wrapped[:_ID_SIZE]) != self._masters.newest:
                        anew = self._masters.wrap(subject, self._masters.unwrap(subject, bytes(wrapped)))
                        self._run(connection, "UPDATE keys SET wrapped = ? WHERE subject = ?", (anew, subject))
                        count += 1
            if not rows:
                return count
            last = rows[-1][0]

    def close(self) -> None:
        """Forgets the keys in memory and closes the database."""
        with self._lock:
            self._cache.clear()
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _index_secret(self) -> bytes:
        try:
            return self.key(_INDEX_SUBJECT)
        except UnknownKey:
            return self.create(_INDEX_SUBJECT)

    def _save(self, made: Mapping[str, bytes]) -> None:
        if not made:
            return
        now = time.time_ns() // 1000
        with self._lock:
            with self._transaction() as connection:
                for subject, key in made.items():
                    row = (subject, self._masters.wrap(subject, key), now)
                    self._run(connection, "INSERT INTO keys VALUES (?, ?, ?)", row)
            self._remember(made)

    def _remember(self, keys: Mapping[str, bytes]) -> None:
        self._cache.update(keys)
        while len(self._cache) > _CACHED_KEYS:
            self._cache.popitem(last=False)

    @contextmanager
    def _transaction(self) -> Generator[_Connection]:
        with self._lock:
            connection = self._begin()
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A new connection is opened by the next caller: this one may be in any state, or broken.
                self._connection = None
                connection.close()
                raise

    def _begin(self) -> _Connection:
        if self._connection is not None:
            try:
                self._connection.execute("BEGIN")
            except psycopg.OperationalError:
                # The server was restarted since. Nothing has been done on this connection.
                self._connection.close()
                self._connection = None
            else:
                return self._connection
        self._connection = _connect(self._url)
        self._connection.execute("BEGIN")
        return self._connection

    def _run(self, connection: _Connection, sql: str, params: Sequence[object]) -> Any:
        return connection.execute(sql if isinstance(connection, sqlite3.Connection) else _native(sql), params)


class NewKeys:
    """Keys that are being made and not yet kept."""

    def __init__(self) -> None:
        self.made: dict[str, bytes] = {}
        """By subject."""

    def create(self, subject: str) -> bytes:
        """A random key for a new subject."""
        if subject in self.made:
            raise ValueError(f"{subject} has a key already")
        self.made[subject] = key = os.urandom(KEY_SIZE)
        return key


def seal(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """Encrypts with AES-256-GCM. `aad` says what it is and where it belongs; the same must be given to `unseal`."""
    nonce = os.urandom(_NONCE_SIZE)
    return _SEAL_FORMAT + nonce + AESGCM(key).encrypt(nonce, plaintext, aad)


def unseal(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """The opposite of `seal`. Raises `Tampered` when key, content or `aad` is another one."""
    if sealed[:1] != _SEAL_FORMAT:
        raise Tampered("this was not made by seal")
    try:
        return AESGCM(key).decrypt(sealed[1 : 1 + _NONCE_SIZE], sealed[1 + _NONCE_SIZE :], aad)
    except InvalidTag as error:
        raise Tampered("this is not what was sealed here") from error


def index(secret: bytes, purpose: str, value: str) -> str:
    """A blind index (HMAC-SHA-256 in hex): equal for equal values, and says nothing to who lacks the secret.

    `purpose` (for example `email`) keeps the indexes of different fields apart.
    """
    return digest(_derived(secret, purpose), value.encode(), "sha256").hex()


@lru_cache(maxsize=64)
def _derived(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY_SIZE, None, b"fenxiao blind index " + purpose.encode()).derive(secret)


def _connect(url: str) -> _Connection:
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        # At no moment readable by others; SQLite gives the files beside it the same mode.
        path.touch(mode=0o600)
        connection = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        return connection
    if url.startswith(("postgresql://", "postgres://")):
        return psycopg.connect(url, autocommit=True)
    raise ValueError("the key store's URL must begin with sqlite:/// or postgresql://")


@lru_cache(maxsize=256)
def _native(sql: str) -> bytes:
    return sql.replace("?", "%s").encode()
