"""Taking in an EPCIS event, once."""

from uuid import UUID, uuid5

from fenxiao.epcis import EpcisIssue, ReadEvent
from fenxiao.epcis.issues import json_path
from fenxiao.epcis.moments import to_utc
from services.traceability.domain.commitments import commit_to
from services.traceability.domain.events import CaptureError, TraceEventCaptured
from services.traceability.domain.facts import Facts

_NAMESPACE = UUID("0d1f7a0e-6d0b-4d3c-8f5e-2f3a1c9b7e64")

MOST_BIZ_TRANSACTIONS = 100
"""Of one event: they travel with it to other services, where messages are small."""

MOST_ERRORS = 100
"""That are kept of a document."""


def stream_of(programme: str, event_hash: str, declaration: str) -> UUID:
    """Every event is a stream of its own, named by what it says: captured again, it is the same.

    The error declaration belongs to the name, since the hash leaves it out: a correction is another fact.
    """
    return uuid5(_NAMESPACE, f"{programme}/{event_hash}/{declaration}")


def decide_capture(read: ReadEvent, context: str, key: bytes) -> TraceEventCaptured:
    """An event that was not captured before is. The key draws the salts of its fields, and must be its own."""
    mended = read.json if read.mended else ""
    return TraceEventCaptured.model_construct(
        event_hash=read.hash,
        event_id=read.id,
        event_time=to_utc(str(read.fields["eventTime"])),
        document=read.text,
        mended=mended,
        context=context,
        committed=commit_to(mended or read.text, context, key),
    )


def problems(read: ReadEvent, facts: Facts) -> list[EpcisIssue]:
    """What keeps a valid event from being captured all the same."""
    if len(facts.transactions) <= MOST_BIZ_TRANSACTIONS:
        return []
    message = f"an event names at most {MOST_BIZ_TRANSACTIONS} business transactions; report it as several events"
    return [
        EpcisIssue(read.number, json_path([*read.path, "bizTransactionList"]), "TOO_MANY_BIZ_TRANSACTIONS", message)
    ]


def capture_error(issue: EpcisIssue) -> CaptureError:
    """An issue as it is kept."""
    return CaptureError(event=issue.event, path=issue.path[:500], rule=issue.rule, message=issue.message[:500])
