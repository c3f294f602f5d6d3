"""Whatever happens in whatever order: the books balance, nobody is paid twice, and a naive picture agrees.

The same random histories run through the pure decisions (many, with the books in memory) and through the whole service
(fewer, on a real store, whose views are then rebuilt and compared).
"""

import asyncio
import tempfile
from collections.abc import Collection
from copy import deepcopy
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings

from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from fenxiao.errors import Refusal
from libs.servicekit.testing import Harness
from services.settlement.domain.accounts import Account, Balances, changes
from services.settlement.domain.conditions import Condition, Identity, ReturnWindow, Threshold, open_at, terms_of
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
from services.settlement.tests import steps
from services.settlement.tests.given import (
    ASSET,
    GBP,
    PLAN,
    PROGRAMME,
    SCALE,
    START,
    account,
    day,
    identity_checked,
    identity_withdrawn,
    line,
    payee,
    posted,
    wallet_bound,
)
from services.settlement.tests.naive import MEMBERS, Naive
from services.settlement.tests.world import World
from services.settlement.wiring import SERVICE

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
                raise AssertionError(entry)

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

    def release(self, time: datetime, members: Collection[str] = MEMBERS) -> None:
        """As the ledger does."""
        ripe = {
            name: (one.member, held, terms.threshold_minor)
            for name, (one, held) in self.lines.items()
            if held and one.member in members and not open_at((terms := terms_of(one.conditions)).until, time)
            if not terms.identity or checked_at(time, self.said[one.member])
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


def conditions_of(sale: steps.Sale) -> tuple[Condition, ...]:
    windows = () if sale.until is None else (ReturnWindow(until=day(sale.until)),)
    identity = (Identity(),) if sale.identity else ()
    return (*windows, *identity, *((Threshold(least_minor=sale.threshold),) if sale.threshold else ()))


def ledger_line(
    name: str, member: str, amount: int, conditions: tuple[Condition, ...] = (), reverses: str = ""
) -> LedgerLine:
    return LedgerLine(
        line=name,
        member=member,
        component="direct",
        level=0,
        rate="0.08",
        base="1",
        amount_minor=amount,
        conditions=conditions,
        reverses=reverses,
    )


class Names:
    """Gives lines their names, and a return the line that it names."""

    def __init__(self) -> None:
        self.of: dict[str, list[str]] = {member: [] for member in MEMBERS}
        self.count = 0

    def next(self, member: str, *, earns: bool = True) -> str:
        self.count += 1
        name = f"l{self.count:04}"
        if earns:
            self.of[member].append(name)
        return name

    def named(self, step: steps.Return) -> str:
        mine = self.of[step.member]
        return mine[step.named % len(mine)] if mine and step.named is not None else ""


@settings(max_examples=300, deadline=None)
@given(steps.STEPS)
def test_the_decisions_keep_the_books(history: list[steps.Step]) -> None:  # noqa: PLR0912 # one branch a step
    books, naive, names = Books(), Naive(), Names()
    for step in history:
        match step:
            case steps.Sale(amounts, end, identity, threshold):
                lines = [(names.next(member), member, amount) for member, amount in amounts]
                conditions = conditions_of(step)
                books.post([ledger_line(name, member, amount, conditions) for name, member, amount in lines])
                naive.sale(lines, end, identity=identity, threshold=threshold)
            case steps.Return(member, amount, _):
                named = names.named(step)
                books.post([ledger_line(names.next(member, earns=False), member, -amount, reverses=named)])
                naive.clawback(member, amount, named)
            case steps.Close(number):
                try:
                    outcome = books.close(number)
                except Refusal as refusal:
                    outcome = refusal.reason
                assert outcome == naive.close(number)
            case steps.Propose():
                books.proposed = naive.proposed = len(naive.trees)
            case steps.Pay(members):
                for member in members:
                    if amount := naive.open_credit(member):
                        books.pay(member, amount)
                        naive.pay(member)
            case steps.Wallet(member, wallet):
                books.accounts[member] = account(member, wallet)
                naive.wallets.add(member)
            case steps.Suspend(member):
                books.withheld.add(member)
                naive.suspended.add(member)
            case steps.Reinstate(member):
                books.withheld.discard(member)
                naive.suspended.discard(member)
            case steps.Check(member, since, days):
                books.say(member, since, since + days)
                naive.check(member, since, since + days)
            case steps.Withdraw(member, since):
                books.say(member, since, since)
                naive.check(member, since, since)
        books.check()
        assert books.balances == {member: naive.balances(member) for member in MEMBERS}


@settings(max_examples=30, deadline=None)
@given(steps.STEPS)
def test_the_service_keeps_the_books(history: list[steps.Step]) -> None:
    asyncio.run(run_history(history))


async def run_history(history: list[steps.Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with Harness(SERVICE, Path(folder)) as service:
            world, naive, names = World(service), Naive(), Names()
            await world.register()
            roots: list[pb.Distribution] = []
            for number, step in enumerate(history):
                await take(world, naive, names, roots, number, step)
                held = await world.service.log.read(
                    lambda reader: reader.all("SELECT line, held_minor FROM view_lines WHERE held_minor<>0")
                )
                assert dict(held) == {lot.line: lot.left for lot in naive.lots}
            for member in MEMBERS:
                assert await world.balances(member) == naive.balances(member)
            totals = await world.totals()
            assert totals.paid_minor == sum(naive.paid.values())
            assert totals.debtors == sum(1 for amount in naive.debt.values() if amount)
            await check_ledger(world)
            await check_rebuilt(world)


async def take(  # noqa: PLR0912 # one branch a step
    world: World, naive: Naive, names: Names, roots: list[pb.Distribution], number: int, step: steps.Step
) -> None:
    match step:
        case steps.Sale(amounts, end, identity, threshold):
            lines = [(names.next(member), member, amount) for member, amount in amounts]
            window = None if end is None else day(end)
            made = (line(*one, window, identity=identity, threshold=threshold) for one in lines)
            await world.hears(posted(*made))
            naive.sale(lines, end, identity=identity, threshold=threshold)
        case steps.Return(member, amount, _):
            named = names.named(step)
            name = names.next(member, earns=False)
            await world.hears(posted(line(name, member, -amount, reverses=named), source=f"s{number}"))
            naive.clawback(member, amount, named)
        case steps.Close(as_of):
            expected = naive.would_pay(as_of)
            if naive.day is None or as_of >= naive.day:
                assert (await world.preview(as_of)).total_minor == sum(expected.values())
            outcome = naive.close(as_of)
            if isinstance(outcome, str):
                with pytest.raises(Refusal, match=outcome):
                    await world.close(as_of)
                return
            assert outcome == expected
            closed = await world.close(as_of)
            assert (closed.payees, closed.total_minor) == (len(expected), sum(expected.values()))
            listed = {e.member: int(e.cumulative_units) for e in await world.listed(closed.number)}
            assert listed == {member: amount * SCALE for member, amount in naive.trees[-1].items()}
            roots.append(closed)
        case steps.Propose():
            if naive.proposed < len(roots):
                await world.propose(roots[-1])
                naive.proposed = len(roots)
        case steps.Pay(members):
            due = [(member, naive.open_credit(member)) for member in members]
            await world.pay(*((m, amount, naive.paid[m] + amount) for m, amount in due if amount), number=len(roots))
            for member in members:
                naive.pay(member)
        case steps.Wallet(member, wallet):
            await world.hears(wallet_bound(member, wallet))
            naive.wallets.add(member)
        case steps.Suspend(member):
            await world.hears(membership.MemberSuspended(member=member))
            naive.suspended.add(member)
        case steps.Reinstate(member):
            await world.hears(membership.MemberReinstated(member=member))
            naive.suspended.discard(member)
        case steps.Check(member, since, days):
            await world.hears(identity_checked(member, since, since + days))
            naive.check(member, since, since + days)
        case steps.Withdraw(member, since):
            await world.hears(identity_withdrawn(member, since))
            naive.check(member, since, since)


async def check_ledger(world: World) -> None:
    """The balances are what the postings sum to, and the distributions what the payments sum to."""
    sums: dict[tuple[str, Account], int] = {}
    for recorded in await world.service.recorded():
        if isinstance(recorded.event, LedgerEntry):
            for posting in recorded.event.postings:
                key = (posting.member, posting.account)
                sums[key] = sums.get(key, 0) + posting.amount
    assert sum(sums.values()) == 0
    for member in MEMBERS:
        assert (await world.balances(member)).paid == sums.get((member, Account.PAID), 0)
    listing = pb.ListDistributionsRequest(parent="programmes/shop")
    answer = await world.service.query("ListDistributions", listing)
    assert sum(d.paid_minor for d in answer.distributions) == (await world.totals()).paid_minor
    for d in answer.distributions:
        assert (d.state == pb.DISTRIBUTION_STATE_PAID) == (d.paid_payees == d.payees)


async def check_rebuilt(world: World) -> None:
    names = [table for view in SERVICE.views for table in view.tables]
    live = await world.tables(names)
    await world.service.log.rebuild()
    assert await world.tables(names) == live
