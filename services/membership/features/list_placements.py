"""Shows the whole placement tree, a page at a time."""

from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Reader
from libs.eventlog.encryption import KeyStore
from libs.servicekit import Call
from libs.servicekit.paging import Page
from services.membership.adapters.personal_data import reveal
from services.membership.api import member_name, place_message
from services.membership.features.shared import by_number, load_programme
from services.membership.views.members import sealed_by_id
from services.membership.views.placements import placed_behind

_ANSWER = pb.ListPlacementsResponse


def list_placements(reader: Reader, request: pb.ListPlacementsRequest, call: Call) -> pb.ListPlacementsResponse:
    """In the order in which members were placed: whoever stands above others comes before them."""
    load_programme(reader, call)
    behind, size = by_number(request.page_size, request.page_token, default=1000, most=10_000)
    found = placed_behind(reader, call.programme, behind, size + 1)
    shown = found[:size]
    sealed = sealed_by_id(reader, call.programme, [str(placed.member) for _, placed in shown])
    personal = reveal(call.use(KeyStore), call.programme, sealed.items())
    return _ANSWER(
        placements=[
            _ANSWER.Placement(
                name=member_name(call.programme, placed.member),
                reference=personal[str(placed.member)].reference if str(placed.member) in personal else "",
                place=place_message(call.programme, placed),
            )
            for _, placed in shown
        ],
        next_page_token=Page.token(str(shown[-1][0])) if len(found) > len(shown) else "",
    )
