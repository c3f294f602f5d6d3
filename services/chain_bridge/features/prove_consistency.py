"""Proves that the log has only grown."""

from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from services.chain_bridge.shared.checkpoints import checkpoint_at
from services.chain_bridge.views.log import log_tree


def prove_consistency(reader: Reader, request: pb.ProveConsistencyRequest, _: Call) -> pb.ProveConsistencyResponse:
    """The hashes by which an older root and a newer one are compared. Raises `Refusal` NOT_IN_LOG."""
    new_size = request.new_size or checkpoint_at(reader, 0).size
    return pb.ProveConsistencyResponse(
        hashes=log_tree(reader).consistency(request.old_size, new_size), new_size=new_size
    )
