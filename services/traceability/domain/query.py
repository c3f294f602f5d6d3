"""What a query asks for: conditions on what events say, and the order in which they are given.

Every condition is one of two kinds: one of some terms stands in the event, or one of its numbers lies in a range. An
event that fulfils all of them is found, whatever finds it: an index, or a look at each event that comes in. How the
standard writes them: `parameters.py`.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from typing import NamedTuple

from services.traceability.domain.facts import Facts
from services.traceability.domain.terms import attribute_name, numbers_of, size_of, terms_of, text_of


class Pattern(NamedTuple):
    """Identifiers of some form, under any of some names."""

    names: frozenset[str]
    form: re.Pattern[str]

    def holds(self, term: tuple[str, str]) -> bool:
        """Whether a term is one of them."""
        return term[0] in self.names and self.form.fullmatch(term[1]) is not None


class OneOf(NamedTuple):
    """One of these terms stands in the event, or one that fits a pattern."""

    terms: tuple[tuple[str, str], ...]
    patterns: tuple[Pattern, ...] = ()

    def holds(self, terms: set[tuple[str, str]]) -> bool:
        """Whether one of them is among the terms of an event."""
        if not terms.isdisjoint(self.terms):
            return True
        return any(pattern.holds(term) for pattern in self.patterns for term in terms)


class Range(NamedTuple):
    """Numbers from `least` up to `most`, both as far as they are named."""

    least: Fraction | None = None
    most: Fraction | None = None
    open: bool = False
    """Without the end itself."""

    def holds(self, number: Fraction) -> bool:
        """Whether a number lies in it."""
        if self.open and number in (self.least, self.most):
            return False
        return (self.least is None or number >= self.least) and (self.most is None or number <= self.most)


class InRange(NamedTuple):
    """The event has a number of this name in one of these ranges."""

    name: str
    ranges: tuple[Range, ...]

    def holds(self, numbers: Iterable[tuple[str, Fraction]]) -> bool:
        """Whether one of an event's numbers does."""
        return any(name == self.name and any(one.holds(number) for one in self.ranges) for name, number in numbers)


Condition = OneOf | InRange


class Below(NamedTuple):
    """One of some elements of vocabularies, or of what lies below them, stands in the event under one of some names."""

    parameter: str
    names: tuple[str, ...]
    vocabularies: tuple[str, ...]
    ids: tuple[str, ...]


class Having(NamedTuple):
    """An element that has one of some attributes, or one of some values in it, stands in the event."""

    parameter: str
    names: tuple[str, ...]
    vocabularies: tuple[str, ...] | None
    """None: any."""
    attributes: tuple[str, ...]
    values: tuple[str, ...] | None
    """None: any."""


Lookup = Below | Having
"""A condition that only master data can tell: which identifiers it means is looked up when events are."""


class By(Enum):
    """By what results are ordered."""

    EVENT_TIME = "eventTime"
    RECORD_TIME = "recordTime"
    FIELD = ""
    """A partner's own field."""


@dataclass(frozen=True, slots=True)
class Order:
    """The order of results."""

    by: By = By.EVENT_TIME
    descending: bool = False
    field: str = ""
    """The name of the partner's own field."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time from `since` up to but without `until`, in microseconds since 1970."""

    since: int | None = None
    until: int | None = None

    def holds(self, time: int) -> bool:
        """Whether a moment lies in it."""
        return (self.since is None or time >= self.since) and (self.until is None or time < self.until)


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for."""

    conditions: tuple[Condition, ...] = ()
    event_time: Span = Span()
    record_time: Span = Span()
    order: Order = Order()
    first: int | None = None
    """No more than so many, the first in the order (`eventCountLimit`)."""
    most: int | None = None
    """Refused if there are more (`maxEventCount`)."""
    lookups: tuple[Lookup, ...] = ()

    def resolved(self, find: Callable[[Lookup], Iterable[str]]) -> "Query":
        """The query with identifiers in place of what master data says of them."""
        if not self.lookups:
            return self
        found = [
            OneOf(tuple((name, one) for one in sorted(find(lookup)) for name in lookup.names))
            for lookup in self.lookups
        ]
        return replace(self, conditions=(*self.conditions, *found), lookups=())

    def matches(self, facts: Facts, own: Iterable[tuple[str, str]], recorded: int) -> bool:
        """Whether an event is asked for. `own` are terms of the envelope: its id and hash."""
        assert not self.lookups, "what master data says is looked up first"
        if not self.event_time.holds(facts.time) or not self.record_time.holds(recorded):
            return False
        if not self.conditions:
            return True
        terms = {*own, *terms_of(facts)}
        numbers: list[tuple[str, Fraction]] | None = None
        for condition in self.conditions:
            if isinstance(condition, OneOf):
                if not condition.holds(terms):
                    return False
            else:
                numbers = [*numbers_of(facts)] if numbers is None else numbers
                if not condition.holds(numbers):
                    return False
        return True


def sort_key(facts: Facts, field: str) -> tuple[int, Fraction, str]:
    """Where an event stands in the order of a partner's own field: numbers and times first, then text, then without."""
    for attribute in facts.attributes:
        if attribute.value is not None and attribute_name(attribute) == field:
            number = size_of(attribute.value)
            if number is not None:
                return 0, number, ""
            return 1, Fraction(0), text_of(attribute.value)
    return 2, Fraction(0), ""
