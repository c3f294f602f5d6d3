"""Shows a plan version."""

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Kind, Refusal
from fenxiao.plans import format_instant
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.times import from_timestamp
from services.commission.api.messages import plan_message
from services.commission.api.names import PLAN, id_in
from services.commission.views.plans import plan_row, plan_row_in_force
from services.commission.views.programmes import programme_of

CURRENT = "current"
"""Stands in a name for the version in force."""


def get_plan(reader: Reader, request: pb.GetPlanRequest, call: Call) -> pb.Plan:
    """The version of a hash, or the one in force at a moment."""
    programme_of(reader, call.programme)
    wanted = id_in(PLAN, call.programme, request.name, "name")
    if wanted == CURRENT:
        at = from_timestamp(request.as_of, "as_of") if request.HasField("as_of") else call.now
        row = plan_row_in_force(reader, call.programme, at)
        if row is None:
            message = f"No plan is in force at {format_instant(at)}; publish one, or ask for a later time."
            raise Refusal("NO_PLAN_IN_FORCE", message, field="as_of", kind=Kind.NOT_FOUND)
    else:
        row = plan_row(reader, call.programme, wanted)
        if row is None:
            message = f"There is no plan with the hash {wanted}; list them to see which there are."
            raise Refusal("UNKNOWN_PLAN", message, field="name", kind=Kind.NOT_FOUND)
    return plan_message(call.programme, row)
