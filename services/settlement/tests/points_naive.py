"""An independent picture of points: each single point is moved about by itself, by the rules and not by the code.

Times are day numbers. What the service calls a refusal is a reason in capitals.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from services.settlement.domain.points_accounts import PointsBalances

FOREVER = 10_000


@dataclass
class Lot:
    """A line in points."""

    line: str
    member: str
    earned: int
    hold: int
    expires: int


@dataclass
class Point:
    """One point: held, available, redeemed, expired, or gone for good."""

    lot: Lot
    state: str = "held"
    redemption: int = -1


@dataclass
class NaivePoints:
    """The rules, as simply as they can be put."""

    day: int | None = None
    points: list[Point] = field(default_factory=list[Point])
    debt: Counter[str] = field(default_factory=Counter[str])
    accrued: Counter[str] = field(default_factory=Counter[str])
    clawed: Counter[str] = field(default_factory=Counter[str])
    money: Counter[str] = field(default_factory=Counter[str])
    states: list[str] = field(default_factory=list[str])
    """Of redemptions, by number: open, fulfilled, cancelled or credited."""

    def earn(self, lot: Lot, amount: int) -> None:
        self.accrued[lot.member] += amount
        new = [Point(lot) for _ in range(amount)]
        self.points += new
        for point in new:
            if self.day is not None and lot.expires <= self.day:
                point.state = "expired"
            elif self.day is not None and lot.hold <= self.day:
                self._make_available(point)

    def claw_back(self, member: str, amount: int, named: str) -> None:
        self.clawed[member] += amount
        for _ in range(amount):
            point = self._to_take(member, named)
            if point is None:
                self.debt[member] += 1
            else:
                point.state = "gone"

    def advance(self, day: int) -> None:
        self.day = day
        for point in sorted(self.points, key=lambda point: (point.lot.hold, point.lot.line)):
            if point.state == "held" and point.lot.hold <= day and point.lot.hold < point.lot.expires:
                self._make_available(point)
        for point in self.points:
            if point.state in {"held", "available"} and point.lot.expires <= day:
                point.state = "expired"

    def redeem(self, member: str, price: int, gives: int) -> str:
        if self.day is None:
            return "TIME_NOT_BEGUN"
        mine = self._of(member, lambda point: point.state == "available")
        if price > len(mine):
            return "TOO_FEW_POINTS"
        for point in mine[:price]:
            point.state, point.redemption = "redeemed", len(self.states)
        self.money[member] += gives
        self.states.append("credited" if gives else "open")
        return ""

    def cancel(self, redemption: int) -> str:
        if self.states[redemption] in {"credited", "fulfilled"}:
            return "REDEMPTION_NOT_OPEN"
        self.states[redemption] = "cancelled"
        back = [point for point in self.points if (point.state, point.redemption) == ("redeemed", redemption)]
        for point in sorted(back, key=_turn):
            self._make_available(point)
            if point.state == "available" and self.day is not None and point.lot.expires <= self.day:
                point.state = "expired"
        return ""

    def fulfil(self, redemption: int) -> str:
        if self.states[redemption] in {"credited", "cancelled"}:
            return "REDEMPTION_NOT_OPEN"
        self.states[redemption] = "fulfilled"
        return ""

    def balances(self, member: str) -> PointsBalances:
        count = Counter(point.state for point in self.points if point.lot.member == member)
        return PointsBalances(
            accrued=self.accrued[member],
            clawed_back=-self.clawed[member],
            held=count["held"],
            available=count["available"],
            redeemed=count["redeemed"],
            expired=count["expired"],
            debt=self.debt[member],
        )

    def left(self, member: str) -> list[tuple[str, int, int]]:
        """Lots with something left, in the order of redeeming: what is held, what is available."""
        lots = {point.lot.line: [0, 0] for point in self._of(member, lambda p: p.state in {"held", "available"})}
        for point in self.points:
            if point.lot.line in lots and point.state in {"held", "available"}:
                lots[point.lot.line][point.state == "available"] += 1
        return [(line, held, available) for line, (held, available) in lots.items()]

    def _make_available(self, point: Point) -> None:
        point.state = "available"
        if self.debt[point.lot.member]:
            self.debt[point.lot.member] -= 1
            point.state = "gone"

    def _to_take(self, member: str, named: str) -> Point | None:
        for state in ("held", "available", "expired"):
            if found := self._of(member, lambda p, s=state: p.lot.line == named and p.state == s):
                return found[0]
        for state in ("available", "held"):
            if found := self._of(member, lambda p, s=state: p.state == s):
                return found[0]
        return None

    def _of(self, member: str, which: Callable[[Point], bool]) -> list[Point]:
        return sorted((p for p in self.points if p.lot.member == member and which(p)), key=_turn)


def _turn(point: Point) -> tuple[int, int, str]:
    return point.lot.expires, point.lot.earned, point.lot.line
