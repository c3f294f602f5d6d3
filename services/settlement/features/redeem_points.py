"""Takes a member's points for a reward."""

from uuid import uuid4

from fenxiao.api.settlement.v1 import points_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from services.settlement.api.points import MEMBER, REWARD, read_name, show_redemption, unknown_reward
from services.settlement.domain.redemptions import Wish, decide_credit, decide_redemption
from services.settlement.domain.rewards import check_worth, times
from services.settlement.shared.ledger import Ledger
from services.settlement.shared.points_ledger import PointsLedger
from services.settlement.views.payees import payee_of
from services.settlement.views.points import points_of
from services.settlement.views.redemptions import redemption_of
from services.settlement.views.rewards import reward_of
from services.settlement.views.times import time_of
from services.settlement.views.worths import worth_of


def redeem_points(tx: Tx, request: pb.RedeemPointsRequest, call: Call) -> pb.Redemption:
    """Takes the points, and credits what the reward gives in money, in one transaction."""
    programme = call.programme
    member = read_name(MEMBER, programme, request.member, "member")
    name = read_name(REWARD, programme, request.reward, "reward")
    offer, _ = reward_of(tx, programme, name)
    if offer is None:
        raise unknown_reward(name, "reward")
    reward, (time, _) = offer.reward, time_of(tx, programme)
    check_worth(reward, worth_of(tx, programme, reward.points)[0])
    # Random: what is asked for may say who asks.
    wish = Wish(str(uuid4()), member, request.quantity, request.version)
    available = points_of(tx, programme, reward.points, member).available
    ledger = PointsLedger(tx, programme, reward.points)
    redeemed = decide_redemption(
        wish,
        offer,
        ledger.purse(member, min(available, times(reward.price, max(0, request.quantity)))),
        available=available,
        suspended=payee_of(tx, programme, member).withheld,
        time=time,
    )
    ledger.enter([redeemed], call.meta(), call.now)
    if reward.money is not None and time is not None:
        money = Ledger(tx, programme, reward.money.currency)
        credited = decide_credit(redeemed, reward.money, money.standing(member, 0), time)
        money.enter([credited], call.meta(), call.now)
        # What is payable now may reach the threshold of what is held.
        money.release(time, call.meta(), call.now, [member])
    row = redemption_of(tx, programme, wish.redemption)
    assert row is not None, "a redemption is in the view"
    return show_redemption(programme, row)
