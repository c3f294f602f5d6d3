"""Lists granted ranks."""

import re

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.commission.api.messages import rank_grant_message
from services.commission.api.names import MEMBER, id_in
from services.commission.views.programmes import programme_of
from services.commission.views.rank_grants import grant_rows

_KEY = re.compile(r"[0-9]{1,18}")


def list_rank_grants(reader: Reader, request: pb.ListRankGrantsRequest, call: Call) -> pb.ListRankGrantsResponse:
    """Grants in the order in which they were recorded, each with when it ends."""
    programme_of(reader, call.programme)
    wanted = page(request.page_size, request.page_token)
    if wanted.after and not _KEY.fullmatch(wanted.after):
        message = "page_token is not one that this method gave out; begin without one."
        raise Refusal("INVALID_PAGE_TOKEN", message, field="page_token")
    member = id_in(MEMBER, call.programme, request.member, "member") if request.member else ""
    rows = grant_rows(reader, call.programme, member, int(wanted.after or 0), wanted.size + 1)
    shown = rows[: wanted.size]
    return pb.ListRankGrantsResponse(
        grants=[rank_grant_message(call.programme, row) for row in shown],
        next_page_token=wanted.token(str(shown[-1].position)) if len(rows) > len(shown) else "",
    )
