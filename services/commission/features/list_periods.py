"""Lists periods."""

import re

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.commission.api.messages import open_period_message, period_message
from services.commission.features.get_period import open_term
from services.commission.views.moments import BEGINNING, micros
from services.commission.views.periods import period_rows
from services.commission.views.programmes import programme_of

_KEY = re.compile(r"-?[0-9]{1,18}")


def list_periods(reader: Reader, request: pb.ListPeriodsRequest, call: Call) -> pb.ListPeriodsResponse:
    """Every sealed one in the order of time, then the open one."""
    programme = programme_of(reader, call.programme)
    wanted = page(request.page_size, request.page_token)
    if wanted.after and not _KEY.fullmatch(wanted.after):
        message = "page_token is not one that this method gave out; begin without one."
        raise Refusal("INVALID_PAGE_TOKEN", message, field="page_token")
    after = int(wanted.after) if wanted.after else BEGINNING
    rows = period_rows(reader, call.programme, after, wanted.size + 1)
    shown = [period_message(call.programme, programme, row) for row in rows[: wanted.size]]
    if len(rows) > wanted.size:
        token = wanted.token(str(micros(rows[wanted.size - 1].sealed.start)))
        return pb.ListPeriodsResponse(periods=shown, next_page_token=token)
    following = open_term(reader, call.programme, programme)
    if following is not None:
        shown.append(open_period_message(call.programme, programme, *following))
    return pb.ListPeriodsResponse(periods=shown)
