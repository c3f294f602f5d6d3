"""Shows a member."""

from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Reader
from libs.eventlog.encryption import KeyStore
from libs.servicekit import Call
from services.membership.adapters.personal_data import reveal_now
from services.membership.api import member_id, member_message
from services.membership.features.shared import load_row


def get_member(reader: Reader, request: pb.GetMemberRequest, call: Call) -> pb.Member:
    """The member with this name, its personal data in clear."""
    row = load_row(reader, call, member_id(call.programme, request.name))
    personal = reveal_now(call.use(KeyStore), call.programme, [(row.member, row.personal, row.country)])
    return member_message(call.programme, row, personal.get(row.member))
