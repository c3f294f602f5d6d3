"""What all members have of points."""

from fenxiao.api.settlement.v1 import points_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.settlement.api.points import show_points
from services.settlement.views.points import points_after


def list_points(reader: Reader, request: pb.ListPointsRequest, call: Call) -> pb.ListPointsResponse:
    """A page of balances by kind and member; of one kind if it is named."""
    wanted = page(request.page_size, request.page_token)
    kind, _, member = wanted.after.partition("/")
    rows = points_after(reader, call.programme, request.points, (kind, member), wanted.size + 1)
    shown = rows[: wanted.size]
    return pb.ListPointsResponse(
        points=[show_points(call.programme, row) for row in shown],
        next_page_token=wanted.token(f"{shown[-1].points}/{shown[-1].member}") if len(rows) > len(shown) else "",
    )
