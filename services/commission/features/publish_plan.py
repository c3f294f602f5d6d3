"""Publishes a plan version."""

from uuid import UUID, uuid5

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Refusal
from fenxiao.plans import plan_hash, read_plan
from fenxiao.plans.rules import Override
from libs.eventlog import Tx
from libs.servicekit import Call
from services.commission.api.messages import plan_message
from services.commission.domain.needs import check_needs
from services.commission.domain.plans import Version, decide_publish, next_after
from services.commission.views import plans, sales
from services.commission.views.people import discloses_countries
from services.commission.views.periods import newest_sealed
from services.commission.views.placements import rules_of
from services.commission.views.programmes import programme_of

_PLANS = UUID("5b3d8d4e-3a54-4d07-8f0a-0d6b1f1b2f6a")
"""Namespace of the plans' streams."""

_PERSON_AT_MOST, _REASON_AT_MOST = 128, 1_000


def plan_stream(programme: str, plan_hash: str) -> UUID:
    """The stream of a plan version."""
    return uuid5(_PLANS, f"{programme}/{plan_hash}")


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
            overrides=[_override(one) for one in request.overrides],
            sealed_until=newest.sealed.end if (newest := newest_sealed(tx, call.programme)) else None,
            newest_sale=sales.newest_sale_between(tx, call.programme, effective_from, until),
        )
        check_needs(version.plan, rules_of(tx, call.programme), countries=discloses_countries(tx, call.programme))
        tx.append(plan_stream(call.programme, version.hash), events, after=0, meta=call.meta(), occurred_at=call.now)
        found = plans.plan_row(tx, call.programme, version.hash)
    assert found is not None, "a published plan is in the view"
    return plan_message(call.programme, found)


def _override(message: pb.RuleOverride) -> Override:
    for field, most in (("person", _PERSON_AT_MOST), ("reason", _REASON_AT_MOST)):
        if len(getattr(message, field)) > most:
            raise Refusal(
                "OVERRIDE_TOO_LONG", f"The {field} has at most {most:,} characters.", field=f"overrides.{field}"
            )
    return Override(message.rule, message.person, message.reason)
