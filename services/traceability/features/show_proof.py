"""Gives anybody the proof of what everybody sees of an event, as a file (`/{programme}/proof/{event}`)."""

from typing import Final

from aiohttp import web

from fenxiao.errors import Refusal
from fenxiao.proofs.event_proofs import EventProof, write_proof
from fenxiao.proofs.fields import Commitment, Opened, Redacted
from libs.eventlog import Reader
from libs.servicekit import Call, Running
from services.traceability.adapters.secrets import Secrets
from services.traceability.domain.visibility import ANYBODY
from services.traceability.features.get_trace_event import event_named, not_found
from services.traceability.shared.proving import proof_of
from services.traceability.shared.resolver import HEADERS, preflight, problem, root_of
from services.traceability.shared.viewing import Viewer

_TYPE: Final = "application/json"


async def show_proof(running: Running, request: web.Request, _: Call) -> web.StreamResponse:
    """JSON that `fenxiao trace proof --file` verifies without this service."""
    if request.method == "OPTIONS":
        return preflight()
    event = request.match_info["event"]
    try:
        root = root_of(running, request)
        secrets = running.use(Secrets)
        body = await running.log.read(lambda reader: _body(reader, root.programme, event, secrets))
    except Refusal as refusal:
        return problem(refusal)
    headers = {**HEADERS, "Content-Type": _TYPE, "Content-Disposition": f'attachment; filename="{event}.proof.json"'}
    return web.Response(body=body, headers=headers)


def _body(reader: Reader, programme: str, event: str, secrets: Secrets) -> bytes:
    recorded = event_named(reader, programme, event)
    proof = proof_of(Viewer(reader, programme, ANYBODY, secrets), recorded) if recorded else None
    if proof is None:
        raise not_found(event)
    view = Redacted(
        Commitment(proof.commitment_root, proof.commitment_size),
        tuple(Opened(one.number, one.path, one.text, one.salt) for one in proof.fields),
        tuple(proof.hashes),
    )
    return write_proof(EventProof(proof.trace_event, proof.event_hash, proof.event_id, view))
