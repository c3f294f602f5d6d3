"""Explains every line of a sale or return."""

from uuid import UUID

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from services.commission.api.messages import plan_message, sale_message
from services.commission.api.names import unknown_sale
from services.commission.api.reports import is_reference
from services.commission.domain.events import LinesPosted
from services.commission.domain.sales import fold
from services.commission.features.get_sale import load_events, load_sale, sale_id_of
from services.commission.shared.derivations import Scope, derive
from services.commission.views.lines import lines_on_sale
from services.commission.views.plans import plan_row, version_of
from services.commission.views.programmes import programme_of
from services.commission.views.sales import returns_of, sale_by_reference


def explain_sale(reader: Reader, request: pb.ExplainSaleRequest, call: Call) -> pb.ExplainSaleResponse:
    """Rule, version, path, figures and events behind each line, and the returns that name it."""
    scope = Scope(reader, call.programme, programme_of(reader, call.programme))
    sale_id = _find(reader, scope.id, request.sale)
    recorded = load_events(reader, scope.id, sale_id)
    sale = fold(one.event for one in recorded)
    own = [(one, line) for one in recorded if isinstance(one.event, LinesPosted) for line in one.event.lines]
    answer = pb.ExplainSaleResponse(
        sale=sale_message(scope.id, sale_id, sale.report, sale.plan_hash, sale.lines),
        engine_version=sale.engine_version,
        returns=[shown(reader, scope.id, UUID(found)) for found in returns_of(reader, str(sale_id))],
        derivations=derive(scope, [*own, *lines_on_sale(reader, str(sale_id))]),
    )
    version = version_of(reader, scope.id, sale.plan_hash)
    row = plan_row(reader, scope.id, sale.plan_hash)
    if version is not None and row is not None:
        answer.plan.CopyFrom(plan_message(scope.id, row))
        answer.rounding = version.plan.rounding.value
    return answer


def shown(reader: Reader, programme: str, sale_id: UUID) -> pb.Sale:
    """A sale or return with the lines posted with it."""
    sale = load_sale(reader, programme, sale_id)
    return sale_message(programme, sale_id, sale.report, sale.plan_hash, sale.lines)


def _find(reader: Reader, programme: str, sale: str) -> UUID:
    if sale.startswith("programmes/"):
        return sale_id_of(programme, sale, "sale")
    if not is_reference(sale):
        raise Refusal("INVALID_REFERENCE", "Give the sale's name or the merchant's number.", field="sale")
    row = sale_by_reference(reader, programme, sale)
    if row is None:
        raise unknown_sale(sale, "sale")
    return UUID(row.id)
