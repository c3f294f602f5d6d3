"""Rewards: what points can be redeemed for. A version never changes; another one may take its place."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from fenxiao.errors import Kind, Refusal
from fenxiao.money import EXACT, MAX_MINOR, from_minor, plain
from services.settlement.domain.points_events import RewardDefined, RewardWithdrawn

_ID: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
"""Of kinds of points, and of rewards: as plans name things."""
_TITLE_AT_MOST: Final = 128
MOST: Final = 10**12
"""Points for one, amount of money for one, and how many there are: so much at most."""


class Worth(NamedTuple):
    """The least that was ever said that a point of a kind is worth at most."""

    each: Decimal
    """In units of the currency; 0: nothing in money."""
    currency: str


class Offer(NamedTuple):
    """The newest version of a reward, and what has become of it."""

    reward: RewardDefined
    withdrawn: bool
    redeemed: int
    """How many of this version were redeemed, less those cancelled."""

    @property
    def left(self) -> int | None:
        """How many there still are; None where that is not limited."""
        return None if self.reward.stock is None else self.reward.stock - self.redeemed


def decide_definition(known: Offer | None, wanted: RewardDefined) -> RewardDefined | None:
    """Define a reward, or another version of it; None if it stands so already. `wanted` has any version."""
    _check(wanted)
    if known is None:
        return wanted.model_copy(update={"version": 1})
    if not known.withdrawn and wanted.model_copy(update={"version": known.reward.version}) == known.reward:
        return None
    return wanted.model_copy(update={"version": known.reward.version + 1})


def check_worth(reward: RewardDefined, worth: Worth | None) -> None:
    """Refuse a reward that gives more money for its points than they were said to be worth.

    It is asked when the reward is defined and whenever it is redeemed: another word may have come since.
    """
    if reward.money is None:
        return
    money, kind = reward.money, reward.points
    if worth is None or not worth.each:
        message = (
            f"Points of the kind {kind!r} give no money: no plan says what one is worth, or one says nothing. Publish "
            "one that gives points of another kind, with a `worth`, and let the reward cost those."
        )
        raise Refusal("POINTS_WITHOUT_WORTH", message, field="reward", kind=Kind.FAILED_PRECONDITION)
    if money.currency != worth.currency:
        message = f"What these points are worth is said in {worth.currency}; give money in that currency."
        raise Refusal("REWARD_IN_OTHER_CURRENCY", message, field="reward")
    most = EXACT.multiply(worth.each, Decimal(reward.price))
    if from_minor(money.amount_minor, money.currency) > most:
        message = (
            f"{reward.price:,} points are worth {plain(most)} {money.currency} at most, by the plans published; define "
            "a version that gives no more, or costs more."
        )
        raise Refusal("REWARD_ABOVE_WORTH", message, field="reward", kind=Kind.FAILED_PRECONDITION)


def decide_withdrawal(known: Offer) -> RewardWithdrawn | None:
    """Withdraw a reward; None if it is withdrawn already. What was redeemed stays redeemed."""
    if known.withdrawn:
        return None
    return RewardWithdrawn(reward=known.reward.reward, version=known.reward.version)


def check_offer(offer: Offer, quantity: int, version: int, time: datetime) -> None:
    """Refuse what is not on offer at the programme's time. `version` is what the member has seen; 0 for any."""
    reward = offer.reward
    if offer.withdrawn:
        message = "The reward is withdrawn; `fenxiao reward list` shows what there is."
        raise Refusal("REWARD_WITHDRAWN", message, field="reward", kind=Kind.FAILED_PRECONDITION)
    if version not in {0, reward.version}:
        message = f"The reward has changed: version {reward.version} costs {reward.price:,}; look at it and name that."
        raise Refusal("REWARD_CHANGED", message, field="version", kind=Kind.FAILED_PRECONDITION)
    early = reward.starts_at is not None and time < reward.starts_at
    late = reward.ends_at is not None and time >= reward.ends_at
    if early or late:
        span = f"from {_shown(reward.starts_at)} to {_shown(reward.ends_at)}"
        message = f"The reward is on offer {span}, and the programme's time is {_shown(time)}; redeem another one."
        raise Refusal("REWARD_NOT_ON_OFFER", message, field="reward", kind=Kind.FAILED_PRECONDITION)
    if not 0 < quantity <= MOST:
        raise Refusal("INVALID_QUANTITY", "Say how many, from 1 on.", field="quantity")
    if offer.left is not None and quantity > offer.left:
        message = f"{offer.left:,} of the reward are left; redeem no more, or wait for another version."
        raise Refusal("OUT_OF_STOCK", message, field="quantity", kind=Kind.FAILED_PRECONDITION)


def _check(wanted: RewardDefined) -> None:
    _id(wanted.reward, "reward_id")
    _id(wanted.points, "reward.points")
    if not 0 < wanted.price <= MOST:
        raise Refusal("INVALID_REWARD", f"A price has 1 to {MOST:,} points.", field="reward.price_points")
    for field, title in (("title_en", wanted.title_en), ("title_zh", wanted.title_zh)):
        if not title.strip() or len(title) > _TITLE_AT_MOST or not title.isprintable():
            message = f"A title has 1 to {_TITLE_AT_MOST} characters on one line, in English and in Chinese."
            raise Refusal("INVALID_REWARD", message, field=f"reward.{field}")
    if wanted.stock is not None and not 0 < wanted.stock <= MOST:
        message = "Say how many there are, from 1 on; leave it out where that is not limited."
        raise Refusal("INVALID_REWARD", message, field="reward.stock")
    if wanted.starts_at is not None and wanted.ends_at is not None and wanted.ends_at <= wanted.starts_at:
        message = "It can be redeemed up to a time after the one from which on it can."
        raise Refusal("INVALID_REWARD", message, field="reward.end_time")
    if wanted.money is not None and not 0 < wanted.money.amount_minor <= MOST:
        message = f"What one gives is an amount of 1 to {MOST:,} minor units."
        raise Refusal("INVALID_REWARD", message, field="reward.money.amount_minor")


def _id(text: str, field: str) -> str:
    if not _ID.fullmatch(text):
        message = f"{text[:64]!r} is no name; begin with a-z, then up to 63 of a-z, 0-9, _ and -."
        raise Refusal("INVALID_REWARD", message, field=field)
    return text


def times(each: int, quantity: int) -> int:
    """So many of them together. Raises `Refusal` AMOUNT_TOO_LARGE."""
    if each * quantity > MAX_MINOR:
        raise Refusal("AMOUNT_TOO_LARGE", f"{quantity:,} of it are more than can be booked.", field="quantity")
    return each * quantity


def _shown(time: datetime | None) -> str:
    return "any time" if time is None else time.isoformat()
