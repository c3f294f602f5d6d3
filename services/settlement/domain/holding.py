"""From posted lines to the ledger: what is held, what is due at once, and what a clawback takes.

The rules, in full:

1. **A line above zero is held** until all its conditions are fulfilled at the programme's time. Where there is nothing
   to wait for (a late sale, or no condition), it is released at once (rule 3); where identity, delivery or threshold is
   looked at first, right behind the entry (`releasing`).
2. **A clawback** (a line below zero) takes, in this order: what is still held of the line that it names; what is held
   of the member's other lines, the one whose window ends last first (a line without a window last of all, whatever else
   it waits for); what is payable; and the rest is the member's debt. What is in distribution or paid is never touched:
   entitlements do not fall.
3. **A release** settles the member's debt first; the rest is payable. A debt is not set against what is merely held.

So nobody has a debt and something payable at the same time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from services.settlement.domain.accounts import Account, Journal
from services.settlement.domain.conditions import fulfilled, only_window, open_at, terms_of
from services.settlement.domain.errors import DoesNotFit
from services.settlement.domain.events import LedgerLine, LinePart, LinesHeld, LinesReleased

LINES_IN_AN_EVENT: Final = 1000
"""Lines released by one event at most: an event stays of a size that every part of the network can carry."""


class Posted(NamedTuple):
    """Lines that were posted together."""

    source: str
    currency: str
    occurred_at: datetime
    plan_hash: str
    lines: tuple[LedgerLine, ...]


class HeldLine(NamedTuple):
    """What is held of a line."""

    line: str
    member: str
    amount: int


@dataclass(slots=True)
class Standing:
    """What a decision has to know of a member.

    `held` are lines with something held, the one whose window ends last first: all of them, or as many as hold together
    what is to be taken.
    """

    payable: int = 0
    debt: int = 0
    held: dict[str, int] = field(default_factory=dict[str, int])

    def release(self, journal: Journal, member: str, amount: int, source: Account) -> None:
        """Rule 3."""
        netted = min(amount, self.debt)
        self.debt -= netted
        self.payable += amount - netted
        journal.move(member, netted, source, Account.DEBT)
        journal.move(member, amount - netted, source, Account.PAYABLE)

    def claw_back(self, journal: Journal, member: str, amount: int, named: str) -> list[LinePart]:
        """Rule 2. Returns what was taken of which held line."""
        cancelled: list[LinePart] = []
        left = amount
        for line in ([named] if named in self.held else []) + [line for line in self.held if line != named]:
            if not left:
                break
            taken = min(left, self.held[line])
            if taken:
                self.held[line] -= taken
                cancelled.append(LinePart(line=line, amount_minor=taken))
                left -= taken
        journal.move(member, amount - left, Account.HELD, Account.CLAWED_BACK)
        taken = min(left, self.payable)
        self.payable -= taken
        self.debt += left - taken
        journal.move(member, taken, Account.PAYABLE, Account.CLAWED_BACK)
        journal.move(member, left - taken, Account.DEBT, Account.CLAWED_BACK)
        return cancelled


def needed(posted: Posted, time: datetime | None) -> dict[str, int]:
    """The members whose standing the decision has to know, and how much their clawbacks take."""
    found: dict[str, int] = {}
    for line in posted.lines:
        if line.amount_minor < 0:
            found[line.member] = found.get(line.member, 0) - line.amount_minor
        elif fulfilled(line.conditions, time):
            found.setdefault(line.member, 0)
    return found


def decide_lines(
    posted: Posted, time: datetime | None, standings: Mapping[str, Standing], named: Mapping[str, HeldLine]
) -> LinesHeld:
    """Enter posted lines.

    `standings` are of the members that `needed` gives; they are used up. `named` are the lines that clawbacks name,
    where the ledger knows them; what is held of a named line need not stand in its member's standing as well.
    """
    journal = Journal()
    released: list[str] = []
    cancelled: list[LinePart] = []
    members = {line.line: line.member for line in (*named.values(), *posted.lines)}
    for line in named.values():
        if line.amount and line.member in standings:
            standings[line.member].held.setdefault(line.line, line.amount)
    for line in posted.lines:
        member, amount = line.member, line.amount_minor
        if amount < 0:
            if line.reverses and members.get(line.reverses) != member:
                raise DoesNotFit(f"line {line.line} takes back {line.reverses}, which is no line of its member")
            cancelled += standings[member].claw_back(journal, member, -amount, line.reverses)
        elif fulfilled(line.conditions, time):
            standings[member].release(journal, member, amount, Account.ACCRUED)
            released.append(line.line)
        else:
            journal.move(member, amount, Account.ACCRUED, Account.HELD)
            if member in standings:
                standings[member].held[line.line] = amount
    return LinesHeld(
        source=posted.source,
        currency=posted.currency,
        occurred_at=posted.occurred_at,
        plan_hash=posted.plan_hash,
        lines=posted.lines,
        released=tuple(released),
        cancelled=tuple(cancelled),
        postings=journal.postings(),
    )


def touched(entry: LinesHeld, time: datetime, *, thresholds: bool) -> list[str]:
    """The members who may have something to be released behind an entry, at the programme's time.

    A line of theirs waits for nothing but identity, delivery or threshold; or more has become payable, which counts for
    lines with a threshold, if there may be any.
    """
    found: dict[str, None] = {}
    released = set(entry.released)
    for line in entry.lines:
        if line.line in released:
            if thresholds:
                found[line.member] = None
        elif line.amount_minor > 0 and not only_window(line.conditions):
            terms = terms_of(line.conditions)
            if not terms.timed and not open_at(terms.until, time):
                found[line.member] = None
    return list(found)


def decide_release(
    currency: str, as_of: datetime, due: Sequence[HeldLine], debts: Mapping[str, int]
) -> Iterable[LinesReleased]:
    """Release lines whose conditions are fulfilled. `debts` are of the members who have one."""
    standings: dict[str, Standing] = {}
    for start in range(0, len(due), LINES_IN_AN_EVENT):
        part = due[start : start + LINES_IN_AN_EVENT]
        journal = Journal()
        for _, member, amount in part:
            standing = standings.setdefault(member, Standing(debt=debts.get(member, 0)))
            standing.release(journal, member, amount, Account.HELD)
        yield LinesReleased(
            currency=currency,
            as_of=as_of,
            lines=tuple(LinePart(line=line, amount_minor=amount) for line, _, amount in part),
            postings=journal.postings(),
        )
