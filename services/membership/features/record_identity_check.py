"""Records that somebody has checked who a member is."""

from uuid import UUID

from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Tx
from libs.eventlog.encryption import KeyStore
from libs.servicekit import Call
from services.membership.adapters.personal_data import protect_text
from services.membership.api import member_id, optional_time, required_time
from services.membership.domain.identity import Check, decide_check
from services.membership.features.shared import answer, load_member


def record_identity_check(tx: Tx, request: pb.RecordIdentityCheckRequest, call: Call) -> pb.Member:
    """One check. It takes the place of the one before."""
    member, _ = record(tx, call, request.name, read_check(request))
    return answer(tx, call, member)


def read_check(message: pb.RecordIdentityCheckRequest | pb.BatchRecordIdentityChecksRequest.Item) -> Check:
    """A check, read field by field."""
    return Check(
        required_time(message.check_time, message.HasField("check_time"), "check_time"),
        optional_time(message.expire_time, message.HasField("expire_time"), "expire_time"),
        message.reference,
    )


def record(tx: Tx, call: Call, name: str, check: Check) -> tuple[UUID, bool]:
    """Gives the member's id and whether the check is new."""
    member = member_id(call.programme, name)
    return member, record_check(tx, call, member, check)


def record_check(tx: Tx, call: Call, member_: UUID, check: Check) -> bool:
    """Whether the check is new. Raises `Refusal`."""
    member = load_member(tx, call, member_)
    keys = call.use(KeyStore)

    def protect(reference: str) -> str:
        return protect_text(keys, call.programme, member.id, "identity", reference, "reference")

    events = decide_check(member, check, call.now, protect)
    tx.append(member.id, events, after=member.version, meta=call.meta(), occurred_at=call.now)
    return bool(events)
