"""Alarms follow from what closings rate: each is found again, and one that was kept quiet shows."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.plans.periods.closing import Closed
from fenxiao.plans.rules import Finding, Money, Subject, changes, year_before
from fenxiao.verify.facts import ClosingFact, Said
from fenxiao.verify.report import Check

MEANING = "each closing says what was sold and paid, and raises and clears the alarms that the plan's rules ask for"

T = TypeVar("T")

_Alarm = tuple[str, str, str, str, str]


@dataclass(slots=True)
class Alarms:
    """What closings so far have said, by the period's beginning."""

    check: Check
    zone: ZoneInfo
    """The programme's."""
    money: dict[datetime, Money] = field(default_factory=dict[datetime, Money])
    standing: dict[datetime, dict[Subject, str]] = field(default_factory=lambda: defaultdict(dict))
    """The open alarms: their ids."""
    raised: set[str] = field(default_factory=set[str])
    """Every id so far."""

    def before(self, start: datetime) -> Money:
        """What the year of a period had come to before it."""
        return year_before(self.money, start, self.zone)

    def compare(self, closing: ClosingFact, period: ClosingFact, currency: str, result: Closed) -> None:
        """Compare what a closing says of a period with what it should."""
        what, said = f"period from {period.start:%Y-%m-%d}", closing.said.get(period.start, [])
        standing = self.standing[period.start]
        new, gone = changes(standing, result.findings)
        self._same(closing, f"{what}: raised", sorted(map(_finding, new)), sorted(map(_alarm, _raised(said))))
        cleared = [one.alarm for one in said if isinstance(one, commission.AlarmCleared)]
        self._same(closing, f"{what}: cleared", sorted(gone), sorted(cleared))
        money = [
            (one.sold_minor, one.paid_minor, one.currency) for one in said if isinstance(one, commission.PeriodWatched)
        ]
        self._same(closing, f"{what}: sold and paid", [(result.money.sold, result.money.paid, currency)], money)
        self.money[period.start] = result.money
        for subject in [subject for subject, alarm in standing.items() if alarm in gone]:
            del standing[subject]
        for one in _raised(said):
            self.check.that(one.alarm not in self.raised, f"{what}: alarm {one.alarm} is raised twice")
            self.raised.add(one.alarm)
            standing[Subject(one.rule, one.member)] = one.alarm

    def _same(self, closing: ClosingFact, what: str, wanted: list[T], got: list[T]) -> None:
        holds = wanted == got if closing.closed else all(one in wanted for one in got)
        self.check.that(holds, f"{what}: expected {wanted}, said was {got}")


def _raised(said: Iterable[Said]) -> list[commission.AlarmRaised]:
    return [one for one in said if isinstance(one, commission.AlarmRaised)]


def _finding(finding: Finding) -> _Alarm:
    """What the law says, and where, stands in the pack; it may be put better later."""
    return finding.name, finding.about, finding.severity.value, finding.found.en, finding.found.zh


def _alarm(alarm: commission.AlarmRaised) -> _Alarm:
    return alarm.rule, alarm.member, alarm.severity, alarm.found.en, alarm.found.zh
