"""From what rules have noted to alerts in the store."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from libs.eventlog import Meta, Tx
from services.traceability.domain.capture import stream_of
from services.traceability.domain.events import AlertCleared, AlertRaised
from services.traceability.domain.rules.deciding import SetRule, alert_of, alert_stream
from services.traceability.domain.rules.documents import GeofenceRule
from services.traceability.domain.rules.finding import findings
from services.traceability.domain.rules.observations import Finding
from services.traceability.domain.rules.watching import items_of
from services.traceability.shared.reading import read_again
from services.traceability.views.alerts import in_force
from services.traceability.views.trace_rules import as_of, rule_version
from services.traceability.views.watched import Mark, around

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def tell(tx: Tx, marks: Iterable[Mark], known: Collection[SetRule], meta: Meta) -> int:
    """Bring the alerts around these moments to what follows from all that was noted: how many are raised."""
    rules = {rule.key: rule for rule in known}
    moment = as_of(tx, meta.programme)
    now = None if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)
    raised = 0
    for mark in dict.fromkeys(marks):
        rule = rules.get(mark.rule)
        if rule is None:
            rule = rules[mark.rule] = rule_version(tx, mark.rule)
        raised += _tell(tx, rule, mark, now, meta)
    return raised


def _tell(tx: Tx, rule: SetRule, mark: Mark, now: int | None, meta: Meta) -> int:
    near = around(tx, rule.rule, mark)
    wanted = {alert_stream(rule.key, mark.subject, one): one for one in findings(rule.rule, near.observations, now)}
    held = {one.alert for one in in_force(tx, rule.key, mark.subject) if near.since <= one.key <= near.to}
    # What a rule that was removed has found can turn out to be wrong; it finds nothing more.
    new = {} if rule.removed else {alert: one for alert, one in wanted.items() if alert not in held}
    gone = held - wanted.keys()
    if not new and not gone:
        return 0
    streams = tx.load_all([*new, *gone])
    for alert in sorted(gone):
        known = streams[alert]
        tx.append(
            alert, [AlertCleared(rule=rule.id)], after=len(known), meta=meta, occurred_at=known[0].event.alerted_at
        )
    for alert, one in new.items():
        event = _alert(tx, rule, mark.subject, one, meta.programme)
        tx.append(alert, [event], after=len(streams.get(alert, ())), meta=meta, occurred_at=event.alerted_at)
    return len(new)


def _alert(tx: Tx, rule: SetRule, subject: str, finding: Finding, programme: str) -> AlertRaised:
    items = [subject]
    if isinstance(rule.rule, GeofenceRule):
        # What it is about is the event itself.
        (found,) = tx.load(stream_of(programme, subject, ""))
        items = list(dict.fromkeys(item.id for item in items_of(rule.rule, read_again(found.event))))
    return alert_of(rule, subject, finding, items)
