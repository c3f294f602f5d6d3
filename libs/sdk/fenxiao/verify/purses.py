"""A member's points of one kind, kept again.

The rules are settlement's (services/settlement, `domain/points.py`), written anew: a line above zero is a lot, held
until its window ends, and lost when it expires; redeeming takes what expires first; a clawback takes what is left of
the lot that it names, or has expired of it, then of others as redeeming does, then becomes a debt; what is released or
given back settles the debt first.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

FIGURES: Final = ("accrued", "clawed_back", "held", "available", "redeemed", "expired", "debt")
"""What a balance shows."""

Parts = dict[str, int]
"""Points by line."""


@dataclass(slots=True)
class Lot:
    """What is left of a line in points."""

    line: str
    earned: datetime
    until: datetime
    expires: datetime
    held: int
    available: int = 0
    expired: int = 0


@dataclass
class Purse:
    """One member's points of one kind."""

    accrued: int = 0
    clawed_back: int = 0
    redeemed: int = 0
    debt: int = 0
    lots: dict[str, Lot] = field(default_factory=dict[str, Lot])

    def earn(self, lot: Lot, now: datetime) -> Parts:
        """Enters a lot; gives what of it has expired by then."""
        self.accrued += lot.held
        self.lots[lot.line] = lot
        if lot.expires > now >= lot.until:
            self._release(lot)
        return self.expire(now)

    def advance(self, now: datetime) -> Parts:
        """Releases what is due; gives what has expired by then."""
        due = (lot for lot in self.lots.values() if lot.held and lot.until <= now and lot.until < lot.expires)
        for lot in sorted(due, key=lambda lot: (lot.until, lot.line)):
            self._release(lot)
        return self.expire(now)

    def expire(self, now: datetime) -> Parts:
        """Takes away what has expired."""
        lost: Parts = {}
        for lot in self.lots.values():
            if lot.expires <= now and (left := lot.held + lot.available):
                lost[lot.line] = left
                lot.held, lot.available, lot.expired = 0, 0, lot.expired + left
        return lost

    def redeem(self, amount: int) -> Parts:
        """Takes so many, those first that expire first; fewer where there are not as many."""
        taken: Parts = {}
        for lot in self._in_turn():
            if part := min(amount, lot.available):
                taken[lot.line] = part
                lot.available -= part
                amount -= part
        self.redeemed += sum(taken.values())
        return taken

    def take_back(self, amount: int, named: str) -> None:
        """Enters a clawback."""
        self.clawed_back -= amount
        sources = [(self.lots[named], name) for name in ("held", "available", "expired")] if named in self.lots else []
        others = [lot for lot in self._in_turn() if lot.line != named]
        sources += [(lot, name) for name in ("available", "held") for lot in others]
        for lot, name in sources:
            part = min(amount, getattr(lot, name))
            setattr(lot, name, getattr(lot, name) - part)
            amount -= part
        self.debt += amount

    def give_back(self, parts: Parts, now: datetime) -> Parts:
        """Undoes a redemption; gives what of it is available again."""
        again: Parts = {}
        for lot in self._in_turn():
            part = parts.get(lot.line, 0)
            self.redeemed -= part
            settled = min(part, self.debt)
            self.debt -= settled
            if lot.expires <= now:
                lot.expired += part - settled
            elif part > settled:
                lot.available += part - settled
                again[lot.line] = part - settled
        return again

    def figures(self) -> dict[str, int]:
        """What a balance shows."""
        of_lots = ("held", "available", "expired")
        sums = {name: sum(getattr(lot, name) for lot in self.lots.values()) for name in of_lots}
        return {name: sums.get(name, getattr(self, name, 0)) for name in FIGURES}

    def _release(self, lot: Lot) -> None:
        settled = min(lot.held, self.debt)
        self.debt -= settled
        lot.held, lot.available = 0, lot.available + lot.held - settled

    def _in_turn(self) -> list[Lot]:
        return sorted(self.lots.values(), key=lambda lot: (lot.expires, lot.earned, lot.line))
