"""Gives the text that the owner of a wallet signs to be paid there."""

from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from services.membership.api import address, member_id
from services.membership.domain.wallet import challenge
from services.membership.features.shared import load_member


def get_wallet_challenge(
    reader: Reader, request: pb.GetWalletChallengeRequest, call: Call
) -> pb.GetWalletChallengeResponse:
    """The same until another wallet is bound."""
    member = load_member(reader, call, member_id(call.programme, request.name))
    return pb.GetWalletChallengeResponse(message=challenge(call.programme, member, address(request.account)))
