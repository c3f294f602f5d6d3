"""Lines follow from sales, plans and trees: every one is computed again and compared."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.errors import Refusal
from fenxiao.money import parse_amount, plain
from fenxiao.plans import Line, Plan, Sale, SaleKind, in_force, rate_return, rate_sale, waits_for_delivery
from fenxiao.verify.facts import Facts, SaleFact, moment
from fenxiao.verify.holding import held_for, terms_due, terms_of
from fenxiao.verify.report import Report

_Row = tuple[str, str, int, str, str, int, str, str, str]


class _Posted:
    """What was posted for a named sale so far: its lines by id, what was returned, what was taken back."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self.returned = Decimal(0)
        self.clawed_back: dict[str, int] = defaultdict(int)


def check_lines(facts: Facts, report: Report) -> None:
    """Recomputes the lines of every sale and return, in the order in which they were recorded."""
    check = report.check("lines", "each sale's and return's lines follow from the plan and the tree at its time")
    plans = list(facts.plans.values())
    hashes = {id(plan): name for name, plan in facts.plans.items()}
    posted: dict[str, _Posted] = {}
    for fact in facts.sales.values():
        try:
            expected = _expected(facts, fact, plans, hashes, posted)
        except Refusal as refusal:
            check.that(False, f"{fact.sale}: {refusal}")
            continue
        got = sorted(_rows(facts, fact.posted))
        check.that(expected == got, f"{fact.sale}: {_difference(expected, got)}")
    facts.tree.at("")


def _expected(
    facts: Facts, fact: SaleFact, plans: list[Plan], hashes: dict[int, str], posted: dict[str, _Posted]
) -> list[_Row]:
    amount = parse_amount(fact.amount)
    if fact.original:
        original, so_far = facts.sales.get(fact.original), posted.get(fact.original)
        if original is None or so_far is None:
            raise Refusal("RETURN_OF_NOTHING", f"it returns {fact.original}, which is no sale that can be rated")
        if original.member != fact.member or original.currency != fact.currency:
            raise Refusal("RETURN_OF_ANOTHER", "the return's member or currency is not its sale's")
        _same_plan(fact, original.plan_hash)
        if not so_far.lines:
            return []
        reversing = rate_return(
            plan_named(facts, original.plan_hash),
            so_far.lines,
            sale_amount=parse_amount(original.amount),
            returned_before=so_far.returned,
            returned_now=amount,
            clawed_back=so_far.clawed_back,
        )
        so_far.returned += amount
        for line_id, line in reversing.items():
            so_far.clawed_back[line_id] -= line.amount_minor
        return sorted(_row(line, line_id) for line_id, line in reversing.items())
    plan = in_force(plans, fact.occurred_at)
    _same_plan(fact, hashes[id(plan)] if plan else "")
    lines: list[Line] = []
    if plan is not None:
        kind = SaleKind.RETURN if fact.is_return else SaleKind.SALE
        sale = _sale(fact, kind, amount)
        if not fact.transactions and waits_for_delivery(plan, sale):
            raise Refusal("BIZ_TRANSACTION_MISSING", "its plan waits for its delivery, and it names no transaction")
        lines = rate_sale(plan, sale, facts.tree.at(fact.cut).upline(fact.member, fact.occurred_at, plan.depth))
    if not fact.is_return:
        posted[fact.sale] = so_far = _Posted()
        ids = {(line.member, line.component, line.level): line.line for line in fact.posted}
        for line in lines:
            line_id = ids.get((line.member, line.component, line.level))
            if line_id is not None:
                so_far.lines[line_id] = line
    return sorted(_row(line, "", fact.transactions) for line in lines)


def _sale(fact: SaleFact, kind: SaleKind, amount: Decimal) -> Sale:
    goods = fact.goods
    margin, points, quantity = (
        parse_amount(text) if text else None for text in (goods.margin, goods.points, goods.quantity)
    )
    return Sale(
        kind=kind,
        occurred_at=fact.occurred_at,
        amount=amount,
        currency=fact.currency,
        margin=margin,
        points=points,
        quantity=quantity,
        product=goods.product,
        category=goods.category,
        channel=goods.channel,
        sale_class=fact.sale_class,
    )


def plan_named(facts: Facts, name: str) -> Plan:
    """The plan of a hash. Raises `Refusal` UNKNOWN_PLAN."""
    plan = facts.plans.get(name)
    if plan is None:
        raise Refusal("UNKNOWN_PLAN", f"no plan {name} was published")
    return plan


def _same_plan(fact: SaleFact, expected: str) -> None:
    if fact.plan_hash != expected:
        raise Refusal(
            "OTHER_PLAN", f"rated under the plan {fact.plan_hash or 'none'}, in force is {expected or 'none'}"
        )


def _row(line: Line, reverses: str, transactions: Iterable[str] = ()) -> _Row:
    rate, base = plain(line.rate), plain(line.base)
    waits = held_for(terms_due(line.hold_until, line.waits, transactions))
    asset = asset_text(line.asset, line.expires_at)
    return (line.member, line.component, line.level, rate, base, line.amount_minor, waits, reverses, asset)


def _rows(facts: Facts, lines: Iterable[commission.PostedLine]) -> list[_Row]:
    rows: list[_Row] = []
    for line in lines:
        waits, asset = held_for(terms_of(line)), posted_asset(facts, line)
        earned = (line.member, line.component, line.level, line.rate, line.base, line.amount_minor)
        rows.append((*earned, waits, line.reverses, asset))
    return rows


def posted_asset(facts: Facts, line: commission.PostedLine) -> str:
    """What a line was posted in, so that it can be compared and shown."""
    expires = moment(line.expire_time) if line.HasField("expire_time") else None
    return asset_text(facts.points.get(line.line, ""), expires)


def asset_text(points: str, expires_at: datetime | None) -> str:
    """What a line should be posted in: nothing to say of money."""
    return f"{points or 'money'}, lost at {expires_at.isoformat()}" if expires_at else points


def _difference(expected: list[_Row], got: list[_Row]) -> str:
    for wanted, found in zip(expected, got, strict=False):
        if wanted != found:
            return f"expected {wanted}, posted was {found}"
    return f"expected {len(expected)} lines, posted were {len(got)}"
