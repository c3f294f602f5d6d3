"""Lists disputes."""

import re

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.commission.api.messages import DISPUTE_STATES, dispute_message
from services.commission.api.names import MEMBER, id_in
from services.commission.views.disputes import dispute_rows
from services.commission.views.programmes import programme_of

_KEY = re.compile(r"[0-9]{1,18}")


def list_disputes(reader: Reader, request: pb.ListDisputesRequest, call: Call) -> pb.ListDisputesResponse:
    """Disputes in the order in which they were opened, without what was said."""
    programme = programme_of(reader, call.programme)
    wanted = page(request.page_size, request.page_token)
    if wanted.after and not _KEY.fullmatch(wanted.after):
        message = "page_token is not one that this method gave out; begin without one."
        raise Refusal("INVALID_PAGE_TOKEN", message, field="page_token")
    only: dict[str, str] = {}
    if request.member:
        only["member"] = id_in(MEMBER, call.programme, request.member, "member")
    if request.line:
        only["line"] = request.line.lower()
    if request.state in DISPUTE_STATES:
        only["state"] = DISPUTE_STATES[request.state].value
    rows = dispute_rows(reader, call.programme, only, int(wanted.after or 0), wanted.size + 1)
    shown = rows[: wanted.size]
    return pb.ListDisputesResponse(
        disputes=[dispute_message(call.programme, programme.currency, row) for row in shown],
        next_page_token=wanted.token(str(shown[-1].position)) if len(rows) > len(shown) else "",
    )
