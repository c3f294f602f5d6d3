"""What the tests of points have in common: lines in points as commission posts them, and a shop that redeems them."""

from datetime import datetime
from typing import Any

from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.settlement.v1 import points_pb2 as pb
from libs.servicekit.times import to_timestamp
from services.settlement.domain.points_accounts import PointsBalances
from services.settlement.tests.given import GBP, PARENT, PLAN, START, day, line, posted
from services.settlement.tests.world import World

STAR = "star"


def points_line(
    name: str,
    member: str,
    amount: int,
    until: datetime | None = None,
    expires: datetime | None = None,
    reverses: str = "",
) -> commission.PostedLine:
    """A posted line in points."""
    found = line(name, member, amount, until, reverses)
    if expires is not None:
        found.expire_time.CopyFrom(to_timestamp(expires))
    return found


def points_posted(
    *lines: commission.PostedLine, source: str = "s1", at: datetime = START, points: str = STAR
) -> commission.LinesPosted:
    """Lines in points, posted together."""
    found = posted(*lines, source=source, at=at, currency="")
    found.points = points
    return found


def points_priced(worth: str, points: str = STAR, currency: str = GBP) -> commission.PointsPriced:
    """A plan says what a point is worth at most."""
    return commission.PointsPriced(points=points, worth=worth, currency=currency, plan_hash=PLAN)


def member_name(member: str) -> str:
    """A member's resource name."""
    return f"{PARENT}/members/{member}"


def reward_name(reward: str) -> str:
    """A reward's resource name."""
    return f"{PARENT}/rewards/{reward}"


class Counter:
    """Where members redeem their points."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def advance(self, number: int) -> pb.ProgrammeTime:
        """The programme's time comes to a day."""
        request = pb.AdvanceTimeRequest(parent=PARENT, as_of=to_timestamp(day(number)))
        return await self.world.service.command("AdvanceTime", request)

    async def define(self, reward: str = "mug", price: int = 100, request_id: str = "", **fields: Any) -> pb.Reward:
        """A reward is on offer."""
        usual: dict[str, Any] = {"points": STAR, "title_en": "A mug", "title_zh": "马克杯"}
        request = pb.DefineRewardRequest(
            parent=PARENT,
            reward_id=reward,
            reward=pb.Reward(price_points=price, **(usual | fields)),
            request_id=request_id,
        )
        return await self.world.service.command("DefineReward", request)

    async def withdraw(self, reward: str = "mug") -> pb.Reward:
        """It is on offer no more."""
        request = pb.WithdrawRewardRequest(name=reward_name(reward))
        return await self.world.service.command("WithdrawReward", request)

    @staticmethod
    def wish(member: str, reward: str = "mug", quantity: int = 1, **fields: Any) -> pb.RedeemPointsRequest:
        """Somebody wants it."""
        return pb.RedeemPointsRequest(
            parent=PARENT, member=member_name(member), reward=reward_name(reward), quantity=quantity, **fields
        )

    async def redeem(self, member: str, reward: str = "mug", quantity: int = 1, **fields: Any) -> pb.Redemption:
        """Somebody redeems points."""
        return await self.world.service.command("RedeemPoints", self.wish(member, reward, quantity, **fields))

    async def cancel(self, redemption: pb.Redemption) -> pb.Redemption:
        """It is not delivered."""
        return await self.world.service.command("CancelRedemption", pb.CancelRedemptionRequest(name=redemption.name))

    async def fulfil(self, redemption: pb.Redemption) -> pb.Redemption:
        """It is delivered."""
        return await self.world.service.command("FulfilRedemption", pb.FulfilRedemptionRequest(name=redemption.name))

    async def points(self, member: str) -> pb.MemberPoints:
        """What a member has."""
        return await self.world.service.query("GetPoints", pb.GetPointsRequest(name=member_name(member)))

    async def balances(self, member: str) -> PointsBalances:
        """The same, of stars, in figures."""
        for found in (await self.points(member)).points:
            if found.points == STAR:
                return balances_in(found)
        return PointsBalances()

    async def redemptions(self, **fields: Any) -> pb.ListRedemptionsResponse:
        """What was redeemed."""
        request = pb.ListRedemptionsRequest(parent=PARENT, **fields)
        return await self.world.service.query("ListRedemptions", request)

    async def rewards(self, **fields: Any) -> pb.ListRewardsResponse:
        """What is on offer."""
        return await self.world.service.query("ListRewards", pb.ListRewardsRequest(parent=PARENT, **fields))


def balances_in(found: pb.Points) -> PointsBalances:
    """The figures of a message."""
    return PointsBalances(
        accrued=found.accrued,
        clawed_back=found.clawed_back,
        held=found.held,
        available=found.available,
        redeemed=found.redeemed,
        expired=found.expired,
        debt=found.debt,
    )
