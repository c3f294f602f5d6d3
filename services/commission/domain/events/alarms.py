"""Rules that the network does not satisfy."""

from services.commission.domain.events.fact import Fact
from services.commission.domain.events.lines import Posting


class Text(Fact):
    """What people read, in every language that the network speaks."""

    en: str
    zh: str


class Alarm(Fact):
    """A rule that the network does not satisfy in a period."""

    id: str
    """UUID, made from the closing, the period, the rule and the member."""
    rule: str
    """With its pack: `CN/structure`."""
    severity: str
    """As the pack says."""
    member: str = ""
    """UUID of the member whom it is about, if it is about one."""
    found: Text
    law: Text
    satisfied_by: Text
    source: Text


class AlarmsRaised(Fact):
    """Rules that the network does not satisfy in a period: a part of them all."""

    posting: Posting
    alarms: tuple[Alarm, ...]


class AlarmsCleared(Fact):
    """Alarms about a period that hold no longer as it is rated again."""

    posting: Posting
    alarms: tuple[str, ...]
    """UUIDs."""
