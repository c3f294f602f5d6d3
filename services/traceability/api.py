"""Between the API's messages and what the service works with."""

from uuid import UUID

from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from libs.eventlog import Recorded
from libs.servicekit.times import to_timestamp
from services.traceability.domain.events import TraceEventCaptured

TRACE_EVENT = "programmes/{programme}/traceEvents/{trace_event}"


def trace_event_name(programme: str, event: UUID) -> str:
    """The resource name of an event."""
    return f"programmes/{programme}/traceEvents/{event}"


def trace_event_message(recorded: Recorded[TraceEventCaptured]) -> pb.TraceEvent:
    """An event as it is shown."""
    event = recorded.event
    return pb.TraceEvent(
        name=trace_event_name(recorded.meta.programme, recorded.stream),
        event_id=event.event_id,
        event_time=to_timestamp(event.event_time),
        action=event.action,
        biz_step=event.biz_step,
        disposition=event.disposition,
        read_point=event.read_point,
        biz_location=event.biz_location,
        epcs=event.epcs,
        document=event.document.encode(),
    )
