"""Entitlements follow from lines: settlement's books are kept again, member by member, and compared.

The rules are settlement's (services/settlement, `domain/holding.py`), written anew here: a line above zero is held
until its return window ends at the programme's time; a clawback takes what is held of the line it names, then what is
held of others (last to be released first), then what is payable, then becomes a debt; what is released settles the
debt first.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.api.settlement.v1 import settlement_pb2
from fenxiao.errors import Refusal
from fenxiao.money import minor_digits
from fenxiao.proofs.hashes import parse_address, parse_hash, to_hex
from fenxiao.proofs.payout_tree import Payout, PayoutScope, PayoutTree
from fenxiao.verify.facts import Facts, MemberFact, moment
from fenxiao.verify.report import Check, Report

_START = datetime.min.replace(tzinfo=UTC)


@dataclass
class Account:
    """One member's books in one currency, in minor units."""

    accrued: int = 0
    clawed_back: int = 0
    payable: int = 0
    entitled: int = 0
    debt: int = 0
    lines: int = 0
    held: dict[str, tuple[datetime, int]] = field(default_factory=dict[str, tuple[datetime, int]])

    @property
    def held_minor(self) -> int:
        """What is held of all lines."""
        return sum(amount for _, amount in self.held.values())

    def post(self, line: str, amount: int, until: datetime | None, reverses: str, now: datetime) -> None:
        """Enters one line."""
        self.lines += 1
        if amount < 0:
            self.clawed_back += amount
            self._take_back(-amount, reverses)
        elif until is None or until <= now:
            self.accrued += amount
            self._release(amount)
        else:
            self.accrued += amount
            self.held[line] = (until, amount)

    def advance(self, now: datetime) -> None:
        """Releases what is due."""
        for line in [line for line, (until, _) in self.held.items() if until <= now]:
            self._release(self.held.pop(line)[1])

    def _release(self, amount: int) -> None:
        netted = min(amount, self.debt)
        self.debt -= netted
        self.payable += amount - netted

    def _take_back(self, amount: int, named: str) -> None:
        order = sorted(self.held, key=lambda line: (line == named, self.held[line][0], line), reverse=True)
        for line in order:
            until, held = self.held[line]
            taken = min(amount, held)
            amount -= taken
            self.held[line] = (until, held - taken)
        taken = min(amount, self.payable)
        self.payable -= taken
        self.debt += amount - taken


@dataclass
class Distribution:
    """A closed distribution with its tree built anew."""

    closed: settlement.DistributionClosed
    tree: PayoutTree
    entries: list[settlement.EntitlementEntry]

    @property
    def name(self) -> str:
        """Currency and number."""
        return f"{self.closed.currency}-{self.closed.number}"


@dataclass
class Books:
    """What the replay ends with."""

    accounts: dict[tuple[str, str], Account] = field(default_factory=lambda: defaultdict(Account))
    """(currency, member) → books."""
    distributions: list[Distribution] = field(default_factory=list[Distribution])
    plans: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Currency → hashes of the plans by which its lines were rated so far."""


class _Posted(NamedTuple):
    """A line that commission has posted."""

    line: commission.PostedLine
    plan_hash: str


def replay(facts: Facts, report: Report) -> Books:
    """Keeps the books again in settlement's own order, and checks every distribution on the way."""
    books = Books()
    booked = report.check("booked", "every posted line was entered in the ledger once")
    shares = report.check("entitlements", "each entitlement is what the member's lines made payable, and never falls")
    roots = report.check("trees", "each distribution's root, data hash and totals follow from its entitlements")
    now = _START
    posted = _posted(facts)
    entered = set[str]()
    parts: dict[tuple[str, int], list[settlement.EntitlementEntry]] = defaultdict(list)
    for recorded_at, event in facts.ledger:
        match event:
            case settlement.AdvancedTo():
                now = moment(event.as_of)
                for account in books.accounts.values():
                    account.advance(now)
            case settlement.LinesHeld():
                _enter(posted.get(event.source, {}), books, booked, event, now, entered)
            case settlement.EntitlementsListed():
                parts[event.currency, event.number].extend(event.entries)
            case settlement.DistributionClosed():
                entries = parts.pop((event.currency, event.number), [])
                try:
                    _check_shares(facts, books, shares, event, entries, recorded_at)
                    _check_tree(books, roots, report, event, entries)
                except Refusal as refusal:
                    roots.that(False, f"{event.currency}-{event.number} cannot be read: {refusal.message}")
            case _:
                pass
    for source, lines in posted.items():
        for line_id in lines:
            booked.that(line_id in entered, f"line {line_id} of {source} is not in the ledger")
    return books


def _posted(facts: Facts) -> dict[str, dict[str, _Posted]]:
    """Every posted line by its source and id."""
    found = {
        fact.sale: {line.line: _Posted(line, fact.plan_hash) for line in fact.posted} for fact in facts.sales.values()
    }
    for name, dispute in facts.disputes.items():
        found[name] = {line.line: _Posted(line, dispute.plan_hash) for line in dispute.posted}
    plans = {closing.start: closing.plan_hash for closing in facts.closings.values()}
    for name, closing in facts.closings.items():
        found[name] = {
            line.line: _Posted(line, plans.get(period, "")) for period, lines in closing.lines.items() for line in lines
        }
    return found


def _enter(
    posted: Mapping[str, _Posted],
    books: Books,
    check: Check,
    event: settlement.LinesHeld,
    now: datetime,
    entered: set[str],
) -> None:
    for line_id in event.lines:
        found = posted.get(line_id)
        if found is None or line_id in entered:
            check.that(False, f"the ledger holds line {line_id} of {event.source}, which was not posted, or twice")
            continue
        line = found.line
        entered.add(line_id)
        if found.plan_hash:
            books.plans[event.currency].add(found.plan_hash)
        ends = [moment(condition.return_window.until) for condition in line.conditions]
        account = books.accounts[event.currency, line.member]
        account.post(line_id, line.amount_minor, max(ends, default=None), line.reverses, now)


def scale_of(facts: Facts, currency: str) -> int:
    """Token units in one minor unit of a currency. Raises `Refusal` NO_ASSET."""
    if currency not in facts.assets:
        raise Refusal("NO_ASSET", f"no token was registered for {currency}")
    return 10 ** (facts.assets[currency].token_decimals - minor_digits(currency))


def _units(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 78):
        raise Refusal("INVALID_UNITS", f"{text[:80]!r} is not a number of token units")
    return int(text)


def _check_shares(
    facts: Facts,
    books: Books,
    check: Check,
    event: settlement.DistributionClosed,
    entries: list[settlement.EntitlementEntry],
    closed_at: datetime,
) -> None:
    scale = scale_of(facts, event.currency)
    listed = set[str]()
    for entry in entries:
        member, fact = entry.member, facts.members.get(entry.member)
        if fact is None or member in listed:
            check.that(False, f"{event.currency}-{event.number} entitles {member}, who is unknown or listed twice")
            continue
        listed.add(member)
        account = books.accounts[event.currency, member]
        due, cumulative = _units(entry.due_units), _units(entry.cumulative_units)
        accounts = {wallet.account for wallet in fact.wallets if wallet.bound_at <= closed_at}
        check.that(
            due in (0, account.payable * scale)
            and cumulative == account.entitled * scale + due
            and entry.payee == fact.payee
            and entry.account in accounts
            and (due > 0 or account.payable == 0 or not _payable_to(fact, closed_at)),
            f"{event.currency}-{event.number}, member {member}: entitled to {cumulative} units, {due} of them new;"
            f" the lines make {account.entitled * scale} before and {account.payable * scale} payable",
        )
        account.entitled += due // scale
        account.payable -= due // scale
    for (currency, member), account in books.accounts.items():
        if currency != event.currency or member in listed or not (account.payable or account.entitled):
            continue
        fact = facts.members.get(member)
        left_out = account.entitled > 0 or fact is None or _payable_to(fact, closed_at)
        check.that(
            not left_out, f"{event.currency}-{event.number} leaves out {member}, to whom {account.payable} is payable"
        )


def _payable_to(member: MemberFact, at: datetime) -> bool:
    """Whether the member had a proven wallet and was not suspended."""
    suspended = False
    for when, state in member.suspensions:
        if when <= at:
            suspended = state
    return not suspended and any(wallet.bound_at <= at for wallet in member.wallets)


def _check_tree(
    books: Books,
    check: Check,
    report: Report,
    event: settlement.DistributionClosed,
    entries: list[settlement.EntitlementEntry],
) -> None:
    scope = PayoutScope(
        event.chain_id, parse_address(event.vault), parse_hash(event.programme_key), parse_address(event.token)
    )
    tree = PayoutTree(
        scope, [Payout(parse_hash(e.payee), parse_address(e.account), _units(e.cumulative_units)) for e in entries]
    )
    before = [found.closed for found in books.distributions if found.closed.currency == event.currency]
    previous = before[-1].root if before else to_hex(bytes(32))
    name = f"{event.currency}-{event.number}"
    check.that(to_hex(tree.root) == event.root, f"{name}: the entitlements give the root {to_hex(tree.root)}")
    check.that(to_hex(tree.data_hash) == event.data_hash, f"{name}: the export has another hash")
    check.that(event.previous_root == previous, f"{name}: it follows {event.previous_root}, not {previous}")
    check.that(event.number == len(before) + 1, f"{name}: it is number {len(before) + 1}")
    check.that(_units(event.cumulative_units) == tree.total, f"{name}: the entitlements sum to {tree.total}")
    check.that(
        set(event.plan_hashes) == books.plans[event.currency],
        f"{name}: its lines were rated by the plans {sorted(books.plans[event.currency])}",
    )
    due = sum(_units(entry.due_units) for entry in entries)
    check.that(_units(event.due_units) == due, f"{name}: what is new sums to {due}")
    report.figures.setdefault("distributions", []).append(name)
    books.distributions.append(Distribution(event, tree, entries))


def check_statements(books: Books, statements: list[settlement_pb2.Statement], report: Report) -> None:
    """Compares the statements that settlement gives with the books kept here."""
    check = report.check("statements", "each statement's sums are those of the books kept again")
    seen = set[tuple[str, str]]()
    for statement in statements:
        member = statement.member.rpartition("/")[2]
        seen.add((statement.currency, member))
        account = books.accounts.get((statement.currency, member), Account())
        got: dict[str, Any] = {
            "accrued": statement.accrued_minor,
            "clawed_back": statement.clawed_back_minor,
            "net": statement.net_minor,
            "held": statement.held_minor,
            "payable": statement.payable_minor,
            "entitled": statement.in_distribution_minor + statement.paid_minor,
            "debt": statement.debt_minor,
            "lines": statement.line_count,
        }
        expected = {
            "accrued": account.accrued,
            "clawed_back": account.clawed_back,
            "net": account.accrued + account.clawed_back,
            "held": account.held_minor,
            "payable": account.payable,
            "entitled": account.entitled,
            "debt": account.debt,
            "lines": account.lines,
        }
        check.that(got == expected, f"member {member}: the statement says {got}, the books {expected}")
    for currency, member in books.accounts:
        if (currency, member) not in seen:
            check.that(False, f"member {member} has lines in {currency} but no statement")
