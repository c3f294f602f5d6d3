"""Taking in an EPCIS event, once."""

from uuid import UUID, uuid5

from fenxiao.epcis import ObjectEvent, Place, ReadEvent, Vocabulary, canonical_text
from fenxiao.errors import Refusal
from services.traceability.domain.events import TraceEventCaptured

_NAMESPACE = UUID("0d1f7a0e-6d0b-4d3c-8f5e-2f3a1c9b7e64")

BIZ_TRANSACTIONS_AT_MOST = 100
"""Of one event: they travel with it to other services, where messages are small."""


def stream_of(programme: str, event: ReadEvent) -> UUID:
    """Every event is a stream of its own, named by what it says: captured again, it is the same.

    The error declaration belongs to the name, since the hash leaves it out: a correction is another fact.
    """
    return uuid5(_NAMESPACE, f"{programme}/{event.hash}/{event.declaration}")


def refuse_kind(kind: str) -> None:
    """Only an EPCISDocument is captured."""
    if kind != "EPCISDocument":
        shown = repr(kind) if kind else "an event in no document"
        message = f"{shown} is not taken; put the events into an EPCISDocument"
        raise Refusal("UNSUPPORTED_DOCUMENT_TYPE", message, field="document")


def decide_capture(read: ReadEvent, context: str) -> list[TraceEventCaptured]:
    """An event that was not captured before is."""
    event = read.event
    if not isinstance(event, ObjectEvent):
        raise Refusal(
            "UNSUPPORTED_EVENT_TYPE",
            f"events of the type {event.type!r} are not captured yet, only ObjectEvent; leave event {read.number} out",
            field="document",
        )
    transactions = [canonical_text(entry.bizTransaction, read.names) for entry in event.bizTransactionList]
    if len(transactions) > BIZ_TRANSACTIONS_AT_MOST:
        raise Refusal(
            "TOO_MANY_BIZ_TRANSACTIONS",
            f"an event names at most {BIZ_TRANSACTIONS_AT_MOST} business transactions; the event {read.id} has more",
            field="document",
        )
    return [
        TraceEventCaptured(
            event_hash=read.hash,
            event_id=read.id,
            event_time=event.event_time,
            action=event.action,
            biz_step=_word(Vocabulary.BIZ_STEP, event.bizStep, read),
            disposition=_word(Vocabulary.DISPOSITION, event.disposition, read),
            read_point=_uri(event.readPoint, read),
            biz_location=_uri(event.bizLocation, read),
            epcs=tuple(map(read.names.expand, event.objects)),
            biz_transactions=tuple(dict.fromkeys(transactions)),
            document=read.text,
            context=context,
        )
    ]


def _word(vocabulary: Vocabulary, text: str | None, read: ReadEvent) -> str:
    return vocabulary.word(canonical_text(text, read.names)) if text else ""


def _uri(place: Place | None, read: ReadEvent) -> str:
    return read.names.expand(place.id) if place else ""
