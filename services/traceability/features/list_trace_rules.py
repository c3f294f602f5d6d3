"""Lists the rules over events."""

from fenxiao.api.traceability.v1 import rules_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.traceability.api import trace_rule_message
from services.traceability.views.trace_rules import rules_in_force


def list_trace_rules(reader: Reader, request: pb.ListTraceRulesRequest, call: Call) -> pb.ListTraceRulesResponse:
    """The rules that watch, in order of their ids."""
    wanted = page(request.page_size, request.page_token, default=20, most=100)
    rows = rules_in_force(reader, call.programme, after=wanted.after, limit=wanted.size + 1)
    shown = rows[: wanted.size]
    return pb.ListTraceRulesResponse(
        trace_rules=[trace_rule_message(call.programme, row) for row in shown],
        next_page_token=wanted.token(shown[-1].rule.id) if len(rows) > len(shown) else "",
    )
