"""Publishes a plan version."""

from uuid import UUID, uuid5

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.plans import plan_hash, read_plan
from libs.eventlog import Tx
from libs.servicekit import Call
from services.commission.api import plan_message
from services.commission.domain.plans import Version, decide_publish, next_after
from services.commission.views import plans, sales
from services.commission.views.programmes import programme_of

_PLANS = UUID("5b3d8d4e-3a54-4d07-8f0a-0d6b1f1b2f6a")
"""Namespace of the plans' streams."""


def publish_plan(tx: Tx, request: pb.PublishPlanRequest, call: Call) -> pb.Plan:
    """Checks the document and puts it in force from its own effective date. The same one again changes nothing."""
    programme = programme_of(tx, call.programme)
    version = Version(plan_hash(request.document), read_plan(request.document))
    found = plans.plan_row(tx, call.programme, version.hash)
    if found is None:
        effective_from = version.plan.effective_from
        published = plans.published(tx, call.programme)
        until = next_after(published, effective_from)
        events = decide_publish(
            version,
            request.document,
            currency=programme.currency,
            published=published,
            newest_sale=sales.newest_sale_between(tx, call.programme, effective_from, until),
        )
        stream = uuid5(_PLANS, f"{call.programme}/{version.hash}")
        tx.append(stream, events, after=0, meta=call.meta(), occurred_at=call.now)
        found = plans.plan_row(tx, call.programme, version.hash)
    assert found is not None, "a published plan is in the view"
    return plan_message(call.programme, found)
