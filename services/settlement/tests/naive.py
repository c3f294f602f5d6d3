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

    def sale(self, lines: list[tuple[str, str, int]], until: int | None, *, identity: bool, threshold: int) -> None:
        for line, member, amount in lines:
            self.accrued[member] += amount
            lot = Lot(line, member, amount, until, identity, threshold)
            if until is None and not identity and not threshold:
                self._due(member, amount)
            else:
                self.lots.append(lot)
        self.settle()

    def check(self, member: str, since: int, until: int) -> None:
        self.said.append((member, since, until))
        self.settle()

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

    def clawback(self, member: str, amount: int, named: str) -> None:
        self.clawed[member] += amount
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
