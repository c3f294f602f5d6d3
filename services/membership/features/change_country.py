"""Has a member live in another country from a moment on."""

from fenxiao.api.membership.v1 import membership_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Tx
from libs.eventlog.encryption import KeyStore
from libs.servicekit import Call
from services.membership.adapters.personal_data import protect_text, reveal_lived
from services.membership.api import member_id, required_time
from services.membership.domain.country import Living, decide_change_country
from services.membership.features.shared import answer, load_member, load_programme


def change_country(tx: Tx, request: pb.ChangeCountryRequest, call: Call) -> pb.Member:
    """Sealed; and published where the programme discloses countries."""
    programme = load_programme(tx, call)
    member = load_member(tx, call, member_id(call.programme, request.name))
    since = required_time(request.effective_time, request.HasField("effective_time"), "effective_time")
    keys = call.use(KeyStore)
    known = reveal_lived(keys, call.programme, [member]).get(member.id)
    if known is None:
        message = "the member was erased: nothing more is recorded about the person"
        raise Refusal("MEMBER_ERASED", message, kind=Kind.FAILED_PRECONDITION)

    def protect(country: str) -> str:
        return protect_text(keys, call.programme, member.id, "country", country, "country")

    events = decide_change_country(member.id, known, Living(since, request.country), programme, call.now, protect)
    tx.append(member.id, events, after=member.version, meta=call.meta(), occurred_at=call.now)
    return answer(tx, call, member.id)
