"""Says who sees what of a programme's events, and what of them is sealed from now on."""

from typing import Final, NamedTuple
from uuid import UUID, uuid5

from fenxiao.api.traceability.v1 import privacy_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader, Tx
from libs.servicekit import Call
from libs.servicekit.names import parse_name
from libs.servicekit.times import to_timestamp
from services.traceability.adapters.seals import Seals
from services.traceability.adapters.secrets import Secrets
from services.traceability.domain.visibility import DEFAULT, Policy, decide_set, read_policy
from services.traceability.views.visibility import policy_row

VISIBILITY: Final = "programmes/{programme}/visibility"

_NAMESPACE: Final = UUID("6f0f2f0e-5d2a-4a4e-9a4c-1b7f0e6c2d31")


class ReadPolicy(NamedTuple):
    """A request whose document has been read."""

    request: pb.SetVisibilityRequest
    policy: Policy


def read_request(request: pb.SetVisibilityRequest) -> ReadPolicy:
    """Reads the document, beside the writer. Raises `Refusal`."""
    return ReadPolicy(request, read_policy(request.document))


def set_visibility(tx: Tx, read: ReadPolicy, call: Call) -> pb.Visibility:
    """What holds from now on; the same document again changes nothing. Raises `Refusal` NO_KEY_STORE."""
    parse_name(VISIBILITY, read.request.name)
    if read.policy.seals:
        Seals.required(call.use(Secrets))
    if read.request.validate_only:
        return pb.Visibility(name=read.request.name, document=read.policy.model_dump_json())
    stream = uuid5(_NAMESPACE, call.programme)
    known = tx.load(stream)
    events = decide_set(read.policy, [one.event for one in known])
    tx.append(stream, events, after=len(known), meta=call.meta(), occurred_at=call.now)
    return visibility_message(tx, call.programme)


def visibility_message(reader: Reader, programme: str, version: int = 0) -> pb.Visibility:
    """A version as it is shown, 0 for the one in force. Raises `Refusal` NO_SUCH_VISIBILITY."""
    name, row = VISIBILITY.format(programme=programme), policy_row(reader, programme, version)
    if row is not None:
        return pb.Visibility(name=name, version=row.version, document=row.document, set_time=to_timestamp(row.set_at))
    if version:
        message = f"there is no version {version}; leave it out for the one in force"
        raise Refusal("NO_SUCH_VISIBILITY", message, field="version", kind=Kind.NOT_FOUND)
    return pb.Visibility(name=name, document=DEFAULT.model_dump_json())
