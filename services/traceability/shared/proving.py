"""The proof of an event: what a caller sees of it, with what shows that it belongs to the public commitment."""

from fenxiao.api.traceability.v1 import proofs_pb2 as pb
from fenxiao.errors import Kind, Refusal
from fenxiao.proofs.fields import Opened, Redacted, redact, salts
from libs.eventlog import Recorded
from libs.servicekit.times import to_timestamp
from services.traceability.api import trace_event_name
from services.traceability.domain.commitments import hashes_of
from services.traceability.domain.events import Committed, TraceEventCaptured
from services.traceability.shared.viewing import Field, Viewer


def proof_of(viewer: Viewer, recorded: Recorded[TraceEventCaptured]) -> pb.EventProof | None:
    """The proof of what he sees; None: he does not see the event. Raises `Refusal` NOT_COMMITTED."""
    fields = viewer.fields(recorded)
    if fields is None:
        return None
    event = recorded.event
    if event.committed is None:
        message = "this event was captured before events were committed to, so nothing public proves it"
        raise Refusal("NOT_COMMITTED", message, kind=Kind.FAILED_PRECONDITION)
    view = redacted(event, event.committed, fields)
    return pb.EventProof(
        trace_event=trace_event_name(recorded.meta.programme, recorded.stream),
        event_id=str(recorded.id),
        event_hash=event.event_hash,
        record_time=to_timestamp(recorded.recorded_at),
        commitment_root=view.commitment.root,
        commitment_size=view.commitment.size,
        fields=[pb.OpenedField(number=n, path=path, text=text, salt=salt) for n, path, text, salt in view.opened],
        hashes=view.proof,
    )


def redacted(event: TraceEventCaptured, committed: Committed, fields: list[Field]) -> Redacted:
    """Some fields of an event with their proof."""
    drawn = salts(bytes.fromhex(committed.key), committed.size)
    opened = [Opened(one.number, one.field.path, one.text, one.salt or drawn[one.number]) for one in fields]
    return redact(hashes_of(event, committed), opened)
