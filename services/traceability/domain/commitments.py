"""What an event is committed to by: the tree of its salted fields, its document's context the last of them."""

from fenxiao.epcis.fields import CONTEXT, EventField, event_fields
from fenxiao.proofs.fields import commit, field_hashes
from services.traceability.domain.events import Committed, TraceEventCaptured

KEY_SIZE = 16
"""Bytes of the key of an event's salts."""


def text_of(event: TraceEventCaptured) -> str:
    """The JSON that counts: as it stood, or as it was meant."""
    return event.mended or event.document


def fields_of_event(text: str, context: str) -> list[EventField]:
    """The fields of an event, and the context, whose place is none in the event's text."""
    return [*event_fields(text), EventField((CONTEXT,), CONTEXT, context, 0, 0)]


def commit_to(text: str, context: str, key: bytes) -> Committed:
    """Commit to an event of which nothing is sealed."""
    fields = [(path, text[start:end]) for _, path, _, start, end in event_fields(text)]
    fields.append((CONTEXT, context))
    root, size = commit(field_hashes(key, fields))
    return Committed.model_construct(root=root.hex(), size=size, key=key.hex())


def hashes_of(event: TraceEventCaptured, committed: Committed) -> list[bytes]:
    """The hashes of all fields of an event as it is stored: those of sealed ones are kept with them."""
    text = text_of(event)
    fields = [(path, text[start:end]) for _, path, _, start, end in event_fields(text)]
    hashes = field_hashes(bytes.fromhex(committed.key), [*fields, (CONTEXT, event.context)])
    if event.sealed:
        sealed = {one.path: one.hash for one in event.sealed}
        for number, (path, _) in enumerate(fields):
            if path in sealed:
                hashes[number] = bytes.fromhex(sealed[path])
    return hashes
