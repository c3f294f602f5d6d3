"""Removes a rule over events."""

from fenxiao.api.traceability.v1 import rules_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from libs.servicekit.names import parse_name
from services.traceability.api import TRACE_RULE
from services.traceability.domain.rules.deciding import decide_remove, rule_stream


def remove_trace_rule(tx: Tx, request: pb.RemoveTraceRuleRequest, call: Call) -> pb.RemoveTraceRuleResponse:
    """The rule watches no longer; its alerts stay."""
    rule = parse_name(TRACE_RULE, request.name)["rule"]
    stream = rule_stream(call.programme, rule)
    known = tx.load(stream)
    event = decide_remove(rule, [one.event for one in known])
    tx.append(stream, [event], after=len(known), meta=call.meta(), occurred_at=call.now)
    return pb.RemoveTraceRuleResponse()
