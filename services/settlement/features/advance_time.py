"""Advances the programme's time without a distribution."""

from fenxiao.api.settlement.v1 import points_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from libs.servicekit.times import to_timestamp
from services.settlement.api.money import read_as_of
from services.settlement.domain.time import decide_advance
from services.settlement.policies.when_due_then_expire import when_due_then_expire
from services.settlement.policies.when_due_then_release import when_due_then_release
from services.settlement.shared.ledger import record, stream
from services.settlement.views.times import time_of


def advance_time(tx: Tx, request: pb.AdvanceTimeRequest, call: Call) -> pb.ProgrammeTime:
    """Releases what is due, and lets points expire; the same time again changes nothing."""
    programme, as_of = call.programme, read_as_of(request)
    time, version = time_of(tx, programme)
    if advanced := decide_advance(time, as_of, call.now):
        record(tx, stream(programme, "time"), advanced, version, call.meta(), call.now)
        when_due_then_release(tx, programme, as_of, call.meta(), call.now)
        when_due_then_expire(tx, programme, as_of, call.meta(), call.now)
    return pb.ProgrammeTime(name=f"programmes/{programme}/time", as_of=to_timestamp(as_of))
