"""From a document to events in the store: read beside the writer, stored in parts."""

from collections.abc import Iterable, Iterator, Sequence
from os import urandom
from typing import Final, NamedTuple
from uuid import UUID

from fenxiao.epcis import EpcisIssue, EventReader, Limits, ReadEvent
from libs.eventlog import Meta, Tx
from services.traceability.domain.capture import decide_capture, problems, stream_of
from services.traceability.domain.commitments import KEY_SIZE
from services.traceability.domain.entries import Entries, entries_of
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.domain.facts import Facts, facts_of
from services.traceability.policies.when_captured_then_alert import when_captured_then_alert
from services.traceability.policies.when_captured_then_deliver import when_captured_then_deliver
from services.traceability.shared.reading import remember, remember_entries, says
from services.traceability.shared.sealing import Sealing, seal_events
from services.traceability.shared.sealing import problems as sealing_problems

LIMITS: Final = Limits(bytes=2**40, events=10_000_000, depth=32, context=16 * 1024)
"""Of a document that is captured beside the calls. An event has at most what others can carry."""


THEN: Final = (when_captured_then_deliver, when_captured_then_alert)
"""What is done in the same transaction when events have been captured, in this order."""


class Prepared(NamedTuple):
    """An event that can be captured, with what views would make of it anew otherwise."""

    stream: UUID
    event: TraceEventCaptured
    facts: Facts
    """What the event says as it is stored."""
    entries: Entries


class Stored(NamedTuple):
    """What became of some events."""

    new: frozenset[UUID]
    repeated: int


def prepare(reader: EventReader, programme: str, sealing: Sealing | None) -> Iterator[Prepared | Sequence[EpcisIssue]]:
    """Read every event of a document: ready to be sealed and stored, or what is wrong with it."""
    for read in reader.read():
        yield prepare_event(read, reader.context, programme, sealing)


def prepare_event(
    read: ReadEvent, context: str, programme: str, sealing: Sealing | None
) -> Prepared | Sequence[EpcisIssue]:
    """An event that has been read: ready to be sealed and stored, or what is wrong with it."""
    if not read.valid:
        return read.issues
    facts = facts_of(read.fields, read.names)
    if issues := problems(read, facts):
        return issues
    event = decide_capture(read, context, urandom(KEY_SIZE))
    if issues := sealing_problems(sealing, read, event, facts):
        return issues
    stream = stream_of(programme, read.hash, read.declaration)
    return Prepared(stream, event, facts, entries_of(event, facts, programme))


def check_event(read: ReadEvent, context: str, sealing: Sealing | None) -> Sequence[EpcisIssue]:
    """What is wrong with it, and no more."""
    if not read.valid:
        return read.issues
    facts = facts_of(read.fields, read.names)
    found = problems(read, facts)
    if found or sealing is None:
        return found
    return sealing_problems(sealing, read, decide_capture(read, context, urandom(KEY_SIZE)), facts)


def seal(events: Sequence[Prepared], sealing: Sealing | None) -> list[Prepared]:
    """Seal what is to be sealed of events; where nothing is, they stay as they are."""
    if sealing is None:
        return [*events]
    ready: list[Prepared] = []
    for one, event in zip(events, seal_events([one[:3] for one in events], sealing), strict=True):
        if event is one.event:
            ready.append(one)
        else:
            facts = says(event)
            ready.append(Prepared(one.stream, event, facts, entries_of(event, facts, sealing.programme)))
    return ready


def store(tx: Tx, events: Iterable[Prepared], meta: Meta) -> Stored:
    """Append those that are new, and what follows from them."""
    by_stream = {one.stream: one for one in events}
    counted = len(by_stream)
    new = by_stream.keys() - tx.known([*by_stream])
    captured: list[TraceEventCaptured] = []
    for stream, event, facts, entries in by_stream.values():
        if stream in new:
            remember(event, facts)
            remember_entries(event, meta.programme, entries)
            captured.append(event)
            tx.append(stream, [event], after=0, meta=meta, occurred_at=event.event_time)
    for policy in THEN:
        policy(tx, captured, meta)
    return Stored(frozenset(new), counted - len(new))
