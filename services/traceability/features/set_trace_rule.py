"""Sets a rule over events."""

from typing import NamedTuple

from fenxiao.api.traceability.v1 import rules_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from libs.servicekit.names import parse_name
from services.traceability.api import TRACE_RULE, trace_rule_message
from services.traceability.domain.rules.deciding import MOST_RULES, decide_set, rule_stream
from services.traceability.domain.rules.documents import Rule, read_rule
from services.traceability.views.trace_rules import rules_in_force


class ReadRule(NamedTuple):
    """A request whose document has been read."""

    request: pb.SetTraceRuleRequest
    rule: Rule


def read_request(request: pb.SetTraceRuleRequest) -> ReadRule:
    """Reads the document, beside the writer. Raises `Refusal`."""
    return ReadRule(request, read_rule(request.document))


def set_trace_rule(tx: Tx, read: ReadRule, call: Call) -> pb.TraceRule:
    """The rule watches what is captured from now on; the same document again changes nothing."""
    rule = parse_name(TRACE_RULE, read.request.name)["rule"]
    stream = rule_stream(call.programme, rule)
    known = tx.load(stream)
    others = len(rules_in_force(tx, call.programme, limit=MOST_RULES))
    events = decide_set(rule, read.rule, [one.event for one in known], others)
    tx.append(stream, events, after=len(known), meta=call.meta(), occurred_at=call.now)
    (row,) = (row for row in rules_in_force(tx, call.programme) if row.rule.id == rule)
    return trace_rule_message(call.programme, row)
