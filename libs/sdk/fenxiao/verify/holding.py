"""What is held of a member's lines, and when it is released: settlement's rules, written anew.

A line above zero is held until its return window has ended at the programme's time, the member's identity is checked
then if the line asks for it, the goods have been delivered by then for which it waits, and its threshold is reached.
Released is as much as there can be such that what is then payable, debt netted first, reaches the threshold of every
line released. A clawback takes what is held of the line it names, then what is held of others (the window that ends
last first, a line without one last), then what is payable, then becomes a debt; what is released settles the debt
first. Where a delivery is withdrawn, the release of what is not delivered any more is undone, unless it went into a
distribution.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple

from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.plans.language.waits import Waits

NEVER: Final = datetime.min.replace(tzinfo=UTC)
"""The programme's time before it has begun."""


class Terms(NamedTuple):
    """What a line waits for."""

    until: datetime | None = None
    """The end of its return window."""
    identity: bool = False
    threshold: int = 0
    awaited: frozenset[str] = frozenset()
    """The business transactions that must have been delivered."""
    unknown: bool = False
    """Whether it names a condition that this version does not know."""


def terms_of(line: commission.PostedLine) -> Terms:
    """Reads a posted line's conditions."""
    terms = Terms()
    for condition in line.conditions:
        match condition.WhichOneof("kind"):
            case "return_window":
                until = condition.return_window.until.ToDatetime(tzinfo=UTC)
                terms = terms._replace(until=max(until, terms.until or until))
            case "identity":
                terms = terms._replace(identity=True)
            case "threshold":
                terms = terms._replace(threshold=max(condition.threshold.least_minor, terms.threshold))
            case "delivered":
                terms = terms._replace(awaited=terms.awaited.union(condition.delivered.biz_transactions))
            case _:
                terms = terms._replace(unknown=True)
    return terms


def terms_due(hold_until: datetime | None, waits: Waits, transactions: Iterable[str]) -> Terms:
    """What a line should wait for by its plan. `transactions` are those of its sale; where it names none, for none."""
    awaited = frozenset(transactions if waits.delivered else ())
    return Terms(hold_until, waits.identity, waits.threshold_minor, awaited)


def held_for(terms: Terms) -> str:
    """Says what a line waits for, so that it can be compared and shown; empty for nothing."""
    until, identity, threshold, awaited, unknown = terms
    said = (
        f"until {until.isoformat()}" if until else "",
        "identity" if identity else "",
        f"threshold {threshold}" if threshold else "",
        f"the delivery of {', '.join(sorted(awaited))}" if awaited else "",
        "something unknown" if unknown else "",
    )
    return ", ".join(filter(None, said))


class Word(NamedTuple):
    """What was said of a member's identity: checked from then to then; not at all, where the two are one."""

    since: datetime
    until: datetime | None


def checked(words: Sequence[Word], now: datetime) -> bool:
    """Whether the newest of the words that count by now is a check that still does."""
    newest: Word | None = None
    for word in words:
        if word.since <= now and (newest is None or newest.since <= word.since):
            newest = word
    return newest is not None and (newest.until is None or newest.until > now)


Delivered = Callable[[frozenset[str], datetime], bool]
"""Whether each of some business transactions has been delivered by a moment."""


class Held(NamedTuple):
    """What is held of a line."""

    amount: int
    terms: Terms


@dataclass
class Account:
    """One member's books in one currency, in minor units."""

    accrued: int = 0
    clawed_back: int = 0
    payable: int = 0
    entitled: int = 0
    debt: int = 0
    lines: int = 0
    held: dict[str, Held] = field(default_factory=dict[str, Held])
    freed: dict[str, Held] = field(default_factory=dict[str, Held])
    """What was released of lines that waited for a delivery and has not gone into a distribution."""

    @property
    def held_minor(self) -> int:
        """What is held of all lines."""
        return sum(amount for amount, _ in self.held.values())

    def post(self, line: str, amount: int, terms: Terms, reverses: str, now: datetime) -> None:
        """Enters one line; `settle` follows behind all that were entered together.

        Where there is nothing to wait for, or only a window that has ended, it does not wait for that.
        """
        self.lines += 1
        if amount < 0:
            self.clawed_back += amount
            self._take_back(-amount, reverses)
        else:
            self.accrued += amount
            if terms == Terms(terms.until) and (terms.until is None or terms.until <= now):
                self._release(amount)
            else:
                self.held[line] = Held(amount, terms)

    def redeem(self, amount: int) -> None:
        """Enters what points were redeemed for; `settle` follows."""
        self.lines += 1
        self.accrued += amount
        self._release(amount)

    def settle(self, now: datetime, words: Sequence[Word], delivered: Delivered) -> None:
        """Releases what can be released."""
        if now == NEVER or not self.held:
            return
        known = checked(words, now)
        free: dict[str, Held] = {
            line: held
            for line, held in self.held.items()
            if (held.terms.until is None or held.terms.until <= now)
            and (known or not held.terms.identity)
            and delivered(held.terms.awaited, now)
            and not held.terms.unknown
        }
        while free:
            payable = max(0, self.payable - self.debt + sum(amount for amount, _ in free.values()))
            allowed = {line: held for line, held in free.items() if held.terms.threshold <= payable}
            if len(allowed) == len(free):
                break
            free = allowed
        for line, released in free.items():
            del self.held[line]
            self._release(released.amount)
            if released.terms.awaited:
                self.freed[line] = released

    def undo(self, now: datetime, delivered: Delivered) -> None:
        """Holds again what is not delivered any more."""
        for line, (amount, terms) in list(self.freed.items()):
            if not delivered(terms.awaited, now):
                self.held[line] = self.freed.pop(line)
                taken = min(amount, self.payable)
                self.payable -= taken
                self.debt += amount - taken

    def distribute(self, amount: int) -> None:
        """What is payable goes into a distribution, all of it, or nothing."""
        self.entitled += amount
        self.payable -= amount
        if amount:
            self.freed.clear()

    def _release(self, amount: int) -> None:
        netted = min(amount, self.debt)
        self.debt -= netted
        self.payable += amount - netted

    def _take_back(self, amount: int, named: str) -> None:
        if named in self.freed:
            left, terms = self.freed[named]
            self.freed[named] = Held(max(0, left - amount), terms)
        order = sorted(
            self.held, key=lambda line: (line == named, self.held[line].terms.until or NEVER, line), reverse=True
        )
        for line in order:
            held, terms = self.held[line]
            taken = min(amount, held)
            amount -= taken
            self.held[line] = Held(held - taken, terms)
        taken = min(amount, self.payable)
        self.payable -= taken
        self.debt += amount - taken
