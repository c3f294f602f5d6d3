"""Notes that the merchant has delivered what was redeemed."""

from fenxiao.api.settlement.v1 import points_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from services.settlement.api.points import show_redemption
from services.settlement.domain.redemptions import decide_fulfilment
from services.settlement.features.list_redemptions import find_redemption
from services.settlement.shared.points_ledger import PointsLedger


def fulfil_redemption(tx: Tx, request: pb.FulfilRedemptionRequest, call: Call) -> pb.Redemption:
    """From then on it cannot be cancelled; said twice, it changes nothing."""
    programme = call.programme
    known = find_redemption(tx, programme, request.name).redemption
    if fact := decide_fulfilment(known):
        PointsLedger(tx, programme, known.points).enter([fact], call.meta(), call.now)
    return show_redemption(programme, find_redemption(tx, programme, request.name))
