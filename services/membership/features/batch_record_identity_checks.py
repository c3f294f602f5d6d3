"""Records up to 500 identity checks, each for itself."""

from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from libs.servicekit.batches import each
from services.membership.api import member_name
from services.membership.features.record_identity_check import read_check, record
from services.membership.features.shared import load_programme


def batch_record_identity_checks(
    tx: Tx, request: pb.BatchRecordIdentityChecksRequest, call: Call
) -> pb.BatchRecordIdentityChecksResponse:
    """Checks in the order given."""
    load_programme(tx, call)

    def take(item: pb.BatchRecordIdentityChecksRequest.Item) -> tuple[common_pb2.Outcome.ValueType, str]:
        member, is_new = record(tx, call, item.name, read_check(item))
        outcome = common_pb2.OUTCOME_TAKEN if is_new else common_pb2.OUTCOME_REPEATED
        return outcome, member_name(call.programme, member)

    return pb.BatchRecordIdentityChecksResponse(results=each(tx, request.checks, take))
