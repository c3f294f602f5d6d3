"""Whether it is known who a member is: checks by somebody whom the merchant trusts, and their withdrawal.

Times only go forward. A check takes the place of the one before from its own time on, so what was true of an earlier
moment stays true, and whoever reads the events in order needs the newest two lines only.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from fenxiao.errors import Kind, Refusal
from services.membership.domain.events import IdentityChecked, IdentityCheckWithdrawn
from services.membership.domain.member import Member, check_reason
from services.membership.domain.programme import CLOCK_TOLERANCE

REFERENCE_LIMIT = 500


class Check(NamedTuple):
    """A check as it is reported."""

    check_time: datetime
    expire_time: datetime | None = None
    reference: str = ""
    """What the provider calls it."""


def decide_check(member: Member, check: Check, now: datetime, protect: Callable[[str], str]) -> list[IdentityChecked]:
    """Records a check. It may lie before the member joined: people are checked to be let in.

    Saying the same again changes nothing, even when more has happened since: a file can be imported twice. A check of
    the same time as the newest corrects its end.
    """
    if len(check.reference) > REFERENCE_LIMIT:
        message = f"the reference of a check has at most {REFERENCE_LIMIT} characters"
        raise Refusal("INVALID_CHECK_REFERENCE", message, field="reference")
    if check.expire_time is not None and check.expire_time <= check.check_time:
        message = "the check would expire before it was made; look at the two times"
        raise Refusal("EXPIRES_BEFORE_CHECK", message, field="expire_time")
    _check_not_ahead(check.check_time, now, "check_time")
    of_that_time = [
        each for each in member.checks if isinstance(each, IdentityChecked) and each.check_time == check.check_time
    ]
    if of_that_time and of_that_time[-1].expire_time == check.expire_time:
        return []
    if member.checks:
        _check_forward(member.checks[-1], check.check_time)
    return [
        IdentityChecked(
            member=member.id,
            check_time=check.check_time,
            expire_time=check.expire_time,
            reference=protect(check.reference) if check.reference else "",
        )
    ]


def decide_withdraw(
    member: Member, since: datetime, reason: str, now: datetime, protect: Callable[[str], str]
) -> list[IdentityCheckWithdrawn]:
    """Takes the newest check back from a moment on. Saying so twice changes nothing."""
    check_reason(reason)
    newest = member.checks[-1] if member.checks else None
    if isinstance(newest, IdentityCheckWithdrawn) and newest.effective_time == since:
        return []
    if not isinstance(newest, IdentityChecked):
        told = f"its check was withdrawn as of {newest.effective_time.isoformat()}" if newest else "it never was"
        raise _not_checked(f"the member's identity is not checked: {told}")
    if newest.expire_time is not None and since >= newest.expire_time:
        raise _not_checked(f"the check expired at {newest.expire_time.isoformat()}; there is nothing to withdraw")
    if since < newest.check_time:
        message = f"the check was made at {newest.check_time.isoformat()}; withdraw it as of then, or later"
        raise Refusal("WITHDRAWN_BEFORE_CHECK", message, field="effective_time")
    _check_not_ahead(since, now, "effective_time")
    return [IdentityCheckWithdrawn(member=member.id, effective_time=since, reason=protect(reason) if reason else "")]


def _check_not_ahead(moment: datetime, now: datetime, field: str) -> None:
    if moment > now + CLOCK_TOLERANCE:
        message = "the time lies more than a day ahead; record it when it has come"
        raise Refusal("IDENTITY_IN_FUTURE", message, field=field)


def _check_forward(newest: IdentityChecked | IdentityCheckWithdrawn, check_time: datetime) -> None:
    if isinstance(newest, IdentityChecked) and check_time < newest.check_time:
        message = f"there is a newer check, of {newest.check_time.isoformat()}; an older one cannot follow it"
    elif isinstance(newest, IdentityCheckWithdrawn) and check_time <= newest.effective_time:
        message = f"the check was withdrawn as of {newest.effective_time.isoformat()}; only a later one counts again"
    else:
        return
    raise Refusal("CHECK_OUTDATED", message, field="check_time", kind=Kind.FAILED_PRECONDITION)


def _not_checked(message: str) -> Refusal:
    return Refusal("IDENTITY_NOT_CHECKED", message, kind=Kind.FAILED_PRECONDITION)
