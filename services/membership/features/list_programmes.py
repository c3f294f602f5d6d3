"""Lists programmes."""

from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.membership.api import programme_message
from services.membership.views.programmes import list_programmes as rows_of


def list_programmes(reader: Reader, request: pb.ListProgrammesRequest, call: Call) -> pb.ListProgrammesResponse:
    """Those that the credential may see: every one, or its own."""
    wanted = page(request.page_size, request.page_token)
    found = rows_of(reader, call.programme, wanted.after, wanted.size + 1)
    shown = found[: wanted.size]
    return pb.ListProgrammesResponse(
        programmes=[programme_message(programme) for programme in shown],
        next_page_token=wanted.token(shown[-1].id) if len(found) > len(shown) else "",
    )
