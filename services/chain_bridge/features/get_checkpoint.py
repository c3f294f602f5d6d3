"""What the log says of itself."""

from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from services.chain_bridge.adapters.log_key import LogSigner
from services.chain_bridge.shared.checkpoints import checkpoint_at, checkpoint_message


def get_checkpoint(reader: Reader, request: pb.GetCheckpointRequest, call: Call) -> pb.Checkpoint:
    """A signed checkpoint."""
    return checkpoint_message(checkpoint_at(reader, request.size), call.use(LogSigner))
