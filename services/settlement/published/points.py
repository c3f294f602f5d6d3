"""What others see of points, rewards and redemptions: enough for anybody to keep the books again."""

from collections.abc import Iterable

from fenxiao.api.settlement.v1 import events_pb2 as pb
from libs.eventlog import Recorded
from libs.servicekit.times import to_timestamp
from services.settlement.domain.events import MoneyRedeemed
from services.settlement.domain.points_events import (
    LotChange,
    PointsExpired,
    PointsHeld,
    PointsRedeemed,
    RedemptionCancelled,
    RedemptionFulfilled,
    RewardDefined,
    RewardWithdrawn,
)


def points_held(recorded: Recorded[PointsHeld]) -> list[pb.PointsHeld]:
    """Lines in points are in their ledger."""
    entry = recorded.event
    return [pb.PointsHeld(source=entry.source, points=entry.points, lines=[line.line for line in entry.lines])]


def points_expired(recorded: Recorded[PointsExpired]) -> list[pb.PointsExpired]:
    """What is lost."""
    entry = recorded.event
    lots = _parts((lot, lot.expired) for lot in entry.lots)
    return [pb.PointsExpired(points=entry.points, as_of=to_timestamp(entry.as_of), lots=lots)]


def points_redeemed(recorded: Recorded[PointsRedeemed]) -> list[pb.PointsRedeemed]:
    """What was taken, of which lots."""
    entry = recorded.event
    return [
        pb.PointsRedeemed(
            redemption=entry.redemption,
            member=entry.member,
            reward=entry.reward,
            version=entry.version,
            quantity=entry.quantity,
            points=entry.points,
            amount=entry.amount,
            lots=_parts((lot, -lot.available) for lot in entry.lots),
        )
    ]


def money_redeemed(recorded: Recorded[MoneyRedeemed]) -> list[pb.MoneyRedeemed]:
    """What a redemption has made payable."""
    entry = recorded.event
    return [
        pb.MoneyRedeemed(
            redemption=entry.redemption,
            member=entry.member,
            currency=entry.currency,
            amount_minor=entry.amount_minor,
        )
    ]


def redemption_fulfilled(recorded: Recorded[RedemptionFulfilled]) -> list[pb.RedemptionFulfilled]:
    """The thing was delivered."""
    return [pb.RedemptionFulfilled(redemption=recorded.event.redemption)]


def redemption_cancelled(recorded: Recorded[RedemptionCancelled]) -> list[pb.RedemptionCancelled]:
    """What was given back."""
    entry = recorded.event
    return [
        pb.RedemptionCancelled(
            redemption=entry.redemption,
            member=entry.member,
            points=entry.points,
            amount=entry.amount,
            lots=_parts((lot, lot.available) for lot in entry.lots),
        )
    ]


def reward_defined(recorded: Recorded[RewardDefined]) -> list[pb.RewardDefined]:
    """What anybody can hold a redemption against."""
    reward = recorded.event
    money = reward.money
    return [
        pb.RewardDefined(
            reward=reward.reward,
            version=reward.version,
            points=reward.points,
            price_points=reward.price,
            title_en=reward.title_en,
            title_zh=reward.title_zh,
            stock=reward.stock,
            start_time=None if reward.starts_at is None else to_timestamp(reward.starts_at),
            end_time=None if reward.ends_at is None else to_timestamp(reward.ends_at),
            money=pb.MoneyAmount(currency=money.currency, amount_minor=money.amount_minor) if money else None,
        )
    ]


def reward_withdrawn(recorded: Recorded[RewardWithdrawn]) -> list[pb.RewardWithdrawn]:
    """Nothing is redeemed for it from now on."""
    return [pb.RewardWithdrawn(reward=recorded.event.reward, version=recorded.event.version)]


def _parts(lots: Iterable[tuple[LotChange, int]]) -> list[pb.PointsPart]:
    return [pb.PointsPart(line=lot.line, member=lot.member, amount=amount) for lot, amount in lots if amount]
