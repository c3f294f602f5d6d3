"""Closings follow from sales, plans and trees: each is computed again from its cuts and compared."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.errors import Refusal
from fenxiao.money import EXACT, parse_amount, parse_decimal, plain
from fenxiao.plans import in_force
from fenxiao.plans.periods.closing import Before, Difference, Key, Known, Row, ToRate, close
from fenxiao.plans.periods.inputs import Period, Sold, build_inputs
from fenxiao.plans.periods.timetable import timetable
from fenxiao.verify.alarms import MEANING, Alarms
from fenxiao.verify.facts import ClosingFact, Facts, SaleFact, position
from fenxiao.verify.holding import held_for, terms_due, terms_of
from fenxiao.verify.lines import asset_text, plan_named, posted_asset
from fenxiao.verify.report import Check, Report

_Row = tuple[str, str, str, str, str, int, tuple[tuple[str, tuple[int, ...]], ...]]
_Line = tuple[Key, str, str, int, str, str, str]


@dataclass(slots=True)
class _Books:
    """What the closings so far have posted, by the period's beginning."""

    alarms: Alarms
    sealed: list[ClosingFact] = field(default_factory=list[ClosingFact])
    posted: dict[datetime, dict[Key, Known]] = field(default_factory=lambda: defaultdict(dict))
    rows: dict[datetime, dict[str, Row]] = field(default_factory=dict[datetime, dict[str, Row]])


def check_periods(facts: Facts, report: Report) -> None:
    """Recomputes every closing, in the order in which periods were sealed."""
    order = report.check("periods", "periods are closed one behind the other, each under the plan in force")
    check = report.check("closings", "each closing's lines and rows follow from its cuts, the plan and the tree")
    alarms = report.check("alarms", MEANING)
    if not facts.closings:
        return
    _check_order(facts, order)
    if order.failed:
        return  # nothing follows from cuts that go back, or from a period that is none
    books = _Books(Alarms(alarms, ZoneInfo(facts.time_zone)))
    for closing in facts.closings.values():
        books.sealed.append(closing)
        try:
            _check_closing(facts, closing, books, check)
        except Refusal as refusal:
            check.that(False, f"period from {closing.start:%Y-%m-%d}: {refusal}")
            return  # every later one starts from this one


def _check_order(facts: Facts, check: Check) -> None:
    closings = list(facts.closings.values())
    plans = list(facts.plans.values())
    hashes = {id(plan): name for name, plan in facts.plans.items()}
    first = min((plan.effective_from for plan in plans), default=None)
    try:
        zone = ZoneInfo(facts.time_zone)
    except (ValueError, ZoneInfoNotFoundError):
        check.that(False, f"the programme's time zone {facts.time_zone[:40]!r} is not known")
        return
    terms = timetable(plans, first, closings[-1].end, zone) if first else iter(())
    for closing, term in zip(closings, terms, strict=False):
        name, (start, end) = f"the period from {closing.start:%Y-%m-%d}", term.period
        check.that((closing.start, closing.end) == (start, end), f"{name} should run from {start} to {end}")
        plan = in_force(plans, closing.start)
        check.that(closing.plan_hash == (hashes[id(plan)] if plan else ""), f"{name} is rated under another plan")
    for one, other in pairwise(closings):
        goes_on = one.sales_cut <= other.sales_cut and position(one.members_cut) <= position(other.members_cut)
        check.that(goes_on, f"the cut of {other.start:%Y-%m-%d} goes back")
    if not first:
        check.that(False, "a period was closed before any plan was published")


def _check_closing(facts: Facts, closing: ClosingFact, books: _Books, check: Check) -> None:
    first = _first_to_rate(facts, books.sealed)
    before = None
    if first:
        last = books.sealed[first - 1]
        before = Before(plan_named(facts, last.plan_hash), books.rows[last.start])
    for period in books.sealed[first:]:
        again = period is not closing
        sold = _sold(facts, period, closing.sales_cut)
        plan, placed = plan_named(facts, period.plan_hash), None
        if plan.placement is not None:
            placed = facts.placements.as_known(position(period.members_cut), position(closing.members_cut))
        result = close(
            ToRate(
                plan=plan,
                inputs=build_inputs(
                    Period(period.start, period.end),
                    facts.tree.as_known(period.members_cut, closing.members_cut),
                    sold,
                    placement=placed,
                    people=facts.people.as_known(
                        plan,
                        period.end,
                        position(period.members_cut),
                        position(closing.members_cut),
                        period.sales_cut,
                    ),
                ),
                times={sale.id: sale.occurred_at for sale in sold},
                posted=books.posted[period.start] if again else {},
                sealed=books.rows[period.start] if again else None,
            ),
            before,
            books.alarms.before(period.start),
        )
        known = books.rows.get(period.start, {})
        _compare(facts, check, closing, period, result.differences, _changed(known, result.rows))
        books.alarms.compare(closing, period, plan.currency, result)
        _book(books, closing, period, result.rows)
        before = Before(plan, result.rows)
    rated = {period.start for period in books.sealed[first:]}
    others = {*closing.lines, *closing.rows, *closing.said} - rated
    check.that(not others, f"period from {closing.start:%Y-%m-%d}: its closing posts for others that it does not rate")


def _first_to_rate(facts: Facts, sealed: Sequence[ClosingFact]) -> int:
    """The number of the first period that the last closing rates: its own, or one that late reports have marked."""
    closing, number = sealed[-1], len(sealed) - 1
    if not number:
        return 0
    late = [
        facts.sales[fact.original].occurred_at if fact.original in facts.sales else fact.occurred_at
        for fact in facts.sales.values()
        if sealed[-2].sales_cut < fact.position <= closing.sales_cut
    ]
    marked = min(late, default=closing.start)
    return next((i for i, one in enumerate(sealed[:-1]) if marked < one.end), number)


def _sold(facts: Facts, period: ClosingFact, cut: int) -> list[Sold]:
    """Sales, and returns that name none, of a period, with what had come back of each at a cut."""
    found = {
        fact.sale: _one_sold(fact)
        for fact in facts.sales.values()
        if not fact.original and period.start <= fact.occurred_at < period.end and fact.position <= cut
    }
    for fact in facts.sales.values():
        if fact.original in found and fact.position <= cut:
            sale = found[fact.original]
            found[fact.original] = sale._replace(returned=EXACT.add(sale.returned, parse_amount(fact.amount)))
    return list(found.values())


def _one_sold(fact: SaleFact) -> Sold:
    goods = fact.goods
    sign = "-" if fact.is_return else ""
    zero = parse_decimal("0")
    return Sold(
        id=fact.sale,
        member=fact.member,
        occurred_at=fact.occurred_at,
        amount=parse_decimal(sign + fact.amount),
        margin=parse_decimal(sign + goods.margin) if goods.margin else zero,
        points=parse_decimal(sign + goods.points) if goods.points else zero,
        quantity=parse_decimal(sign + (goods.quantity or "1")),
        product=goods.product,
        category=goods.category,
        channel=goods.channel,
        sale_class=fact.sale_class,
    )


def _compare(
    facts: Facts,
    check: Check,
    closing: ClosingFact,
    period: ClosingFact,
    expected: Iterable[Difference],
    rows: Iterable[Row],
) -> None:
    what = f"period from {period.start:%Y-%m-%d}"
    wanted = sorted(_line(facts, difference) for difference in expected)
    got = sorted(_posted(facts, line) for line in closing.lines.get(period.start, []))
    wanted_rows = sorted(map(_row, rows))
    got_rows = sorted(map(_rated, closing.rows.get(period.start, [])))
    if closing.closed:
        check.that(wanted == got, f"{what}: {_difference(wanted, got)}")
        check.that(wanted_rows == got_rows, f"{what}: {_difference(wanted_rows, got_rows)}")
    else:  # a part is posted
        check.that(set(got) <= set(wanted), f"{what}: {_difference(wanted, got)}")
        check.that(set(got_rows) <= set(wanted_rows), f"{what}: {_difference(wanted_rows, got_rows)}")


def _book(books: _Books, closing: ClosingFact, period: ClosingFact, rows: dict[str, Row]) -> None:
    posted = books.posted[period.start]
    for line in closing.lines.get(period.start, []):
        key = _key(line)
        known = posted.get(key, Known(line.line, 0))
        posted[key] = known._replace(amount_minor=known.amount_minor + line.amount_minor)
    books.rows[period.start] = rows


def _changed(known: dict[str, Row], rows: dict[str, Row]) -> list[Row]:
    nothing = parse_decimal("0")
    gone = [Row(member, nothing, nothing, "", "", 0, {}) for member in known if member not in rows]
    return [row for member, row in rows.items() if known.get(member) != row] + gone


def _key(line: commission.PostedLine) -> Key:
    return Key(line.component, line.member, line.sale, line.level, line.other, line.rule)


def _line(facts: Facts, line: Difference) -> _Line:
    sale = facts.sales.get(line.key.sale)
    waits = held_for(terms_due(line.hold_until, line.waits, sale.transactions if sale else ()))
    asset = asset_text(line.asset, line.expires_at)
    return line.key, plain(line.rate), plain(line.base), line.amount_minor, line.reverses, waits, asset


def _posted(facts: Facts, line: commission.PostedLine) -> _Line:
    waits, asset = held_for(terms_of(line)), posted_asset(facts, line)
    return _key(line), line.rate, line.base, line.amount_minor, line.reverses, waits, asset


def _row(row: Row) -> _Row:
    carry = tuple(sorted((component, tuple(values)) for component, values in row.carry.items()))
    volumes = plain(row.personal_volume), plain(row.group_volume)
    return row.member, *volumes, row.rank, row.highest_rank, row.earned_minor, carry


def _rated(row: commission.MemberRated) -> _Row:
    carry = tuple(sorted((one.component, tuple(one.values)) for one in row.carry))
    volumes = row.personal_volume, row.group_volume
    return row.member, *volumes, row.rank, row.highest_rank, row.earned_minor, carry


def _difference(expected: Sequence[object], got: Sequence[object]) -> str:
    for wanted, found in zip(expected, got, strict=False):
        if wanted != found:
            return f"expected {wanted}, posted was {found}"
    return f"expected {len(expected)}, posted were {len(got)}"
