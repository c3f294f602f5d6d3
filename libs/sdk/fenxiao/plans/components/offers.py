"""Offers: what a component pays on one sale, for the sales that it has other rates for and for all others."""

from collections.abc import Sequence
from decimal import Decimal
from enum import IntEnum
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

from fenxiao.money import EXACT

if TYPE_CHECKING:
    from fenxiao.plans.components.base import Selection


class Counts(IntEnum):
    """What the rates of an offer apply to."""

    MEASURE = 0
    """The measure that the component is based on, times its share."""
    SALE = 1
    """The sale as one: the rate is what is paid for it."""
    UNITS = 2
    """The quantity sold: the rate is what is paid for each unit."""


class Table(NamedTuple):
    """Rates by level, level 0 first."""

    rank: str
    """For earners of this rank and of higher ones without a table of their own; empty: for everybody."""
    rates: tuple[Decimal, ...]
    rules: tuple[str, ...]
    """Where each stands: a JSON pointer relative to the component."""


class Offer(NamedTuple):
    """What is paid on a sale, if it is one of these."""

    when: "Selection | None"
    """None: any sale."""
    counts: Counts
    tables: tuple[Table, ...]
    """The first is for everybody; further ones are for ranks, from the lowest."""

    @property
    def depth(self) -> int:
        """How many members it may pay, from the one credited upward."""
        return max(len(table.rates) for table in self.tables)


def worst_case(offers: Sequence[Offer], share: Decimal) -> Decimal | None:
    """The most that any of them pays, as a share of the measure; what is paid by sale or by unit has no bound."""
    if any(offer.counts is not Counts.MEASURE for offer in offers):
        return None
    return EXACT.multiply(max((_best(offer) for offer in offers), default=Decimal(0)), share)


def deepest(offers: Sequence[Offer]) -> int:
    """How many levels are paid at all."""
    tables = (table for offer in offers for table in offer.tables)
    return max((level + 1 for table in tables for level, rate in enumerate(table.rates) if rate), default=1)


def _best(offer: Offer) -> Decimal:
    """What its levels come to, each with the rate of its best-paid rank."""
    levels = range(offer.depth)
    best = (max(table.rates[level] for table in offer.tables if level < len(table.rates)) for level in levels)
    return reduce(EXACT.add, best)
