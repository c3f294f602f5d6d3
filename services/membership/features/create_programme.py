"""Opens a programme."""

from dataclasses import replace

from fenxiao.api.membership.v1 import membership_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Tx
from libs.servicekit import Call
from services.membership.api import placement_rules, programme_message, required_time
from services.membership.domain.programme import Programme, decide_create
from services.membership.features.shared import programme_stream
from services.membership.views.programmes import find_programme

_OPERATOR = "operator"


def create_programme(tx: Tx, request: pb.CreateProgrammeRequest, call: Call) -> pb.Programme:
    """An operator opens a programme, for which his credential must be good."""
    if call.claims.role != _OPERATOR:
        raise Refusal("OPERATORS_ONLY", "only an operator can open a programme", kind=Kind.DENIED)
    if not call.claims.covers(request.programme_id):
        raise Refusal("OTHER_PROGRAMME", "the credential is not for this programme", kind=Kind.DENIED)
    wanted = Programme(
        id=request.programme_id,
        display_name=request.programme.display_name,
        currency=request.programme.currency,
        time_zone=request.programme.time_zone,
        start_time=required_time(
            request.programme.start_time, request.programme.HasField("start_time"), "programme.start_time"
        ),
        placement=placement_rules(request.programme.placement) if request.programme.HasField("placement") else None,
    )
    events = decide_create(find_programme(tx, wanted.id), wanted)
    meta = replace(call.meta(), programme=wanted.id)
    tx.append(programme_stream(wanted.id), events, after=0, meta=meta, occurred_at=call.now)
    return programme_message(wanted)
