"""How rows of points, rewards and redemptions look in settlement's API, and how its requests are read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from fenxiao.api.settlement.v1 import points_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.servicekit.names import parse_name
from libs.servicekit.times import from_timestamp, to_timestamp
from services.settlement.domain.points import Lot
from services.settlement.domain.points_accounts import PointsAccount
from services.settlement.domain.points_events import Money, RewardDefined
from services.settlement.domain.redemptions import State
from services.settlement.domain.rewards import Offer
from services.settlement.views.points import MemberPoints
from services.settlement.views.redemptions import RedemptionRow

MEMBER: Final = "programmes/{programme}/members/{member}"
REWARD: Final = "programmes/{programme}/rewards/{reward}"
REDEMPTION: Final = "programmes/{programme}/redemptions/{redemption}"

_STATES: Final = {
    State.OPEN: pb.REDEMPTION_STATE_OPEN,
    State.FULFILLED: pb.REDEMPTION_STATE_FULFILLED,
    State.CANCELLED: pb.REDEMPTION_STATE_CANCELLED,
    State.CREDITED: pb.REDEMPTION_STATE_CREDITED,
}
REDEMPTION_STATES: Final = {number: state for state, number in _STATES.items()}
"""By their numbers in the API."""


def read_name(template: str, programme: str, name: str, field: str) -> str:
    """The last part of a resource name, which must be of this programme. Raises `Refusal`."""
    if not name:
        raise Refusal("INVALID_NAME", f"Give it as {template}.", field=field)
    parts = parse_name(template, name)
    if parts.pop("programme") != programme:
        raise Refusal("OTHER_PROGRAMME", f"{name} is not of the programme {programme}.", field=field, kind=Kind.DENIED)
    (found,) = parts.values()
    return found


def read_reward(reward_id: str, reward: pb.Reward) -> RewardDefined:
    """What is asked to be defined; whether it can be so is for the domain to say."""
    money = reward.money if reward.HasField("money") else None
    return RewardDefined(
        reward=reward_id,
        version=0,
        points=reward.points,
        price=reward.price_points,
        title_en=reward.title_en,
        title_zh=reward.title_zh,
        stock=reward.stock if reward.HasField("stock") else None,
        starts_at=from_timestamp(reward.start_time, "reward.start_time") if reward.HasField("start_time") else None,
        ends_at=from_timestamp(reward.end_time, "reward.end_time") if reward.HasField("end_time") else None,
        money=None if money is None else Money(currency=money.currency, amount_minor=money.amount_minor),
    )


def unknown_reward(reward: str, field: str) -> Refusal:
    """The refusal for a reward that is not there."""
    message = f"There is no reward {reward[:64]!r}; list them to see which there are."
    return Refusal("UNKNOWN_REWARD", message, field=field, kind=Kind.NOT_FOUND)


def show_points(
    programme: str, found: MemberPoints, lots: Sequence[Lot] = (), expiry: tuple[datetime, int] | None = None
) -> pb.Points:
    """What a member has of one kind of points."""
    balances = found.balances
    return pb.Points(
        name=f"programmes/{programme}/members/{found.member}/points/{found.points}",
        member=found.member,
        points=found.points,
        accrued=balances.accrued,
        clawed_back=balances.clawed_back,
        held=balances.held,
        available=balances.available,
        redeemed=balances.redeemed,
        expired=balances.expired,
        debt=balances.debt,
        lots=[_show_lot(lot) for lot in lots],
        next_expire_time=to_timestamp(expiry[0]) if expiry else None,
        next_expire_points=expiry[1] if expiry else 0,
    )


def _show_lot(lot: Lot) -> pb.PointsLot:
    return pb.PointsLot(
        line=lot.line,
        earn_time=to_timestamp(lot.earned_at),
        hold_until=None if lot.hold_until is None else to_timestamp(lot.hold_until),
        expire_time=None if lot.expires_at is None else to_timestamp(lot.expires_at),
        held=lot.left[PointsAccount.HELD],
        available=lot.left[PointsAccount.AVAILABLE],
    )


def show_reward(programme: str, offer: Offer) -> pb.Reward:
    """A reward."""
    reward = offer.reward
    return pb.Reward(
        name=f"programmes/{programme}/rewards/{reward.reward}",
        version=reward.version,
        points=reward.points,
        price_points=reward.price,
        title_en=reward.title_en,
        title_zh=reward.title_zh,
        stock=reward.stock,
        start_time=None if reward.starts_at is None else to_timestamp(reward.starts_at),
        end_time=None if reward.ends_at is None else to_timestamp(reward.ends_at),
        money=_money(reward.money.currency, reward.money.amount_minor) if reward.money else None,
        withdrawn=offer.withdrawn,
        redeemed=offer.redeemed,
    )


def show_redemption(programme: str, row: RedemptionRow) -> pb.Redemption:
    """A redemption."""
    redemption = row.redemption
    return pb.Redemption(
        name=f"programmes/{programme}/redemptions/{redemption.redemption}",
        member=redemption.member,
        reward=f"programmes/{programme}/rewards/{redemption.reward}",
        version=redemption.version,
        quantity=redemption.quantity,
        points=redemption.points,
        amount=redemption.amount,
        state=_STATES[redemption.state],
        money=_money(row.currency, row.amount_minor) if row.currency else None,
        record_time=to_timestamp(row.made_at),
    )


def _money(currency: str, amount_minor: int) -> pb.RewardMoney:
    return pb.RewardMoney(currency=currency, amount_minor=amount_minor)
