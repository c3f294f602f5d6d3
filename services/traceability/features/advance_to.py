"""Says how far time has come: what should have happened until then and was not reported has not happened."""

from datetime import UTC, datetime, timedelta
from typing import Final

from fenxiao.api.traceability.v1 import rules_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Tx
from libs.servicekit import Call
from libs.servicekit.times import from_timestamp
from services.traceability.domain.rules.deciding import decide_advance, time_stream
from services.traceability.domain.rules.documents import DwellRule
from services.traceability.shared.alerting import tell
from services.traceability.views.trace_rules import as_of, rules_in_force
from services.traceability.views.watched import EARLIEST, Mark, marks_between

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def advance_to(tx: Tx, request: pb.AdvanceToRequest, call: Call) -> pb.AdvanceToResponse:
    """Raises the alerts of those that have stayed too long. Saying the same moment again changes nothing."""
    if not request.HasField("as_of"):
        raise Refusal("INVALID_TIME", "say how far time has come", field="as_of")
    moment = from_timestamp(request.as_of, "as_of")
    before = as_of(tx, call.programme)
    events = decide_advance(moment, before)
    if not events:
        return pb.AdvanceToResponse()
    stream = time_stream(call.programme)
    tx.append(stream, events, after=len(tx.load(stream)), meta=call.meta(), occurred_at=moment)
    rules = [row.rule for row in rules_in_force(tx, call.programme)]
    marks: list[Mark] = []
    for rule in rules:
        if isinstance(rule.rule, DwellRule):
            longest = rule.rule.longest
            since = EARLIEST[0] if before is None else _micros(before) - longest
            marks += marks_between(tx, rule.key, since, _micros(moment) - longest)
    return pb.AdvanceToResponse(raised_count=tell(tx, marks, rules, call.meta()))


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
