"""Lists members."""

from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Reader
from libs.eventlog.encryption import KeyStore
from libs.servicekit import Call
from libs.servicekit.paging import Page
from services.membership.adapters.personal_data import reveal_now
from services.membership.api import member_message
from services.membership.features.shared import by_number, load_programme
from services.membership.views.members import list_members as rows_of


def list_members(reader: Reader, request: pb.ListMembersRequest, call: Call) -> pb.ListMembersResponse:
    """Members in the order in which they were enrolled, their personal data in clear."""
    load_programme(reader, call)
    behind, size = by_number(request.page_size, request.page_token)
    rows = rows_of(reader, call.programme, behind, size + 1, call.now)
    shown = rows[:size]
    sealed = [(row.member, row.personal, row.country) for row in shown]
    personal = reveal_now(call.use(KeyStore), call.programme, sealed)
    return pb.ListMembersResponse(
        members=[member_message(call.programme, row, personal.get(row.member)) for row in shown],
        next_page_token=Page.token(str(shown[-1].number)) if len(rows) > len(shown) else "",
    )
