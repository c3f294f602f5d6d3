"""Shows an EPCIS event."""

from uuid import UUID

from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.names import parse_name
from services.traceability.api import TRACE_EVENT, trace_event_message


def get_trace_event(reader: Reader, request: pb.GetTraceEventRequest, call: Call) -> pb.TraceEvent:
    """The event with this name."""
    text = parse_name(TRACE_EVENT, request.name)["trace_event"]
    try:
        events = reader.load(UUID(text))
    except ValueError:  # not the form of a UUID: there is none of this name either
        events = []
    if not events or events[0].meta.programme != call.programme:
        raise Refusal(
            "TRACE_EVENT_NOT_FOUND", f"there is no trace event {request.name}", field="name", kind=Kind.NOT_FOUND
        )
    return trace_event_message(events[0])
