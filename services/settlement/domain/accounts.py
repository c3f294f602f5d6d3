"""Double entry: the accounts of a programme and currency, and postings that sum to zero.

Every account is kept by member, so the books balance for each member alone: no entry moves money from one member to
another. A positive balance is what the programme owes the member, or has paid him.

    accrued          − all commission that was ever credited (the programme's expense)
    clawed_back      + what returns took back (the programme's relief)
    held             + credited, conditions not fulfilled yet
    payable          + due, waits for the next distribution
    in_distribution  + entitled to on chain, not paid yet
    paid             + paid by the vault, final on chain
    debt             − taken back after it had left the books' reach; set against what becomes due next

They sum to zero, which in the words of a statement is
accrued + clawed_back = held + payable + in_distribution + paid − debt.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple, Self


class Account(StrEnum):
    """Where an amount stands."""

    ACCRUED = "accrued"
    CLAWED_BACK = "clawed_back"
    HELD = "held"
    PAYABLE = "payable"
    IN_DISTRIBUTION = "in_distribution"
    PAID = "paid"
    DEBT = "debt"


class Posting(NamedTuple):
    """One side of an entry: the account of a member changes by an amount in minor units."""

    account: Account
    member: str
    amount: int


# Statements show these three the other way round than the books: a debt of 5 is a balance of −5.
_SHOWN_NEGATED: Final = frozenset({Account.ACCRUED, Account.CLAWED_BACK, Account.DEBT})


class Balances(NamedTuple):
    """What a member's accounts hold, as a statement shows it: minor units, only `clawed_back` is 0 or negative."""

    accrued: int = 0
    clawed_back: int = 0
    held: int = 0
    payable: int = 0
    in_distribution: int = 0
    paid: int = 0
    debt: int = 0

    @property
    def net(self) -> int:
        """What was earned after all."""
        return self.accrued + self.clawed_back

    @property
    def entitled(self) -> int:
        """All that was ever put on chain for the member. It never falls: nothing leads back out of a distribution."""
        return self.in_distribution + self.paid

    def plus(self, other: Self) -> Self:
        """Both together."""
        return self._make(a + b for a, b in zip(self, other, strict=True))

    def problem(self) -> str:
        """What is wrong with them; empty if nothing is."""
        if self.net != self.held + self.payable + self.in_distribution + self.paid - self.debt:
            return f"unbalanced: {self}"
        if self.clawed_back > 0 or min(self._replace(clawed_back=0)) < 0:
            return f"below zero: {self}"
        return ""


def changes(postings: Iterable[Posting]) -> dict[str, Balances]:
    """What postings change in each member's balances."""
    found: dict[str, dict[str, int]] = {}
    for account, member, amount in postings:
        sums = found.setdefault(member, {})
        shown = -amount if account in _SHOWN_NEGATED else amount
        sums[account] = sums.get(account, 0) + shown
    return {member: Balances(**sums) for member, sums in found.items()}


class Journal:
    """Collects the moves of a decision into postings, one for each account."""

    def __init__(self) -> None:
        self._sums: dict[tuple[Account, str], int] = {}

    def move(self, member: str, amount: int, source: Account, target: Account) -> None:
        """Takes an amount out of one account of a member and puts it into another."""
        for account, change in ((source, -amount), (target, amount)):
            self._sums[account, member] = self._sums.get((account, member), 0) + change

    def postings(self) -> tuple[Posting, ...]:
        """What was collected."""
        return tuple(Posting(account, member, amount) for (account, member), amount in self._sums.items() if amount)


def imbalance(postings: Iterable[tuple[StrEnum, str, int]]) -> Mapping[str, int]:
    """The members whose postings, of money or of points, do not sum to zero, and by how much."""
    sums: dict[str, int] = {}
    for _, member, amount in postings:
        sums[member] = sums.get(member, 0) + amount
    return {member: amount for member, amount in sums.items() if amount}
