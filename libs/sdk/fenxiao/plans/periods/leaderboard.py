"""Who comes first, and who has reached a target, by any measure of a period."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from heapq import nsmallest
from typing import Final, NamedTuple

from fenxiao.errors import Refusal
from fenxiao.money import EXACT, minor_digits
from fenxiao.plans.language.model import Plan
from fenxiao.plans.periods.closing import Row
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


KEPT_IN_ROWS: Final = frozenset({By.PV, By.GV, By.RANK, By.HIGHEST, By.EARNED})
"""What the rows of a closed period suffice for."""


class Standing(NamedTuple):
    """A member's place among all."""

    place: int
    """1 is the first. Of equals, who joined first stands first."""
    member: str
    value: Decimal


class Measures(NamedTuple):
    """What members can be compared by, in the order in which they joined."""

    members: Sequence[str]
    columns: Mapping[str, Scaled]
    """By name: those of `By`, and what ranks ask for, such as `/ranks/1/legs/0`."""


def measures_of(rated: RatedPeriod) -> Measures:
    """Everything that a rated period can be measured by."""
    context, ranking = rated.context, rated.context.ranking
    columns: dict[str, Scaled] = {
        By.PV: context.pv,
        By.GV: context.gv,
        By.SALES: Scaled(context.counts(context.plan.volume), 1),
        By.RANK: Scaled(ranking.paid, 1),
        By.HIGHEST: Scaled(ranking.highest, 1),
        By.EARNED: Scaled(rated.due, context.minor),
    }
    for name in ranking.counters:
        counted = ranking.count(name)
        columns[name] = Scaled(context.inputs.frame.of(counted.column), counted.scale)
    return Measures(context.inputs.members, columns)


def measures_of_rows(plan: Plan, rows: Iterable[Row]) -> Measures:
    """What the rows of a closed period say, which come in the order of joining: `KEPT_IN_ROWS`."""
    found = list(rows)
    number = {"": 0, **{rank.id: i for i, rank in enumerate(plan.ranks, 1)}}
    columns: dict[str, Scaled] = {
        By.PV: _scaled([row.personal_volume for row in found]),
        By.GV: _scaled([row.group_volume for row in found]),
        By.RANK: Scaled([number[row.rank] for row in found], 1),
        By.HIGHEST: Scaled([number[row.highest_rank] for row in found], 1),
        By.EARNED: Scaled([row.earned_minor for row in found], 10 ** minor_digits(plan.currency)),
    }
    return Measures([row.member for row in found], columns)


def measure_names(plan: Plan) -> list[str]:
    """What periods of a plan can be measured by."""
    names: list[str] = []
    for i, rank in enumerate(plan.ranks):
        if rank.leg_limit is not None:
            names.append(f"/ranks/{i}/leg_limit")
        names += [f"/ranks/{i}/legs/{k}" for k, legs in enumerate(rank.legs or ()) if legs.count]
        names += [f"/ranks/{i}/below/{k}" for k, below in enumerate(rank.below or ()) if below.count]
    return [*By, *names]


def check_measure(plan: Plan, by: str) -> None:
    """Raises `Refusal` UNKNOWN_MEASURE for what periods of the plan can't be measured by."""
    names = measure_names(plan)
    if by not in names:
        message = f"There is no measure {by[:64]!r}; use one of {', '.join(names)}."
        raise Refusal("UNKNOWN_MEASURE", message, field="by")


def leaderboard(measures: Measures, by: str, top: int) -> list[Standing]:
    """List the first members by a measure. Who has none of it is not listed."""
    values = measures.columns[by]
    first = nsmallest(top, ((-value, i) for i, value in enumerate(values.column) if value > 0))
    return list(_standings(measures, values.scale, first))


def targets(measures: Measures, by: str, least: Decimal) -> list[Standing]:
    """List all members who have reached a target, as on the leaderboard."""
    values = measures.columns[by]
    goal = max(int(EXACT.multiply(least, Decimal(values.scale)).to_integral_value(ROUND_CEILING)), 1)
    reached = sorted((-value, i) for i, value in enumerate(values.column) if value >= goal)
    return list(_standings(measures, values.scale, reached))


def _standings(measures: Measures, scale: int, ordered: list[tuple[int, int]]) -> Iterator[Standing]:
    for place, (value, i) in enumerate(ordered, 1):
        yield Standing(place, measures.members[i], EXACT.divide(Decimal(-int(value)), Decimal(scale)))


def _scaled(values: Sequence[Decimal]) -> Scaled:
    digits = max((-int(value.as_tuple().exponent) for value in values), default=0)
    return Scaled([int(value.scaleb(max(digits, 0), EXACT)) for value in values], 10 ** max(digits, 0))
