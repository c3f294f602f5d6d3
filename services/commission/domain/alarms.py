"""What the closing of a period raises and clears; by the rules of `fenxiao.plans.rules.alarms`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeVar
from uuid import uuid5

from fenxiao.plans import format_instant
from fenxiao.plans.periods.closing import Closed
from fenxiao.plans.rules import Finding, Subject, changes
from fenxiao.plans.rules.texts import Text as Sentences
from services.commission.domain.closing import Sealed
from services.commission.domain.events import Alarm, AlarmsCleared, AlarmsRaised, PeriodWatched, Posting, Text

T = TypeVar("T")

Said = PeriodWatched | AlarmsRaised | AlarmsCleared

IN_AN_EVENT: Final = 100
"""Alarms that one event raises or clears at most: they are mostly text."""


def watched(
    closing: Sealed, period: Sealed, currency: str, result: Closed, standing: Mapping[Subject, str]
) -> list[Said]:
    """What a closing says of a period that it has rated; `standing` are the alarms that earlier ones have left open."""
    posting = Posting(closing=closing.start, period=period.start)
    new, gone = changes(standing, result.findings)
    alarms = [recorded_as(one, str(uuid5(closing.closing, _about(period, one)))) for one in new]
    raised = [AlarmsRaised(posting=posting, alarms=tuple(some)) for some in _split(alarms)]
    cleared = [AlarmsCleared(posting=posting, alarms=tuple(some)) for some in _split(gone)]
    money = PeriodWatched(
        posting=posting, sold_minor=result.money.sold, paid_minor=result.money.paid, currency=currency
    )
    return [*raised, *cleared, money]


def recorded_as(finding: Finding, id_: str) -> Alarm:
    """A finding as it is recorded."""
    return Alarm(
        id=id_,
        rule=finding.name,
        severity=finding.severity.value,
        member=finding.about,
        found=_text(finding.found),
        law=_text(finding.law),
        satisfied_by=_text(finding.satisfied_by),
        source=_text(finding.source),
    )


def _about(period: Sealed, finding: Finding) -> str:
    return f"{format_instant(period.start)}/{finding.name}/{finding.about}"


def _text(sentences: Sentences) -> Text:
    return Text(en=sentences.en, zh=sentences.zh)


def _split(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[at : at + IN_AN_EVENT] for at in range(0, len(items), IN_AN_EVENT))
