"""What people say in disputes, on its way into events and back: sealed under a key of each dispute's own.

The keys lie outside the event store. Destroying one erases what was said, backups of the store included; line, outcome
and correction stay.
"""

import base64
from pathlib import Path
from uuid import UUID

from libs.eventlog.encryption import KeyDestroyed, KeyStore, MasterKeys, UnknownKey, seal, unseal
from libs.servicekit import Settings


def open_keys(settings: Settings) -> KeyStore:
    """The key store at `FENXIAO_KEY_DATABASE_URL`, under the master keys in the file `FENXIAO_MASTER_KEY_FILE`.

    Keys that an older master key still wraps are wrapped anew, so a rotation is: append a key, start again.
    """
    masters = MasterKeys.read(Path(settings.required("master_key_file")))
    keys = KeyStore(settings.required("key_database_url"), masters)
    keys.rotate()
    return keys


def protect(keys: KeyStore, programme: str, dispute: UUID, field: str, text: str) -> str:
    """Seals a text; the first one makes the dispute's key. Raises `KeyDestroyed` once the texts were erased."""
    try:
        key = keys.key(str(dispute))
    except UnknownKey:
        key = keys.create(str(dispute))
    return base64.b64encode(seal(key, text.encode(), _place(programme, dispute, field))).decode()


def reveal(keys: KeyStore, programme: str, dispute: UUID, field: str, sealed: str) -> str:
    """The opposite; empty for a text that was erased."""
    try:
        key = keys.key(str(dispute))
    except KeyDestroyed:
        return ""
    return unseal(key, base64.b64decode(sealed), _place(programme, dispute, field)).decode()


def _place(programme: str, dispute: UUID, field: str) -> bytes:
    return f"{programme}/{dispute}/{field}".encode()
