"""Setting rules, and telling their alerts."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from fenxiao.errors import Kind, Refusal
from services.traceability.domain.events import (
    AlertRaised,
    TimeAdvanced,
    TraceEventWatched,
    TraceRuleRemoved,
    TraceRuleSet,
    Watched,
)
from services.traceability.domain.facts import Facts
from services.traceability.domain.rules.documents import Rule
from services.traceability.domain.rules.observations import Finding, Observation
from services.traceability.domain.rules.watching import Noted, observe

_NAMESPACE: Final = UUID("c2f3a0c4-7d0d-4f0e-8f9a-5d6c1b2e3f40")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RULE_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")

MOST_RULES: Final = 100
"""Of a programme: each event is held against each of them."""

MOST_ITEMS: Final = 1000
"""That an alert names."""


class SetRule(NamedTuple):
    """A version of a rule."""

    id: str
    version: int
    key: str
    """By which its observations are kept."""
    rule: Rule
    removed: bool


def rule_stream(programme: str, rule: str) -> UUID:
    """The stream of a rule."""
    return uuid5(_NAMESPACE, f"{programme}/rule/{rule}")


def rule_key(programme: str, rule: str, version: int) -> str:
    """A version of a rule, among all programmes."""
    return f"{rule_stream(programme, rule).hex}.{version}"


def watched_stream(event: UUID) -> UUID:
    """The stream of what rules have noted of an event."""
    return uuid5(event, "watched")


def time_stream(programme: str) -> UUID:
    """The stream of a programme's time."""
    return uuid5(_NAMESPACE, f"{programme}/time")


def alert_stream(key: str, subject: str, finding: Finding) -> UUID:
    """An alert is named by what it says: the rule's version, the subject, and what shows it."""
    shown = "/".join(f"{one.start}:{one.hash}" for one in (finding.first, *finding.others))
    return uuid5(_NAMESPACE, f"{key}/alert/{subject}/{shown}")


def decide_set(
    rule_id: str, rule: Rule, known: Sequence[TraceRuleSet | TraceRuleRemoved], others: int
) -> list[TraceRuleSet]:
    """Set a rule; the same document again changes nothing. Raises `Refusal`."""
    if not _RULE_ID.fullmatch(rule_id):
        message = "a rule's id has 1 to 64 of a-z, 0-9 and -, and does not begin with -"
        raise Refusal("INVALID_RULE_ID", message, field="name")
    document = rule.model_dump_json()
    last = known[-1] if known else None
    if isinstance(last, TraceRuleSet) and last.document == document:
        return []
    if not isinstance(last, TraceRuleSet) and others >= MOST_RULES:
        message = f"a programme has at most {MOST_RULES} rules; remove one"
        raise Refusal("TOO_MANY_RULES", message, kind=Kind.FAILED_PRECONDITION)
    version = 1 + sum(isinstance(one, TraceRuleSet) for one in known)
    return [TraceRuleSet(rule=rule_id, version=version, kind=rule.kind, severity=rule.severity, document=document)]


def decide_remove(rule_id: str, known: Sequence[TraceRuleSet | TraceRuleRemoved]) -> TraceRuleRemoved:
    """Remove a rule. Raises `Refusal`."""
    last = known[-1] if known else None
    if not isinstance(last, TraceRuleSet):
        message = f"there is no rule {rule_id[:64]!r}; list them to see which there are"
        raise Refusal("UNKNOWN_RULE", message, field="name", kind=Kind.NOT_FOUND)
    return TraceRuleRemoved(rule=rule_id, version=last.version)


def decide_advance(as_of: datetime, known: datetime | None) -> list[TimeAdvanced]:
    """Time goes on, never back. Raises `Refusal`."""
    if known is not None and as_of < known:
        message = f"time has come to {known.isoformat()} already; give that moment or a later one"
        raise Refusal("TIME_GOES_BACK", message, field="as_of", kind=Kind.FAILED_PRECONDITION)
    return [] if as_of == known else [TimeAdvanced(as_of=as_of)]


def decide_watch(rules: Iterable[SetRule], event_hash: str, facts: Facts) -> TraceEventWatched | None:
    """What the rules note of an event."""
    watched = tuple(one for rule in rules for one in _grouped(rule.key, observe(rule.rule, event_hash, facts)))
    return TraceEventWatched(event_hash=event_hash, watched=watched) if watched else None


def _grouped(key: str, noted: Noted) -> Iterable[Watched]:
    subjects: dict[Observation, list[str]] = {}
    for subject, one in noted:
        subjects.setdefault(one, []).append(subject)
    for one, names in subjects.items():
        yield Watched(
            rule=key,
            subjects=tuple(names),
            start=one.start,
            until=one.end,
            state=one.state,
            place=one.place,
            coordinates=one.coordinates,
            value=one.value,
        )


def alert_of(rule: SetRule, subject: str, finding: Finding, items: Sequence[str]) -> AlertRaised:
    """What a finding is told as."""
    return AlertRaised(
        rule=rule.id,
        rule_version=rule.version,
        kind=rule.rule.kind,
        severity=rule.rule.severity,
        subject=subject,
        items=tuple(items[:MOST_ITEMS]),
        event_hashes=finding.hashes,
        alerted_at=_EPOCH + timedelta(microseconds=finding.first.start),
        message_en=finding.en,
        message_zh=finding.zh,
    )
