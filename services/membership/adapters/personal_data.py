"""Personal data on their way into events and back: sealed under the member's own key, found by blind index."""

import base64
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import Protocol
from uuid import UUID

from fenxiao.errors import Kind, Refusal
from libs.eventlog.encryption import KeyDestroyed, KeyStore, MasterKeys, index, seal, unseal
from libs.servicekit import Settings
from services.membership.domain.country import Living, lived
from services.membership.domain.member import Member, Protected
from services.membership.domain.personal import Personal

EMPTY: Mapping[str, bytes] = MappingProxyType({})


class _Keys(Protocol):
    """Where new keys come from: the store itself, or a batch of it."""

    def create(self, subject: str) -> bytes: ...


def open_keys(settings: Settings) -> KeyStore:
    """The key store at `FENXIAO_KEY_DATABASE_URL`, under the master keys in the file `FENXIAO_MASTER_KEY_FILE`.

    Keys that an older master key still wraps are wrapped anew, so a rotation is: append a key, start again.
    """
    masters = MasterKeys.read(Path(settings.required("master_key_file")))
    keys = KeyStore(settings.required("key_database_url"), masters)
    keys.rotate()
    return keys


def protect(keys: KeyStore, new_keys: _Keys, programme: str, member: UUID, personal: Personal) -> Protected:
    """Makes the member's key and what may be recorded of its personal data."""
    content = json.dumps(asdict(personal), ensure_ascii=False, separators=(",", ":")).encode()
    sealed = seal(new_keys.create(str(member)), content, _place(programme, member, "personal"))
    return Protected(
        personal=base64.b64encode(sealed).decode(),
        reference_index=reference_index(keys, programme, personal.reference),
        email_index=_index(keys, "email", programme, personal.email_key) if personal.email else "",
    )


def protect_text(keys: KeyStore, programme: str, member: UUID, what: str, text: str, field: str = "reason") -> str:
    """Seals a text about a member under the member's key; as what it was sealed, so it must be opened."""
    try:
        key = keys.key(str(member))
    except KeyDestroyed:
        message = f"the member was erased: give no {field}"
        raise Refusal("MEMBER_ERASED", message, field=field, kind=Kind.FAILED_PRECONDITION) from None
    sealed = seal(key, text.encode(), _place(programme, member, what))
    return base64.b64encode(sealed).decode()


def reveal(
    keys: KeyStore, programme: str, sealed: Iterable[tuple[str, str]], made: Mapping[str, bytes] = EMPTY
) -> dict[str, Personal]:
    """Personal data by member, of pairs (member, what was recorded). Members that were erased are left out.

    `made` are keys of this transaction, which the store does not have yet.
    """
    rows = list(sealed)
    found = {**keys.keys(member for member, _ in rows if member not in made), **made}
    return {
        member: Personal(
            **json.loads(unseal(found[member], base64.b64decode(text), _place(programme, member, "personal")))
        )
        for member, text in rows
        if member in found
    }


def reveal_now(keys: KeyStore, programme: str, sealed: Iterable[tuple[str, str, str]]) -> dict[str, Personal]:
    """The same with the country of now, of triples (member, what was recorded, the newest country or nothing)."""
    rows = list(sealed)
    found = reveal(keys, programme, ((member, personal) for member, personal, _ in rows))
    moved = {member: country for member, _, country in rows if country and member in found}
    for member, key in keys.keys(moved).items():
        found[member] = replace(found[member], country=_country(key, programme, member, moved[member]))
    return found


def reveal_lived(keys: KeyStore, programme: str, members: Iterable[Member]) -> dict[UUID, list[Living]]:
    """Where members have lived, oldest first. Members that were erased are left out."""
    by_id = {str(member.id): member for member in members}
    found = keys.keys(by_id)
    personal = reveal(keys, programme, ((id_, member.enrolled.personal) for id_, member in by_id.items()))
    return {
        member.id: lived(
            Living(member.enrolled.join_time, personal[id_].country),
            [Living(move.effective_time, _country(found[id_], programme, id_, move.country)) for move in member.moves],
        )
        for id_, member in by_id.items()
        if id_ in personal
    }


def _country(key: bytes, programme: str, member: str, sealed: str) -> str:
    return unseal(key, base64.b64decode(sealed), _place(programme, member, "country")).decode()


def reference_index(keys: KeyStore, programme: str, reference: str) -> str:
    """The blind index of a merchant's number. Another one in every programme: they cannot be joined by it."""
    return _index(keys, "reference", programme, unicodedata.normalize("NFC", reference))


def _index(keys: KeyStore, purpose: str, programme: str, value: str) -> str:
    return index(keys.index_secret, f"{purpose} {programme}", value)


def _place(programme: str, member: UUID | str, what: str) -> bytes:
    return f"{programme}/{member}/{what}".encode()
