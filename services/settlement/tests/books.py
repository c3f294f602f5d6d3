"""The ledger's views in memory, for the pure decisions: what they read, and how a use case puts them together."""

from collections.abc import Collection
from copy import deepcopy
from datetime import datetime

from services.settlement.domain.accounts import Balances, changes
from services.settlement.domain.conditions import (
    open_at,
    terms_of,
)
from services.settlement.domain.deliveries import decide_hold_again
from services.settlement.domain.distribution import (
    Claimant,
    check_turn,
    check_worth,
    decide_distribution,
    decide_shares,
)
from services.settlement.domain.distribution import Standing as DistributionStanding
from services.settlement.domain.events import (
    DistributionClosed,
    EntitlementsListed,
    LedgerEntry,
    LedgerLine,
    LinesHeld,
    LinesHeldAgain,
    LinesReleased,
    PayoutsBooked,
)
from services.settlement.domain.holding import (
    HeldLine,
    Posted,
    Standing,
    decide_lines,
    decide_release,
    needed,
    touched,
)
from services.settlement.domain.identity import Said, checked_at
from services.settlement.domain.payouts import Batch, Creditor, Share, Transfer, decide_booking
from services.settlement.domain.releasing import Ripe
from services.settlement.domain.time import decide_advance
from services.settlement.tests.given import (
    ASSET,
    GBP,
    PLAN,
    PROGRAMME,
    SCALE,
    START,
    day,
    payee,
)
from services.settlement.tests.naive import MEMBERS

NOW = day(10_000)


class Books:
    """The views, in memory: what the decisions read."""

    def __init__(self) -> None:
        self.balances: dict[str, Balances] = {member: Balances() for member in MEMBERS}
        self.lines: dict[str, tuple[LedgerLine, int]] = {}
        self.accounts: dict[str, str] = {}
        self.withheld: set[str] = set()
        self.closed: list[DistributionClosed] = []
        self.listed: dict[int, dict[str, tuple[int, int, str]]] = {}
        self.progress: dict[int, int] = {}
        self.proposed = 0
        self.time: datetime | None = None
        self.said: dict[str, list[Said]] = {member: [] for member in MEMBERS}
        self.deliveries: dict[str, tuple[datetime, set[str]]] = {}
        self.freed: dict[str, int] = {}
        """By line: what can be held again."""

    def apply(self, entry: LedgerEntry) -> None:
        for member, change in changes(entry.postings).items():
            self.balances[member] = self.balances[member].plus(change)
        match entry:
            case LinesHeld():
                for one in entry.lines:
                    self.lines[one.line] = (one, entry.held(one))
                for part in entry.cancelled:
                    self._take(part.line, part.amount_minor)
            case LinesReleased():
                for part in entry.lines:
                    self._take(part.line, part.amount_minor)
            case EntitlementsListed():
                rows = self.listed.setdefault(entry.number, {})
                for e in entry.entries:
                    rows[e.member] = (e.cumulative_minor, e.due_minor, e.account)
            case DistributionClosed():
                self.closed.append(entry)
            case PayoutsBooked():
                for part in entry.progress:
                    self.progress[part.number] = self.progress.get(part.number, 0) + part.amount_minor
            case _:
                assert isinstance(entry, LinesHeldAgain)

        self._free(entry)

    def _free(self, entry: LedgerEntry) -> None:
        """What of lines that wait for a delivery can be held again."""
        match entry:
            case LinesHeld():
                for one in entry.lines:
                    if one.reverses in self.freed:
                        self.freed[one.reverses] = max(0, self.freed[one.reverses] + one.amount_minor)
            case LinesReleased():
                for part in entry.lines:
                    if terms_of(self.lines[part.line][0].conditions).deliveries:
                        self.freed[part.line] = self.freed.get(part.line, 0) + part.amount_minor
            case LinesHeldAgain():
                for part in entry.lines:
                    self._take(part.line, -part.amount_minor)
                    self.freed[part.line] -= part.amount_minor
            case EntitlementsListed():
                paid = {e.member for e in entry.entries if e.due_minor}
                self.freed = {name: left for name, left in self.freed.items() if self.lines[name][0].member not in paid}
            case _:
                pass

    def _take(self, name: str, amount: int) -> None:
        one, held = self.lines[name]
        self.lines[name] = (one, held - amount)

    def held(self, member: str) -> dict[str, int]:
        mine = [
            (terms_of(one.conditions).until or day(-1), name, held)
            for name, (one, held) in self.lines.items()
            if one.member == member and held
        ]
        return {name: held for _, name, held in sorted(mine, reverse=True)}

    def standing(self, member: str) -> Standing:
        balances = self.balances[member]
        return Standing(balances.payable, balances.debt, self.held(member))

    def newest(self) -> DistributionStanding | None:
        if not self.closed:
            return None
        last = self.closed[-1]
        return DistributionStanding(
            last.number, last.root, self.proposed == last.number, "", last.due_minor, self.progress.get(last.number, 0)
        )

    def post(self, lines: list[LedgerLine]) -> None:
        entered = Posted("s", GBP, START, PLAN, tuple(lines))
        standings = {member: self.standing(member) for member in needed(entered, self.time)}
        named = {
            one.reverses: HeldLine(one.reverses, self.lines[one.reverses][0].member, self.lines[one.reverses][1])
            for one in lines
            if one.reverses
        }
        entry = decide_lines(entered, self.time, standings, named)
        self.apply(entry)
        if self.time is not None:
            self.release(self.time, touched(entry, self.time, thresholds=True))

    def say(self, member: str, since: int, until: int) -> None:
        self.said[member].append(Said(day(since), day(until)))
        if self.time is not None:
            self.release(self.time, [member])

    def deliver(self, delivery: str, since: int, transactions: Collection[str]) -> None:
        self.deliveries[delivery] = (day(since), set(transactions))
        if self.time is not None:
            self.release(self.time)

    def undeliver(self, delivery: str) -> None:
        _, gone = self.deliveries.pop(delivery)
        if self.time is None:
            return
        freed = [
            HeldLine(name, one.member, self.freed[name])
            for name, (one, _) in self.lines.items()
            if self.freed.get(name) and (awaited := terms_of(one.conditions).deliveries) & gone
            if not self.delivered(awaited, self.time)
        ]
        if freed:
            self.apply(decide_hold_again(GBP, self.time, freed, self.balances))

    def delivered(self, transactions: Collection[str], time: datetime) -> bool:
        come = {one for since, what in self.deliveries.values() if since <= time for one in what}
        return come.issuperset(transactions)

    def release(self, time: datetime, members: Collection[str] = MEMBERS) -> None:
        """As the ledger does."""
        ripe = {
            name: (one.member, held, terms.threshold_minor)
            for name, (one, held) in self.lines.items()
            if held and one.member in members and not open_at((terms := terms_of(one.conditions)).until, time)
            if not terms.identity or checked_at(time, self.said[one.member])
            if self.delivered(terms.deliveries, time)
        }
        due: list[HeldLine] = []
        for member in members:
            sums: dict[int, int] = {}
            for whose, held, threshold in ripe.values():
                if whose == member:
                    sums[threshold] = sums.get(threshold, 0) + held
            net = self.balances[member].payable - self.balances[member].debt
            reached = Ripe(net, sums).reached
            due += [HeldLine(name, member, h) for name, (m, h, t) in ripe.items() if m == member and t <= reached]
        debts = {member: balances.debt for member, balances in self.balances.items() if balances.debt}
        for released in decide_release(GBP, time, due, debts):
            self.apply(released)

    def close(self, number: int) -> dict[str, int]:
        """As the use case does: all or nothing."""
        as_of = day(number)
        previous = self.newest()
        check_turn(previous)
        decide_advance(self.time, as_of, NOW)
        after = deepcopy(self)
        after.release(as_of)
        last = self.listed[previous.number] if previous else {}
        shares = decide_shares(
            Claimant(
                member,
                balances.payable,
                balances.entitled,
                payee(member) if member in self.accounts else "",
                self.accounts.get(member, ""),
                member in self.withheld,
                last[member][2] if member in last else "",
            )
            for member, balances in after.balances.items()
        )
        check_worth(shares, GBP, as_of, 0)
        for entry in decide_distribution(PROGRAMME, ASSET, previous, as_of, [PLAN], shares):
            after.apply(entry)
        after.time = as_of
        self.__dict__ = after.__dict__
        return {entry.member: entry.due_minor for entry in shares.entries if entry.due_minor}

    def pay(self, member: str, amount: int) -> None:
        balances = self.balances[member]
        shares = [
            Share(number, rows[member][0], rows[member][1])
            for number, rows in self.listed.items()
            if member in rows and rows[member][1]
        ]
        transfer = Transfer(payee(member), "0xa", str(amount * SCALE), str((balances.paid + amount) * SCALE))
        batch = Batch(GBP, len(self.closed), "0xt", 1, [transfer])
        creditor = Creditor(member, balances.in_distribution, balances.paid, shares)
        self.apply(decide_booking(batch, SCALE, {transfer.payee: creditor}))

    def check(self) -> None:
        for member, balances in self.balances.items():
            assert balances.problem() == ""
            assert balances.held == sum(self.held(member).values())
            assert not (balances.debt and balances.payable)
            history = [rows.get(member, (0, 0, ""))[0] for _, rows in sorted(self.listed.items())]
            assert history == sorted(history), "an entitlement has fallen"
            assert balances.entitled == (history[-1] if history else 0)
            assert balances.paid <= balances.entitled
        for closed in self.closed:
            rows = self.listed[closed.number].values()
            assert closed.cumulative_minor == sum(cumulative for cumulative, _, _ in rows)
            assert self.progress.get(closed.number, 0) <= closed.due_minor
        assert sum(self.progress.values()) == sum(balances.paid for balances in self.balances.values())
