"""Between the API's messages and what the service works with."""

from collections.abc import Sequence
from uuid import UUID

from fenxiao.api.traceability.v1 import rules_pb2
from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from libs.eventlog import Recorded
from libs.servicekit.times import to_timestamp
from services.traceability.domain.events import AlertCleared, AlertRaised, TraceEventCaptured
from services.traceability.shared.reading import read_again
from services.traceability.views.trace_rules import RuleRow

TRACE_EVENT = "programmes/{programme}/traceEvents/{trace_event}"
TRACE_RULE = "programmes/{programme}/traceRules/{rule}"
ALERT = "programmes/{programme}/alerts/{alert}"


def trace_event_name(programme: str, event: UUID) -> str:
    """The resource name of an event."""
    return f"programmes/{programme}/traceEvents/{event}"


def trace_event_message(recorded: Recorded[TraceEventCaptured]) -> pb.TraceEvent:
    """An event as it is shown."""
    event, facts = recorded.event, read_again(recorded.event)
    return pb.TraceEvent(
        name=trace_event_name(recorded.meta.programme, recorded.stream),
        event_id=event.event_id,
        event_time=to_timestamp(event.event_time),
        action=facts.action,
        biz_step=facts.biz_step,
        disposition=facts.disposition,
        read_point=facts.read_point,
        biz_location=facts.biz_location,
        epcs=dict.fromkeys(item.id for item in facts.items),
        document=event.document.encode(),
        context=event.context,
        type=facts.kind,
    )


def trace_rule_message(programme: str, row: RuleRow) -> rules_pb2.TraceRule:
    """A rule as it is shown."""
    rule = row.rule
    return rules_pb2.TraceRule(
        name=TRACE_RULE.format(programme=programme, rule=rule.id),
        version=rule.version,
        kind=rule.rule.kind,
        severity=rule.rule.severity,
        document=row.document,
        set_time=to_timestamp(row.set_at),
    )


def alert_message(events: Sequence[Recorded[AlertRaised | AlertCleared]]) -> rules_pb2.Alert:
    """An alert as it is shown: what it says, and whether it holds."""
    first = events[0]
    event, programme = first.event, first.meta.programme
    assert isinstance(event, AlertRaised), "an alert begins with being raised"
    cleared = isinstance(events[-1].event, AlertCleared)
    return rules_pb2.Alert(
        name=ALERT.format(programme=programme, alert=first.stream),
        rule=TRACE_RULE.format(programme=programme, rule=event.rule),
        rule_version=event.rule_version,
        kind=event.kind,
        severity=event.severity,
        state=rules_pb2.ALERT_STATE_CLEARED if cleared else rules_pb2.ALERT_STATE_RAISED,
        items=event.items,
        event_hashes=event.event_hashes,
        alert_time=to_timestamp(event.alerted_at),
        message_en=event.message_en,
        message_zh=event.message_zh,
    )
