"""What happens to rules over events, and what they find."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.traceability.domain.events.event import Event


class TraceRuleSet(Event):
    """A rule over events is set, or replaced: this version watches what is captured from now on."""

    rule: str
    """Its id."""
    version: int
    kind: str
    severity: str
    document: str
    """JSON with all defaults (`domain/rules/documents.py`)."""


class TraceRuleRemoved(Event):
    """A rule watches no longer. What it has found stays."""

    rule: str
    version: int


class Watched(BaseModel):
    """What a rule has noted of some subjects by an event: the same of each."""

    model_config = ConfigDict(frozen=True)

    rule: str
    """The rule's version (`rule_key`)."""
    subjects: tuple[str, ...]
    start: int
    """Microseconds since 1970."""
    until: int
    state: int
    place: str = ""
    coordinates: tuple[float, float] | None = None
    value: str = ""


class TraceEventWatched(Event):
    """Rules that were set when an event was captured have noted what it says."""

    event_hash: str
    watched: tuple[Watched, ...]


class TimeAdvanced(Event):
    """Time has come to a moment: what was not reported of earlier ones is late."""

    as_of: datetime


class AlertRaised(Event):
    """A rule was broken. Its stream is the alert's."""

    rule: str
    rule_version: int
    kind: str
    severity: str
    subject: str
    items: tuple[str, ...]
    """The first of them."""
    event_hashes: tuple[str, ...]
    """The first is the one with which it begins."""
    alerted_at: datetime
    message_en: str
    message_zh: str


class AlertCleared(Event):
    """It was not, as the events stand now."""

    rule: str


EVENTS = [TraceRuleSet, TraceRuleRemoved, TraceEventWatched, TimeAdvanced, AlertRaised, AlertCleared]
