"""Lists plan versions."""

import re

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.commission.api.messages import plan_message
from services.commission.views.moments import BEGINNING, micros
from services.commission.views.plans import plan_rows
from services.commission.views.programmes import programme_of

_KEY = re.compile(r"-?[0-9]{1,18}")


def list_plans(reader: Reader, request: pb.ListPlansRequest, call: Call) -> pb.ListPlansResponse:
    """Every version of the programme, in the order in which they come into force."""
    programme_of(reader, call.programme)
    wanted = page(request.page_size, request.page_token)
    if wanted.after and not _KEY.fullmatch(wanted.after):
        message = "page_token is not one that this method gave out; begin without one."
        raise Refusal("INVALID_PAGE_TOKEN", message, field="page_token")
    after = int(wanted.after) if wanted.after else BEGINNING
    rows = plan_rows(reader, call.programme, after, wanted.size + 1)
    shown = rows[: wanted.size]
    return pb.ListPlansResponse(
        plans=[plan_message(call.programme, row) for row in shown],
        next_page_token=wanted.token(str(micros(shown[-1].effective_from))) if len(rows) > len(shown) else "",
    )
