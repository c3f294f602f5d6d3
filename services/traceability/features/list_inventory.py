"""Lists who has what and where, added up by holder, product and place."""

import json
from decimal import Decimal
from typing import Final

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from fenxiao.epcis import Names, canonical_text
from fenxiao.errors import Refusal
from fenxiao.money import plain
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.traceability.shared.genealogies import MOST_URI
from services.traceability.shared.viewing import Viewer
from services.traceability.views.inventory import MICRO

_KEY: Final = "holder, product, place, transit, uom"


def list_inventory(reader: Reader, request: pb.ListInventoryRequest, call: Call) -> pb.ListInventoryResponse:
    """A page of lines, in order of holder, product and place. Raises `Refusal` INVALID_URI or NOT_VISIBLE."""
    wanted = page(request.page_size, request.page_token)
    sql, params = "", list[object]()
    for column in ("holder", "product", "place"):
        value = getattr(request, column)
        if len(value) > MOST_URI:
            raise Refusal("INVALID_URI", f"{column} has at most {MOST_URI} characters", field=column)
        if value:
            sql += f" AND {column}=?"
            params.append(canonical_text(value, Names()))
    viewer = Viewer.of(reader, call)
    viewer.require_books()
    if parties := viewer.caller.parties:
        # A party learns what is its own.
        sql += f" AND holder IN ({', '.join('?' * len(parties))})"
        params += parties
    if wanted.after:
        sql += f" AND ({_KEY}) > (?, ?, ?, ?, ?)"
        params += _key(wanted.after)
    rows = reader.all(
        f"SELECT {_KEY}, objects, lots, micros FROM view_trace_lines"  # noqa: S608 - constants
        f" WHERE programme=?{sql} ORDER BY {_KEY} LIMIT ?",
        (call.programme, *params, wanted.size + 1),
    )
    answer = pb.ListInventoryResponse()
    for holder, product, place, transit, uom, objects, lots, micros in rows[: wanted.size]:
        answer.lines.add(
            holder=holder,
            product=product,
            place=place,
            in_transit=bool(transit),
            uom=uom,
            object_count=int(objects),
            lot_count=int(lots),
            quantity=plain(Decimal(int(micros)) / MICRO),
        )
    if len(rows) > wanted.size:
        answer.next_page_token = wanted.token(json.dumps(rows[wanted.size - 1][:5]))
    return answer


def _key(after: str) -> list[object]:
    try:
        holder, product, place, transit, uom = json.loads(after)
        return [str(holder), str(product), str(place), int(transit) % 2, str(uom)]
    except (ValueError, TypeError):
        message = "page_token is not one that this service gave out"
        raise Refusal("INVALID_PAGE_TOKEN", message, field="page_token") from None
