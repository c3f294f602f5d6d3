"""Disputes about posted lines, and corrections as new lines. What was posted never changes.

The rules:

1. Only the member whose line it is disputes it; whoever acts for the member is named by the envelope. One dispute of a
   line is under way at a time.
2. It ends rejected, or upheld with a correction.
3. **A correction above 0** is posted in addition and held like the line was; points expire with those of the line. Of a
   line that took something back it gives back no more than that.
4. **A correction below 0** takes back of the line, never more than is left of it: what it posted, less what returns,
   closings and earlier corrections have taken.
5. A correction is a line of its own. What returns and closings do to the line later, they do to it as it was posted.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID, uuid5

from fenxiao.errors import Kind, Refusal
from fenxiao.money import EXACT, MAX_MINOR
from services.commission.domain.events import (
    Condition,
    DisputeAnswered,
    DisputeOpened,
    DisputeResolved,
    LinesPosted,
    Outcome,
    PostedLine,
)

DisputeEvent = DisputeOpened | DisputeAnswered | DisputeResolved | LinesPosted
"""What stands on the stream of a dispute."""

TEXT_AT_MOST = 2_000
"""Characters of a text."""


class State(StrEnum):
    """How far a dispute is."""

    OPEN = "open"
    ANSWERED = "answered"
    UPHELD = "upheld"
    REJECTED = "rejected"


class Dispute(NamedTuple):
    """A dispute: what its own stream says."""

    line: str
    member: str
    state: State = State.OPEN
    correction_minor: int = 0
    correction_line: str = ""


class Disputed(NamedTuple):
    """A line with what a correction depends on."""

    line: PostedLine
    currency: str
    digits: int
    """Decimals of what it pays."""
    plan_hash: str
    engine_version: str
    sale: str
    """The sale that it is earned on, or the sale or return that it was posted with; empty for one on volume."""
    left_minor: int
    """What is left of it; of one that took something back, what of that has not been given back."""
    conditions: tuple[Condition, ...]
    """Under which a correction above 0 is held: the line's own, or those of the line that it took back from."""
    expires_at: datetime | None = None
    """The same, of points: when what is left of it is lost."""


def evolve(dispute: Dispute | None, event: DisputeEvent) -> Dispute:
    """The dispute after an event on its stream."""
    match event:
        case DisputeOpened():
            return Dispute(event.line, event.member)
        case _ if dispute is None:
            raise LookupError("a dispute begins with its opening")
        case DisputeAnswered():
            return dispute._replace(state=State.ANSWERED)
        case DisputeResolved():
            return dispute._replace(
                state=State(event.outcome.value),
                correction_minor=event.correction_minor,
                correction_line=event.correction_line,
            )
        case LinesPosted():
            return dispute


def fold(events: Iterable[DisputeEvent]) -> Dispute:
    """The dispute that its events make; there is at least one."""
    dispute: Dispute | None = None
    for event in events:
        dispute = evolve(dispute, event)
    assert dispute is not None, "a dispute has events"
    return dispute


def check_text(text: str, field: str) -> str:
    """A text as people write it: some characters, lines included."""
    wrong = not text.strip() or len(text) > TEXT_AT_MOST
    if wrong or any(ord(c) < ord(" ") and c not in "\n\t" for c in text):
        message = f"Write 1 to {TEXT_AT_MOST:,} characters."
        raise Refusal("INVALID_TEXT", message, field=field)
    return text


def decide_open(line: PostedLine, member: str, reason: str, by: str, *, under_way: bool) -> DisputeOpened:
    """Open a dispute. `reason` is sealed. Raises `Refusal`."""
    if member != line.member:
        message = "A member disputes own lines only; this one is another member's."
        raise Refusal("NOT_OWN_LINE", message, field="member", kind=Kind.DENIED)
    if under_way:
        message = "The line is disputed already; answer and resolve that dispute."
        raise Refusal("DISPUTE_UNDER_WAY", message, field="line", kind=Kind.EXISTS)
    return DisputeOpened(line=line.id, member=member, points=line.points, by=by, reason=reason)


def decide_answer(dispute: Dispute, answer: str, by: str) -> DisputeAnswered:
    """Answer a dispute, once. `answer` is sealed. Raises `Refusal`."""
    if dispute.state is not State.OPEN:
        message = f"The dispute is {dispute.state} already; nothing was changed."
        raise Refusal("DISPUTE_NOT_OPEN", message, field="name", kind=Kind.FAILED_PRECONDITION)
    return DisputeAnswered(by=by, answer=answer)


def decide_resolve(
    dispute_id: UUID, dispute: Dispute, disputed: Disputed, outcome: Outcome, correction: int, why: str, by: str
) -> list[DisputeEvent]:
    """End a dispute, and correct the line. `why` is sealed. Raises `Refusal`."""
    if dispute.state not in {State.OPEN, State.ANSWERED}:
        message = f"The dispute is {dispute.state} already; nothing was changed."
        raise Refusal("DISPUTE_RESOLVED", message, field="name", kind=Kind.EXISTS)
    resolved = DisputeResolved(
        line=dispute.line,
        member=dispute.member,
        outcome=outcome,
        correction_minor=correction,
        correction_line=str(uuid5(dispute_id, "correction")) if correction else "",
        currency=disputed.currency,
        points=disputed.line.points,
        by=by,
        why=why,
    )
    if outcome is Outcome.REJECTED:
        if correction:
            message = "A dispute that is rejected corrects nothing; uphold it, or leave the correction out."
            raise Refusal("CORRECTION_OF_REJECTED", message, field="correction_minor")
        return [resolved]
    if not correction:
        message = "Say what is corrected, in minor units: above 0 in addition, below 0 taken back."
        raise Refusal("CORRECTION_MISSING", message, field="correction_minor")
    _check_correction(disputed, correction)
    posted = LinesPosted(
        currency=disputed.currency,
        plan_hash=disputed.plan_hash,
        engine_version=disputed.engine_version,
        corrects=disputed.line.id,
        lines=(_correction(resolved.correction_line, disputed, correction),),
    )
    return [resolved, posted]


def _check_correction(disputed: Disputed, correction: int) -> None:
    taken_back, left = disputed.line.amount_minor < 0, disputed.left_minor
    units = "points" if disputed.line.points else "minor units"
    if taken_back:
        too_much = not 0 < correction <= left
        message = f"The line has taken back {left} {units} that can be given back, and no other correction fits it."
    else:
        too_much = correction < -left or correction > MAX_MINOR
        message = f"Only {left} {units} are left of the line; no more can be taken back."
    if too_much:
        raise Refusal("CORRECTION_EXCEEDS_LINE", message, field="correction_minor", kind=Kind.FAILED_PRECONDITION)


def _correction(line_id: str, disputed: Disputed, correction: int) -> PostedLine:
    line, amount = disputed.line, Decimal(correction).scaleb(-disputed.digits, EXACT)
    return PostedLine(
        id=line_id,
        member=line.member,
        component=line.component,
        level=line.level,
        rate=Decimal(1),
        base=amount,
        exact_amount=amount,
        amount_minor=correction,
        rule=line.rule,
        path=(),
        conditions=disputed.conditions if correction > 0 else (),
        reverses=line.id if correction < 0 else "",
        sale=disputed.sale,
        points=line.points,
        expires_at=disputed.expires_at if correction > 0 else None,
    )
