"""Fields that lie under keys of a party or of items: sealed before their event is stored, opened for who may see them.

What is stored, and all that views hold, has `null` in their place. Value and salt come from the same key, so whoever
destroys it erases both; the field's hash stays, and with it every commitment and every proof of other fields.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from hmac import digest
from typing import Final, NamedTuple
from uuid import UUID

from fenxiao.epcis import EpcisIssue, Names, ReadEvent
from fenxiao.epcis.fields import EventField, event_fields
from fenxiao.epcis.issues import json_path
from fenxiao.proofs.fields import commit, field_hash, salts
from libs.eventlog import Reader
from libs.eventlog.encryption import seal, unseal
from services.traceability.adapters.seals import Seals
from services.traceability.adapters.secrets import Secrets
from services.traceability.domain.commitments import hashes_of, text_of
from services.traceability.domain.events import Sealed, TraceEventCaptured
from services.traceability.domain.facts import Facts
from services.traceability.domain.visibility import Policy, Seal
from services.traceability.domain.whereabouts import party
from services.traceability.shared.reading import names_of
from services.traceability.views.visibility import policy_of

MOST_ITEMS: Final = 100
"""Of an event of which something lies under the keys of its items."""

PARTY: Final = "party"
REPORTER: Final = "reporter"
ITEM: Final = "item"
WHOLE: Final = ""
"""Path of the JSON as it was captured, where something was mended."""


class Sealing(NamedTuple):
    """How what somebody reports is sealed."""

    policy: Policy
    seals: Seals
    programme: str
    reporter: str
    """The subject of his credential."""

    def wanted(self, event: TraceEventCaptured, facts: Facts, names: Names) -> list[tuple[EventField, Seal]]:
        """What of an event is sealed."""
        return self.policy.sealed(event_fields(text_of(event)), names, facts)

    def subjects(self, facts: Facts, kind: Seal) -> list[str]:
        """Under whose keys it lies."""
        if kind is Seal.ITEM:
            return [self.seals.subject(self.programme, ITEM, one) for one in _items(facts)]
        owner = party(facts.sources, "owning_party") or party(facts.sources, "possessing_party")
        if owner:
            return [self.seals.subject(self.programme, PARTY, owner)]
        return [self.seals.subject(self.programme, REPORTER, self.reporter)]


def sealing_of(reader: Reader, secrets: Secrets, programme: str, reporter: str) -> Sealing | None:
    """How what somebody reports is sealed; None: not at all. Raises `Refusal` NO_KEY_STORE."""
    policy = policy_of(reader, programme)
    return Sealing(policy, Seals.required(secrets), programme, reporter) if policy.seals else None


def problems(sealing: Sealing | None, read: ReadEvent, event: TraceEventCaptured, facts: Facts) -> list[EpcisIssue]:
    """What keeps an event from being sealed."""
    if sealing is None or len(_items(facts)) <= MOST_ITEMS:
        return []
    found = [field for field, kind in sealing.wanted(event, facts, read.names) if kind is Seal.ITEM]
    if not found:
        return []
    path = json_path([*read.path, *found[0].place])
    message = f"this lies under the keys of all items, {MOST_ITEMS} at most; report it as several events"
    return [EpcisIssue(read.number, path, "TOO_MANY_ITEMS_TO_SEAL", message)]


def seal_events(events: Sequence[tuple[UUID, TraceEventCaptured, Facts]], sealing: Sealing) -> list[TraceEventCaptured]:
    """Seal events, which come with their streams. Their keys are on disk when this returns, written all at once."""
    wanted: list[list[tuple[EventField, list[str]]]] = []
    for _, event, facts in events:
        found = sealing.wanted(event, facts, names_of(event))
        wanted.append([(field, sealing.subjects(facts, kind)) for field, kind in found])
    newest = sealing.seals.newest({one for fields in wanted for _, subjects in fields for one in subjects})
    keys = sealing.seals.keys(newest.values())
    sealed: list[TraceEventCaptured] = []
    for (stream, event, _), fields in zip(events, wanted, strict=True):
        if not fields:
            sealed.append(event)
            continue
        by = {field.path: tuple(sorted({newest[one] for one in subjects})) for field, subjects in fields}
        sealed.append(_sealed(stream, event, by, keys))
    return sealed


def open_fields(stream: UUID, event: TraceEventCaptured, seals: Seals | None) -> dict[str, tuple[str, bytes]]:
    """The texts and salts of sealed fields by their paths, as far as their keys are still there."""
    if not event.sealed or seals is None:
        return {}
    keys = seals.keys({name for one in event.sealed for name in one.keys})
    count = len(event_fields(text_of(event))) + 1
    numbers = {field.path: number for number, field in enumerate(event_fields(text_of(event)))}
    found: dict[str, tuple[str, bytes]] = {}
    for one in event.sealed:
        if all(name in keys for name in one.keys):
            key = _key(one.keys, keys)
            text = unseal(key, base64.b64decode(one.text), _aad(stream, one.path)).decode()
            salt = _salts(key, stream, count)[numbers[one.path]] if one.path in numbers else b""
            found[one.path] = text, salt
    return found


def with_texts(text: str, texts: Mapping[str, str]) -> str:
    """An event's JSON with other texts in the place of some of its fields."""
    for field in reversed(event_fields(text)):
        if field.path in texts:
            text = text[: field.start] + texts[field.path] + text[field.end :]
    return text


def _sealed(
    stream: UUID, event: TraceEventCaptured, by: Mapping[str, tuple[str, ...]], keys: Mapping[str, bytes]
) -> TraceEventCaptured:
    text, committed = text_of(event), event.committed
    assert committed is not None, "what is captured is committed to"
    fields, hashes = event_fields(text), hashes_of(event, committed)
    sealed: list[Sealed] = []
    for number, field in enumerate(fields):
        if field.path in by:
            names = by[field.path]
            key, own = _key(names, keys), text[field.start : field.end]
            hashes[number] = field_hash(_salts(key, stream, len(hashes))[number], field.path, own)
            sealed.append(_entry(stream, field.path, names, key, own, hashes[number].hex()))
    rest = with_texts(text, dict.fromkeys(by, "null"))
    changes: dict[str, object] = {"document": rest}
    if event.mended:
        # What was sent is given back as it was while all keys are there, and not at all afterwards.
        every = tuple(sorted({name for names in by.values() for name in names}))
        sealed.append(_entry(stream, WHOLE, every, _key(every, keys), event.document, ""))
        changes = {"document": "", "mended": rest}
    root = commit(hashes).root.hex()
    return event.model_copy(
        update={**changes, "sealed": tuple(sealed), "committed": committed.model_copy(update={"root": root})}
    )


def _entry(stream: UUID, path: str, names: tuple[str, ...], key: bytes, text: str, own_hash: str) -> Sealed:
    lies = base64.b64encode(seal(key, text.encode(), _aad(stream, path))).decode()
    return Sealed(path=path, keys=names, text=lies, hash=own_hash)


def _key(names: Iterable[str], keys: Mapping[str, bytes]) -> bytes:
    """Of several keys, one that nobody has who lacks any of them."""
    return sha256(b"fenxiao trace seal" + b"".join(keys[name] for name in names)).digest()


def _salts(key: bytes, stream: UUID, count: int) -> list[bytes]:
    return salts(digest(key, b"salts" + stream.bytes, "sha256"), count)


def _aad(stream: UUID, path: str) -> bytes:
    return stream.bytes + path.encode()


def _items(facts: Facts) -> list[str]:
    return list(dict.fromkeys(item.id for item in facts.items))
