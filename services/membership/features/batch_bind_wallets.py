"""Binds up to 500 wallets, each for itself."""

from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from libs.servicekit.batches import each
from services.membership.api import member_name
from services.membership.features.bind_wallet import bind
from services.membership.features.shared import load_programme


def batch_bind_wallets(tx: Tx, request: pb.BatchBindWalletsRequest, call: Call) -> pb.BatchBindWalletsResponse:
    """Wallets in the order given."""
    load_programme(tx, call)

    def take(item: pb.BatchBindWalletsRequest.Item) -> tuple[common_pb2.Outcome.ValueType, str]:
        member, is_new = bind(tx, call, item.name, item.account, item.signature)
        outcome = common_pb2.OUTCOME_TAKEN if is_new else common_pb2.OUTCOME_REPEATED
        return outcome, member_name(call.programme, member)

    return pb.BatchBindWalletsResponse(results=each(tx, request.wallets, take))
