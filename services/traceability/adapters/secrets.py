"""Secrets that subscribers give us to sign with, on their way into events and back: sealed under a key of their own."""

import base64
from pathlib import Path
from uuid import UUID

from fenxiao.errors import Kind, Refusal
from libs.eventlog.encryption import KeyStore, MasterKeys, UnknownKey, seal, unseal
from libs.servicekit import Settings


class Secrets:
    """The secrets of subscriptions."""

    def __init__(self, keys: KeyStore | None) -> None:
        self.keys = keys
        """None: the service has no key store."""

    @classmethod
    def open(cls, settings: Settings) -> "Secrets":
        """The key store at `FENXIAO_KEY_DATABASE_URL`, under the master keys in `FENXIAO_MASTER_KEY_FILE`.

        Without them there are no secrets, and no subscription is signed.
        """
        url, masters = settings.others.get("key_database_url"), settings.others.get("master_key_file")
        if not url or not masters:
            return cls(None)
        keys = KeyStore(url, MasterKeys.read(Path(masters)))
        keys.rotate()
        return cls(keys)

    def seal(self, subscription: UUID, secret: str) -> str:
        """Make the subscription's key and seal its secret under it. Raises `Refusal` NO_KEY_STORE."""
        if self.keys is None:
            message = "this service has no key store, so it cannot keep a secret; leave signatureToken out"
            raise Refusal("NO_KEY_STORE", message, field="signatureToken", kind=Kind.FAILED_PRECONDITION)
        key = self.keys.create(_subject(subscription))
        return base64.b64encode(seal(key, secret.encode(), _subject(subscription).encode())).decode()

    def open_secret(self, subscription: UUID, sealed: str) -> str:
        """The opposite; empty for none. Raises `LookupError` when its key is gone."""
        if not sealed:
            return ""
        if self.keys is None:
            raise UnknownKey(str(subscription))
        key = self.keys.key(_subject(subscription))
        return unseal(key, base64.b64decode(sealed), _subject(subscription).encode()).decode()

    def forget(self, subscription: UUID) -> None:
        """Destroy the key: the secret is gone, backups of the store included."""
        if self.keys is not None:
            self.keys.destroy(_subject(subscription))

    def close(self) -> None:
        """Close the key store."""
        if self.keys is not None:
            self.keys.close()


def _subject(subscription: UUID) -> str:
    return f"subscription/{subscription}"
