"""Shows a sale or return with its lines."""

from typing import Any
from uuid import UUID

from fenxiao.api.commission.v1 import commission_pb2 as pb
from libs.eventlog import Reader, Recorded
from libs.servicekit import Call
from services.commission.api.messages import sale_message
from services.commission.api.names import SALE, id_in, unknown_sale
from services.commission.domain.events import ReturnRecorded, SaleRecorded
from services.commission.domain.sales import Sale, fold
from services.commission.views.programmes import programme_of


def get_sale(reader: Reader, request: pb.GetSaleRequest, call: Call) -> pb.Sale:
    """The sale of a resource name."""
    programme_of(reader, call.programme)
    sale_id = sale_id_of(call.programme, request.name, "name")
    sale = load_sale(reader, call.programme, sale_id)
    return sale_message(call.programme, sale_id, sale.report, sale.plan_hash, sale.lines)


def sale_id_of(programme: str, name: str, field: str) -> UUID:
    """The UUID in a sale's resource name."""
    try:
        return UUID(id_in(SALE, programme, name, field))
    except ValueError:
        raise unknown_sale(name, field) from None


def load_events(reader: Reader, programme: str, sale_id: UUID) -> list[Recorded[Any]]:
    """What is recorded of a sale. Another programme's is as unknown as one that is not there."""
    recorded = reader.load(sale_id)
    if (
        not recorded
        or recorded[0].meta.programme != programme
        or not isinstance(recorded[0].event, SaleRecorded | ReturnRecorded)
    ):
        raise unknown_sale(str(sale_id))
    return recorded


def load_sale(reader: Reader, programme: str, sale_id: UUID) -> Sale:
    """The sale that its events make."""
    return fold(one.event for one in load_events(reader, programme, sale_id))
