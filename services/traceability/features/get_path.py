"""Shows what happened to an object or a lot, in order of time."""

from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from fenxiao.epcis import Limits, is_uri
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.traceability.api import trace_event_message
from services.traceability.views.trace_events import Step, events_of

LONGEST_EPC = Limits().text
"""Nothing longer is ever captured."""
STEPS_A_PAGE = 100
"""Steps in an answer at most."""
BYTES_A_PAGE = 2 * 1024 * 1024
"""An answer goes on in the next page behind so many bytes: an event can be large."""


def get_path(reader: Reader, request: pb.GetPathRequest, call: Call) -> pb.GetPathResponse:
    """A page of the events that name it; empty for what nobody has reported."""
    if len(request.epc) > LONGEST_EPC or not is_uri(request.epc):
        raise Refusal("INVALID_EPC", "epc is the URI of an object or of a class of objects", field="epc")
    wanted = page(request.page_size, request.page_token, default=STEPS_A_PAGE, most=STEPS_A_PAGE)
    after = Step.parse(wanted.after) if wanted.after else None
    steps = events_of(reader, call.programme, request.epc, after=after, limit=wanted.size + 1)
    answer = pb.GetPathResponse()
    size = 0
    for step in steps[: wanted.size]:
        message = trace_event_message(reader.load(step.event)[0])
        size += message.ByteSize()
        if answer.steps and size > BYTES_A_PAGE:
            break
        answer.steps.append(message)
    if len(answer.steps) < len(steps):
        answer.next_page_token = wanted.token(steps[len(answer.steps) - 1].key)
    return answer
