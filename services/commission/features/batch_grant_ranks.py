"""Grants up to 500 ranks, each for itself."""

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.common.v1 import common_pb2
from libs.eventlog import Tx
from libs.servicekit import Call
from libs.servicekit.batches import each
from services.commission.api.names import member_name
from services.commission.features.grant_rank import read_grant, record_grant
from services.commission.views.programmes import programme_of


def batch_grant_ranks(tx: Tx, request: pb.BatchGrantRanksRequest, call: Call) -> pb.BatchGrantRanksResponse:
    """Grants them in the order given; what was granted before is repeated."""
    programme_of(tx, call.programme)

    def take(message: pb.RankGrant) -> tuple[common_pb2.Outcome.ValueType, str]:
        grant = read_grant(message, call)
        taken = record_grant(tx, grant, call)
        name = member_name(call.programme, grant.member)
        return (common_pb2.OUTCOME_TAKEN if taken else common_pb2.OUTCOME_REPEATED), name

    return pb.BatchGrantRanksResponse(results=each(tx, request.grants, take))
