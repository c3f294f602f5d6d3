"""Shows a recall."""

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from services.traceability.shared.recalls import recall_message, recall_named


def get_recall(reader: Reader, request: pb.GetRecallRequest, call: Call) -> pb.RecallNotice:
    """The recall with this name. Raises `Refusal` RECALL_NOT_FOUND."""
    return recall_message(call.programme, recall_named(reader, call.programme, request.name, "name"))
