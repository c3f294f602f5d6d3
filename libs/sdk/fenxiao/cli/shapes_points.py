"""Points, rewards and redemptions in the stable JSON of the command line (docs/cli.md)."""

from collections.abc import Mapping
from typing import Any

from fenxiao.api.settlement.v1 import points_pb2
from fenxiao.cli.session import id_of, time_text


def points(message: points_pb2.Points, members: Mapping[str, str]) -> dict[str, Any]:
    """Give what a member has of one kind; `members` are the merchant's numbers by resource name."""
    return {
        "member": message.member,
        "member_id": members.get(member_of(message), ""),
        "points": message.points,
        "accrued": message.accrued,
        "clawed_back": message.clawed_back,
        "held": message.held,
        "available": message.available,
        "redeemed": message.redeemed,
        "expired": message.expired,
        "debt": message.debt,
    }


def points_with_lots(message: points_pb2.Points, members: Mapping[str, str]) -> dict[str, Any]:
    """Give the same with what it is made of."""
    return {
        **points(message, members),
        "next_expiry": {"at": time_text(message.next_expire_time), "points": message.next_expire_points}
        if message.HasField("next_expire_time")
        else None,
        "lots": [
            {
                "line": lot.line,
                "earned_at": time_text(lot.earn_time),
                "hold_until": time_text(lot.hold_until) if lot.HasField("hold_until") else None,
                "expires_at": time_text(lot.expire_time) if lot.HasField("expire_time") else None,
                "held": lot.held,
                "available": lot.available,
            }
            for lot in message.lots
        ],
    }


def member_of(message: points_pb2.Points) -> str:
    """Give the resource name of the member."""
    return message.name.partition("/points/")[0]


def reward(message: points_pb2.Reward) -> dict[str, Any]:
    """Give a reward."""
    return {
        "reward": id_of(message.name),
        "version": message.version,
        "points": message.points,
        "price": message.price_points,
        "title_en": message.title_en,
        "title_zh": message.title_zh,
        "stock": message.stock if message.HasField("stock") else None,
        "redeemed": message.redeemed,
        "from": time_text(message.start_time) if message.HasField("start_time") else None,
        "to": time_text(message.end_time) if message.HasField("end_time") else None,
        "money": _money(message.money) if message.HasField("money") else None,
        "withdrawn": message.withdrawn,
    }


def redemption(message: points_pb2.Redemption, members: Mapping[str, str]) -> dict[str, Any]:
    """Give a redemption."""
    return {
        "redemption": id_of(message.name),
        "member": message.member,
        "member_id": members.get(redeemer_of(message), ""),
        "reward": id_of(message.reward),
        "version": message.version,
        "quantity": message.quantity,
        "points": message.points,
        "amount": message.amount,
        "state": points_pb2.RedemptionState.Name(message.state).removeprefix("REDEMPTION_STATE_").lower(),
        "money": _money(message.money) if message.HasField("money") else None,
        "recorded_at": time_text(message.record_time),
    }


def redeemer_of(message: points_pb2.Redemption) -> str:
    """Give the resource name of the member."""
    return f"{message.name.partition('/redemptions/')[0]}/members/{message.member}"


def _money(money: points_pb2.RewardMoney) -> dict[str, Any]:
    return {"currency": money.currency, "amount": money.amount_minor}
