"""Double entry for points: the accounts of a programme and kind of points, kept as those of money are.

Every account is kept by member, and the postings of an entry sum to zero for each member:

    accrued          − all points that were ever earned
    clawed_back      + what returns took back
    held             + earned, conditions not fulfilled yet
    available        + can be redeemed
    redeemed         + given for rewards
    expired          + lost by age, unless a return has taken it back since
    debt             − taken back after it had been redeemed; set against what becomes available next

In the words of a balance: accrued + clawed_back = held + available + redeemed + expired − debt.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple, Self


class PointsAccount(StrEnum):
    """Where points stand."""

    ACCRUED = "accrued"
    CLAWED_BACK = "clawed_back"
    HELD = "held"
    AVAILABLE = "available"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    DEBT = "debt"


class PointsPosting(NamedTuple):
    """One side of an entry: the account of a member changes by so many points."""

    account: PointsAccount
    member: str
    amount: int


# Balances show these three the other way round than the books: a debt of 5 is a balance of −5.
_SHOWN_NEGATED: Final = frozenset({PointsAccount.ACCRUED, PointsAccount.CLAWED_BACK, PointsAccount.DEBT})


class PointsBalances(NamedTuple):
    """What a member's accounts hold, as they are shown; only `clawed_back` is 0 or negative."""

    accrued: int = 0
    clawed_back: int = 0
    held: int = 0
    available: int = 0
    redeemed: int = 0
    expired: int = 0
    debt: int = 0

    def plus(self, other: Self) -> Self:
        """Both together."""
        return self._make(a + b for a, b in zip(self, other, strict=True))

    def problem(self) -> str:
        """What is wrong with them; empty if nothing is."""
        if self.accrued + self.clawed_back != self.held + self.available + self.redeemed + self.expired - self.debt:
            return f"unbalanced: {self}"
        if self.clawed_back > 0 or min(self._replace(clawed_back=0)) < 0:
            return f"below zero: {self}"
        return ""


def points_changes(postings: Iterable[PointsPosting]) -> dict[str, PointsBalances]:
    """What postings change in each member's balances."""
    found: dict[str, dict[str, int]] = {}
    for account, member, amount in postings:
        sums = found.setdefault(member, {})
        sums[account] = sums.get(account, 0) + (-amount if account in _SHOWN_NEGATED else amount)
    return {member: PointsBalances(**sums) for member, sums in found.items()}
