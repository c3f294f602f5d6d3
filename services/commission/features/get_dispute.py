"""Shows a dispute with what was said."""

from typing import Any
from uuid import UUID

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader, Recorded
from libs.eventlog.encryption import KeyStore
from libs.servicekit import Call
from services.commission.adapters.dispute_texts import reveal
from services.commission.api.messages import dispute_message
from services.commission.api.names import DISPUTE, id_in
from services.commission.domain.events import DisputeAnswered, DisputeOpened, DisputeResolved
from services.commission.views.disputes import DisputeRow, dispute_row
from services.commission.views.programmes import programme_of


def get_dispute(reader: Reader, request: pb.GetDisputeRequest, call: Call) -> pb.Dispute:
    """The dispute of a resource name."""
    row = dispute_of(reader, call.programme, request.name)
    answer = shown(reader, call.programme, row)
    for field, text in texts(reader.load(row.id), call.use(KeyStore), call.programme).items():
        setattr(answer, field, text)
    return answer


def shown(reader: Reader, programme: str, row: DisputeRow) -> pb.Dispute:
    """A dispute without what was said: commands answer so, since their answers are kept."""
    return dispute_message(programme, programme_of(reader, programme).currency, row)


def dispute_of(reader: Reader, programme: str, name: str) -> DisputeRow:
    """The dispute of a resource name. Another programme's is as unknown as one that is not there."""
    programme_of(reader, programme)
    wanted = id_in(DISPUTE, programme, name, "name")
    row = dispute_row(reader, programme, wanted.lower())
    if row is None:
        message = f"There is no dispute {wanted[:64]!r}; list them to see which there are."
        raise Refusal("UNKNOWN_DISPUTE", message, field="name", kind=Kind.NOT_FOUND)
    return row


def texts(recorded: list[Recorded[Any]], keys: KeyStore, programme: str) -> dict[str, str]:
    """What was said, by field; empty where it was erased."""
    found: dict[str, str] = {}
    for one in recorded:
        match one.event:
            case DisputeOpened(reason=sealed):
                found["reason"] = sealed
            case DisputeAnswered(answer=sealed):
                found["answer"] = sealed
            case DisputeResolved(why=sealed):
                found["why"] = sealed
            case _:
                pass
    return {field: reveal(keys, programme, one_of(recorded), field, sealed) for field, sealed in found.items()}


def one_of(recorded: list[Recorded[Any]]) -> UUID:
    """The stream that events stand on."""
    return recorded[0].stream
