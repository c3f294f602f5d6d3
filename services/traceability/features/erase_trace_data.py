"""Destroys the keys of a party or an item, so that what was sealed under them cannot be read again by anybody."""

from typing import Final
from uuid import UUID, uuid5

from fenxiao.api.traceability.v1 import privacy_pb2 as pb
from fenxiao.credentials import canonical_party
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Tx
from libs.servicekit import Call
from services.traceability.adapters.seals import Seals
from services.traceability.adapters.secrets import Secrets
from services.traceability.domain.events import TraceDataErased
from services.traceability.shared.genealogies import asked_for
from services.traceability.shared.sealing import ITEM

_NAMESPACE: Final = UUID("d2a4b7c1-0f7e-4c55-8b0e-7a9e3f1c6d42")
_LONGEST: Final = 200


def erase_trace_data(tx: Tx, request: pb.EraseTraceDataRequest, call: Call) -> pb.EraseTraceDataResponse:
    """How many keys are gone. Raises `Refusal` NO_SUBJECT, NOTHING_SEALED, NO_KEY_STORE, INVALID_EPC, INVALID_PARTY.

    Keys are destroyed first: if the record of it is lost in a crash, saying it again makes it.
    """
    kind, name = _asked(request)
    seals = Seals.required(call.use(Secrets))
    subject = seals.subject(call.programme, kind, name)
    had = seals.destroy(subject)
    stream = uuid5(_NAMESPACE, subject)
    known = tx.load(stream)
    gone = had - sum(one.event.keys for one in known)
    if not had:
        message = f"nothing was ever sealed for this {kind}; look at its name, and at `fenxiao trace visibility show`"
        raise Refusal("NOTHING_SEALED", message, kind=Kind.NOT_FOUND)
    if gone > 0:
        event = TraceDataErased(kind=kind, subject=name if kind == ITEM else subject, keys=gone)
        tx.append(stream, [event], after=len(known), meta=call.meta(), occurred_at=call.now)
    return pb.EraseTraceDataResponse(key_count=max(gone, 0))


def _asked(request: pb.EraseTraceDataRequest) -> tuple[str, str]:
    """Whose: what he is, and his canonical name."""
    match request.WhichOneof("subject"):
        case "party":
            return "party", canonical_party(request.party)
        case "item":
            return ITEM, asked_for(request.item)
        case "reporter" if 0 < len(request.reporter) <= _LONGEST:
            return "reporter", request.reporter
        case _:
            raise Refusal("NO_SUBJECT", "name a party, an item or a reporter whose data is to be erased")
