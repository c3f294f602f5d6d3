"""Shows an EPCIS event."""

from uuid import UUID

from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader, Recorded
from libs.servicekit import Call
from libs.servicekit.names import parse_name
from services.traceability.api import TRACE_EVENT, trace_event_message
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.shared.viewing import Viewer


def get_trace_event(reader: Reader, request: pb.GetTraceEventRequest, call: Call) -> pb.TraceEvent:
    """The event with this name."""
    text = parse_name(TRACE_EVENT, request.name)["trace_event"]
    recorded = event_named(reader, call.programme, text)
    shown = Viewer.of(reader, call).show(recorded) if recorded else None
    if shown is None:
        raise not_found(request.name)
    return trace_event_message(shown)


def event_named(reader: Reader, programme: str, text: str) -> Recorded[TraceEventCaptured] | None:
    """An event by its UUID, whoever may see it."""
    try:
        (recorded,) = reader.load(UUID(text))
    except ValueError:  # not the form of a UUID, or of no such event
        return None
    is_one = isinstance(recorded.event, TraceEventCaptured) and recorded.meta.programme == programme
    return recorded if is_one else None


def not_found(name: str) -> Refusal:
    """There is none, or none that the caller sees: he is not told which."""
    message = f"there is no trace event {name[:300]}"
    return Refusal("TRACE_EVENT_NOT_FOUND", message, field="name", kind=Kind.NOT_FOUND)
