"""Shows a programme."""

from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.names import parse_name
from services.membership.api import PROGRAMME, programme_message
from services.membership.features.shared import load_programme


def get_programme(reader: Reader, request: pb.GetProgrammeRequest, call: Call) -> pb.Programme:
    """The programme with this name."""
    parse_name(PROGRAMME, request.name)
    return programme_message(load_programme(reader, call))
