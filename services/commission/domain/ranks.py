"""Ranks that are granted: who holds which whatever the plan's rules say, and from when on.

The rules:

1. A grant counts in periods that end after it takes effect, up to the member's next grant or withdrawal. Of those of
   one moment, the last that was recorded holds.
2. **A period that is sealed keeps its ranks**, so neither takes effect within one.
3. A rank is granted that a plan version has which is in force then or later. Under a version that lacks it, the rules
   alone decide.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from fenxiao.errors import Kind, Refusal
from fenxiao.plans import Plan, format_instant
from services.commission.domain.events import RankGranted, RankGrantWithdrawn

RankEvent = RankGranted | RankGrantWithdrawn
"""What stands on the stream of a member's granted ranks."""


class Grant(NamedTuple):
    """A rank that is to be granted."""

    member: str
    rank: str
    effective_from: datetime
    until: datetime | None = None
    """Withdrawn from then on; None: without end."""


def decide_grant(
    told: Sequence[RankEvent], grant: Grant, plans: Sequence[Plan], sealed_until: datetime | None, by: str
) -> list[RankEvent]:
    """Grants a rank; nothing if that was done. `told` is what was said of the member's rank. Raises `Refusal`."""
    wanted: list[RankEvent] = [
        RankGranted(member=grant.member, rank=grant.rank, effective_from=grant.effective_from, by=by)
    ]
    if grant.until is not None:
        if grant.until <= grant.effective_from:
            message = "The grant would end before it takes effect; look at the times."
            raise Refusal("INVALID_TIME", message, field="end_time")
        wanted.append(RankGrantWithdrawn(member=grant.member, effective_from=grant.until, by=by))
    new = [one for one in wanted if not _stands(told, one)]
    if new:
        _check_open(min(one.effective_from for one in new), sealed_until)
        _check_rank(grant, plans)
    return new


def decide_withdraw(
    told: Sequence[RankEvent], member: str, effective_from: datetime, sealed_until: datetime | None, by: str
) -> list[RankEvent]:
    """Withdraws what is granted to a member at a moment; nothing if that was done. Raises `Refusal`."""
    withdrawn = RankGrantWithdrawn(member=member, effective_from=effective_from, by=by)
    if _stands(told, withdrawn):
        return []
    if not isinstance(last_by(told, effective_from), RankGranted):
        message = f"No rank is granted to the member at {format_instant(effective_from)}; list the grants."
        raise Refusal("RANK_NOT_GRANTED", message, field="effective_time", kind=Kind.FAILED_PRECONDITION)
    _check_open(effective_from, sealed_until)
    return [withdrawn]


def last_by(told: Sequence[RankEvent], moment: datetime) -> RankEvent | None:
    """What stands at a moment."""
    past = [one for one in told if one.effective_from <= moment]
    # Of one moment, max would give the first.
    return max(reversed(past), key=lambda one: one.effective_from, default=None)


def _stands(told: Sequence[RankEvent], wanted: RankEvent) -> bool:
    """Whether just that was said of the moment, and nothing else behind it."""
    last = last_by(told, wanted.effective_from)
    return last is not None and last.model_copy(update={"by": wanted.by}) == wanted


def _check_open(effective_from: datetime, sealed_until: datetime | None) -> None:
    if sealed_until is not None and effective_from < sealed_until:
        message = (
            f"Periods are closed up to {format_instant(sealed_until)}, and keep their ranks; choose an effective_time "
            "no earlier."
        )
        raise Refusal("PERIOD_SEALED", message, field="effective_time", kind=Kind.FAILED_PRECONDITION)


def _check_rank(grant: Grant, plans: Sequence[Plan]) -> None:
    """Whether a version has the rank that is in force when the grant takes effect, or later."""
    ordered = sorted(plans, key=lambda plan: plan.effective_from)
    over = sum(1 for later in ordered[1:] if later.effective_from <= grant.effective_from)
    ranks = [rank.id for plan in ordered[over:] for rank in plan.ranks]
    if grant.rank not in ranks:
        names = ", ".join(dict.fromkeys(ranks)) or "none"
        message = f"No plan in force from then on has a rank {grant.rank[:64]!r}; there are {names}."
        raise Refusal("UNKNOWN_RANK", message, field="rank", kind=Kind.FAILED_PRECONDITION)
