"""Lists recalls: all, or those that affect something."""

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.traceability.shared.genealogies import asked_for
from services.traceability.shared.recalls import recall_message
from services.traceability.views.recalls import recalls


def list_recalls(reader: Reader, request: pb.ListRecallsRequest, call: Call) -> pb.ListRecallsResponse:
    """The newest first."""
    wanted = page(request.page_size, request.page_token)
    if wanted.after and not wanted.after[:18].isdecimal():
        message = "page_token is not one that this service gave out"
        raise Refusal("INVALID_PAGE_TOKEN", message, field="page_token")
    found = recalls(
        reader,
        call.programme,
        name=asked_for(request.epc) if request.epc else "",
        open_only=request.open_only,
        before=int(wanted.after[:18]) if wanted.after else 2**62,
        limit=wanted.size + 1,
    )
    answer = pb.ListRecallsResponse(recalls=[recall_message(call.programme, one) for one in found[: wanted.size]])
    if len(found) > wanted.size:
        answer.next_page_token = wanted.token(str(found[wanted.size - 1].position))
    return answer
