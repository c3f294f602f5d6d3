"""Shows what became of a document."""

from uuid import UUID

from fenxiao.api.traceability.v1 import captures_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.names import parse_name
from libs.servicekit.times import to_timestamp
from services.traceability.domain.events import Behaviour
from services.traceability.views.captures import Capture, capture_of

CAPTURE = "programmes/{programme}/captures/{capture}"


def get_capture(reader: Reader, request: pb.GetCaptureRequest, call: Call) -> pb.DocumentCapture:
    """The capture with this name."""
    try:
        capture = UUID(parse_name(CAPTURE, request.name)["capture"])
    except ValueError:  # not the form of a UUID: there is none of this name either
        capture = UUID(int=0)
    # What is wrong with a document quotes it: a party sees its own.
    found = capture_of(reader, call.programme, capture, sent_by=call.actor if call.claims.parties else "")
    if found is None:
        raise Refusal("NO_SUCH_CAPTURE", "there is no such capture", field="name", kind=Kind.NOT_FOUND)
    return capture_message(found)


def capture_message(capture: Capture) -> pb.DocumentCapture:
    """A capture as it is shown."""
    result = capture.result
    return pb.DocumentCapture(
        name=f"programmes/{capture.programme}/captures/{capture.id}",
        create_time=to_timestamp(capture.created),
        finish_time=to_timestamp(capture.finished) if capture.finished else None,
        behaviour=pb.CAPTURE_BEHAVIOUR_PROCEED
        if capture.behaviour is Behaviour.PROCEED
        else pb.CAPTURE_BEHAVIOUR_ROLLBACK,
        success=capture.success,
        captured_count=result.captured if result else 0,
        repeated_count=result.repeated if result else 0,
        refused_count=result.refused if result else 0,
        master_data_count=result.master_data if result else 0,
        problems=[
            pb.CaptureProblem(event=one.event, path=one.path, rule=one.rule, message=one.message)
            for one in (result.errors if result else ())
        ],
    )
