"""Shows what the open period comes to so far."""

from typing import Final

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.commission.api.messages import open_period_message, rating_message
from services.commission.api.names import MEMBER, id_in
from services.commission.features.get_period import open_term
from services.commission.features.list_alarms import finding_message
from services.commission.shared.estimates import Estimates
from services.commission.views.programmes import programme_of

_ALARMS_SHOWN: Final = 100


def estimate_period(reader: Reader, request: pb.EstimatePeriodRequest, call: Call) -> pb.EstimatePeriodResponse:
    """Rates it as it stands. What it would post at its close is shown only, never held or paid."""
    programme = programme_of(reader, call.programme)
    member = id_in(MEMBER, call.programme, request.member, "member") if request.member else ""
    wanted = page(request.page_size, request.page_token)
    following = open_term(reader, call.programme, programme)
    if following is None:
        message = "No plan has been published, so there are no periods; publish one."
        raise Refusal("NO_PLAN_IN_FORCE", message, kind=Kind.FAILED_PRECONDITION)
    so_far = call.use(Estimates).open_one(reader, call.programme, programme.zone, *following)
    found = [row for row in so_far.rows if (row.member == member if member else row.member > wanted.after)]
    shown = found[: wanted.size]
    findings = so_far.findings[:_ALARMS_SHOWN] if not wanted.after else []
    return pb.EstimatePeriodResponse(
        period=open_period_message(call.programme, programme, *following),
        ratings=[rating_message(call.programme, programme.currency, row) for row in shown],
        next_page_token=wanted.token(shown[-1].member) if len(found) > len(shown) else "",
        alarms=[finding_message(call.programme, programme, following[0].period.start, one) for one in findings],
        alarms_in_all=len(so_far.findings),
    )
