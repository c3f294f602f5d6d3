"""Proves what somebody may see of many events."""

from typing import Final

from fenxiao.api.traceability.v1 import proofs_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.names import parse_name
from services.traceability.api import TRACE_EVENT
from services.traceability.features.get_trace_event import event_named
from services.traceability.shared.proving import proof_of
from services.traceability.shared.viewing import Viewer

MOST: Final = 200
"""Events that are proved at once."""


def prove_events(reader: Reader, request: pb.ProveEventsRequest, call: Call) -> pb.ProveEventsResponse:
    """A proof of each, and which are missing. Raises `Refusal` INVALID_EVENTS."""
    if not 1 <= len(request.trace_events) <= MOST:
        raise Refusal("INVALID_EVENTS", f"name 1 to {MOST} trace events", field="trace_events")
    viewer = Viewer.of(reader, call)
    answer = pb.ProveEventsResponse()
    for name in request.trace_events:
        parts = parse_name(TRACE_EVENT, name)
        recorded = (
            event_named(reader, call.programme, parts["trace_event"]) if parts["programme"] == call.programme else None
        )
        committed = recorded is not None and recorded.event.committed is not None
        proof = proof_of(viewer, recorded) if recorded is not None and committed else None
        if proof is None:
            answer.missing.append(name)
        else:
            answer.proofs.append(proof)
    return answer
