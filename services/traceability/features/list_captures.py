"""Lists captures."""

from fenxiao.api.traceability.v1 import captures_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.traceability.features.get_capture import capture_message
from services.traceability.views.captures import capture_of, captures_of


def list_captures(reader: Reader, request: pb.ListCapturesRequest, call: Call) -> pb.ListCapturesResponse:
    """A page, the newest first."""
    wanted = page(request.page_size, request.page_token)
    if wanted.after and not (wanted.after.isdecimal() and len(wanted.after) < 19):
        message = "page_token is not one that this service gave out"
        raise Refusal("INVALID_PAGE_TOKEN", message, field="page_token")
    before = int(wanted.after) if wanted.after else 2**62
    ids = captures_of(reader, call.programme, before=before, limit=wanted.size + 1)
    found = [one for capture in ids if (one := capture_of(reader, call.programme, capture))]
    shown = found[: wanted.size]
    return pb.ListCapturesResponse(
        captures=map(capture_message, shown),
        next_page_token=wanted.token(str(shown[-1].position)) if len(found) > wanted.size else "",
    )
