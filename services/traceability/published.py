"""What others see of traceability's events: what happened and when, and by which business transactions it is found."""

from fenxiao.api.traceability.v1 import events_pb2 as pb
from libs.eventlog import Recorded
from libs.servicekit.times import to_timestamp
from services.traceability.domain.events import TraceEventCaptured


def trace_event_captured(recorded: Recorded[TraceEventCaptured]) -> list[pb.TraceEventCaptured]:
    """The event's name, hash and business transactions; its content stays here."""
    event = recorded.event
    return [
        pb.TraceEventCaptured(
            trace_event=str(recorded.stream),
            event_hash=event.event_hash,
            event_time=to_timestamp(event.event_time),
            biz_step=event.biz_step,
            biz_transactions=event.biz_transactions,
        )
    ]
