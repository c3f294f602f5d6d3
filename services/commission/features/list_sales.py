"""Lists sales and returns."""

import re

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.commission.api.messages import sale_message
from services.commission.api.names import MEMBER, id_in
from services.commission.views import sales
from services.commission.views.moments import micros
from services.commission.views.programmes import programme_of

_KEY = re.compile(r"(-?[0-9]{1,18}):([0-9a-f-]{36})")


def list_sales(reader: Reader, request: pb.ListSalesRequest, call: Call) -> pb.ListSalesResponse:
    """Sales and returns in the order of their time, then of their id; of one member if the request names one."""
    programme_of(reader, call.programme)
    member = id_in(MEMBER, call.programme, request.member, "member") if request.member else ""
    wanted = page(request.page_size, request.page_token)
    after: tuple[int, str] | None = None
    if wanted.after:
        key = _KEY.fullmatch(wanted.after)
        if key is None:
            message = "page_token is not one that this method gave out; begin without one."
            raise Refusal("INVALID_PAGE_TOKEN", message, field="page_token")
        after = int(key[1]), key[2]
    rows = sales.list_sales(reader, call.programme, member, after, wanted.size + 1)
    shown = rows[: wanted.size]
    more = len(rows) > len(shown)
    return pb.ListSalesResponse(
        sales=[sale_message(call.programme, row.id, row.report, row.plan_hash) for row in shown],
        next_page_token=wanted.token(f"{micros(shown[-1].report.occurred_at)}:{shown[-1].id}") if more else "",
    )
