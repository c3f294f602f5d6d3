"""Points follow from lines: settlement's ledgers of points are kept again, and what it says of them is compared.

What becomes of a member's lots is recomputed in `purses`.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.api.settlement.v1 import points_pb2
from fenxiao.money import EXACT, from_minor
from fenxiao.verify.facts import Facts, moment
from fenxiao.verify.purses import FIGURES, Lot, Parts, Purse
from fenxiao.verify.report import Report

_EVER = datetime.max.replace(tzinfo=UTC)
_START = datetime.min.replace(tzinfo=UTC)


@dataclass
class _Offer:
    """A version of a reward, and how many of it were redeemed."""

    reward: settlement.RewardDefined
    withdrawn: bool = False
    redeemed: int = 0


@dataclass
class _Redemption:
    event: settlement.PointsRedeemed
    offer: _Offer
    parts: Parts
    credited: bool = False
    state: str = "open"


class _Posted(NamedTuple):
    line: commission.PostedLine
    earned: datetime
    plan_hash: str


class PointsBooks:
    """All of a programme's points, kept again in settlement's own order."""

    def __init__(self, facts: Facts, report: Report) -> None:
        self._check = report.check(
            "points", "points are held, redeemed and lost as their lines say, first in first out"
        )
        self._redemptions = report.check(
            "redemptions",
            "each redemption takes the price of what was on offer; its money was credited once, and is within what its "
            "points are worth",
        )
        self._purses: dict[tuple[str, str], Purse] = defaultdict(Purse)
        self._lost: dict[str, Parts] = defaultdict(dict)
        """Kind → lines of which something has expired and settlement has still to say so."""
        self._offers: dict[str, _Offer] = {}
        self._made: dict[str, _Redemption] = {}
        self._entered: set[str] = set()
        self._plans = facts.plans
        self._worths: dict[str, Decimal] = {}
        """Kind → the least that a point is worth at most in money, by the plans of those entered so far."""
        self._posted = {
            (data.source, data.points, line.line): _Posted(line, moment(data.occur_time), data.plan_hash)
            for data in facts.postings
            if isinstance(data, commission.LinesPosted) and data.points
            for line in data.lines
        }
        self._check_times(facts)

    def advance(self, now: datetime) -> None:
        """The programme's time has come to a moment."""
        self._all_said()
        for (points, _), purse in self._purses.items():
            self._lost[points] |= purse.advance(now)

    def apply(self, event: Any, now: datetime) -> None:
        """Takes the next of settlement's events, whatever it is."""
        match event:
            case settlement.PointsHeld():
                self._enter(event, now)
            case settlement.PointsExpired():
                said, lost = _parts(event.lots), self._lost[event.points]
                fits = moment(event.as_of) == now and all(lost.pop(line, 0) == amount for line, amount in said.items())
                self._check.that(fits, f"{event.points} of {sorted(said)} are called expired; the lots say otherwise")
            case settlement.RewardDefined():
                before = self._offers.get(event.reward)
                number = before.reward.version + 1 if before else 1
                self._redemptions.that(event.version == number, f"reward {event.reward} should be version {number}")
                self._offers[event.reward] = _Offer(event)
            case settlement.RewardWithdrawn():
                offer = self._offers.get(event.reward)
                known = offer is not None and offer.reward.version == event.version
                self._redemptions.that(known, f"reward {event.reward} is withdrawn, and was not on offer")
                if offer is not None:
                    offer.withdrawn = True
            case settlement.PointsRedeemed():
                self._redeem(event, now)
            case settlement.RedemptionFulfilled():
                self._end(event.redemption, "fulfilled")
            case settlement.RedemptionCancelled():
                self._cancel(event, now)
            case _:
                pass

    def credit(self, event: settlement.MoneyRedeemed) -> bool:
        """Whether money follows from a redemption, and was not credited before."""
        found = self._made.get(event.redemption)
        fits = found is not None and not found.credited
        if found is not None and fits:
            money = found.offer.reward.money
            fits = (event.member, event.currency, event.amount_minor) == (
                found.event.member,
                money.currency,
                money.amount_minor * found.event.quantity,
            )
            found.credited = True
        return self._redemptions.that(fits, f"redemption {event.redemption} does not give {event.amount_minor}")

    def finish(self, balances: Iterable[points_pb2.Points]) -> None:
        """What must have been said by the end, and the balances that settlement gives."""
        self._all_said()
        for source, kind, line in self._posted:
            self._check.that(line in self._entered, f"line {line} of {source} is not in the ledger of {kind}")
        for name, found in self._made.items():
            owes = found.offer.reward.HasField("money")
            self._redemptions.that(found.credited == owes, f"redemption {name}: its money was not credited")
        seen = set[tuple[str, str]]()
        for balance in balances:
            key = (balance.points, balance.member)
            seen.add(key)
            got = {name: getattr(balance, name) for name in FIGURES}
            expected = self._purses[key].figures() if key in self._purses else dict.fromkeys(FIGURES, 0)
            self._check.that(got == expected, f"{balance.name}: the balance says {got}, the books {expected}")
        for points, member in self._purses.keys() - seen if seen else ():
            self._check.that(False, f"member {member} has {points} but no balance")

    def _enter(self, event: settlement.PointsHeld, now: datetime) -> None:
        for line_id in event.lines:
            posted = self._posted.get((event.source, event.points, line_id))
            if posted is None or line_id in self._entered:
                self._check.that(False, f"the ledger of {event.points} holds {line_id}, which was not posted, or twice")
                continue
            line, earned, plan_hash = posted
            self._check.that(True, "")
            self._entered.add(line_id)
            worth = self._worth(event.points, plan_hash)
            self._worths[event.points] = min(worth, self._worths.get(event.points, worth))
            purse = self._purses[event.points, line.member]
            if line.amount_minor < 0:
                named = not line.reverses or line.reverses in purse.lots
                self._check.that(named, f"line {line_id} takes back {line.reverses}, which is no lot of its member")
                purse.take_back(-line.amount_minor, line.reverses)
                continue
            until = max((moment(one.return_window.until) for one in line.conditions), default=_START)
            expires = moment(line.expire_time) if line.HasField("expire_time") else _EVER
            self._lost[event.points] |= purse.earn(Lot(line_id, earned, until, expires, line.amount_minor), now)

    def _redeem(self, event: settlement.PointsRedeemed, now: datetime) -> None:
        self._all_said()
        check, name, offer = self._redemptions, f"redemption {event.redemption}", self._offers.get(event.reward)
        if offer is None or event.redemption in self._made:
            check.that(False, f"{name} is made twice, or of a reward that nobody has defined")
            return
        reward = offer.reward
        check.that(not offer.withdrawn and event.version == reward.version, f"{name}: the reward was not on offer so")
        early = reward.HasField("start_time") and now < moment(reward.start_time)
        late = reward.HasField("end_time") and now >= moment(reward.end_time)
        check.that(not early and not late, f"{name}: the reward was not on offer at the programme's time, {now}")
        offer.redeemed += event.quantity
        enough = not reward.HasField("stock") or offer.redeemed <= reward.stock
        check.that(enough and event.quantity > 0, f"{name}: more was redeemed than there was")
        price = (reward.points, reward.price_points * event.quantity)
        check.that((event.points, event.amount) == price, f"{name} costs {price}, not {event.amount} {event.points}")
        if reward.HasField("money"):
            worth = self._worths.get(reward.points, Decimal(0))
            most = EXACT.multiply(worth, Decimal(reward.price_points))
            gives = from_minor(reward.money.amount_minor, reward.money.currency)
            check.that(
                gives <= most, f"{name} gives {gives} for each; by the plans the points are worth {most} at most"
            )
        taken = self._purses[event.points, event.member].redeem(event.amount)
        said = _parts(event.lots)
        check.that(sum(taken.values()) == event.amount, f"{name} takes {event.amount}, more than there is")
        check.that(taken == said, f"{name} takes {said}; first in first out would take {taken}")
        self._made[event.redemption] = _Redemption(event, offer, taken)

    def _worth(self, points: str, plan_hash: str) -> Decimal:
        """What a point of a kind is worth at most by a plan; 0 for nothing, and where there is no such plan."""
        plan = self._plans.get(plan_hash)
        said = (one.redeems for one in plan.components if one.asset == points) if plan else ()
        return min(said, default=Decimal(0))

    def _cancel(self, event: settlement.RedemptionCancelled, now: datetime) -> None:
        self._all_said()
        found = self._end(event.redemption, "cancelled")
        if found is None:
            return
        made, said = found.event, _parts(event.lots)
        found.offer.redeemed -= made.quantity
        again = self._purses[made.points, made.member].give_back(found.parts, now)
        same = (event.member, event.points, event.amount) == (made.member, made.points, made.amount)
        self._redemptions.that(
            same and again == said, f"redemption {event.redemption} gives back {said}; its lots say {again}"
        )

    def _end(self, redemption: str, state: str) -> _Redemption | None:
        found = self._made.get(redemption)
        fits = found is not None and found.state == "open" and not found.offer.reward.HasField("money")
        self._redemptions.that(fits, f"redemption {redemption} is called {state}, and was not open")
        if found is not None:
            found.state = state
        return found if fits else None

    def _check_times(self, facts: Facts) -> None:
        """Whose turn it is to be redeemed goes by when points were earned."""
        for (source, _, line), (_, earned, _) in self._posted.items():
            if source in facts.disputes:
                continue
            sale, closing = facts.sales.get(source), facts.closings.get(source)
            expected = sale.occurred_at if sale else closing.end if closing else None
            self._check.that(
                earned == expected, f"line {line} of {source} is called earned at {earned}, not {expected}"
            )

    def _all_said(self) -> None:
        for points, lost in self._lost.items():
            self._check.that(not lost, f"{points} of {sorted(lost)} have expired, and settlement has not said so")
            lost.clear()


def _parts(parts: Iterable[settlement.PointsPart]) -> Parts:
    return {part.line: part.amount for part in parts}
