"""Who comes first, and who has reached a target, by any measure of a period."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from heapq import nsmallest
from typing import NamedTuple

from fenxiao.errors import Refusal
from fenxiao.money import EXACT
from fenxiao.plans.periods.inputs import Scaled
from fenxiao.plans.periods.rating import RatedPeriod


class By(StrEnum):
    """What members are compared by."""

    PV = "pv"
    GV = "gv"
    SALES = "sales"
    """How many did not come back whole."""
    RANK = "rank"
    """Paid-as rank: 1 is the plan's lowest."""
    HIGHEST = "highest"
    """The highest rank ever, likewise."""
    EARNED = "earned"
    """In units of the currency."""


class Standing(NamedTuple):
    """A member's place among all."""

    place: int
    """1 is the first. Of equals, who joined first stands first."""
    member: str
    value: Decimal


def leaderboard(rated: RatedPeriod, by: str, top: int) -> list[Standing]:
    """List the first members by a measure: one of `By`, or what a rank asks for, such as `/ranks/1/legs/0`.

    Who has none of it is not listed.
    """
    values = _measure(rated, by)
    first = nsmallest(top, ((-value, i) for i, value in enumerate(values.column) if value > 0))
    return list(_standings(rated, values.scale, first))


def targets(rated: RatedPeriod, by: str, least: Decimal) -> list[Standing]:
    """List all members who have reached a target, as on the leaderboard."""
    values = _measure(rated, by)
    goal = max(rated.context.threshold(least, values.scale), 1)
    reached = sorted((-value, i) for i, value in enumerate(values.column) if value >= goal)
    return list(_standings(rated, values.scale, reached))


def _standings(rated: RatedPeriod, scale: int, ordered: list[tuple[int, int]]) -> Iterator[Standing]:
    for place, (value, i) in enumerate(ordered, 1):
        yield Standing(place, rated.context.inputs.members[i], EXACT.divide(Decimal(-int(value)), Decimal(scale)))


def _measure(rated: RatedPeriod, by: str) -> Scaled:
    context, ranking = rated.context, rated.context.ranking
    match by:
        case By.PV:
            return context.pv
        case By.GV:
            return context.gv
        case By.SALES:
            return Scaled(context.counts(context.plan.volume), 1)
        case By.RANK:
            return Scaled(ranking.paid, 1)
        case By.HIGHEST:
            return Scaled(ranking.highest, 1)
        case By.EARNED:
            return Scaled(rated.due, context.minor)
        case _ if by in ranking.counters:
            return ranking.count(by)
        case _:
            names = ", ".join([*By, *ranking.counters])
            raise Refusal("UNKNOWN_MEASURE", f"There is no measure {by[:64]!r}; use one of {names}.", field="by")
