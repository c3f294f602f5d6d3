"""When events have been captured, rules note what they say, and alerts are raised or cleared."""

from collections.abc import Sequence

from libs.eventlog import Meta, Tx
from services.traceability.domain.capture import stream_of
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.domain.rules.deciding import decide_watch, watched_stream
from services.traceability.shared.alerting import tell
from services.traceability.shared.reading import read_again
from services.traceability.views.movements import voided
from services.traceability.views.trace_rules import rules_in_force
from services.traceability.views.watched import Mark, marks_of


def when_captured_then_alert(tx: Tx, events: Sequence[TraceEventCaptured], meta: Meta) -> None:
    """Holds each event against each rule, and an event that is declared erroneous against what it has shown."""
    declared = [event.event_hash for event in events if read_again(event).declaration is not None]
    rules = [row.rule for row in rules_in_force(tx, meta.programme)]
    marks = marks_of(tx, meta.programme, declared) if declared else []
    if rules:
        void = voided(tx, meta.programme, [event.event_hash for event in events])
        for event in events:
            if event.event_hash in void:
                continue
            watched = decide_watch(rules, event.event_hash, read_again(event))
            if watched is not None:
                stream = watched_stream(stream_of(meta.programme, event.event_hash, ""))
                tx.append(stream, [watched], after=0, meta=meta, occurred_at=event.event_time)
                marks += [
                    Mark(one.rule, subject, (one.start, event.event_hash))
                    for one in watched.watched
                    for subject in one.subjects
                ]
    if marks:
        tell(tx, marks, rules, meta)
