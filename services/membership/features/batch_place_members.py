"""Places up to 500 members, each for itself."""

from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from libs.servicekit.batches import each
from services.membership.api import member_name
from services.membership.features.place_member import place
from services.membership.features.shared import load_programme


def batch_place_members(tx: Tx, request: pb.BatchPlaceMembersRequest, call: Call) -> pb.BatchPlaceMembersResponse:
    """Members in the order given, so that a parent may stand before those below."""
    programme = load_programme(tx, call)

    def take(item: pb.BatchPlaceMembersRequest.Item) -> tuple[common_pb2.Outcome.ValueType, str]:
        member, is_new = place(tx, call, programme, item)
        outcome = common_pb2.OUTCOME_TAKEN if is_new else common_pb2.OUTCOME_REPEATED
        return outcome, member_name(call.programme, member)

    return pb.BatchPlaceMembersResponse(results=each(tx, request.placements, take))
