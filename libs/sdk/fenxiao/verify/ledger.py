"""Entitlements follow from lines: settlement's books are kept again, member by member, and compared.

What is held and released is recomputed in `holding`, what becomes of points in `points`: a payee is entitled to what
lines have made payable, and to the money that points were redeemed for.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.api.settlement.v1 import points_pb2
from fenxiao.errors import Refusal
from fenxiao.money import minor_digits
from fenxiao.proofs.hashes import parse_address, parse_hash, to_hex
from fenxiao.proofs.payout_tree import Payout, PayoutScope, PayoutTree
from fenxiao.verify.deliveries import MEANING as DELIVERIES_MEANING
from fenxiao.verify.deliveries import Deliveries
from fenxiao.verify.facts import Facts, MemberFact, moment
from fenxiao.verify.holding import NEVER, Account, Word, terms_of
from fenxiao.verify.points import PointsBooks
from fenxiao.verify.report import Check, Report


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
    identities: dict[str, list[Word]] = field(default_factory=lambda: defaultdict(list))
    """Member → what settlement has heard of the identity so far."""
    deliveries: Deliveries = field(default_factory=Deliveries)
    """What settlement has heard of deliveries so far."""
    awaiting: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    """Business transaction → (currency, member) of lines that wait for its delivery."""
    now: datetime = NEVER
    """The programme's time."""

    def settle(self, currency: str, member: str) -> None:
        """Releases what can be released."""
        words = self.identities.get(member, ())
        self.accounts[currency, member].settle(self.now, words, self.deliveries.delivered)

    def delivered(self, transactions: Iterable[str]) -> None:
        """Releases, or holds again, what waits for the delivery of these."""
        for currency, member in sorted({one for name in transactions for one in self.awaiting.get(name, ())}):
            self.accounts[currency, member].undo(self.now, self.deliveries.delivered)
            self.settle(currency, member)


class _Posted(NamedTuple):
    """A line that commission has posted."""

    line: commission.PostedLine
    plan_hash: str


def replay(facts: Facts, report: Report, balances: Iterable[points_pb2.Points] = ()) -> Books:
    """Keeps the books again in settlement's own order, and checks every distribution on the way.

    `balances` are what settlement says that members have of points.
    """
    books = Books()
    booked = report.check("booked", "every posted line was entered in the ledger once")
    shares = report.check("entitlements", "each entitlement is what the member's lines made payable, and never falls")
    roots = report.check("trees", "each distribution's root, data hash and totals follow from its entitlements")
    identities = report.check("identities", "every identity check counts as it was recorded, in its order")
    deliveries = report.check("deliveries", DELIVERIES_MEANING)
    points = PointsBooks(facts, report)
    posted = _posted(facts)
    entered = set[str]()
    parts: dict[tuple[str, int], list[settlement.EntitlementEntry]] = defaultdict(list)
    for recorded_at, event in facts.ledger:
        match event:
            case settlement.AdvancedTo():
                books.now = moment(event.as_of)
                for currency, member in books.accounts:
                    books.settle(currency, member)
                points.advance(books.now)
            case settlement.IdentityRemembered() | settlement.IdentityWithdrawn():
                _hear(facts, books, identities, event)
            case settlement.LinesHeld():
                _enter(posted.get(event.source, {}), books, booked, event, entered)
            case settlement.EntitlementsListed():
                parts[event.currency, event.number].extend(event.entries)
            case settlement.DistributionClosed():
                entries = parts.pop((event.currency, event.number), [])
                try:
                    _check_shares(facts, books, shares, event, entries, recorded_at)
                    _check_tree(books, roots, report, event, entries)
                except Refusal as refusal:
                    roots.that(False, f"{event.currency}-{event.number} cannot be read: {refusal.message}")
            case settlement.MoneyRedeemed():
                if points.credit(event):
                    books.accounts[event.currency, event.member].redeem(event.amount_minor)
                    books.settle(event.currency, event.member)
            case _:
                _hear_of_delivery(facts, books, deliveries, event)
                points.apply(event, books.now)
    for source, line_id in ((source, line) for source, lines in posted.items() for line in lines):
        booked.that(line_id in entered, f"line {line_id} of {source} is not in the ledger")
    last = max((at for at, event in facts.ledger if isinstance(event, settlement.DistributionClosed)), default=NEVER)
    _check_heard(facts, books, identities, last)
    books.deliveries.check_heard(facts.deliveries, deliveries, last)
    points.finish(balances)
    return books


def _hear(
    facts: Facts, books: Books, check: Check, event: settlement.IdentityRemembered | settlement.IdentityWithdrawn
) -> None:
    """What settlement says of an identity is what membership has said next."""
    member = event.member
    if isinstance(event, settlement.IdentityRemembered):
        word = Word(moment(event.check_time), moment(event.expire_time) if event.HasField("expire_time") else None)
    else:
        since = moment(event.effective_time)
        word = Word(since, since)
    fact, heard = facts.members.get(member), books.identities[member]
    told = fact.identity[len(heard)].word if fact is not None and len(heard) < len(fact.identity) else None
    check.that(told == word, f"the identity of {member}: settlement counts {word}, membership has said {told}")
    heard.append(word)
    for currency in books.plans:
        if (currency, member) in books.accounts:
            books.settle(currency, member)


def _hear_of_delivery(facts: Facts, books: Books, check: Check, event: Any) -> None:
    """What settlement says of a delivery, if the event does."""
    if isinstance(event, settlement.DeliveryRemembered | settlement.DeliveryForgotten):
        books.delivered(books.deliveries.hear(facts.deliveries, check, event))


def _check_heard(facts: Facts, books: Books, check: Check, last: datetime) -> None:
    """What membership said before the last distribution was closed has been heard by now."""
    for member, fact in facts.members.items():
        told = sum(one.told_at < last for one in fact.identity)
        heard = len(books.identities.get(member, ()))
        check.that(heard >= told, f"the identity of {member}: of {told} words settlement has counted {heard}")


def _posted(facts: Facts) -> dict[str, dict[str, _Posted]]:
    """Every line that was posted in money, by its source and id."""
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
    return {
        source: {line: one for line, one in lines.items() if line not in facts.points}
        for source, lines in found.items()
    }


def _enter(
    posted: Mapping[str, _Posted],
    books: Books,
    check: Check,
    event: settlement.LinesHeld,
    entered: set[str],
) -> None:
    touched: dict[str, None] = {}
    for line_id in event.lines:
        found = posted.get(line_id)
        if found is None or line_id in entered:
            check.that(False, f"the ledger holds line {line_id} of {event.source}, which was not posted, or twice")
            continue
        line = found.line
        entered.add(line_id)
        if found.plan_hash:
            books.plans[event.currency].add(found.plan_hash)
        terms, account = terms_of(line), books.accounts[event.currency, line.member]
        check.that(not terms.unknown, f"line {line_id} waits for what this version does not know")
        for name in terms.awaited:
            books.awaiting[name].add((event.currency, line.member))
        account.post(line_id, line.amount_minor, terms, line.reverses, books.now)
        touched[line.member] = None
    for member in touched:
        books.settle(event.currency, member)


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
        account.distribute(due // scale)
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
