"""From what a closing finds to alarms: which are new, which hold no longer, and what the year had come to before. Pure.

The rules, in full:

1. **An alarm belongs to the closing that found it**, and is about one period: the one closed, or an earlier one that is
   rated again.
2. **The same finding for the same period is raised once.** The same is: by the same rule, about the same member (or
   none); that its figures have changed makes no new alarm.
3. **An alarm that rating its period again does not find any more is cleared** by the closing that rates it. Should it
   be found again later, that is another alarm.
4. **A year is a calendar year in the programme's time zone.** A period belongs as a whole to the year in which it
   begins. What late reports change in a period counts in that period's year.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from fenxiao.plans.rules.findings import Finding
from fenxiao.plans.rules.watching import Money

T = TypeVar("T")


class Subject(NamedTuple):
    """What makes findings of a period the same."""

    rule: str
    """With its pack: `CN/structure`."""
    member: str
    """Empty where it is about nobody alone."""


def subject_of(finding: Finding) -> Subject:
    """Give what a finding is about."""
    return Subject(finding.name, finding.about)


def changes(standing: Mapping[Subject, T], findings: Iterable[Finding]) -> tuple[list[Finding], list[T]]:
    """Compare with what stands from earlier closings: what is to be raised, and what is to be cleared."""
    found = {subject_of(finding): finding for finding in findings}
    raised = [finding for subject, finding in found.items() if subject not in standing]
    return raised, [alarm for subject, alarm in standing.items() if subject not in found]


def year_before(periods: Mapping[datetime, Money], start: datetime, zone: ZoneInfo) -> Money:
    """Sum up the periods of a year that begin before one of them; `periods` are told by their beginnings."""
    year = start.astimezone(zone).year
    earlier = [money for one, money in periods.items() if one < start and one.astimezone(zone).year == year]
    return Money(sum(money.sold for money in earlier), sum(money.paid for money in earlier))
