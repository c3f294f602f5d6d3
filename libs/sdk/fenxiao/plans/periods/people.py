"""Who members are in a period: what was told of them, and what of that counts as known at a cut. Pure.

Whoever tells it says from which moment on it counts. In a period that counts which stands at its end: the last word
dated before it; of words of one moment, the one that was told last. What is told after a period's cut changes nothing
in it, wherever it is dated. Only of who was enrolled after the cut, what was told up to the newest one counts: a closed
period that is rated again had heard nothing of him.
"""

from collections.abc import Container, Iterable
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from fenxiao.plans.language.model import Plan
from fenxiao.plans.periods.inputs import Person

T = TypeVar("T")

_NOBODY = Person()


class Word(NamedTuple, Generic[T]):
    """What was told of a member."""

    member: str
    since: datetime
    """From when on it counts."""
    position: int
    """Where it stands in the store of who told it."""
    what: T


class Checked(NamedTuple):
    """An identity that was checked."""

    at: datetime
    until: datetime | None
    """The check counts up to then; None: without end."""


class Known(NamedTuple):
    """How far was known what was told."""

    at_cut: int
    newest: int
    """Where the closing that rates the period has its cut: another one only if the period is rated again."""
    late: Container[str] = ()
    """Who was enrolled between the two."""


def standing(words: Iterable[Word[T]], end: datetime, known: Known) -> dict[str, T]:
    """Give what stands at a period's end, by member; who was told nothing of is left out."""
    last: dict[str, Word[T]] = {}
    for word in words:
        member, since, position, _ = word
        if since >= end or position > known.newest or (position > known.at_cut and member not in known.late):
            continue
        other = last.get(member)
        if other is None or (other.since, other.position) <= (since, position):
            last[member] = word
    return {member: word.what for member, word in last.items()}


def asks_who(plan: Plan) -> bool:
    """Whether a plan asks whose identity is checked, or in which country somebody lives."""
    asked = (one.qualify for one in plan.components if one.qualify is not None)
    return any(qualify.identity or qualify.countries is not None for qualify in asked)


def people_of(
    plan: Plan,
    end: datetime,
    known: Known,
    checks: Iterable[Word[Checked | None]],
    countries: Iterable[Word[str]],
    ranks: Iterable[Word[str]],
    ranks_cut: int,
) -> dict[str, Person]:
    """Give who members are in the period that ends then.

    A check that is withdrawn is None, a granted rank that is withdrawn is empty. Ranks are told by another one than the
    rest and have a cut of their own; one that the plan lacks counts for nothing.
    """
    people: dict[str, Person] = {}
    if asks_who(plan):
        for member, country in standing(countries, end, known).items():
            people[member] = Person(country)
        for member, checked in standing(checks, end, known).items():
            if checked is not None:
                person = people.get(member, _NOBODY)
                people[member] = person._replace(verified_at=checked.at, verified_until=checked.until)
    if plan.ranks:
        listed = {rank.id for rank in plan.ranks}
        for member, rank in standing(ranks, end, Known(ranks_cut, ranks_cut)).items():
            if rank in listed:
                people[member] = people.get(member, _NOBODY)._replace(rank=rank)
    return people
