"""Names what points can be redeemed for."""

from fenxiao.api.settlement.v1 import points_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from services.settlement.api.points import read_reward, show_reward
from services.settlement.domain.rewards import check_worth, decide_definition
from services.settlement.shared.ledger import record, stream
from services.settlement.views.assets import asset_of
from services.settlement.views.rewards import reward_of
from services.settlement.views.worths import worth_of


def define_reward(tx: Tx, request: pb.DefineRewardRequest, call: Call) -> pb.Reward:
    """Defines it, or another version of it; the same content again changes nothing."""
    programme = call.programme
    wanted = read_reward(request.reward_id, request.reward)
    known, version = reward_of(tx, programme, wanted.reward)
    fact = decide_definition(known, wanted)
    if fact is not None:
        if fact.money is not None:
            asset_of(tx, programme, fact.money.currency)  # refuses a currency in which nobody can be paid
        check_worth(fact, worth_of(tx, programme, fact.points)[0])
        record(tx, stream(programme, "reward", fact.reward), fact, version, call.meta(), call.now)
        known, _ = reward_of(tx, programme, wanted.reward)
    assert known is not None, "a defined reward is in the view"
    return show_reward(programme, known)
