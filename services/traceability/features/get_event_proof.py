"""Proves what somebody may see of an event."""

from fenxiao.api.traceability.v1 import proofs_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.names import parse_name
from services.traceability.api import TRACE_EVENT
from services.traceability.features.get_trace_event import event_named, not_found
from services.traceability.shared.proving import proof_of
from services.traceability.shared.viewing import Viewer


def get_event_proof(reader: Reader, request: pb.GetEventProofRequest, call: Call) -> pb.EventProof:
    """Its fields and hashes. Raises `Refusal` TRACE_EVENT_NOT_FOUND or NOT_COMMITTED."""
    text = parse_name(TRACE_EVENT, request.name)["trace_event"]
    recorded = event_named(reader, call.programme, text)
    proof = proof_of(Viewer.of(reader, call), recorded) if recorded else None
    if proof is None:
        raise not_found(request.name)
    return proof
