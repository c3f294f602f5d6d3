"""What a log says of itself: its size and root, signed (C2SP tlog-checkpoint, in the form of a C2SP signed-note).

```
fenxiao.example/log
1234
base64 of the root

— fenxiao.example/log base64 of four bytes that name the key, and the signature
```

Others may add signatures of their own below; those that are not asked for count for nothing.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fenxiao.errors import Refusal

MOST: Final = 64 * 1024
"""Characters of a signed checkpoint."""

_ED25519: Final = b"\x01"
_NAME: Final = re.compile(r"[^\s+]{1,200}")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_HASH: Final = 32


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log as it was."""

    origin: str
    """Which log: a name that no other has."""
    size: int
    """How many entries it has."""
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what was signed; lines behind the third are others' business. Raises `Refusal` INVALID_CHECKPOINT."""
        lines = text.split("\n")
        if len(lines) < 4 or not _NAME.fullmatch(lines[0]) or not _SIZE.fullmatch(lines[1]):
            raise _invalid("its first three lines must be the log's name, its size and its root")
        root = _bytes(lines[2])
        if len(root) != _HASH:
            raise _invalid("the root must be 32 bytes in base64")
        return cls(lines[0], int(lines[1]), root)


@dataclass(frozen=True, slots=True)
class LogKey:
    """By which a log is known: its name and its public key (Ed25519)."""

    name: str
    public: bytes

    @property
    def text(self) -> str:
        """As it is handed to others (signed-note, "Verifier keys")."""
        key = base64.b64encode(_ED25519 + self.public).decode()
        return f"{self.name}+{_key_id(self.name, self.public).hex()}+{key}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The opposite of `text`. Raises `Refusal` INVALID_LOG_KEY."""
        name, _, rest = text.strip().partition("+")
        named, _, key = rest.partition("+")
        try:
            raw = base64.b64decode(key, validate=True)
        except binascii.Error:
            raw = b""
        right = _NAME.fullmatch(name) and len(raw) == 1 + _HASH and raw[:1] == _ED25519
        if not right or _key_id(name, raw[1:]).hex() != named:
            message = f"{text[:200]!r} is no key of a log; it looks like name+8 hex digits+base64"
            raise Refusal("INVALID_LOG_KEY", message, field="log_key")
        return cls(name, raw[1:])


def key_of(origin: str, private: Ed25519PrivateKey) -> LogKey:
    """The public half of a log's key."""
    return LogKey(origin, private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def sign(checkpoint: Checkpoint, private: Ed25519PrivateKey) -> str:
    """Sign a checkpoint with its log's own key."""
    key = key_of(checkpoint.origin, private)
    signature = base64.b64encode(_key_id(key.name, key.public) + private.sign(checkpoint.text.encode())).decode()
    return f"{checkpoint.text}\n— {key.name} {signature}\n"


def verify_checkpoint(note: str, key: LogKey) -> Checkpoint:
    """Read a signed checkpoint of a log.

    Raises `Refusal` INVALID_CHECKPOINT: it is none, it is another log's, or nobody with that key has signed it.
    """
    checkpoint = Checkpoint.parse(open_note(note, key))
    if checkpoint.origin != key.name:
        raise _invalid(f"it is of the log {checkpoint.origin!r}, not of {key.name!r}")
    return checkpoint


def open_note(note: str, key: LogKey) -> str:
    """Give the text of a signed note if the key has signed it. Raises `Refusal` INVALID_CHECKPOINT."""
    if len(note) > MOST:
        raise _invalid(f"it has more than {MOST} characters")
    text, blank, signatures = note.rpartition("\n\n")
    if not blank:
        raise _invalid("an empty line stands between its text and its signatures")
    text += "\n"
    mine = _key_id(key.name, key.public)
    for line in signatures.splitlines():
        start, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        if start != "—" or name != key.name:
            continue
        signature = _bytes(encoded)
        if signature[:4] != mine:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature[4:], text.encode())
        except InvalidSignature:
            raise _invalid("its signature is not by the log's key") from None
        return text
    raise _invalid("the log's key has not signed it")


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _invalid("what should be base64 is not") from None


def _invalid(why: str) -> Refusal:
    return Refusal("INVALID_CHECKPOINT", f"the checkpoint is not valid: {why}", field="checkpoint")
