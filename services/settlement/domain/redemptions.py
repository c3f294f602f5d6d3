"""Redemptions: points given for a reward, and what may become of that.

A thing is open until the merchant has delivered it, or cancels it and gives the points back. Money is credited in the
transaction that takes the points, and is final.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from fenxiao.errors import Kind, Refusal
from services.settlement.domain.accounts import Account, Journal
from services.settlement.domain.events import MoneyRedeemed
from services.settlement.domain.holding import Standing
from services.settlement.domain.points import Entry, Purse
from services.settlement.domain.points_events import Money, PointsRedeemed, RedemptionCancelled, RedemptionFulfilled
from services.settlement.domain.rewards import Offer, check_offer, times


class State(StrEnum):
    """How far a redemption is."""

    OPEN = "open"
    """The merchant has still to deliver."""
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    CREDITED = "credited"
    """Money."""


class Redemption(NamedTuple):
    """A redemption as decisions see it."""

    redemption: str
    member: str
    points: str
    reward: str
    version: int
    quantity: int
    amount: int
    state: State


class Wish(NamedTuple):
    """What a member wants to redeem."""

    redemption: str
    member: str
    quantity: int
    version: int
    """Of the reward, as the member has seen it; 0 for any."""


def decide_redemption(
    wish: Wish, offer: Offer, purse: Purse, *, available: int, suspended: bool, time: datetime | None
) -> PointsRedeemed:
    """Take points for a reward. `available` is what the member has; the purse has as many lots as that takes."""
    reward = offer.reward
    if time is None:
        message = "The programme's time has not begun; advance it first."
        raise Refusal("TIME_NOT_BEGUN", message, kind=Kind.FAILED_PRECONDITION)
    check_offer(offer, wish.quantity, wish.version, time)
    if suspended:
        message = "The member is suspended; points can be redeemed again once the member is reinstated."
        raise Refusal("MEMBER_SUSPENDED", message, field="member", kind=Kind.FAILED_PRECONDITION)
    amount = times(reward.price, wish.quantity)
    if amount > available:
        message = f"That costs {amount:,} points ({reward.points}), and {available:,} are available; redeem less."
        raise Refusal("TOO_FEW_POINTS", message, field="quantity", kind=Kind.FAILED_PRECONDITION)
    entry = Entry()
    short = purse.redeem(entry, amount)
    assert not short, "what is available stands in lots"
    return PointsRedeemed(
        points=reward.points,
        postings=entry.postings,
        lots=entry.lots,
        redemption=wish.redemption,
        member=wish.member,
        reward=reward.reward,
        version=reward.version,
        quantity=wish.quantity,
        amount=amount,
        money=None
        if reward.money is None
        else Money(currency=reward.money.currency, amount_minor=times(reward.money.amount_minor, wish.quantity)),
    )


def decide_credit(redeemed: PointsRedeemed, each: Money, standing: Standing, time: datetime) -> MoneyRedeemed:
    """Credit what a redemption gives in money. It settles the member's debt first."""
    assert redeemed.money is not None, "it gives money"
    journal = Journal()
    standing.release(journal, redeemed.member, redeemed.money.amount_minor, Account.ACCRUED)
    return MoneyRedeemed(
        currency=redeemed.money.currency,
        postings=journal.postings(),
        redemption=redeemed.redemption,
        member=redeemed.member,
        reward=redeemed.reward,
        quantity=redeemed.quantity,
        each_minor=each.amount_minor,
        amount_minor=redeemed.money.amount_minor,
        redeemed_at=time,
    )


def decide_fulfilment(known: Redemption) -> RedemptionFulfilled | None:
    """Note that a thing was delivered; None if that is known."""
    if known.state is State.FULFILLED:
        return None
    _check_open(known)
    return RedemptionFulfilled(points=known.points, redemption=known.redemption)


def decide_cancellation(
    known: Redemption, purse: Purse, parts: Mapping[str, int], time: datetime | None
) -> RedemptionCancelled | None:
    """Give points back; None if they are. `parts` is what was taken of which lot; the purse has these lots."""
    if known.state is State.CANCELLED:
        return None
    _check_open(known)
    entry = Entry()
    purse.bring_back(entry, parts, time)
    return RedemptionCancelled(
        points=known.points,
        postings=entry.postings,
        lots=entry.lots,
        redemption=known.redemption,
        member=known.member,
        reward=known.reward,
        version=known.version,
        quantity=known.quantity,
        amount=known.amount,
    )


def _check_open(known: Redemption) -> None:
    if known.state is State.OPEN:
        return
    what = {
        State.CREDITED: "It gave money, which was credited at once and cannot be taken back",
        State.FULFILLED: "It has been delivered",
    }.get(known.state, "It was cancelled")
    message = f"{what}; nothing was changed."
    raise Refusal("REDEMPTION_NOT_OPEN", message, field="name", kind=Kind.FAILED_PRECONDITION)
