"""Lists what a recall has named as affected."""

from itertools import islice
from typing import Final

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.traceability.domain.events import GoodsRecalled
from services.traceability.shared.recalls import recall_named

_DIGITS: Final = 9


def list_recalled_items(
    reader: Reader, request: pb.ListRecalledItemsRequest, call: Call
) -> pb.ListRecalledItemsResponse:
    """A page, as it was written down when the recall was opened. Raises `Refusal` RECALL_NOT_FOUND."""
    wanted = page(request.page_size, request.page_token)
    if wanted.after and not (wanted.after.isdecimal() and len(wanted.after) <= _DIGITS):
        message = "page_token is not one that this method gave out; begin without one"
        raise Refusal("INVALID_PAGE_TOKEN", message, field="page_token")
    found = recall_named(reader, call.programme, request.parent, "parent")
    first = int(wanted.after or 0)
    parts = (one.event for one in reader.load(found.id) if isinstance(one.event, GoodsRecalled))
    items = (item for part in parts for item in part.items)
    return pb.ListRecalledItemsResponse(
        items=islice(items, first, first + wanted.size),
        next_page_token=wanted.token(str(first + wanted.size)) if found.affected > first + wanted.size else "",
    )
