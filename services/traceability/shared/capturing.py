"""From a document to events in the store: read beside the writer, stored in parts."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from fenxiao.epcis import EpcisIssue, EventReader, Limits, ReadEvent
from libs.eventlog import Meta, Tx
from services.traceability.domain.capture import decide_capture, problems, stream_of
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.domain.facts import facts_of
from services.traceability.policies.when_captured_then_alert import when_captured_then_alert
from services.traceability.policies.when_captured_then_deliver import when_captured_then_deliver
from services.traceability.shared.reading import remember

LIMITS: Final = Limits(bytes=2**40, events=10_000_000, depth=32, context=16 * 1024)
"""Of a document that is captured beside the calls. An event has at most what others can carry."""


THEN: Final = (when_captured_then_deliver, when_captured_then_alert)
"""What is done in the same transaction when events have been captured, in this order."""


class Prepared(NamedTuple):
    """An event that can be captured."""

    stream: UUID
    event: TraceEventCaptured


class Stored(NamedTuple):
    """What became of some events."""

    new: frozenset[UUID]
    repeated: int


def prepare(reader: EventReader, programme: str) -> Iterator[Prepared | Sequence[EpcisIssue]]:
    """Read every event of a document: ready to be stored, or what is wrong with it."""
    for read in reader.read():
        yield _prepared(read, reader.context, programme)


def _prepared(read: ReadEvent, context: str, programme: str) -> Prepared | Sequence[EpcisIssue]:
    if not read.valid:
        return read.issues
    facts = facts_of(read.fields, read.names)
    if issues := problems(read, facts):
        return issues
    event = decide_capture(read, context)
    remember(event, facts)
    return Prepared(stream_of(programme, read.hash, read.declaration), event)


def store(tx: Tx, events: Iterable[Prepared], meta: Meta) -> Stored:
    """Append those that are new, and what follows from them."""
    by_stream = dict(events)
    counted = len(by_stream)
    new = by_stream.keys() - tx.known([*by_stream])
    for stream, event in by_stream.items():
        if stream in new:
            tx.append(stream, [event], after=0, meta=meta, occurred_at=event.event_time)
    captured = [event for stream, event in by_stream.items() if stream in new]
    for policy in THEN:
        policy(tx, captured, meta)
    return Stored(frozenset(new), counted - len(new))
