"""Lists what members have come to in a period."""

from fenxiao.api.commission.v1 import commission_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.commission.api.messages import rating_message
from services.commission.api.names import MEMBER, PERIOD, id_in
from services.commission.features.get_period import sealed_on, unknown_period
from services.commission.views.periods import rating_rows
from services.commission.views.programmes import programme_of


def list_ratings(reader: Reader, request: pb.ListRatingsRequest, call: Call) -> pb.ListRatingsResponse:
    """The rows of a sealed period as they stand, by member."""
    programme = programme_of(reader, call.programme)
    day = id_in(PERIOD, call.programme, request.parent, "parent")
    member = id_in(MEMBER, call.programme, request.member, "member") if request.member else ""
    wanted = page(request.page_size, request.page_token)
    found = sealed_on(reader, call.programme, programme, day, "parent")
    if found is None:
        raise unknown_period(day)
    rows = rating_rows(reader, call.programme, found.sealed.start, member, wanted.after, wanted.size + 1)
    shown = rows[: wanted.size]
    return pb.ListRatingsResponse(
        ratings=[rating_message(call.programme, programme.currency, row) for row in shown],
        next_page_token=wanted.token(shown[-1].member) if len(rows) > len(shown) else "",
    )
