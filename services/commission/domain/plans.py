"""Publishing plan versions: what has been rated stays as it was rated."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from fenxiao.errors import Kind, Refusal
from fenxiao.plans import Plan, format_instant
from fenxiao.plans.rules import Override, check_plan, refuse
from services.commission.domain.events import PlanPublished, RuleOverride


class Version(NamedTuple):
    """A plan under the hash that names it."""

    hash: str
    plan: Plan


class Published(NamedTuple):
    """What there is to know of an earlier version when another one comes."""

    hash: str
    plan: str
    version: str
    effective_from: datetime


def next_after(published: Sequence[Published], moment: datetime) -> datetime | None:
    """When the version that comes after a moment takes over."""
    return min((other.effective_from for other in published if other.effective_from > moment), default=None)


def decide_publish(
    version: Version,
    document: bytes,
    *,
    currency: str,
    published: Sequence[Published],
    overrides: Sequence[Override] = (),
    sealed_until: datetime | None = None,
    newest_sale: datetime | None,
) -> list[PlanPublished]:
    """Publishes a version, or raises `Refusal`.

    `currency` is the programme's, `published` are its versions so far, without this one. `sealed_until` is where the
    last sealed period ends. `newest_sale` is the time of
    the last sale already recorded in the span in which this version would be in force: each of them was rated by
    another version or by none, and that is final.
    """
    refuse(check_plan(version.plan, overrides=overrides))
    plan = version.plan
    if plan.currency != currency:
        message = f"The plan pays in {plan.currency}, but the programme's currency is {currency}; use that."
        raise Refusal("WRONG_CURRENCY", message, field="currency")
    for other in published:
        if other.effective_from == plan.effective_from:
            message = (
                f"Version {other.version!r} comes into force at {format_instant(plan.effective_from)} too, and only "
                "one can; choose another effective_from."
            )
            raise Refusal("VERSIONS_OVERLAP", message, field="effective_from", kind=Kind.FAILED_PRECONDITION)
        if (other.plan, other.version) == (plan.plan, plan.version):
            message = (
                f"Version {plan.version!r} of {plan.plan!r} is published with another content, and a published version "
                "never changes; give this one a new version."
            )
            raise Refusal("VERSION_EXISTS", message, field="version", kind=Kind.EXISTS)
    if sealed_until is not None and plan.effective_from < sealed_until:
        message = f"Periods are closed up to {format_instant(sealed_until)}; choose an effective_from no earlier."
        raise Refusal("PERIOD_SEALED", message, field="effective_from", kind=Kind.FAILED_PRECONDITION)
    if newest_sale is not None:
        message = (
            f"Sales up to {format_instant(newest_sale)} have been rated without this version, and stay so; "
            "choose an effective_from after that."
        )
        raise Refusal("SALES_ALREADY_RATED", message, field="effective_from", kind=Kind.FAILED_PRECONDITION)
    return [
        PlanPublished(
            hash=version.hash,
            plan=plan.plan,
            version=plan.version,
            currency=plan.currency,
            effective_from=plan.effective_from,
            document=document,
            overrides=tuple(RuleOverride(rule=one.rule, person=one.person, reason=one.reason) for one in overrides),
        )
    ]
