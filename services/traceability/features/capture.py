"""Takes in a document of EPCIS events and master data at once: all of it or nothing, each event once."""

from typing import NamedTuple

from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from fenxiao.epcis import EpcisError, Limits
from libs.eventlog import Reader, Tx
from libs.servicekit import Call
from libs.servicekit.beside import Beside
from libs.servicekit.names import programme_of
from services.traceability.adapters.secrets import Secrets
from services.traceability.api import trace_event_name
from services.traceability.shared.capturing import Prepared, seal, store
from services.traceability.shared.master_data import Header, say
from services.traceability.shared.preparing import read_somewhere
from services.traceability.shared.sealing import Sealing, sealing_of

AT_ONCE = Limits(bytes=4 * 1024 * 1024, events=1000, elements=1000)
"""A document that is larger is uploaded."""


class ReadRequest(NamedTuple):
    """A request whose document has been read."""

    request: pb.CaptureRequest
    events: list[Prepared]
    header: Header


class Means(NamedTuple):
    """What it takes to read a request."""

    sealing: Sealing | None
    beside: Beside | None


def means(reader: Reader, request: pb.CaptureRequest, call: Call) -> Means:
    """How its events are to be sealed, and where they are read. Raises `Refusal` NO_KEY_STORE."""
    sealing = sealing_of(reader, call.use(Secrets), programme_of(request.parent), call.actor)
    return Means(sealing, call.resources.find(Beside))


def read_request(request: pb.CaptureRequest, means: Means) -> ReadRequest:
    """Reads the document and seals its events, beside the writer. Raises `EpcisError`."""
    sealing, beside = means
    read = read_somewhere(beside, request.document, AT_ONCE, programme_of(request.parent), sealing)
    if read.issues:
        raise EpcisError(dict.fromkeys(read.issues))
    return ReadRequest(request, seal(read.events, sealing), read.header)


def capture(tx: Tx, read: ReadRequest, call: Call) -> pb.CaptureResponse:
    """The names of the events in the document's order, and how many of them had been captured before."""
    stored = store(tx, read.events, call.meta())
    say(tx, read.header.elements, read.header.created, call.meta(), call.now)
    return pb.CaptureResponse(
        trace_events=[trace_event_name(call.programme, one.stream) for one in read.events],
        repeated_count=len(read.events) - len(stored.new),
        master_data_count=len(read.header.elements),
    )
