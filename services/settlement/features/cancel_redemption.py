"""Gives points back for what is not delivered."""

from fenxiao.api.settlement.v1 import points_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from services.settlement.api.points import show_redemption
from services.settlement.domain.redemptions import decide_cancellation
from services.settlement.features.list_redemptions import find_redemption
from services.settlement.shared.points_ledger import PointsLedger
from services.settlement.views.redemptions import parts_of
from services.settlement.views.times import time_of


def cancel_redemption(tx: Tx, request: pb.CancelRedemptionRequest, call: Call) -> pb.Redemption:
    """Puts them back into their lots; one that is cancelled already is shown as it is."""
    programme = call.programme
    known = find_redemption(tx, programme, request.name).redemption
    ledger = PointsLedger(tx, programme, known.points)
    parts, (time, _) = parts_of(tx, programme, known.redemption), time_of(tx, programme)
    if fact := decide_cancellation(known, ledger.purse(known.member, named=parts), parts, time):
        ledger.enter([fact], call.meta(), call.now)
    return show_redemption(programme, find_redemption(tx, programme, request.name))
