"""Takes a reward out of the offer."""

from fenxiao.api.settlement.v1 import points_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from services.settlement.api.points import REWARD, read_name, show_reward, unknown_reward
from services.settlement.domain.rewards import decide_withdrawal
from services.settlement.shared.ledger import record, stream
from services.settlement.views.rewards import reward_of


def withdraw_reward(tx: Tx, request: pb.WithdrawRewardRequest, call: Call) -> pb.Reward:
    """Nothing is redeemed for it any more; what was redeemed stays redeemed."""
    programme = call.programme
    reward = read_name(REWARD, programme, request.name, "name")
    known, version = reward_of(tx, programme, reward)
    if known is None:
        raise unknown_reward(reward, "name")
    if fact := decide_withdrawal(known):
        record(tx, stream(programme, "reward", reward), fact, version, call.meta(), call.now)
    return show_reward(programme, known._replace(withdrawn=True))
