"""Takes in up to 500 members, each for itself."""

from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Tx
from libs.eventlog.encryption import KeyStore
from libs.servicekit import Call
from libs.servicekit.batches import each
from services.membership.api import member_name
from services.membership.features.enrol_member import Enrolling
from services.membership.features.shared import load_programme


class _OnlyChecked(Exception):
    """Takes back what a check has written."""


def batch_enrol_members(tx: Tx, request: pb.BatchEnrolMembersRequest, call: Call) -> pb.BatchEnrolMembersResponse:
    """Members in the order given, so that a sponsor may stand before those it has brought.

    `validate_only` does the same and takes all of it back: the answer is what a real call would give, but without
    names for members that do not exist.
    """
    programme = load_programme(tx, call)
    keys = call.use(KeyStore)
    results: list[common_pb2.ItemResult] = []

    try:
        with tx.savepoint(), keys.creating() as new_keys:
            enrolling = Enrolling(tx, call, programme, keys, new_keys)

            def take(new: pb.NewMember) -> tuple[common_pb2.Outcome.ValueType, str]:
                member, is_new = enrolling.enrol(new)
                outcome = common_pb2.OUTCOME_TAKEN if is_new else common_pb2.OUTCOME_REPEATED
                return outcome, "" if is_new and request.validate_only else member_name(call.programme, member)

            results = each(tx, request.members, take)
            if request.validate_only:
                raise _OnlyChecked
    except _OnlyChecked:
        pass
    return pb.BatchEnrolMembersResponse(results=results)
