"""Shows who has an item now, and how it came there."""

from fenxiao.api.traceability.v1 import custody_pb2 as pb
from fenxiao.epcis import Names, canonical_text, is_uri
from fenxiao.errors import Refusal
from fenxiao.money import plain
from libs.eventlog import Reader
from libs.servicekit import Call
from services.traceability.features.list_custody_offers import position_page
from services.traceability.shared.transfers import MEMBER, offer_message, seconds
from services.traceability.views.custody import chain_of, holdings_of


def get_custody(reader: Reader, request: pb.GetCustodyRequest, call: Call) -> pb.GetCustodyResponse:
    """The holders as far as signed hand-overs say, and these, the oldest first; empty where there are none."""
    if len(request.item) > 2000 or not is_uri(request.item):
        raise Refusal("INVALID_EPC", "item is the URI of an object or of a lot", field="item")
    item = canonical_text(request.item, Names())
    wanted = position_page(request.page_size, request.page_token)
    places = chain_of(reader, call.programme, item, int(wanted.after or 0), wanted.size + 1)
    shown = places[: wanted.size]
    streams, now = reader.load_all([one.stream for one in shown]), seconds(reader, call.programme)
    return pb.GetCustodyResponse(
        holdings=[
            pb.CustodyHolding(
                member=MEMBER.format(programme=call.programme, member=one.member),
                quantity="" if one.quantity is None else plain(one.quantity),
                uom=one.uom,
            )
            for one in holdings_of(reader, call.programme, [item])
            if one.quantity is None or one.quantity
        ],
        chain=[offer_message(streams[one.stream], now) for one in shown],
        next_page_token=wanted.token(str(shown[-1].position)) if len(places) > len(shown) else "",
    )
