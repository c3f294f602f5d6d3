"""What a plan would have paid: periods closed one behind the other over members and sales that are given. Pure.

Each closing posts, as the commission service does:

- the lines of its own period, as known at its end. What posts with the sale is rated under the version in force at the
  sale's time; what posts at the close, under the one in force when the period began;
- for returns that came within it and name sales of earlier periods, the differences: each period so marked is rated
  again, under its own version and the ranks that it gave, and every period behind it for which that changes what is
  carried in.

A period that is not over at the cut is rated as it stands: what posts at its close is an estimate.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from fenxiao.errors import Refusal
from fenxiao.money import EXACT
from fenxiao.plans.language.model import Plan
from fenxiao.plans.periods.carrying import taken_over
from fenxiao.plans.periods.context import Carry
from fenxiao.plans.periods.inputs import Period, Sold, build_inputs
from fenxiao.plans.periods.lines import LineColumns, PeriodLine
from fenxiao.plans.periods.ranking import RANKS
from fenxiao.plans.periods.rating import RatedPeriod, rate_period
from fenxiao.plans.periods.timetable import Term, timetable
from fenxiao.plans.trees.placement import PlacementTree, Spill
from fenxiao.plans.trials.facts import Facts, Returned

_TICK: Final = timedelta(microseconds=1)


class Part(NamedTuple):
    """The lines of some components of a period under one version."""

    plan: Plan
    rated: RatedPeriod
    components: frozenset[str]
    """By id. The others' lines don't count."""

    def columns(self) -> Iterator[LineColumns]:
        """Their lines, component by component."""
        return (lines.columns() for name, lines in self.rated.lines.items() if name in self.components)

    def written(self) -> Iterator[PeriodLine]:
        """Their lines written out."""
        inputs = self.rated.context.inputs
        for columns in self.columns():
            yield from columns.written(inputs.members, inputs.sales.ids)


class Posting(NamedTuple):
    """A line that a closing posts."""

    plan: Plan
    period: Period
    """That it belongs to."""
    posted_in: Period
    """A later one for what a late return changes."""
    line: PeriodLine
    """As it is due now; one that is due no longer, as it was due before."""
    due_minor: int
    posted_before: int
    """What earlier closings have posted of it."""
    estimate: bool
    """Not posted yet: the period is not over."""

    @property
    def amount_minor(self) -> int:
        """What is posted."""
        return self.due_minor - self.posted_before


@dataclass(slots=True)
class Close:
    """What the closing of a period posts."""

    term: Term
    over: bool
    """Whether the period is over at the cut."""
    parts: list[Part]
    """The lines of the period itself."""
    adjusted: list[Posting]
    """The differences of earlier periods that late returns have changed."""

    def postings(self) -> Iterator[Posting]:
        """Every line that it posts."""
        period = self.term.period
        for part in self.parts:
            for line in part.written():
                estimate = not self.over and line.component not in part.plan.with_sale
                yield Posting(part.plan, period, period, line, line.amount_minor, 0, estimate)
        yield from self.adjusted


class Simulation:
    """A plan, in one or more versions, on what is given."""

    def __init__(self, versions: Sequence[Plan], facts: Facts, zone: ZoneInfo, as_of: datetime | None = None) -> None:
        """Take what is known before `as_of`, and close until then; without it, until all is in.

        Raises `Refusal` WRONG_CURRENCY if a version pays in another currency than that of the sales.
        """
        self.versions = sorted(versions, key=lambda plan: plan.effective_from)
        self.facts = facts if as_of is None else facts.until(as_of)
        self.as_of = as_of
        self._check()
        self.terms: list[Term] = []
        if self.facts.sales:
            sold = [sale.occurred_at for sale in self.facts.sales.values()]
            last = max(chain(sold, (back.occurred_at for back in self.facts.returns.values())))
            self.terms = list(timetable(self.versions, min(sold), last + _TICK if as_of is None else as_of, zone))
        self._placed: dict[tuple[int, Spill], PlacementTree] = {}
        self._starts = [term.period.start for term in self.terms]
        self._sales: list[list[Sold]] = [[] for _ in self.terms]
        self.unrated = 0
        """Sales that lie before the first version is in force: nothing is earned on them."""
        for sale in self.facts.sales.values():
            term = self._term_of(sale)
            if term < 0:
                self.unrated += 1
            else:
                self._sales[term].append(sale)

    def closes(self) -> Iterator[Close]:
        """Close one period behind the other."""
        returned: dict[str, Decimal] = {}
        kept: list[_Kept] = []
        returns = sorted(self.facts.returns.values(), key=lambda back: back.occurred_at)
        needed = self._needed(returns)
        done = forgotten = 0
        for number, term in enumerate(self.terms):
            marked: set[int] = set()
            while done < len(returns) and returns[done].occurred_at < term.period.end:
                back = returns[done]
                returned[back.sale] = EXACT.add(returned.get(back.sale, Decimal(0)), back.amount)
                of = self._term_of(self.facts.sales[back.sale])
                if 0 <= of < number:
                    marked.add(of)
                done += 1
            over = self.as_of is None or term.period.end <= self.as_of
            adjusted = list(self._rate_again(kept, marked, returned, term.period, over))
            carried = self._carried_into(number, kept)
            parts = self._rate(number, returned, carried)
            kept.append(_Kept(carried, parts))
            yield Close(term, over, parts, adjusted)
            for old in range(forgotten, needed[number] - 1):
                kept[old] = kept[old]._replace(parts=[])
            forgotten = max(forgotten, needed[number] - 1)

    def _needed(self, returns: Sequence[Returned]) -> list[int]:
        """For each period, the first one that a closing behind it rates again; as many as there are for none."""
        needed = [len(self.terms)] * (len(self.terms) + 1)
        for back in returns:
            of, closing = self._term_of(self.facts.sales[back.sale]), bisect_right(self._starts, back.occurred_at) - 1
            if 0 <= of < closing:
                needed[closing - 1] = min(needed[closing - 1], of)
        for number in range(len(self.terms) - 1, -1, -1):
            needed[number] = min(needed[number], needed[number + 1])
        # The next period needs what this one carries out.
        return [min(first, number + 1) for number, first in enumerate(needed)]

    def _rate(
        self, number: int, returned: Mapping[str, Decimal], carried: Carry, sealed: RatedPeriod | None = None
    ) -> list[Part]:
        """Rate a period; what is carried out stands in the first part."""
        term = self.terms[number]
        sales = [
            sale._replace(returned=returned[sale.id]) if sale.id in returned else sale for sale in self._sales[number]
        ]
        rated = self._rate_under(term.plan, term.period, sales, carried, sealed)
        if len(term.spans) == 1:
            return [Part(term.plan, rated, _ids(term.plan))]
        parts = [Part(term.plan, rated, _ids(term.plan, with_sale=False))]
        for plan, start, end in term.spans:
            own = [sale for sale in sales if start <= sale.occurred_at < end]
            rated = self._rate_under(plan, term.period, own, {}, None)
            parts.append(Part(plan, rated, plan.with_sale))
        return parts

    def _rate_under(
        self, plan: Plan, period: Period, sales: Iterable[Sold], carried: Carry, sealed: RatedPeriod | None
    ) -> RatedPeriod:
        inputs = build_inputs(period, self.facts.tree, sales, placement=self._placement(plan), people=self.facts.people)
        ranks = None if sealed is None else sealed.carry_out.get(RANKS)
        return rate_period(plan, inputs, carried, sealed_ranks=ranks)

    def _rate_again(
        self, kept: "list[_Kept]", marked: set[int], returned: Mapping[str, Decimal], posted_in: Period, over: bool
    ) -> Iterator[Posting]:
        """Rate marked periods again, and those behind them for which that changes what is carried in.

        What is carried is by member's number, and a number stays the same: who joins later comes behind.
        """
        for number in range(min(marked, default=len(kept)), len(kept)):
            before = kept[number]
            carried = self._carried_into(number, kept)
            if number in marked or carried != before.carried:
                parts = self._rate(number, returned, carried, before.parts[0].rated)
                yield from _differences(self.terms[number].period, posted_in, over, before.parts, parts)
                kept[number] = _Kept(carried, parts)

    def _placement(self, plan: Plan) -> PlacementTree | None:
        """Where members stand by a plan's rules: each placed when joining, as the facts say, else by spill-over."""
        rules = plan.placement
        if rules is None:
            return None
        key = (rules.width, rules.spill)
        if key not in self._placed:
            self._placed[key] = self.facts.placed(rules)
        return self._placed[key]

    def _carried_into(self, number: int, kept: "Sequence[_Kept]") -> Carry:
        if not number:
            return {}
        before = kept[number - 1].parts[0]
        return taken_over(before.rated.carry_out, before.plan, self.terms[number].plan)

    def _term_of(self, sale: Sold) -> int:
        return bisect_right(self._starts, sale.occurred_at) - 1

    def _check(self) -> None:
        for plan in self.versions:
            if self.facts.currency and plan.currency != self.facts.currency:
                message = (
                    f"The plan pays in {plan.currency}, but the sales are in {self.facts.currency}; convert the "
                    f"amounts, or take a plan in {self.facts.currency}."
                )
                raise Refusal("WRONG_CURRENCY", message, field="currency")


class _Kept(NamedTuple):
    """A period that is closed, in case that it must be rated again."""

    carried: Carry
    """Into it."""
    parts: list[Part]


def _ids(plan: Plan, *, with_sale: bool | None = None) -> frozenset[str]:
    return frozenset(one.id for one in plan.components if with_sale in {None, one.id in plan.with_sale})


def _differences(
    period: Period, posted_in: Period, over: bool, before: Sequence[Part], now: Sequence[Part]
) -> Iterator[Posting]:
    """What a period is due less what has been posted of it, line by line."""
    posted, due = _by_key(before), _by_key(now)
    for key in (*due, *(key for key in posted if key not in due)):
        amount = due[key].amount if key in due else 0
        paid = posted[key].amount if key in posted else 0
        if amount != paid:
            part, columns, row, _ = due.get(key) or posted[key]
            inputs = part.rated.context.inputs
            line = columns.line(row, inputs.members, inputs.sales.ids)
            estimate = not over and line.component not in part.plan.with_sale
            yield Posting(part.plan, period, posted_in, line, amount, paid, estimate)


class _Sum(NamedTuple):
    """What is due under one key, and the first line of it."""

    part: Part
    columns: LineColumns
    row: int
    amount: int


def _by_key(parts: Sequence[Part]) -> dict[tuple[object, ...], _Sum]:
    """Add lines up by key. Of one period, members and sales have the same numbers however often it is rated."""
    found: dict[tuple[object, ...], _Sum] = {}
    for part in parts:
        for columns in part.columns():
            rules = [(part.plan.version, columns.component, rule) for rule in columns.rules]
            keys = zip(columns.earner, columns.sale, columns.level, columns.other, columns.rule, strict=True)
            for row, (earner, sale, level, other, rule) in enumerate(keys):
                key = (rules[rule], earner, sale, level, other)
                known = found.get(key)
                amount = int(columns.amount[row])
                found[key] = known._replace(amount=known.amount + amount) if known else _Sum(part, columns, row, amount)
    return found
