"""Explains one line: of a sale, a return or the closing of a period."""

from uuid import UUID

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from services.commission.api.messages import plan_message
from services.commission.features.explain_sale import shown
from services.commission.shared.derivations import Found, Scope, derive
from services.commission.views import plans
from services.commission.views.lines import find_line
from services.commission.views.programmes import programme_of
from services.commission.views.sales import returns_of


def explain_line(reader: Reader, request: pb.ExplainLineRequest, call: Call) -> pb.ExplainLineResponse:
    """Rule, version, path, figures and events, and the sale that it is on."""
    scope = Scope(reader, call.programme, programme_of(reader, call.programme))
    found = line_of(reader, call.programme, request.line)
    event, line = found
    (derivation,) = derive(scope, [found])
    answer = pb.ExplainLineResponse(derivation=derivation)
    row = plans.plan_row(reader, scope.id, event.event.plan_hash)
    version = plans.version_of(reader, scope.id, event.event.plan_hash)
    assert row is not None, "lines are rated under a plan"
    assert version is not None, "the same"
    answer.plan.CopyFrom(plan_message(scope.id, row))
    answer.rounding = version.plan.rounding.value
    sale = line.sale if event.event.posting or event.event.corrects else str(event.stream)
    if sale:
        answer.sale.CopyFrom(shown(reader, scope.id, UUID(sale)))
        answer.returns.extend(shown(reader, scope.id, UUID(one)) for one in returns_of(reader, sale))
    return answer


def line_of(reader: Reader, programme: str, line: str) -> Found:
    """A posted line by its id. Another programme's is as unknown as one that is not there."""
    found = find_line(reader, programme, line.lower())
    if found is None:
        message = f"There is no line {line[:64]!r}; a statement shows which there are."
        raise Refusal("UNKNOWN_LINE", message, field="line", kind=Kind.NOT_FOUND)
    return found
