"""Shows an offer of custody."""

from fenxiao.api.traceability.v1 import custody_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from services.traceability.shared.transfers import load_offer, offer_message, seconds


def get_custody_offer(reader: Reader, request: pb.GetCustodyOfferRequest, call: Call) -> pb.CustodyOffer:
    """The offer with this name."""
    return offer_message(load_offer(reader, call, request.name), seconds(reader, call.programme))
