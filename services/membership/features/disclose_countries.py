"""Has a programme publish the countries of its members."""

from uuid import UUID

from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Tx
from libs.eventlog.encryption import KeyStore
from libs.servicekit import Call
from libs.servicekit.names import parse_name
from libs.servicekit.paging import Page
from services.membership.adapters.personal_data import reveal_lived
from services.membership.api import PROGRAMME, member_name
from services.membership.domain.country import code_of, decide_disclose, still_to_disclose
from services.membership.features.shared import by_number, load_member, load_programme, programme_stream
from services.membership.views.members import ids_behind

AT_ONCE = 500
"""Members in one transaction at most: others wait while it is written."""


def disclose_countries(tx: Tx, request: pb.DiscloseCountriesRequest, call: Call) -> pb.DiscloseCountriesResponse:
    """Once and for all. Who is there is disclosed a page at a time; who comes later, with the enrolment."""
    parse_name(PROGRAMME, request.name)
    programme = load_programme(tx, call)
    behind, size = by_number(request.page_size, request.page_token, default=AT_ONCE, most=AT_ONCE)
    stream = programme_stream(programme.id)
    events = decide_disclose(programme)
    tx.append(stream, events, after=len(tx.load(stream)), meta=call.meta(), occurred_at=call.now)
    found = ids_behind(tx, programme.id, behind, size + 1)
    shown = found[:size]
    disclosed, unreadable = _disclose(tx, call, [member for _, member in shown])
    return pb.DiscloseCountriesResponse(
        disclosed=disclosed,
        unreadable=unreadable,
        next_page_token=Page.token(str(shown[-1][0])) if len(found) > len(shown) else "",
    )


def _disclose(tx: Tx, call: Call, ids: list[UUID]) -> tuple[int, list[str]]:
    """Gives how many were, and the names of those whose country is no code."""
    members = {member: load_member(tx, call, member) for member in ids}
    disclosed, unreadable = 0, list[str]()
    for id_, known in reveal_lived(call.use(KeyStore), call.programme, members.values()).items():
        member = members[id_]
        events = still_to_disclose(id_, known, member.disclosed)
        tx.append(id_, events, after=member.version, meta=call.meta(), occurred_at=call.now)
        disclosed += bool(events)
        if any(living.country and not code_of(living.country) for living in known):
            unreadable.append(member_name(call.programme, id_))
    return disclosed, unreadable
