"""API messages in the stable JSON of the command line (docs/cli.md): snake_case, amounts in minor units as integers."""

from collections.abc import Mapping
from typing import Any

from fenxiao.api.commission.v1 import commission_pb2
from fenxiao.api.settlement.v1 import settlement_pb2
from fenxiao.cli.session import id_of, time_text
from fenxiao.client.imports import ImportResult


def import_result(result: ImportResult, file: str) -> dict[str, Any]:
    """Give what became of a file."""
    return {
        "file": file,
        "kind": result.kind,
        "lines": result.lines,
        "taken": result.taken,
        "repeated": result.repeated,
        "refused": result.refused,
        "all_or_nothing": result.all_or_nothing,
        "applied": result.applied,
        "problems": [
            {
                "line": problem.line,
                "id": problem.id,
                "reason": problem.reason,
                "message": problem.message,
                "field": problem.field,
            }
            for problem in result.problems
        ],
    }


def sale(message: commission_pb2.Sale, members: Mapping[str, str]) -> dict[str, Any]:
    """Give a sale or return; `members` are the merchant's numbers by resource name."""
    return {
        "sale": id_of(message.name),
        "sale_id": message.reference,
        "kind": _word(commission_pb2.SaleKind.Name(message.kind), "SALE_KIND_"),
        "member": id_of(message.member),
        "member_id": members.get(message.member, ""),
        "occurred_at": time_text(message.occur_time),
        "amount": message.amount,
        "currency": message.currency,
        "original_sale_id": message.original_reference,
        "sale_class": _word(commission_pb2.SaleClass.Name(message.sale_class), "SALE_CLASS_"),
        "biz_transactions": list(message.biz_transactions),
        "plan": id_of(message.plan),
    }


def derivation(message: commission_pb2.ExplainSaleResponse.Derivation, members: Mapping[str, str]) -> dict[str, Any]:
    """Give one line with why it is what it is."""
    line = message.line
    return {
        "line": line.id,
        "member": id_of(line.member),
        "member_id": members.get(line.member, ""),
        "component": line.component,
        "level": line.level,
        "rate": line.rate,
        "base": line.base,
        "exact_amount": line.exact_amount,
        "amount": line.amount_minor,
        "currency": line.currency,
        "points": line.points,
        "expires_at": time_text(line.expire_time) if line.HasField("expire_time") else None,
        "hold_until": time_text(line.hold_until) if line.HasField("hold_until") else None,
        "needs_identity": line.needs_identity,
        "threshold": line.threshold_minor or None,
        "awaited_transactions": list(line.awaited_transactions),
        "path": [{"member": id_of(name), "member_id": members.get(name, "")} for name in message.path],
        "rule": message.rule,
        "event_id": message.event_id,
        "explanation_en": message.explanation_en,
        "explanation_zh": message.explanation_zh,
        "rule_text": message.rule_text,
        "plan": id_of(message.plan),
        "engine_version": message.engine_version,
        "uncapped": line.uncapped_minor if line.HasField("uncapped_minor") else None,
        "due": message.due_minor,
        "posted_before": message.posted_before_minor,
        "earlier_lines": list(message.earlier_lines),
        "reverses": line.reverses,
        "sale": id_of(line.sale),
        "other": id_of(line.other),
        "other_id": members.get(line.other, ""),
        "period": id_of(message.period),
        "posted_in": id_of(message.posted_in),
        "members_cut": message.members_cut,
        "sales_cut": message.sales_cut,
        "rating": rating(message.rating, members) if message.HasField("rating") else None,
        "evidence": [
            {
                "event_id": one.event_id,
                "type": one.type,
                "occurred_at": time_text(one.occur_time),
                "resource": one.resource,
            }
            for one in message.evidence
        ],
    }


def plan(message: commission_pb2.Plan) -> dict[str, Any]:
    """Give a plan version."""
    return {**listed_plan(message), "document": message.document.decode("utf-8", errors="replace")}


def listed_plan(message: commission_pb2.Plan) -> dict[str, Any]:
    """Give a plan version without its document."""
    return {
        "hash": message.hash or id_of(message.name),
        "version": message.version,
        "currency": message.currency,
        "effective_from": time_text(message.effective_time),
        "published_at": time_text(message.publish_time),
    }


def period(message: commission_pb2.Period) -> dict[str, Any]:
    """Give a period."""
    return {
        "period": id_of(message.name),
        "start": time_text(message.start_time),
        "end": time_text(message.end_time),
        "state": _word(commission_pb2.PeriodState.Name(message.state), "PERIOD_STATE_"),
        "plan": id_of(message.plan),
        "lines": message.lines,
        "members": message.members,
        "posted": message.posted_minor,
        "currency": message.currency,
    }


def rating(message: commission_pb2.Rating, members: Mapping[str, str]) -> dict[str, Any]:
    """Give what a member comes to in a period."""
    return {
        "member": id_of(message.member),
        "member_id": members.get(message.member, ""),
        "personal_volume": message.personal_volume,
        "group_volume": message.group_volume,
        "rank": message.rank,
        "highest_rank": message.highest_rank,
        "earned": message.earned_minor,
        "currency": message.currency,
    }


def alarm(message: commission_pb2.Alarm, members: Mapping[str, str]) -> dict[str, Any]:
    """Give an alarm; one that is only estimated has no id, and nobody has raised it."""
    return {
        "alarm": id_of(message.name),
        "period": id_of(message.period),
        "raised_by": id_of(message.raised_by),
        "cleared_by": id_of(message.cleared_by),
        "state": _word(commission_pb2.AlarmState.Name(message.state), "ALARM_STATE_"),
        "rule": message.rule,
        "severity": message.severity,
        "member": id_of(message.member),
        "member_id": members.get(message.member, ""),
        "found": message.found.en,
        "found_zh": message.found.zh,
        "law": message.law.en,
        "law_zh": message.law.zh,
        "satisfied_by": message.satisfied_by.en,
        "satisfied_by_zh": message.satisfied_by.zh,
        "source": message.source.en,
        "source_zh": message.source.zh,
    }


def standing(message: commission_pb2.Standing, members: Mapping[str, str]) -> dict[str, Any]:
    """Give a member's place on a leaderboard."""
    return {
        "place": message.place,
        "member": id_of(message.member),
        "member_id": members.get(message.member, ""),
        "value": message.value,
        "rank": message.rank,
    }


def dispute(message: commission_pb2.Dispute, members: Mapping[str, str]) -> dict[str, Any]:
    """Give a dispute."""
    return {
        "dispute": id_of(message.name),
        "line": message.line,
        "member": id_of(message.member),
        "member_id": members.get(message.member, ""),
        "state": _word(commission_pb2.DisputeState.Name(message.state), "DISPUTE_STATE_"),
        "correction": message.correction_minor,
        "currency": message.currency,
        "points": message.points,
        "correction_line": message.correction_line,
        "opened_at": time_text(message.open_time),
        "answered_at": time_text(message.answer_time) if message.HasField("answer_time") else None,
        "resolved_at": time_text(message.resolve_time) if message.HasField("resolve_time") else None,
        "opened_by": message.opened_by,
        "answered_by": message.answered_by,
        "resolved_by": message.resolved_by,
        "reason": message.reason,
        "answer": message.answer,
        "why": message.why,
    }


def rank_grant(message: commission_pb2.RankGrant, members: Mapping[str, str]) -> dict[str, Any]:
    """Give a granted rank."""
    return {
        "member": id_of(message.member),
        "member_id": members.get(message.member, ""),
        "rank": message.rank,
        "since": time_text(message.effective_time),
        "until": time_text(message.end_time) if message.HasField("end_time") else None,
        "granted_by": message.granted_by,
        "granted_at": time_text(message.record_time),
    }


def statement(message: settlement_pb2.Statement, members: Mapping[str, str]) -> dict[str, Any]:
    """Give what a member has earned and received."""
    return {
        "member": id_of(message.member),
        "member_id": members.get(member_of(message), ""),
        "currency": message.currency,
        "lines": [
            {
                "line": line.line,
                "source": line.source,
                "occurred_at": time_text(line.occur_time),
                "component": line.component,
                "level": line.level,
                "rate": line.rate,
                "base": line.base,
                "amount": line.amount_minor,
                "hold_until": time_text(line.hold_until) if line.HasField("hold_until") else None,
                "threshold": line.threshold_minor or None,
                "held": line.held_minor,
                "waits_for": [_word(settlement_pb2.LineWait.Name(wait), "LINE_WAIT_") for wait in line.waits_for],
            }
            for line in message.lines
        ],
        "accrued": message.accrued_minor,
        "clawed_back": message.clawed_back_minor,
        "net": message.net_minor,
        "held": message.held_minor,
        "payable": message.payable_minor,
        "in_distribution": message.in_distribution_minor,
        "paid": message.paid_minor,
        "debt": message.debt_minor,
    }


def member_of(message: settlement_pb2.Statement) -> str:
    """Give the resource name of a statement's member."""
    return message.name.partition("/statements/")[0]


def distribution(message: settlement_pb2.Distribution) -> dict[str, Any]:
    """Give a distribution."""
    return {
        "distribution": id_of(message.name),
        "number": message.number,
        "currency": message.currency,
        "as_of": time_text(message.as_of),
        "state": _word(settlement_pb2.DistributionState.Name(message.state), "DISTRIBUTION_STATE_"),
        "root": message.root,
        "data_hash": message.data_hash,
        "payees": message.payees,
        "total": message.total_minor,
        "cumulative_units": message.cumulative_units,
        "paid_payees": message.paid_payees,
        "paid": message.paid_minor,
        "problem": message.problem,
    }


def asset(message: settlement_pb2.Asset) -> dict[str, Any]:
    """Give the token and the vault in which a currency is paid."""
    return {
        "currency": message.currency,
        "chain_id": message.chain_id,
        "vault": message.vault,
        "token": message.token,
        "token_decimals": message.token_decimals,
    }


def totals(message: settlement_pb2.Totals) -> dict[str, Any]:
    """Give the sums over a programme."""
    return {
        "currency": message.currency,
        "members": message.members,
        "lines": message.lines,
        "accrued": message.accrued_minor,
        "clawed_back": message.clawed_back_minor,
        "held": message.held_minor,
        "payable": message.payable_minor,
        "in_distribution": message.in_distribution_minor,
        "paid": message.paid_minor,
        "debt": message.debt_minor,
        "debtors": message.debtors,
        "paid_members": message.paid_members,
    }


def _word(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower()
