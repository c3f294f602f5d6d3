"""In any order of earning, returning, expiring, redeeming and cancelling the books balance, and a naive picture agrees.

The same random histories run through the pure decisions (many, with the lots in memory) and through the whole service
(fewer, on a real store, whose views are then rebuilt and compared).
"""

import asyncio
import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.api.settlement.v1 import points_pb2 as pb
from fenxiao.errors import Refusal
from libs.servicekit.testing import Harness
from services.settlement.domain.conditions import ReturnWindow
from services.settlement.domain.points import (
    Lot,
    PostedPoints,
    Purse,
    decide_expiry,
    decide_points,
    decide_points_release,
    left_of,
)
from services.settlement.domain.points_accounts import PointsAccount, PointsBalances, points_changes
from services.settlement.domain.points_events import Money, PointsEntry, PointsHeld, PointsLine, RewardDefined
from services.settlement.domain.redemptions import (
    Redemption,
    State,
    Wish,
    decide_cancellation,
    decide_fulfilment,
    decide_redemption,
)
from services.settlement.domain.rewards import Offer
from services.settlement.domain.time import decide_advance
from services.settlement.tests import points_naive as naive
from services.settlement.tests.given import GBP, START, day
from services.settlement.tests.naive import MEMBERS
from services.settlement.tests.points_given import STAR, Counter, points_line, points_posted, points_priced
from services.settlement.tests.points_naive import FOREVER, NaivePoints
from services.settlement.tests.test_properties import Names, check_rebuilt
from services.settlement.tests.world import World
from services.settlement.wiring import SERVICE

NOW = day(10_000)
HELD, AVAILABLE, EXPIRED = PointsAccount.HELD, PointsAccount.AVAILABLE, PointsAccount.EXPIRED


class Earn(NamedTuple):
    """Somebody earns points: so many days ago, held for some days, and lost after some, if ever."""

    member: str
    amount: int
    ago: int
    hold: int
    lasts: int | None

    def lot(self, name: str, today: int) -> naive.Lot:
        earned = max(0, today - self.ago)
        expires = FOREVER if self.lasts is None else earned + self.lasts
        return naive.Lot(name, self.member, earned, earned + self.hold, expires)


class Return(NamedTuple):
    """A clawback; `named` chooses one of the member's lots, None names none."""

    member: str
    amount: int
    named: int | None


class Advance(NamedTuple):
    """Time goes on by some days."""

    by: int


class Redeem(NamedTuple):
    """So many thirds of what is available are redeemed, and one more if `more`; for things, or for a penny each."""

    member: str
    thirds: int
    more: bool
    money: bool

    def amount(self, plain: NaivePoints) -> int:
        return max(1, plain.balances(self.member).available * self.thirds // 3 + self.more)


class Cancel(NamedTuple):
    """One of the redemptions is cancelled; 0 is the latest."""

    which: int


class Fulfil(NamedTuple):
    """One of them is delivered."""

    which: int


Step = Earn | Return | Advance | Redeem | Cancel | Fulfil

_MEMBER = st.sampled_from(["anna", "anna", "ben"])
_SOON = st.integers(0, 3)

STEPS = st.lists(
    st.one_of(
        st.builds(Earn, _MEMBER, st.integers(1, 12), _SOON, _SOON, st.none() | st.integers(0, 6)),
        st.builds(Earn, _MEMBER, st.integers(1, 12), st.just(0), st.just(1), st.integers(1, 4)),
        st.builds(Return, _MEMBER, st.integers(1, 12), st.none() | _SOON),
        st.builds(Advance, _SOON),
        st.builds(Advance, _SOON),
        st.builds(Redeem, _MEMBER, st.integers(1, 3), st.just(False), st.just(False)),
        st.builds(Redeem, _MEMBER, st.integers(1, 3), st.booleans(), st.booleans()),
        st.builds(Cancel, _SOON),
        st.builds(Fulfil, _SOON),
    ),
    min_size=20,
    max_size=40,
)


class Books:
    """The ledger in memory: what the decisions read."""

    def __init__(self) -> None:
        self.balances = {member: PointsBalances() for member in MEMBERS}
        self.lots: dict[str, Lot] = {}
        self.redeemed: list[tuple[Redemption, dict[str, int]]] = []
        self.time = None

    def apply(self, entry: PointsEntry) -> None:
        for member, change in points_changes(entry.postings).items():
            self.balances[member] = self.balances[member].plus(change)
        if isinstance(entry, PointsHeld):
            for one in entry.lines:
                if one.amount > 0:
                    until = one.conditions[0].until
                    self.lots[one.line] = Lot(one.line, one.member, entry.occurred_at, until, one.expires_at)
        for change in entry.lots:
            left = self.lots[change.line].left
            left[HELD] += change.held
            left[AVAILABLE] += change.available
            left[EXPIRED] += change.expired

    def purse(self, member: str) -> Purse:
        mine = (lot for lot in self.lots.values() if lot.member == member)
        return Purse(member, self.balances[member].debt, {lot.line: _copy(lot) for lot in mine})

    def post(self, posted: PointsLine, earned: int) -> None:
        together = PostedPoints("s", STAR, day(earned), (posted,))
        for entry in decide_points(together, self.time, {posted.member: self.purse(posted.member)}):
            self.apply(entry)

    def advance(self, number: int) -> None:
        time = day(number)
        decide_advance(self.time, time, NOW)
        self.time = time
        due = [
            _copy(lot)
            for lot in self.lots.values()
            if lot.left[HELD]
            and lot.hold_until is not None
            and lot.hold_until <= time
            and (lot.expires_at is None or lot.hold_until < lot.expires_at)
        ]
        debts = {member: balances.debt for member, balances in self.balances.items() if balances.debt}
        for entry in decide_points_release(STAR, time, due, debts):
            self.apply(entry)
        for entry in decide_expiry(STAR, time, [_copy(lot) for lot in self.lots.values() if lot.expires_by(time)]):
            self.apply(entry)

    def redeem(self, step: Redeem, amount: int) -> None:
        money = Money(currency=GBP, amount_minor=1) if step.money else None
        reward = RewardDefined(reward="r", version=1, points=STAR, price=1, title_en="R", title_zh="奖", money=money)
        entry = decide_redemption(
            Wish(str(len(self.redeemed)), step.member, amount, 1),
            Offer(reward, withdrawn=False, redeemed=0),
            self.purse(step.member),
            available=self.balances[step.member].available,
            suspended=False,
            time=self.time,
        )
        state = State.CREDITED if step.money else State.OPEN
        self.redeemed.append(
            (
                Redemption(entry.redemption, step.member, STAR, "r", 1, amount, entry.amount, state),
                {lot.line: -lot.available for lot in entry.lots},
            )
        )
        self.apply(entry)

    def cancel(self, which: int) -> None:
        known, parts = self.redeemed[which]
        if entry := decide_cancellation(known, self.purse(known.member), parts, self.time):
            self.apply(entry)
            self.redeemed[which] = known._replace(state=State.CANCELLED), parts

    def fulfil(self, which: int) -> None:
        known, parts = self.redeemed[which]
        if entry := decide_fulfilment(known):
            self.apply(entry)
            self.redeemed[which] = known._replace(state=State.FULFILLED), parts

    def check(self) -> None:
        for member, balances in self.balances.items():
            assert balances.problem() == ""
            mine = [lot.left for lot in self.lots.values() if lot.member == member]
            assert all(amount >= 0 for left in mine for amount in left.values()), "a lot is below zero"
            for account in (HELD, AVAILABLE, EXPIRED):
                assert sum(left[account] for left in mine) == getattr(balances, account)
            assert not (balances.debt and balances.available), "a debt beside what could settle it"


def _copy(lot: Lot) -> Lot:
    left = left_of(lot.left[HELD], lot.left[AVAILABLE], lot.left[EXPIRED])
    return Lot(lot.line, lot.member, lot.earned_at, lot.hold_until, lot.expires_at, left)


def _outcome(work: Callable[[], None]) -> str:
    try:
        work()
    except Refusal as refusal:
        return refusal.reason
    return ""


def expiry(lot: naive.Lot) -> datetime | None:
    return None if lot.expires == FOREVER else day(lot.expires)


def returned(names: Names, step: Return) -> str:
    mine = names.of[step.member]
    return mine[step.named % len(mine)] if mine and step.named is not None else ""


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_the_decisions_keep_the_books(history: list[Step]) -> None:
    books, plain, names = Books(), NaivePoints(), Names()
    for step in [Advance(0), *history]:
        match step:
            case Earn():
                lot = step.lot(names.next(step.member), plain.day or 0)
                books.post(_points_line(lot.line, lot.member, step.amount, lot.hold, expiry(lot)), lot.earned)
                plain.earn(lot, step.amount)
            case Return(member, amount, _):
                named, name = returned(names, step), names.next(member, earns=False)
                books.post(_points_line(name, member, -amount, reverses=named), 0)
                plain.claw_back(member, amount, named)
            case Advance(by):
                plain.advance((plain.day or 0) + by)
                books.advance(plain.day or 0)
            case Redeem():
                amount = step.amount(plain)
                outcome = plain.redeem(step.member, amount, amount if step.money else 0)
                assert _outcome(partial(books.redeem, step, amount)) == outcome
            case Cancel(which) if books.redeemed:
                which = (-1 - which) % len(books.redeemed)
                assert _outcome(partial(books.cancel, which)) == plain.cancel(which)
            case Fulfil(which) if books.redeemed:
                which = (-1 - which) % len(books.redeemed)
                assert _outcome(partial(books.fulfil, which)) == plain.fulfil(which)
            case _:
                pass
        books.check()
        assert books.balances == {member: plain.balances(member) for member in MEMBERS}


def _points_line(
    name: str, member: str, amount: int, hold: int | None = None, expires_at: datetime | None = None, reverses: str = ""
) -> PointsLine:
    conditions = () if hold is None else (ReturnWindow(until=day(hold)),)
    return PointsLine.model_validate(
        {
            "line": name,
            "member": member,
            "component": "stars",
            "level": 0,
            "amount": amount,
            "conditions": conditions,
            "reverses": reverses,
            "expires_at": expires_at,
        }
    )


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_the_service_keeps_the_books(history: list[Step]) -> None:
    asyncio.run(run_history(history))


async def run_history(history: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with Harness(SERVICE, Path(folder)) as service:
            world, plain, names = World(service), NaivePoints(), Names()
            counter, made = Counter(world), list[pb.Redemption]()
            await world.register()
            await counter.define("thing", price=1)
            await world.hears(points_priced("0.01"))
            await counter.define("cash", price=1, money=pb.RewardMoney(currency=GBP, amount_minor=1))
            for step in [Advance(0), *history]:
                await take(counter, plain, names, made, step)
            for member in MEMBERS:
                assert await counter.balances(member) == plain.balances(member)
                assert (await world.statement(member)).payable_minor == plain.money[member]
                shown = [
                    (lot.line, lot.held, lot.available)
                    for found in (await counter.points(member)).points
                    for lot in found.lots
                ]
                assert shown == plain.left(member)
            await check_sums(world)
            await check_rebuilt(world)


async def take(  # one branch a step
    counter: Counter, plain: NaivePoints, names: Names, made: list[pb.Redemption], step: Step
) -> None:
    match step:
        case Earn():
            lot = step.lot(names.next(step.member), plain.day or 0)
            earning = points_line(lot.line, lot.member, step.amount, day(lot.hold), expiry(lot))
            await counter.world.hears(points_posted(earning, at=day(lot.earned)))
            plain.earn(lot, step.amount)
        case Return(member, amount, _):
            named, name = returned(names, step), names.next(member, earns=False)
            await counter.world.hears(points_posted(points_line(name, member, -amount, reverses=named), at=START))
            plain.claw_back(member, amount, named)
        case Advance(by):
            plain.advance((plain.day or 0) + by)
            await counter.advance(plain.day or 0)
        case Redeem():
            amount, reward = step.amount(plain), "cash" if step.money else "thing"
            wish = counter.wish(step.member, reward, amount, request_id=f"r{len(plain.states)}")
            if reason := plain.redeem(step.member, amount, amount if step.money else 0):
                with pytest.raises(Refusal, match=reason):
                    await counter.world.service.command("RedeemPoints", wish)
            else:
                # The same request twice is one redemption.
                answers = await counter.world.service.commands("RedeemPoints", [wish, wish])
                assert answers[0] == answers[1]
                made.append(answers[0])
        case Cancel(which) | Fulfil(which) if made:
            which = (-1 - which) % len(made)
            ours, theirs = (
                (counter.cancel, plain.cancel) if isinstance(step, Cancel) else (counter.fulfil, plain.fulfil)
            )
            if reason := theirs(which):
                with pytest.raises(Refusal, match=reason):
                    await ours(made[which])
            else:
                await ours(made[which])
        case _:
            pass


async def check_sums(world: World) -> None:
    """The balances are what the postings sum to, and these are zero together."""
    sums: dict[str, PointsBalances] = {}
    for recorded in await world.service.recorded():
        if isinstance(recorded.event, PointsEntry):
            assert sum(posting.amount for posting in recorded.event.postings) == 0
            for member, change in points_changes(recorded.event.postings).items():
                sums[member] = sums.get(member, PointsBalances()).plus(change)
    for member, balances in sums.items():
        assert balances.problem() == ""
        assert await Counter(world).balances(member) == balances
