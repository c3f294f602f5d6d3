"""Lists members."""

from fenxiao.api.membership.v1 import membership_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.eventlog.encryption import KeyStore
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.membership.adapters.personal_data import reveal
from services.membership.api import member_message
from services.membership.features.shared import load_programme
from services.membership.views.members import list_members as rows_of


def list_members(reader: Reader, request: pb.ListMembersRequest, call: Call) -> pb.ListMembersResponse:
    """Members in the order in which they were enrolled, their personal data in clear."""
    load_programme(reader, call)
    wanted = page(request.page_size, request.page_token)
    if wanted.after and not wanted.after.isdecimal():
        raise Refusal("INVALID_PAGE_TOKEN", "page_token is not one that this method gave out", field="page_token")
    rows = rows_of(reader, call.programme, int(wanted.after or 0), wanted.size + 1, call.now)
    shown = rows[: wanted.size]
    personal = reveal(call.use(KeyStore), call.programme, [(row.member, row.personal) for row in shown])
    return pb.ListMembersResponse(
        members=[member_message(call.programme, row, personal.get(row.member)) for row in shown],
        next_page_token=wanted.token(str(shown[-1].number)) if len(rows) > len(shown) else "",
    )
