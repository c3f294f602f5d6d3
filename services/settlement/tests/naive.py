"""An independent picture of settlement: plain sums by member, written from the rules and not from the code.

Times are day numbers. What the service calls a refusal is a reason in capitals.
"""

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field

from services.settlement.domain.accounts import Balances

MEMBERS = ("anna", "ben", "cai")


@dataclass
class Lot:
    """What is held of one line."""

    line: str
    member: str
    left: int
    until: int | None
    identity: bool = False
    threshold: int = 0
    delivered: tuple[str, ...] = ()
    undoable: int = 0
    """What was released of it and can be held again."""


@dataclass
class Naive:
    """The rules, as simply as they can be put."""

    day: int | None = None
    lots: list[Lot] = field(default_factory=list[Lot])
    accrued: Counter[str] = field(default_factory=Counter[str])
    clawed: Counter[str] = field(default_factory=Counter[str])
    payable: Counter[str] = field(default_factory=Counter[str])
    debt: Counter[str] = field(default_factory=Counter[str])
    paid: Counter[str] = field(default_factory=Counter[str])
    trees: list[dict[str, int]] = field(default_factory=list[dict[str, int]])
    proposed: int = 0
    wallets: set[str] = field(default_factory=set[str])
    suspended: set[str] = field(default_factory=set[str])
    said: list[tuple[str, int, int]] = field(default_factory=list[tuple[str, int, int]])
    """Of whom, from which day on, up to which day the identity counts as checked."""

    freed: list[Lot] = field(default_factory=list[Lot])
    """Lots of which nothing is held, and something may be held again."""
    deliveries: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict[str, tuple[int, tuple[str, ...]]])
    """Those that count: on which day what was delivered."""

    def sale(
        self,
        lines: list[tuple[str, str, int]],
        until: int | None,
        *,
        identity: bool,
        threshold: int,
        delivered: tuple[str, ...] = (),
    ) -> None:
        for line, member, amount in lines:
            self.accrued[member] += amount
            lot = Lot(line, member, amount, until, identity, threshold, delivered)
            if until is None and not identity and not threshold and not delivered:
                self._due(member, amount)
            else:
                self.lots.append(lot)
        self.settle()

    def check(self, member: str, since: int, until: int) -> None:
        self.said.append((member, since, until))
        self.settle()

    def deliver(self, delivery: str, since: int, transactions: tuple[str, ...]) -> None:
        self.deliveries[delivery] = (since, transactions)
        self.settle()

    def undeliver(self, delivery: str) -> None:
        del self.deliveries[delivery]
        for lot in [lot for lot in self.freed if not self.arrived(lot)]:
            self.freed.remove(lot)
            taken = min(lot.undoable, self.payable[lot.member])
            self.payable[lot.member] -= taken
            self.debt[lot.member] += lot.undoable - taken
            lot.left, lot.undoable = lot.undoable, 0
            self.lots.append(lot)

    def arrived(self, lot: Lot) -> bool:
        """Everything that it waits for came by today."""
        assert self.day is not None
        come = {one for since, what in self.deliveries.values() if since <= self.day for one in what}
        return come.issuperset(lot.delivered)

    def checked(self, member: str) -> bool:
        """Day by day up to today: the last word that begins on a day holds from then on."""
        assert self.day is not None
        ends = -1
        for day in range(self.day + 1):
            for whose, since, until in self.said:
                if (whose, since) == (member, day):
                    ends = until
        return ends > self.day

    def settle(self) -> None:
        """Take all that only thresholds can forbid, and put back what they forbid until they forbid nothing."""
        if self.day is None:
            return
        for member in MEMBERS:
            free = [
                lot
                for lot in self.lots
                if lot.member == member
                and (lot.until is None or lot.until <= self.day)
                and (not lot.identity or self.checked(member))
                and self.arrived(lot)
            ]
            while True:
                payable = max(0, self.payable[member] - self.debt[member] + sum(lot.left for lot in free))
                allowed = [lot for lot in free if lot.threshold <= payable]
                if len(allowed) == len(free):
                    break
                free = allowed
            self.lots = [lot for lot in self.lots if not any(lot is one for one in free)]
            for lot in free:
                self._due(member, lot.left)
                if lot.delivered:
                    lot.left, lot.undoable = 0, lot.left
                    self.freed.append(lot)

    def clawback(self, member: str, amount: int, named: str) -> None:
        self.clawed[member] += amount
        for lot in self.freed:
            if lot.line == named:
                lot.undoable = max(0, lot.undoable - amount)
        self.freed = [lot for lot in self.freed if lot.undoable]
        mine = [lot for lot in self.lots if lot.member == member]
        mine.sort(key=lambda lot: (lot.line == named, -1 if lot.until is None else lot.until, lot.line), reverse=True)
        for lot in mine:
            taken = min(lot.left, amount)
            lot.left -= taken
            amount -= taken
        self.lots = [lot for lot in self.lots if lot.left]
        taken = min(amount, self.payable[member])
        self.payable[member] -= taken
        self.debt[member] += amount - taken

    def close(self, day: int) -> str | dict[str, int]:
        """A reason, or what is new for whom."""
        if self.proposed < len(self.trees):
            return "DISTRIBUTION_IN_PROGRESS"
        if self.day is not None and day < self.day:
            return "AS_OF_GOES_BACK"
        due = self.would_pay(day)
        if not due:
            return "NOTHING_TO_PAY"
        self.day = day
        self.settle()
        last = self.trees[-1] if self.trees else {}
        self.trees.append({m: last.get(m, 0) + due.get(m, 0) for m in MEMBERS if m in last or m in due})
        for member in due:
            self.payable[member] = 0
        self.freed = [lot for lot in self.freed if lot.member not in due]
        return due

    def would_pay(self, day: int) -> dict[str, int]:
        then = deepcopy(self)
        then.day = day
        then.settle()
        return {member: then.payable[member] for member in self.wallets - self.suspended if then.payable[member]}

    def open_credit(self, member: str) -> int:
        """What the vault would pay now."""
        return self.trees[self.proposed - 1].get(member, 0) - self.paid[member] if self.proposed else 0

    def pay(self, member: str) -> None:
        self.paid[member] += self.open_credit(member)

    def balances(self, member: str) -> Balances:
        entitled = self.trees[-1].get(member, 0) if self.trees else 0
        return Balances(
            accrued=self.accrued[member],
            clawed_back=-self.clawed[member],
            held=sum(lot.left for lot in self.lots if lot.member == member),
            payable=self.payable[member],
            in_distribution=entitled - self.paid[member],
            paid=self.paid[member],
            debt=self.debt[member],
        )

    def _due(self, member: str, amount: int) -> None:
        netted = min(amount, self.debt[member])
        self.debt[member] -= netted
        self.payable[member] += amount - netted
