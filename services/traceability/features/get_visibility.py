"""Shows who sees what."""

from fenxiao.api.traceability.v1 import privacy_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.names import parse_name
from services.traceability.features.set_visibility import VISIBILITY, visibility_message


def get_visibility(reader: Reader, request: pb.GetVisibilityRequest, call: Call) -> pb.Visibility:
    """A version; 0: the one in force, or what holds where nothing was set."""
    parse_name(VISIBILITY, request.name)
    return visibility_message(reader, call.programme, max(request.version, 0))
