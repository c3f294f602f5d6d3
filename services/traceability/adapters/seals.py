"""The keys under which fields of events lie: of parties and of items, outside the event store.

A subject can have several keys, one after the other: after an erasure, what is captured next gets a new one. Names of
keys are hashes under the key store's own secret, so that neither events nor the key store say whose they are.
"""

import threading
from collections.abc import Collection, Iterable

from fenxiao.errors import Kind, Refusal
from libs.eventlog.encryption import KeyStore, index
from services.traceability.adapters.secrets import Secrets

_PURPOSE = "trace seals"
_MOST_KEYS = 10_000
"""Of one subject: as often it can be erased."""
_making = threading.Lock()


class Seals:
    """Keys of subjects."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    @classmethod
    def of(cls, secrets: Secrets) -> "Seals | None":
        """In the service's key store, if it has one."""
        return None if secrets.keys is None else cls(secrets.keys)

    @classmethod
    def required(cls, secrets: Secrets) -> "Seals":
        """The same. Raises `Refusal` NO_KEY_STORE."""
        found = cls.of(secrets)
        if found is None:
            message = "this service has no key store, so it can seal nothing; ask the operator for one"
            raise Refusal("NO_KEY_STORE", message, kind=Kind.FAILED_PRECONDITION)
        return found

    def subject(self, programme: str, kind: str, name: str) -> str:
        """The name of a subject's keys, without their number."""
        return index(self._keys.index_secret, _PURPOSE, f"{programme}/{kind}/{name}")[:32]

    def newest(self, subjects: Collection[str]) -> dict[str, str]:
        """The name of the key of each subject that seals now; made, and on disk, where there was none."""
        numbers = dict.fromkeys(subjects, 0)
        with _making:
            waiting = list(numbers)
            while waiting:
                names = [_name(subject, numbers[subject]) for subject in waiting]
                gone = self._keys.destroyed(names)
                waiting = [subject for subject, name in zip(waiting, names, strict=True) if name in gone]
                for subject in waiting:
                    numbers[subject] += 1
            found = {subject: _name(subject, number) for subject, number in numbers.items()}
            known = self._keys.keys(found.values())
            with self._keys.creating() as batch:
                for name in found.values():
                    if name not in known:
                        batch.create(name)
        return found

    def keys(self, names: Iterable[str]) -> dict[str, bytes]:
        """Keys by their names, without those that are destroyed."""
        return self._keys.keys(names)

    def destroy(self, subject: str) -> int:
        """Destroy all keys of a subject. Returns how many it has had: 0 if nothing was ever sealed for it."""
        with _making:
            for number in range(_MOST_KEYS):
                name = _name(subject, number)
                if not self._keys.keys([name]) and not self._keys.destroyed([name]):
                    return number
                self._keys.destroy(name)
        return _MOST_KEYS


def _name(subject: str, number: int) -> str:
    return f"trace/{subject}.{number}"
