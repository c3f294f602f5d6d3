"""Closes the next period."""

from uuid import UUID, uuid5

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.plans import format_instant
from libs.eventlog import Tx
from libs.servicekit import Call
from services.commission.api.messages import first_day, period_message
from services.commission.domain.closing import decide_seal
from services.commission.features.get_period import open_term, sealed_on, unknown_period
from services.commission.shared.inputs import own_cut
from services.commission.views import members
from services.commission.views.periods import newest_sealed
from services.commission.views.programmes import programme_of

_CLOSINGS = UUID("0d7a6a3c-53f9-4f39-9f53-0b8f0f0a6c11")
"""Namespace of the closings' streams."""


def close_period(tx: Tx, request: pb.ClosePeriodRequest, call: Call) -> pb.Period:
    """Seals it; its lines are posted in the background. One that is sealed already is shown as it is."""
    programme = programme_of(tx, call.programme)
    found = sealed_on(tx, call.programme, programme, request.period, "period")
    if found is None:
        following, newest = open_term(tx, call.programme, programme), newest_sealed(tx, call.programme)
        if following is None or first_day(following[0].period.start, programme.zone) != request.period:
            raise unknown_period(request.period)
        term, plan_hash = following
        event = decide_seal(
            term,
            plan_hash=plan_hash,
            earlier_closed=newest is None or newest.closed,
            sales_cut=own_cut(tx, call.programme),
            members_cut=members.cut(tx),
            now=call.now,
        )
        closing = uuid5(_CLOSINGS, f"{call.programme}/{format_instant(event.start)}")
        tx.append(closing, [event], after=0, meta=call.meta(), occurred_at=event.end)
        found = sealed_on(tx, call.programme, programme, request.period, "period")
    assert found is not None, "a sealed period is in the view"
    return period_message(call.programme, programme, found)
