"""Takes in a document of EPCIS events at once: all of it or nothing, each event once."""

from io import BytesIO
from typing import NamedTuple

from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from fenxiao.epcis import EpcisError, EpcisIssue, EventReader, Limits, Profile
from libs.eventlog import Tx
from libs.servicekit import Call
from libs.servicekit.names import programme_of
from services.traceability.api import trace_event_name
from services.traceability.shared.capturing import Prepared, prepare, store

AT_ONCE = Limits(bytes=4 * 1024 * 1024, events=1000)
"""A document that is larger is uploaded."""


class ReadRequest(NamedTuple):
    """A request whose document has been read."""

    request: pb.CaptureRequest
    events: list[Prepared]


def read_request(request: pb.CaptureRequest) -> ReadRequest:
    """Reads the document, beside the writer. Raises `EpcisError`."""
    reader = EventReader(BytesIO(request.document), Profile.STRICT, AT_ONCE)
    events: list[Prepared] = []
    issues: list[EpcisIssue] = []
    for one in prepare(reader, programme_of(request.parent)):
        if isinstance(one, Prepared):
            events.append(one)
        else:
            issues += one
    if issues := [*reader.issues, *issues]:
        raise EpcisError(dict.fromkeys(issues))
    return ReadRequest(request, events)


def capture(tx: Tx, read: ReadRequest, call: Call) -> pb.CaptureResponse:
    """The names of the events in the document's order, and how many of them had been captured before."""
    stored = store(tx, read.events, call.meta())
    return pb.CaptureResponse(
        trace_events=[trace_event_name(call.programme, one.stream) for one in read.events],
        repeated_count=len(read.events) - len(stored.new),
    )
