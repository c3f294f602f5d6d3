"""Lists offers of custody."""

import re
from typing import Final

from fenxiao.api.traceability.v1 import custody_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import Page, page
from services.traceability.shared.transfers import STATES, member_id, offer_message, seconds
from services.traceability.views.custody import offers_of

_KEY: Final = re.compile(r"[0-9]{1,18}")
MOST: Final = 100
"""Offers in an answer: each can name many items."""


def list_custody_offers(
    reader: Reader, request: pb.ListCustodyOffersRequest, call: Call
) -> pb.ListCustodyOffersResponse:
    """Offers in the order in which they were made."""
    wanted = position_page(request.page_size, request.page_token)
    member = member_id(call.programme, request.member, "member") if request.member else ""
    now = seconds(reader, call.programme)
    places = offers_of(
        reader, call.programme, member, STATES.get(request.state), now, int(wanted.after or 0), wanted.size + 1
    )
    shown = places[: wanted.size]
    streams = reader.load_all([one.stream for one in shown])
    return pb.ListCustodyOffersResponse(
        custody_offers=[offer_message(streams[one.stream], now) for one in shown],
        next_page_token=wanted.token(str(shown[-1].position)) if len(places) > len(shown) else "",
    )


def position_page(size: int, token: str) -> Page:
    """A page that begins behind a position. Raises `Refusal`."""
    wanted = page(size, token, default=20, most=MOST)
    if wanted.after and not _KEY.fullmatch(wanted.after):
        message = "page_token is not one that this method gave out; begin without one"
        raise Refusal("INVALID_PAGE_TOKEN", message, field="page_token")
    return wanted
