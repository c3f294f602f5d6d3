"""Checks a plan document."""

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.plans import PlanError, plan_hash, read_plan
from fenxiao.plans.rules import check_plan, refuse
from libs.eventlog import Reader
from libs.servicekit import Call


def validate_plan(_reader: Reader, request: pb.ValidatePlanRequest, _call: Call) -> pb.ValidatePlanResponse:
    """Everything that is wrong with a document by itself. Whether it suits the programme shows when it is published."""
    try:
        plan = read_plan(request.document)
        refuse(check_plan(plan))
    except PlanError as error:
        issues = [pb.PlanIssue(path=i.path, reason=i.reason, message=i.message) for i in error.issues]
        return pb.ValidatePlanResponse(issues=issues)
    return pb.ValidatePlanResponse(hash=plan_hash(request.document), version=plan.version)
