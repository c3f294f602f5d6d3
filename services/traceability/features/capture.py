"""Takes in a document of EPCIS events: all of it or nothing, each event once."""

from uuid import UUID

from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from fenxiao.epcis import ReadEvent, read_document
from libs.eventlog import Tx
from libs.servicekit import Call
from services.traceability.api import trace_event_name
from services.traceability.domain.capture import decide_capture, refuse_kind, stream_of


def capture(tx: Tx, request: pb.CaptureRequest, call: Call) -> pb.CaptureResponse:
    """The names of the events in the document's order, and how many of them had been captured before."""
    document = read_document(request.document)
    refuse_kind(document.kind)
    answer = pb.CaptureResponse()
    new: dict[UUID, ReadEvent] = {}
    for event in document.events:
        stream = stream_of(call.programme, event)
        answer.trace_events.append(trace_event_name(call.programme, stream))
        if stream in new or tx.load(stream):
            answer.repeated_count += 1
        else:
            new[stream] = event
    for stream, event in new.items():
        facts = decide_capture(event, document.context)
        tx.append(stream, facts, after=0, meta=call.meta(), occurred_at=event.event.event_time)
    return answer
