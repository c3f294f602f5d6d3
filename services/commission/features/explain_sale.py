"""Explains every line of a sale or return."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader, Recorded
from libs.servicekit import Call
from services.commission.api import (
    is_reference,
    line_message,
    member_name,
    plan_message,
    sale_message,
    unknown_sale,
)
from services.commission.domain.events import LinesPosted
from services.commission.domain.explain import explain
from services.commission.domain.plans import Version
from services.commission.domain.sales import Sale, fold
from services.commission.features.get_sale import load_events, load_sale, sale_id_of
from services.commission.views.plans import plan_row, version_of
from services.commission.views.programmes import programme_of
from services.commission.views.sales import returns_of, sale_by_reference


def explain_sale(reader: Reader, request: pb.ExplainSaleRequest, call: Call) -> pb.ExplainSaleResponse:
    """Rule, path, base, rate, exact amount, rounding and event behind each line, and the returns that name it."""
    programme = call.programme
    programme_of(reader, programme)
    sale_id = _find(reader, programme, request.sale)
    recorded = load_events(reader, programme, sale_id)
    sale = fold(one.event for one in recorded)
    answer = pb.ExplainSaleResponse(
        sale=sale_message(programme, sale_id, sale.report, sale.plan_hash, sale.lines),
        engine_version=sale.engine_version,
        returns=[_shown(reader, programme, UUID(found)) for found in returns_of(reader, str(sale_id))],
    )
    version = version_of(reader, programme, sale.plan_hash)
    row = plan_row(reader, programme, sale.plan_hash)
    if version is not None and row is not None:
        answer.plan.CopyFrom(plan_message(programme, row))
        answer.rounding = version.plan.rounding.value
        original = load_sale(reader, programme, UUID(sale.original_sale)) if sale.original_sale else None
        answer.derivations.extend(_derivations(programme, recorded, sale, version, original))
    return answer


def _find(reader: Reader, programme: str, sale: str) -> UUID:
    if sale.startswith("programmes/"):
        return sale_id_of(programme, sale, "sale")
    if not is_reference(sale):
        raise Refusal("INVALID_REFERENCE", "Give the sale's name or the merchant's number.", field="sale")
    row = sale_by_reference(reader, programme, sale)
    if row is None:
        raise unknown_sale(sale, "sale")
    return UUID(row.id)


def _shown(reader: Reader, programme: str, sale_id: UUID) -> pb.Sale:
    sale = load_sale(reader, programme, sale_id)
    return sale_message(programme, sale_id, sale.report, sale.plan_hash, sale.lines)


def _derivations(
    programme: str, recorded: Sequence[Recorded[Any]], sale: Sale, version: Version, original: Sale | None
) -> list[pb.ExplainSaleResponse.Derivation]:
    found: list[pb.ExplainSaleResponse.Derivation] = []
    for one in recorded:
        if not isinstance(one.event, LinesPosted):
            continue
        for line in one.event.lines:
            words = explain(line, sale, version.plan, original)
            found.append(
                pb.ExplainSaleResponse.Derivation(
                    line=line_message(programme, sale.report.currency, line),
                    path=[member_name(programme, member) for member in line.path],
                    rule=line.rule,
                    event_id=str(one.id),
                    explanation_en=words.en,
                    explanation_zh=words.zh,
                )
            )
    return found
