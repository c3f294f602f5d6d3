"""Whatever happens in whatever order: the books balance, nobody is paid twice, and a naive picture agrees.

The same random histories run through the pure decisions (many, with the books in memory) and through the whole service
(fewer, on a real store, whose views are then rebuilt and compared).
"""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from fenxiao.errors import Refusal
from libs.servicekit.testing import Harness
from services.settlement.domain.accounts import Account
from services.settlement.domain.conditions import (
    Condition,
    Delivered,
    Identity,
    ReturnWindow,
    Threshold,
)
from services.settlement.domain.events import (
    LedgerEntry,
    LedgerLine,
)
from services.settlement.tests import steps
from services.settlement.tests.books import Books
from services.settlement.tests.given import (
    SCALE,
    account,
    day,
    delivery_withdrawn,
    goods_delivered,
    identity_checked,
    identity_withdrawn,
    line,
    posted,
    wallet_bound,
)
from services.settlement.tests.naive import MEMBERS, Naive
from services.settlement.tests.world import World
from services.settlement.wiring import SERVICE


def conditions_of(sale: steps.Sale) -> tuple[Condition, ...]:
    windows = () if sale.until is None else (ReturnWindow(until=day(sale.until)),)
    identity = (Identity(),) if sale.identity else ()
    delivered = (Delivered(biz_transactions=sale.delivered),) if sale.delivered else ()
    threshold = (Threshold(least_minor=sale.threshold),) if sale.threshold else ()
    return (*windows, *identity, *delivered, *threshold)


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
            case steps.Sale(amounts, end, identity, threshold, delivered):
                lines = [(names.next(member), member, amount) for member, amount in amounts]
                conditions = conditions_of(step)
                books.post([ledger_line(name, member, amount, conditions) for name, member, amount in lines])
                naive.sale(lines, end, identity=identity, threshold=threshold, delivered=delivered)
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
            case steps.Deliver(delivery, since, transactions):
                if delivery in naive.deliveries:  # traceability withdraws what it said before
                    books.undeliver(delivery)
                    naive.undeliver(delivery)
                books.deliver(delivery, since, transactions)
                naive.deliver(delivery, since, transactions)
            case steps.Undeliver(delivery):
                if delivery in naive.deliveries:
                    books.undeliver(delivery)
                    naive.undeliver(delivery)
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


async def take(  # noqa: PLR0912, PLR0915 # one branch a step
    world: World, naive: Naive, names: Names, roots: list[pb.Distribution], number: int, step: steps.Step
) -> None:
    match step:
        case steps.Sale(amounts, end, identity, threshold, delivered):
            lines = [(names.next(member), member, amount) for member, amount in amounts]
            window = None if end is None else day(end)
            made = (line(*one, window, identity=identity, threshold=threshold, delivered=delivered) for one in lines)
            await world.hears(posted(*made))
            naive.sale(lines, end, identity=identity, threshold=threshold, delivered=delivered)
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
        case steps.Deliver(delivery, since, transactions):
            if delivery in naive.deliveries:
                await world.hears(delivery_withdrawn(delivery, *naive.deliveries[delivery][1]))
                naive.undeliver(delivery)
            await world.hears(goods_delivered(delivery, since, *transactions))
            naive.deliver(delivery, since, transactions)
        case steps.Undeliver(delivery):
            if delivery in naive.deliveries:
                await world.hears(delivery_withdrawn(delivery, *naive.deliveries[delivery][1]))
                naive.undeliver(delivery)


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
