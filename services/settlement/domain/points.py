"""Points from posted lines to lots: what is held, what is available, what expires, and what a clawback takes.

The rules, in full:

1. **A line above zero is a lot.** It is held until its conditions are fulfilled at the programme's time, and available
   from then on. Before the first time nothing with a condition is released.
2. **A lot expires** when the programme's time reaches its expiry: what is held or available of it is lost. A lot whose
   conditions are fulfilled no earlier than that was never available. Within one step of time, what is released is
   released first, so it makes no difference in how many steps time goes on.
3. **A release** settles the member's debt first, the lot whose conditions were fulfilled first before others.
4. **Redeeming** takes what is available of the lots that expire first; of those that expire together, of the one earned
   first.
5. **A clawback** (a line below zero) takes of the lot that it names: what is held, available, or has expired of it (so
   what has expired is not taken twice). Then it takes of the member's other lots in the order of redeeming, of what is
   available before what is held, as if the clawed-back lot had never been there to be redeemed. The rest is a debt.
6. **What a cancelled redemption gives back** settles the debt first. The rest is available again in the lots that it
   was taken of, which expire when they always did; of a lot that has expired since, it expires at once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple

from services.settlement.domain.conditions import fulfilled, terms_of
from services.settlement.domain.errors import DoesNotFit
from services.settlement.domain.points_accounts import PointsAccount, PointsPosting
from services.settlement.domain.points_events import (
    LotChange,
    PointsEntry,
    PointsExpired,
    PointsHeld,
    PointsLine,
    PointsReleased,
)

LOTS_IN_AN_EVENT: Final = 1000
"""Lots released or expired by one event at most."""

NEVER: Final = datetime.max.replace(tzinfo=UTC)

_HELD, _AVAILABLE, _EXPIRED = PointsAccount.HELD, PointsAccount.AVAILABLE, PointsAccount.EXPIRED


class PostedPoints(NamedTuple):
    """Lines in points that were posted together."""

    source: str
    points: str
    occurred_at: datetime
    lines: tuple[PointsLine, ...]


def left_of(held: int = 0, available: int = 0, expired: int = 0) -> dict[PointsAccount, int]:
    """What is left of a lot, by the accounts in which it stands."""
    return {_HELD: held, _AVAILABLE: available, _EXPIRED: expired}


@dataclass(slots=True)
class Lot:
    """A line in points, and what is left of it."""

    line: str
    member: str
    earned_at: datetime
    hold_until: datetime | None = None
    expires_at: datetime | None = None
    left: dict[PointsAccount, int] = field(default_factory=left_of)

    @property
    def turn(self) -> tuple[datetime, datetime, str]:
        """When it is its turn to be redeemed, among others."""
        return self.expires_at or NEVER, self.earned_at, self.line

    def expires_by(self, time: datetime | None) -> bool:
        """Whether it has expired at a time."""
        return self.expires_at is not None and time is not None and self.expires_at <= time


@dataclass(slots=True)
class Purse:
    """A member's points of one kind, as far as a decision has to know them, and what it does to them."""

    member: str
    debt: int = 0
    lots: dict[str, Lot] = field(default_factory=dict[str, Lot])
    """Lots with something held or available, and those that are named: all of them, or as many as hold together what is
    taken."""

    def release(self, entry: "Entry", lot: Lot) -> None:
        """Rule 3."""
        netted = min(lot.left[_HELD], self.debt)
        self.debt -= netted
        entry.move(lot, _HELD, PointsAccount.DEBT, netted)
        entry.move(lot, _HELD, _AVAILABLE, lot.left[_HELD])

    def redeem(self, entry: "Entry", amount: int) -> int:
        """Rule 4. Returns what there is too little."""
        for lot in self._in_turn():
            taken = min(amount, lot.left[_AVAILABLE])
            entry.move(lot, _AVAILABLE, PointsAccount.REDEEMED, taken)
            amount -= taken
        return amount

    def claw_back(self, entry: "Entry", amount: int, named: str) -> None:
        """Rule 5."""
        for lot, source in self._to_take(named):
            taken = min(amount, lot.left[source])
            entry.move(lot, source, PointsAccount.CLAWED_BACK, taken)
            amount -= taken
        self.debt += amount
        entry.post(self.member, PointsAccount.DEBT, PointsAccount.CLAWED_BACK, amount)

    def bring_back(self, entry: "Entry", parts: Mapping[str, int], time: datetime | None) -> None:
        """Rule 6."""
        for lot in self._in_turn():
            amount = parts.get(lot.line, 0)
            netted = min(amount, self.debt)
            self.debt -= netted
            entry.move(lot, PointsAccount.REDEEMED, PointsAccount.DEBT, netted)
            target = _EXPIRED if lot.expires_by(time) else _AVAILABLE
            entry.move(lot, PointsAccount.REDEEMED, target, amount - netted)

    def _in_turn(self) -> list[Lot]:
        return sorted(self.lots.values(), key=lambda lot: lot.turn)

    def _to_take(self, named: str) -> Iterator[tuple[Lot, PointsAccount]]:
        if (lot := self.lots.get(named)) is not None:
            yield from ((lot, source) for source in (_HELD, _AVAILABLE, _EXPIRED))
        others = [lot for lot in self._in_turn() if lot.line != named]
        yield from ((lot, source) for source in (_AVAILABLE, _HELD) for lot in others)


class Entry:
    """Collects what a decision moves: postings, one for each account, and changes, one for each lot."""

    def __init__(self) -> None:
        self._sums: dict[tuple[PointsAccount, str], int] = {}
        self._changes: dict[str, tuple[Lot, dict[PointsAccount, int]]] = {}

    def move(self, lot: Lot, source: PointsAccount, target: PointsAccount, amount: int) -> None:
        """Takes an amount out of one account of the lot's member and puts it into another; so in the lot."""
        self.post(lot.member, source, target, amount)
        _, changed = self._changes.setdefault(lot.line, (lot, left_of()))
        for account, change in ((source, -amount), (target, amount)):
            if account in lot.left:
                lot.left[account] += change
                changed[account] += change

    def post(self, member: str, source: PointsAccount, target: PointsAccount, amount: int) -> None:
        """The same, of no lot."""
        for account, change in ((source, -amount), (target, amount)):
            self._sums[account, member] = self._sums.get((account, member), 0) + change

    @property
    def postings(self) -> tuple[PointsPosting, ...]:
        """What was collected, by account."""
        sums = self._sums.items()
        return tuple(PointsPosting(account, member, amount) for (account, member), amount in sums if amount)

    @property
    def lots(self) -> tuple[LotChange, ...]:
        """What was collected, by lot."""
        return tuple(
            LotChange(
                line=lot.line,
                member=lot.member,
                held=changed[_HELD],
                available=changed[_AVAILABLE],
                expired=changed[_EXPIRED],
            )
            for lot, changed in self._changes.values()
            if any(changed.values())
        )


def taken_by(posted: PostedPoints) -> dict[str, int]:
    """The members whose purses the decision has to know, and how much their clawbacks take."""
    found: dict[str, int] = {}
    for line in posted.lines:
        found[line.member] = found.get(line.member, 0) + max(0, -line.amount)
    return found


def decide_points(posted: PostedPoints, time: datetime | None, purses: Mapping[str, Purse]) -> list[PointsEntry]:
    """Enter posted lines; what has expired by the programme's time expires at once.

    `purses` are of the members that `taken_by` gives, with the lots that clawbacks name; they are used up.
    """
    entry = Entry()
    expired: list[Lot] = []
    for line in posted.lines:
        purse = purses[line.member]
        if line.amount < 0:
            if line.reverses and line.reverses not in purse.lots:
                raise DoesNotFit(f"line {line.line} takes back {line.reverses}, which is no lot of its member")
            purse.claw_back(entry, -line.amount, line.reverses)
            continue
        lot = Lot(line.line, line.member, posted.occurred_at, terms_of(line.conditions).until, line.expires_at)
        purse.lots[line.line] = lot
        entry.move(lot, PointsAccount.ACCRUED, _HELD, line.amount)
        if lot.expires_by(time):
            expired.append(lot)
        elif fulfilled(line.conditions, time):
            purse.release(entry, lot)
    held = PointsHeld(
        points=posted.points,
        postings=entry.postings,
        lots=entry.lots,
        source=posted.source,
        occurred_at=posted.occurred_at,
        lines=posted.lines,
    )
    return [held, *(decide_expiry(posted.points, time, expired) if time is not None else ())]


def decide_points_release(
    points: str, as_of: datetime, due: Iterable[Lot], debts: Mapping[str, int]
) -> Iterator[PointsReleased]:
    """Release lots whose conditions are fulfilled. `debts` are of the members who have one."""
    purses: dict[str, Purse] = {}
    for some in _parts(sorted(due, key=lambda lot: (lot.member, lot.hold_until or as_of, lot.line))):
        entry = Entry()
        for lot in some:
            purse = purses.setdefault(lot.member, Purse(lot.member, debts.get(lot.member, 0)))
            purse.release(entry, lot)
        yield PointsReleased(points=points, postings=entry.postings, lots=entry.lots, as_of=as_of)


def decide_expiry(points: str, as_of: datetime, due: Iterable[Lot]) -> Iterator[PointsExpired]:
    """Let expire what is left of lots."""
    left = [lot for lot in due if lot.left[_HELD] or lot.left[_AVAILABLE]]
    for some in _parts(sorted(left, key=lambda lot: (lot.member, lot.line))):
        entry = Entry()
        for lot in some:
            entry.move(lot, _HELD, _EXPIRED, lot.left[_HELD])
            entry.move(lot, _AVAILABLE, _EXPIRED, lot.left[_AVAILABLE])
        yield PointsExpired(points=points, postings=entry.postings, lots=entry.lots, as_of=as_of)


def _parts(lots: Sequence[Lot]) -> Iterator[Sequence[Lot]]:
    return (lots[start : start + LOTS_IN_AN_EVENT] for start in range(0, len(lots), LOTS_IN_AN_EVENT))
